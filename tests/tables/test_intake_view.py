"""A table on its way in: what was found, what may be changed, what is left out, and the way into the project."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.core.errors import StudioError
from studio.formats import Choices
from studio.store.datasets import Dataset
from studio.tables import table_look
from studio.tables.intake_view import IntakeView, sorted_out
from studio.tables.table_look import count_rows, look_at

pytestmark = pytest.mark.gui

RAGGED = "label,text\nham,hello\nspam,win,now\nham,bye\nham,ok\nspam,free\nonly\n"


@pytest.fixture
def view(session: Any, look: Any, show: Any) -> IntakeView:
    view = IntakeView(session, look)
    show(view)
    return view


@pytest.fixture
def opened(view: IntakeView, letters: Path, scripted_run: Any) -> IntakeView:
    view.open([letters])
    scripted_run.settle()
    return view


def test_a_table_is_shown_with_everything_that_was_found(opened: IntakeView) -> None:
    form = opened.form
    assert form.name.text() == "letters"
    assert form.encoding.currentText() == "Found: utf-8"
    assert form.delimiter.currentText() == "Found: Comma"
    assert form.header_choice.currentText() == "Found: names the columns"
    assert form.kind.value() == "labelled"
    assert "“label”" in form.why[1].text()
    assert "“text”" in form.why[1].text()
    assert all(sentence in form.why[0].text() for sentence in ("UTF-8", "commas"))
    assert form.rows_label.text() == "40 rows"
    assert opened.button == "Import 40 rows"
    assert opened.ready
    assert str(opened.grid.rows.index(0, 1).data()) == "message 0 about ships"
    assert not form.faults.isVisible()


def test_lines_that_cannot_be_read_are_listed_by_line_and_reason(
    view: IntakeView, tmp_path: Path, scripted_run: Any
) -> None:
    (tmp_path / "ragged.csv").write_text(RAGGED, "utf-8")
    view.open([tmp_path / "ragged.csv"])
    scripted_run.settle()
    assert [fault.line for fault in view.form.faults.rows()] == [3, 7]
    assert view.form.faults_label.text().startswith("2 lines cannot be read and are left out.")
    assert [view.grid.book.number(place) for place in range(4)] == [0, 1, 2, 3]  # as they will be in the project
    assert all(fault.reason in view.form.faults_label.text() for fault in view.form.faults.rows())
    assert view.button == "Import 4 rows"


def test_a_choice_reads_the_table_anew_and_undo_takes_it_back(opened: IntakeView, scripted_run: Any) -> None:
    header = opened.form.header_choice
    header.setCurrentIndex(header.findData(False))
    header.changed.emit()
    assert opened.button == "Import"
    scripted_run.settle()
    assert opened.button == "Import 41 rows"
    assert str(opened.grid.rows.index(0, 1).data()) == "text"
    assert header.itemText(0) == "As it is found by looking"
    opened.grid.setFocus()
    QTest.keyClick(opened.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    scripted_run.settle()
    assert opened.button == "Import 40 rows"
    assert header.value() is None
    assert not opened.form.undo.isVisible()


def test_nothing_is_imported_with_other_choices_than_those_that_are_shown(
    opened: IntakeView, scripted_run: Any, session: Any
) -> None:
    header = opened.form.header_choice
    header.setCurrentIndex(header.findData(False))
    header.changed.emit()
    assert not opened.ready
    assert opened.form.rows_label.text() == ""
    opened.import_now()
    scripted_run.settle()
    assert session.project.datasets() == []
    opened.form.choices_changed.emit(Choices(encoding="utf-16"))
    scripted_run.settle()
    assert not opened.ready  # this was no table
    opened.undo()
    scripted_run.settle()
    opened.import_now()
    scripted_run.settle()
    assert session.project.datasets()[0].columns == ("column 1", "column 2")
    assert set(session.project.datasets()[0].reading.roles.values()) <= {"column 1", "column 2"}


def test_a_count_of_other_choices_ends_when_the_table_is_read_anew(opened: IntakeView, scripted_run: Any) -> None:
    def counting(keep_going: Any) -> None:
        while keep_going():
            time.sleep(0.001)

    count = opened._session.jobs.start(counting, lane="intake.count")
    opened.form.choices_changed.emit(Choices(encoding="latin-1"))
    assert count.cancelled
    scripted_run.settle()


def test_roles_and_kind_preview_at_once_and_can_be_undone(opened: IntakeView) -> None:
    opened.grid.roles.role_chosen.emit("label", "")
    assert "Still missing: Label" in opened.form.missing.text()
    opened.form.kind_chosen.emit("text")
    assert opened.form.missing.text() == ""
    assert dict(opened.reading.roles) == {"text": "text"}
    opened.undo()
    opened.form.undo.click()
    assert opened.reading.kind == "labelled"
    assert dict(opened.reading.roles) == {"text": "text", "label": "label"}


def test_a_choice_that_makes_no_table_is_told_and_undone(opened: IntakeView, scripted_run: Any) -> None:
    told: list[StudioError] = []
    opened.refused.connect(told.append)
    opened.form.choices_changed.emit(Choices(encoding="utf-16"))
    scripted_run.settle()
    assert told
    assert opened.busy
    opened.undo()
    scripted_run.settle()
    assert opened.button == "Import 40 rows"


def test_importing_makes_a_dataset_with_the_chosen_roles(opened: IntakeView, scripted_run: Any, session: Any) -> None:
    made: list[Dataset] = []
    closed: list[None] = []
    opened.imported.connect(lambda dataset, path: made.append(dataset))
    opened.closed.connect(lambda: closed.append(None))
    opened.form.name.setText("mail")
    opened.grid.roles.role_chosen.emit("label", "text")
    opened.import_now()
    assert opened.button == "Importing…"
    assert not opened.ready
    assert not opened.form.isEnabled()
    scripted_run.settle()
    assert made[0].title == "mail@1"
    assert dict(made[0].reading.roles) == {"text": "label"}
    assert len(closed) == 1
    assert not opened.busy
    assert [item.name for item in session.project.datasets()] == ["mail"]


def test_a_cancelled_import_stays_open_and_leaves_nothing(
    opened: IntakeView, scripted_run: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = type(session.project).add_dataset

    def late(*given: Any, keep_going: Callable[[], bool], **named: Any) -> Dataset:
        while keep_going():  # else the small table is in before anybody can call it off
            time.sleep(0.001)
        return add(*given, keep_going=keep_going, **named)

    monkeypatch.setattr(type(session.project), "add_dataset", late)
    opened.import_now()
    opened.progress.cancel.click()
    scripted_run.settle()
    assert session.project.datasets() == []
    assert opened.busy
    assert opened.ready


def test_several_tables_come_one_after_the_other(
    view: IntakeView, letters: Path, tmp_path: Path, scripted_run: Any
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"text": "one"}\n', "utf-8")
    view.open([letters, other])
    scripted_run.settle()
    assert view.card.note.text().endswith("1 more wait")
    view.skip.click()
    scripted_run.settle()
    assert view.form.name.text() == "other"
    assert view.button == "Import 1 row"
    assert not view.form.delimiter.isVisible()
    view.skip.click()
    assert not view.busy


def test_a_file_that_is_no_table_is_refused_and_left(view: IntakeView, tmp_path: Path, scripted_run: Any) -> None:
    told: list[StudioError] = []
    view.refused.connect(told.append)
    (tmp_path / "empty.csv").touch()
    view.open([tmp_path / "empty.csv"])
    scripted_run.settle()
    assert told[0].hint
    assert not view.busy


def test_a_table_can_be_taken_as_plain_text_instead(opened: IntakeView, letters: Path, qtbot: Any) -> None:
    with qtbot.waitSignal(opened.text_requested) as told:
        opened.form.as_text.click()
    assert told.args == [letters]
    assert not opened.busy


def test_tables_are_told_from_texts_by_their_names(tmp_path: Path) -> None:
    names = ("a.txt", "b.csv", "c.md", "d.jsonl.gz")
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.touch()
    assert sorted_out(paths) == ([paths[1], paths[3]], [paths[0], paths[2]])


def test_of_a_large_file_rows_are_only_counted(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text(RAGGED, "utf-8")
    whole = count_rows(path, Choices())
    assert (whole.rows, whole.faults, whole.read) == (4, 2, True)
    monkeypatch.setattr(table_look, "_WHOLE", 10)
    assert not count_rows(path, Choices()).read


def test_a_look_reads_only_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f'{{"text": "row {number}"}}\n' for number in range(5_000)), "utf-8")
    looked = look_at(path, Choices())
    assert len(looked.rows) == table_look.HEAD
    assert looked.reading.kind == "text"
    assert looked.label
