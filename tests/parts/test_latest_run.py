"""The newest run at a glance, and which run waits to be gone on with."""

import pytest

from studio.core.config import RunConfig
from studio.parts.latest_run import LatestRun
from studio.parts.recent import newest_run, short_name, waiting_run, waiting_words
from tests.scripted_run import UNTIL_STOPPED, sample, saved, small_run, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def card(look, on_screen):
    made = LatestRun(look)
    on_screen(made)
    return made


def stopped(scripted_run, name, *items):
    run = scripted_run.start([started(9), *steps(4), *items, UNTIL_STOPPED], name)
    scripted_run.until(lambda: run.step == 4)
    scripted_run.session.stop_run(run, save=False)
    scripted_run.settle()
    return run


def test_before_the_first_run_it_says_what_will_stand_there(card):
    assert "will stand here" in card.nothing.text()
    assert card.nothing.isVisible()
    assert not card.open.isVisible()


def test_it_shows_the_losses_the_curve_and_the_last_text(card, scripted_run):
    run = scripted_run.play(small_run(10))
    card.show_run(run)
    assert card.losses.text() == "training loss 0.400 · best validation 2.000"
    assert card.wrote.text() == "what it wrote at step 10"
    assert card.text.toPlainText() == "Once upon a time"
    assert card.note.text() == "tale"
    assert not card.nothing.isVisible()


def test_a_run_without_a_text_says_so(card, scripted_run):
    card.show_run(scripted_run.play([started(2), *steps(2)]))
    assert card.wrote.text() == "It has not written a text yet."
    assert card.text.toPlainText() == ""


def test_its_button_opens_that_run(card, scripted_run, qtbot):
    run = scripted_run.play([*small_run(2), sample(2)])
    card.show_run(run)
    with qtbot.waitSignal(card.open_requested) as said:
        card.open.click()
    assert said.args == [run]


def test_a_run_that_was_stopped_waits_until_a_newer_one_was_made(scripted_run):
    half = stopped(scripted_run, "half")
    assert waiting_run(scripted_run.session) is half
    scripted_run.play(small_run(2), "newer")
    assert newest_run(scripted_run.session).name in ("half", "newer")


def test_an_interrupted_run_waits_whatever_came_after_it(scripted_run):
    half = stopped(scripted_run, "half")
    half.set_state("interrupted")
    scripted_run.play(small_run(2), "newer")
    assert waiting_run(scripted_run.session) is half


def test_a_project_without_runs_has_none_that_waits(scripted_run):
    assert newest_run(scripted_run.session) is None
    assert waiting_run(scripted_run.session) is None


def test_what_was_saved_is_said_and_so_is_that_nothing_was(scripted_run, save_checkpoint):
    lost = stopped(scripted_run, "lost")
    assert "begins again" in waiting_words(lost)
    kept = stopped(scripted_run, "kept", lambda control, record: save_checkpoint(record, 3, 2.0), saved(3))
    assert waiting_words(kept) == "kept stopped at step 4 of 9. Step 3 is saved; it goes on from there."


def test_a_long_name_is_shortened_for_a_button():
    assert short_name("tale") == "tale"
    assert short_name("a-name-that-is-far-too-long") == "a-name-that-is-far-…"


def test_a_run_that_fills_gaps_is_not_said_to_write(card, scripted_run):
    card.show_run(scripted_run.play(small_run(10), "gaps", RunConfig(objective="masked_words")))
    assert card.wrote.text() == "the gaps it filled at step 10"
