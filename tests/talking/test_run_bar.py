"""The bar of a training beside the talk: what it says, and that its buttons pause, talk and go on."""

from types import SimpleNamespace

import pytest

from studio.talking.run_bar import RunBar
from tests.panels.conftest import small_config
from tests.scripted_run import UNTIL_STOPPED, small_run, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def bar(session, look, on_screen):
    made = RunBar(session, look)
    follow = session.changed.connect(lambda what: made.refresh())
    on_screen(made)
    made.refresh()
    yield made
    session.changed.disconnect(follow)


@pytest.fixture
def run(session, scripted_run, bar):
    made = scripted_run.start([started(10), *steps(4), UNTIL_STOPPED], "tale", small_config())
    scripted_run.until(lambda: made.step == 4 and made.state == "running")
    yield made
    session.stop_run(made, save=False)
    scripted_run.settle()


def loaded(session, run, step):
    """A model in memory that is a checkpoint of the run."""
    folder = run.record.checkpoints_folder / f"step-{step:06d}"
    session._memory.loaded = SimpleNamespace(path=folder, step=step, title="tale", unload=lambda: None)
    session.loaded_changed()


def test_without_a_training_there_is_no_bar(bar, session, scripted_run):
    assert bar.isHidden()
    scripted_run.play(small_run(3), "done", small_config())
    bar.refresh()
    assert bar.isHidden()


def test_a_training_is_paused_talked_to_and_goes_on(bar, session, run, scripted_run, qtbot):
    scripted_run.until(lambda: bar.words.text() == "“tale” is training, step 4 of 10.")
    assert (bar.talk.text(), bar.proceed.isHidden()) == ("Pause and talk to it", True)
    with qtbot.waitSignal(session.focus_requested) as wish:
        bar.talk.click()
        assert bar.words.text() == "“tale” stops after this step and is saved there…"
        assert not bar.talk.isEnabled()
    assert wish.args == ["chat", ("tale", 4)]
    loaded(session, run, 4)
    assert bar.words.text() == "“tale” is paused at step 4 of 10. You talk to it as it is there."
    assert bar.talk.isHidden()
    bar.proceed.click()
    scripted_run.until(lambda: run.state == "running")
    assert bar.words.text() == "“tale” is training, step 4 of 10. You talk to its step 4."


def test_a_training_that_somebody_else_paused_can_be_talked_to(bar, session, run, scripted_run):
    session.pause_run(run)
    scripted_run.until(lambda: run.state == "paused")
    assert (bar.talk.text(), bar.talk.isEnabled(), bar.proceed.isHidden()) == ("Talk to it as it is", True, False)
    assert bar.words.text() == "“tale” is paused at step 4 of 10."


def test_a_training_that_only_sorts_is_none_to_talk_to(bar, session, scripted_run):
    from dataclasses import replace

    run = scripted_run.start(
        [started(10), *steps(2), UNTIL_STOPPED], "sorts", replace(small_config(), objective="classify")
    )
    scripted_run.until(lambda: run.step == 2)
    assert bar.isHidden()
    session.stop_run(run, save=False)
    scripted_run.settle()
