import pytest

from studio.core.events import RunEnded, RunPaused, Warned
from studio.training.trouble import lower_rate, trouble_of
from tests.scripted_run import finished, saved, small_run, started, step, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def run(scripted_run):
    return scripted_run.play(small_run(30))


def after(run, *events):
    run.apply([started(100), *steps(30), *events])
    return trouble_of(run)


def pause(reason, message="Something happened."):
    return RunPaused(step=31, reason=reason, message=message, hint="Do this.")


def test_a_run_that_is_well_needs_nobody(run):
    assert trouble_of(run) is None
    assert trouble_of(None) is None
    assert after(run, pause("asked", "")) is None


def test_a_non_finite_loss_offers_a_lower_rate_from_the_last_checkpoint(run):
    found = after(run, saved(30), pause("non-finite"))
    assert (found.level, found.message, found.hint) == ("danger", "Something happened.", "Do this.")
    assert found.actions == (("lower", "Lower to 3.0e-4 and resume from step 30"),)


def test_without_a_checkpoint_there_is_nothing_to_go_back_to(run):
    assert after(run, pause("non-finite")).actions == ()


def test_a_rate_that_was_lowered_already_is_lowered_further(run):
    run.apply([started(100), step(1, learning_rate=1e-3)])
    assert lower_rate(run) == 3e-4


def test_a_full_disk_is_told_while_the_run_waits(run):
    assert after(run, pause("disk")).level == "danger"


def test_a_failure_without_words_still_says_something(run):
    found = after(run, RunEnded(reason="failed", step=31))
    assert found.message == "The run ended with an error."
    assert found.actions == ()


def test_the_details_of_a_failure_can_be_copied(run):
    found = after(run, RunEnded(reason="failed", step=31, message="Out of memory.", details="Traceback"))
    assert found.actions == (("copy", "Copy details"),)


def test_only_the_newest_warning_is_shown_and_has_a_key_of_its_own(run):
    first = after(run, Warned(step=3, message="one"))
    run.apply([Warned(step=4, message="two"), finished(31)])
    second = trouble_of(run)
    assert (first.message, second.message) == ("one", "two")
    assert first.key != second.key
