"""The run that a page shows: taken over when it begins, let go when it is deleted, and what its button does."""

import pytest

from studio.core.errors import StudioError
from studio.training.followed_run import FollowedRun
from studio.training.run_modes import RUN, RunModes
from studio.widgets.empty_state import EmptyState
from studio.widgets.page import Page
from tests.panels.conftest import small_config
from tests.scripted_run import UNTIL_STOPPED, finished, saved, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def page(look, on_screen):
    page = Page("Sort", "Sort texts.", look)
    on_screen(page)
    return page


@pytest.fixture
def followed(session, page):
    return FollowedRun(session, page)


@pytest.fixture
def modes(page, followed, look):
    found = RunModes(page, followed, [("configure", "Configure"), (RUN, "Current")],
                     EmptyState("Nothing is trained", "", "", None, look, "classify"))  # fmt: skip
    found.setting_up = EmptyState("Settings", "", "", None, look, "classify")
    found.join(found.setting_up, followed.view, found._idle)
    found.add_buttons()
    return found


def begin(session, scripted_run):
    scripted_run.engine.script = [started(9), *steps(2), UNTIL_STOPPED]
    run = session.start_run(small_config())
    scripted_run.until(lambda: run.step == 2)
    return run


def end(session, scripted_run, run):
    session.stop_run(run)
    scripted_run.until(lambda: not run.living)
    scripted_run.settle()


def test_a_run_of_the_page_that_begins_is_followed_once_and_others_are_not(followed, session, scripted_run):
    run = begin(session, scripted_run)
    assert not followed.keep_up(lambda one: one.config.objective == "classify")
    assert followed.run is None
    assert followed.keep_up(lambda one: one.config.objective == "pretrain")
    assert followed.run is followed.view.run is followed.commands.run is run
    assert not followed.keep_up(lambda one: True), "it is followed already"
    end(session, scripted_run, run)


def test_a_run_that_was_deleted_is_let_go(followed, session, scripted_run):
    followed.show(scripted_run.play([started(2), *steps(2), finished(2)], "tale", small_config()))
    assert not followed.keep_up(lambda one: True)
    assert followed.run is not None
    session.delete_run("tale")
    assert not followed.keep_up(lambda one: True)
    assert followed.run is None
    assert followed.view.run is None


def test_news_are_told_while_somebody_looks_and_only_of_the_run_that_is_shown(followed, page, scripted_run):
    one, other = (scripted_run.play([started(2), finished(2)], name, small_config()) for name in ("one", "other"))
    told = []
    followed.changed.connect(lambda: told.append(followed.run.name))
    followed.show(one)
    followed.show(other)
    one.changed.emit(frozenset({"status"}))
    other.changed.emit(frozenset({"metrics"}))
    assert told == []
    other.changed.emit(frozenset({"checkpoints"}))
    assert told == ["other"]
    page.hide()
    other.changed.emit(frozenset({"status"}))
    assert told == ["other"], "nobody looks"


def test_a_start_that_is_refused_is_said_on_the_page_and_nothing_is_followed(followed, page, session, monkeypatch):
    def refuse(_config):
        raise StudioError("There is no text.", "Choose one.")

    monkeypatch.setattr(session, "start_run", refuse)
    assert followed.start(small_config()) is None
    assert followed.run is None
    assert page.banner.message.text() == "There is no text."


def test_the_button_of_a_run_follows_its_state(followed, session, scripted_run):
    run = begin(session, scripted_run)
    followed.show(run)
    assert followed.press(run, 0) == ("Pause", followed.commands.pause, True)
    session.pause_run(run)
    assert followed.press(run, 0)[::2] == ("One moment…", False)
    scripted_run.until(lambda: run.state == "paused")
    assert followed.press(run, 0) == ("Continue", followed.commands.proceed, True)
    end(session, scripted_run, run)
    assert followed.press(run, 1_200) == ("Resume from step 1,200", followed.commands.resume, True)
    assert followed.press(run, 0) is None, "nothing was saved"


def test_a_finished_run_leaves_the_button_to_its_page(followed, scripted_run):
    done = scripted_run.play([started(2), *steps(2), saved(2), finished(2)], "tale", small_config())
    assert followed.press(done, 2) is None


# --- modes --------------------------------------------------------------------------------------------------------


def test_the_run_stands_in_its_mode_and_until_there_is_one_its_absence(modes, followed, page, session, scripted_run):
    modes.show(None, "Sort texts.", ("", page.hide, False))
    assert modes._stack.currentWidget() is modes._idle
    assert not modes.primary.isVisible()
    run = begin(session, scripted_run)
    followed.show(run)
    modes.show(None, "tale · training", ("Pause", page.hide, True))
    assert modes._stack.currentWidget() is followed.view
    assert (page.purpose.text(), modes.primary.text()) == ("tale · training", "Pause")
    assert modes.stop.isVisible()
    modes.show(modes.setting_up, "Sort texts.", ("Train", page.hide, True))
    assert modes._stack.currentWidget() is modes.setting_up
    assert not modes.stop.isVisible(), "the run goes on behind the settings"
    end(session, scripted_run, run)


def test_a_run_that_was_told_to_stop_is_not_told_again(modes, followed, page, session, scripted_run):
    run = begin(session, scripted_run)
    followed.show(run)
    run.set_wish("stop")
    modes.show(None, "tale · stopping", ("One moment…", page.hide, False))
    assert modes.stop.isVisible()
    assert not modes.stop.isEnabled()
    end(session, scripted_run, run)


def test_the_palette_offers_each_mode_the_next_thing_and_the_stop(modes, page):
    shown = []
    modes.show(modes.setting_up, "Sort texts.", ("Train", page.hide, True))
    actions = modes.actions("classify", "Classify: {mode}", shown.append)
    assert [(action.name, action.text) for action in actions] == [
        ("classify.primary", "Train"), ("classify.configure", "Classify: Configure"),
        ("classify.current", "Classify: Current"), ("classify.stop", "Stop the run…"),
    ]  # fmt: skip
    actions[2].slot()
    assert shown == ["current"]
    assert actions[0].enabled()
    assert not actions[-1].enabled()
