"""The rows of a dataset: edited, undone, found, kept as the next version; and pieces of a text."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from studio.core.errors import StudioError
from studio.store.datasets import Dataset
from studio.tables import rows_view
from studio.tables.rows_view import RowsView
from tests.tables.conftest import LABELLED

pytestmark = pytest.mark.gui


@pytest.fixture
def view(session: Any, look: Any, show: Any, dataset: Dataset, scripted_run: Any) -> RowsView:
    view = RowsView(session, look)
    view.set_source(dataset)
    show(view)
    scripted_run.until(lambda: view.grid.book.row(0) is not None)
    return view


def texts(view: RowsView) -> list[str]:
    rows = view.grid.rows
    return [str(rows.index(place, 1).data()) for place in range(min(3, rows.rowCount()))]


def found(view: RowsView, stage: Any, words: str) -> None:
    view.tools.words.setText(words)
    QTest.keyClick(view.tools.words, Qt.Key.Key_Return)
    stage.until(lambda: not view.finder.searching and not stage.session.jobs.jobs)
    stage.until(lambda: not view.grid.rows.rowCount() or view.grid.book.row(0) is not None)


def test_a_dataset_is_shown_with_its_kind_the_reason_and_its_roles(view: RowsView) -> None:
    assert texts(view) == [f"message {number} about ships" for number in range(3)]
    assert view.tools.kind.kind.value() == "labelled"
    assert view.tools.kind.why.text() == LABELLED.why
    assert not view.tools.missing.isVisible()
    assert not view.save_bar.isVisible()


# --- roles ----------------------------------------------------------------------------------------------------------


def test_a_missing_role_is_named_and_undo_brings_it_back(view: RowsView) -> None:
    view.grid.roles.role_chosen.emit("label", "")
    assert "Still missing: Label" in view.tools.missing.text()
    assert view.save_bar.label.text() == "other roles of the columns"
    view.grid.setFocus()
    QTest.keyClick(view.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not view.tools.missing.isVisible()
    assert not view.save_bar.isVisible()
    QTest.keyClick(view.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert view.save_bar.isVisible()


def test_another_kind_lists_what_it_needs(view: RowsView) -> None:
    view.tools.kind.chosen.emit("preference")
    assert "Chosen" in view.tools.missing.text()
    assert "Rejected" in view.tools.missing.text()
    view.edits.undo()
    assert view.tools.kind.kind.value() == "labelled"


# --- editing --------------------------------------------------------------------------------------------------------


def test_saving_makes_the_next_version_and_leaves_this_one(view: RowsView, dataset: Dataset, scripted_run: Any) -> None:
    made: list[Dataset] = []
    view.made.connect(made.append)
    view.edits.write(0, {"label": "spam", "text": "new"})
    view.edits.remove([1, 2])
    assert view.save_bar.label.text() == "1 row changed, 2 rows deleted"
    view.grid.setFocus()
    QTest.keyClick(view.grid, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert view.save_bar.label.text() == "Writing the next version…"
    assert not any(button.isEnabled() for button in view.save_bar.buttons)
    view.edits.write(5, {})  # nothing may change while it is written
    scripted_run.settle()
    assert made[0].title == "letters@2"
    assert made[0].rows == 38
    assert made[0].page(0, 1) == [{"label": "spam", "text": "new"}]
    assert dataset.page(0, 1)[0]["label"] == "ham"
    assert not view.save_bar.isVisible()


def test_what_is_typed_when_saving_begins_is_saved_and_nothing_is_typed_while_it_goes_on(
    view: RowsView, scripted_run: Any
) -> None:
    made: list[Dataset] = []
    view.made.connect(made.append)
    view.open_row(1)
    field = view.detail._fields["text"].editor
    field.setPlainText("in full")
    cell = view.grid.rows.index(0, 1)
    view.grid.edit(cell)
    editor = view.grid.viewport().focusWidget()
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "in its cell")
    QTest.keyClick(editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert view.edits.saving
    assert not view.grid.rows.flags(cell) & Qt.ItemFlag.ItemIsEditable
    assert not view.grid.rows.setData(cell, "too late")
    assert field.isReadOnly()
    assert not view.tools.kind.isEnabled()
    scripted_run.settle()
    assert [row["text"] for row in made[0].page(0, 2)] == ["in its cell", "in full"]
    assert view.grid.rows.flags(cell) & Qt.ItemFlag.ItemIsEditable
    assert view.tools.kind.isEnabled()


def test_while_one_dataset_is_written_another_one_is_edited(
    view: RowsView, dataset: Dataset, session: Any, tmp_path: Path, scripted_run: Any
) -> None:
    made: list[Dataset] = []
    view.made.connect(made.append)
    (tmp_path / "other.csv").write_text("text\none\ntwo\n", "utf-8")
    other = session.project.add_dataset(tmp_path / "other.csv")
    view.edits.remove([0])
    view.save_bar.buttons[2].click()
    view.set_source(other)
    view.edits.remove([1])
    assert view.save_bar.label.text() == "1 row deleted"
    view.save_bar.buttons[2].click()
    view.set_source(dataset)
    assert view.edits.saving
    scripted_run.settle()
    assert sorted((item.title, item.rows) for item in made) == [("letters@2", 39), ("other@2", 1)]
    assert not view.edits.saving


def test_unsaved_changes_wait_for_their_version(view: RowsView, dataset: Dataset, session: Any) -> None:
    view.edits.remove([4])
    view.set_source(session.project.text("story"))
    assert not view.save_bar.isVisible()
    view.set_source(dataset)
    assert view.save_bar.label.text() == "1 row deleted"


def test_unsaved_changes_come_back_after_the_window_was_closed(
    view: RowsView, dataset: Dataset, session: Any, look: Any, show: Any
) -> None:
    view.edits.write(2, {"label": "spam", "text": "relabelled"})
    view.edits.remove([4, 5])
    view.edits.undo()
    view.open_row(7)
    view.detail._fields["text"].editor.setPlainText("typed, and nothing pressed")
    view.close()
    again = RowsView(session, look)
    again.set_source(dataset)
    show(again)
    assert again.save_bar.label.text() == "2 rows changed"
    assert "closed" in again.save_bar.label.toolTip()
    assert again.grid.rows.cell(2, 1)[0].text == "relabelled"
    assert again.edits.now is not None
    assert again.edits.now.edits[7] == {"label": "spam", "text": "typed, and nothing pressed"}
    again.edits.undo()
    again.edits.undo()
    assert not again.save_bar.isVisible()


def test_saved_changes_are_unsaved_no_more(
    view: RowsView, dataset: Dataset, session: Any, look: Any, scripted_run: Any
) -> None:
    view.edits.remove([4])
    view.edits.save()
    scripted_run.settle()
    again = RowsView(session, look)
    again.set_source(dataset)
    scripted_run.settle()  # its rows come while it is there
    assert again.edits.now is not None
    assert not again.edits.now.present


def test_a_change_that_the_disk_does_not_take_is_said_and_still_shown(
    view: RowsView, dataset: Dataset, session: Any
) -> None:
    told: list[StudioError] = []
    view.refused.connect(told.append)
    session.datasets.delete(dataset.name)
    view.edits.remove([4])
    assert "unsaved changes" in told[0].message
    assert view.save_bar.label.text() == "1 row deleted"


def test_changes_of_a_deleted_dataset_are_not_those_of_the_next_one_of_its_name(
    view: RowsView, dataset: Dataset, session: Any, letters: Any
) -> None:
    view.edits.remove([4])
    session.datasets.delete(dataset.name)
    made = session.project.add_dataset(letters, None, LABELLED, name="letters")
    view.set_source(replace(made, made="2099-01-01T00:00:00+00:00"))
    assert not view.save_bar.isVisible()


def test_what_was_discarded_can_be_done_again(view: RowsView) -> None:
    view.edits.remove([4])
    view.edits.write(5, {"label": "ham", "text": "x"})
    view.save_bar.buttons[1].click()
    assert not view.save_bar.isVisible()
    view.edits.redo()
    view.edits.redo()
    assert view.save_bar.label.text() == "1 row changed, 1 row deleted"


def test_the_delete_key_marks_the_selected_rows(view: RowsView) -> None:
    view.grid.setFocus()
    QTest.keyClick(view.grid, Qt.Key.Key_Down)
    QTest.keyClick(view.grid, Qt.Key.Key_Delete)
    assert view.edits.now is not None
    assert view.edits.now.edits == {1: None}


def test_too_many_rows_are_not_deleted_by_hand(view: RowsView, monkeypatch: Any) -> None:
    monkeypatch.setattr(rows_view, "MOST_ROWS", 5)
    told: list[StudioError] = []
    view.refused.connect(told.append)
    view.grid.selectAll()
    view.grid.removal_requested.emit()
    assert "More than 5 rows" in told[0].message
    assert "Clean" in told[0].hint


# --- one row --------------------------------------------------------------------------------------------------------


def test_a_row_opens_in_full_and_is_changed_there(view: RowsView) -> None:
    view.grid.row_opened.emit(3)
    assert view.detail.isVisible()
    assert view.detail.title.text() == "Row 4"
    fields = view.detail._fields
    assert fields["text"].name.text() == "text · Text"
    editor = fields["text"].editor
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "two")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QTest.keyClicks(editor, "lines")
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert view.edits.now is not None
    assert view.edits.now.edits == {3: {"label": "spam", "text": "two\nlines"}}
    assert view.grid.rows.cell(3, 1)[0].text == "two lines"


def test_the_open_row_follows_the_table(view: RowsView) -> None:
    view.open_row(3)
    view.detail.after.click()
    assert view.detail.title.text() == "Row 5"
    view.detail.before.click()
    assert view.detail.title.text() == "Row 4"
    view.detail.delete.click()
    assert view.detail.read_label.text() == "Deleted; Undo brings it back."
    assert view.detail._fields["text"].editor.isReadOnly()
    view.edits.undo()
    assert not view.detail._fields["text"].editor.isReadOnly()


def test_escape_closes_the_row_and_returns_to_the_table(view: RowsView) -> None:
    told: list[bool] = []
    view.row_shown.connect(told.append)
    view.open_row(0)
    QTest.keyClick(view.detail, Qt.Key.Key_Escape)
    assert not view.detail.isVisible()
    assert told == [True, False]
    assert QApplication.focusWidget() is view.grid


def test_in_a_narrow_page_the_open_row_stands_alone(view: RowsView) -> None:
    view.resize(500, 500)
    view.open_row(0)
    assert not view.grid.isVisible()
    view.close_row()
    assert view.grid.isVisible()


def test_a_row_too_large_for_memory_is_read_when_it_is_opened(
    session: Any, look: Any, show: Any, tmp_path: Any, scripted_run: Any
) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text('{"text": "' + "word " * 30_000 + '"}\n{"text": "short"}\n', "utf-8")
    view = RowsView(session, look)
    view.set_source(session.project.add_dataset(path))
    show(view)
    scripted_run.until(lambda: view.grid.book.row(0) is not None)
    view.open_row(0)
    scripted_run.settle()
    field = view.detail._fields["text"]
    assert field.note.text() == "The first 20,000 of 150,000 characters."
    assert field.editor.isReadOnly()


# --- some rows ------------------------------------------------------------------------------------------------------


def test_words_are_found_in_any_column_whatever_their_case(view: RowsView, scripted_run: Any) -> None:
    found(view, scripted_run, "MESSAGE 1")
    assert view.picks.label.text() == "Rows with “MESSAGE 1” · 11 rows"
    assert [view.grid.book.number(place) for place in range(11)] == [1, *range(10, 20)]
    assert texts(view)[1] == "message 10 about ships"
    assert not view.picks.buttons[0].isVisible()
    view.grid.go_to(3)
    view.picks.buttons[1].click()
    assert not view.picks.isVisible()
    assert view.grid.currentIndex().row() == 12
    assert view.tools.words.text() == ""


def test_nothing_found_is_said(view: RowsView, scripted_run: Any) -> None:
    found(view, scripted_run, "whale")
    assert view.picks.label.text() == "Rows with “whale” · 0 rows"
    assert view.grid.rows.rowCount() == 0


def test_a_search_can_be_stopped_with_what_it_has(view: RowsView) -> None:
    view.find_words("about")
    view.finder._more([3])
    view.finder.numbers = [3, 4]
    assert "so far" in view.picks.label.text()
    assert view.picks.buttons[1].text() == "Stop"
    view.picks.buttons[1].click()
    assert view.picks.label.text() == "Rows with “about” · 2 rows"


def test_a_number_goes_to_its_row(view: RowsView) -> None:
    view.grid.setFocus()
    QTest.keyClick(view.grid, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.focusWidget() is view.tools.row
    QTest.keyClicks(view.tools.row, "33")
    QTest.keyClick(view.tools.row, Qt.Key.Key_Return)
    assert view.grid.currentIndex().row() == 32
    view.tools.row.setText("1,000,000")
    QTest.keyClick(view.tools.row, Qt.Key.Key_Return)
    assert view.grid.currentIndex().row() == 39


def test_picked_rows_are_edited_by_their_own_numbers(view: RowsView, scripted_run: Any) -> None:
    view.show_only("Near-duplicates", [30, 7])
    scripted_run.until(lambda: view.grid.book.row(0) is not None)
    assert view.picks.buttons[0].isVisible()
    index = view.grid.rows.index(1, 0)
    view.grid.rows.setData(index, "ham")
    assert view.edits.now is not None
    assert view.edits.now.edits == {7: {"label": "ham", "text": "message 7 about ships"}}


def test_pieces_of_a_text_are_shown_and_cannot_be_changed(
    session: Any, look: Any, show: Any, tmp_path: Any, scripted_run: Any
) -> None:
    path = tmp_path / "poem.txt"
    path.write_text("first\n\nsecond\n\nthird\n\nfourth\n", "utf-8")
    view = RowsView(session, look)
    view.set_source(session.project.add_text([path], "poem"))
    view.show_only("Short ones", [3, 1])
    show(view)
    scripted_run.until(lambda: view.grid.rows.rowCount() == 2)
    assert [str(view.grid.rows.index(place, 0).data()) for place in (0, 1)] == ["fourth", "second"]
    assert view.picks.label.text() == "Short ones · 2 pieces of the text"
    assert not view.picks.buttons[1].isVisible()
    assert not view.tools.isVisible()
    view.open_row(0)
    assert view.detail._fields["text"].editor.isReadOnly()
    assert not view.detail.delete.isVisible()
