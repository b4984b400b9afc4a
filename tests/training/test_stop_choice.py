import pytest
from PySide6.QtCore import Qt

from studio.training.stop_choice import DROP, KEEP, SAVE, StopChoice, lost_text
from tests.scripted_run import finished, saved, started, steps

pytestmark = pytest.mark.gui


def run_of(scripted_run, *events):
    return scripted_run.play([started(100), *events, finished(60)])


@pytest.fixture
def dialog(scripted_run, look, on_screen):
    dialog = StopChoice(run_of(scripted_run, *steps(40), saved(40), *steps(20, 41)), look)
    on_screen(dialog)
    return dialog


def test_the_three_choices_say_what_they_cost(dialog):
    assert [button.text() for button in (dialog.keep, dialog.save, dialog.drop)] == [
        "Keep training",
        "Stop and save",
        "Stop without saving",
    ]
    assert "20 steps since the checkpoint at 40 are lost" in dialog.drop.accessibleDescription()


@pytest.mark.parametrize(("name", "choice"), [("keep", KEEP), ("save", SAVE), ("drop", DROP)])
def test_a_button_is_the_answer(dialog, name, choice):
    getattr(dialog, name).click()
    assert dialog.choice == choice
    assert not dialog.isVisible()


def test_escape_keeps_training(dialog, qtbot):
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.choice == KEEP


def test_without_a_checkpoint_everything_would_be_lost(scripted_run):
    assert lost_text(run_of(scripted_run, *steps(60))).startswith("All 60 steps are lost, about 6 s of computing")


def test_right_after_a_save_nothing_would_be_lost(scripted_run):
    words = lost_text(run_of(scripted_run, *steps(60), saved(60)))
    assert words == "Nothing is lost: step 60 is already saved."
