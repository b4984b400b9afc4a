import pytest

from studio.core.errors import StudioError
from studio.training.notes import RunNotes
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui


@pytest.fixture
def record(scripted_run):
    return scripted_run.play(small_run(3)).record


@pytest.fixture
def notes(look, on_screen, record):
    notes = RunNotes(look)
    on_screen(notes)
    notes.set_record(record)
    return notes


def test_what_is_typed_is_saved_after_a_pause(notes, record, qtbot):
    notes.edit.setPlainText("longer warm-up next")
    assert notes.state.text() == "Not saved yet"
    qtbot.waitUntil(lambda: record.notes == "longer warm-up next")
    assert notes.state.text() == "Saved"


def test_leaving_the_page_saves_at_once(notes, record):
    notes.edit.setPlainText("seen")
    notes.hide()
    assert record.notes == "seen"


def test_another_run_saves_the_first_ones_notes(notes, record):
    notes.edit.setPlainText("first")
    notes.set_record(None)
    assert record.notes == "first"
    assert notes.edit.toPlainText() == ""


def test_opening_notes_does_not_write_them(notes, record, monkeypatch):
    monkeypatch.setattr(record, "save_notes", lambda text: pytest.fail("nothing was typed"))
    notes.set_record(None)


def test_a_full_disk_is_said_and_the_text_stays(notes, record, monkeypatch):
    def refuse(text):
        raise StudioError("The disk is full.")

    monkeypatch.setattr(record, "save_notes", refuse)
    notes.edit.setPlainText("kept")
    notes.save()
    assert notes.state.text() == "The disk is full."
    assert notes.edit.toPlainText() == "kept"
