"""A table of a million rows: pages come by jobs, nothing is read twice, the keyboard reaches everything."""

import time
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from studio.core.errors import StudioError
from studio.rows.kinds import Reading
from studio.tables import row_book
from studio.tables.changes import Changes
from studio.tables.row_book import PAGE, RowBook
from studio.tables.row_grid import RowGrid, shared_widths
from studio.tables.row_model import RowModel
from studio.tables.row_words import shown_row

pytestmark = pytest.mark.gui
MILLION = 1_000_000
COLUMNS = ("text", "label")


def made(start: int, count: int) -> list[tuple[int, dict[str, Any]]]:
    """Rows out of their numbers alone."""
    rows = range(start, min(start + count, MILLION))
    return [(number, {"text": f"row {number} of a million", "label": number % 3}) for number in rows]


@pytest.fixture
def grid(session: Any, look: Any, show: Any) -> RowGrid:
    grid = RowGrid(session.jobs, look, "Rows")
    grid.show_source(made, COLUMNS, MILLION, changes=Changes(Reading("text", {"text": "text"})))
    show(grid)
    return grid


def loaded(stage: Any, book: RowBook, place: int) -> None:
    """Asks for a row until it is there."""
    stage.until(lambda: book.row(place) is not None)


def text(grid: RowGrid, place: int, column: int = 0) -> str:
    return str(grid.rows.index(place, column).data())


# --- pages ----------------------------------------------------------------------------------------------------------


def test_the_model_keeps_qts_rules(session: Any, scripted_run: Any, qtmodeltester: Any) -> None:
    model = RowModel(RowBook(session.jobs))
    model.book.open(made, COLUMNS, 500)
    model.begin(COLUMNS, Changes(Reading("text", {"text": "text"})))
    qtmodeltester.check(model)
    loaded(scripted_run, model.book, 0)
    assert model.data(model.index(0, 0)) == "row 0 of a million"


def test_only_the_pages_in_sight_are_fetched(grid: RowGrid, scripted_run: Any) -> None:
    assert grid.rows.rowCount() == MILLION
    assert text(grid, 0) == "row 0 of a million"
    asked: list[tuple[int, int]] = []

    def fetch(start: int, count: int) -> list[tuple[int, dict[str, Any]]]:
        asked.append((start, count))
        return made(start, count)

    grid.show_source(fetch, COLUMNS, MILLION)
    grid.go_to(900_000)
    loaded(scripted_run, grid.book, 900_000)
    assert text(grid, 900_000) == "row 900000 of a million"
    assert sum(count for _, count in asked) <= 6 * PAGE


def test_what_was_seen_is_not_fetched_again(grid: RowGrid, scripted_run: Any) -> None:
    calls: list[int] = []

    def fetch(start: int, count: int) -> list[tuple[int, dict[str, Any]]]:
        calls.append(start)
        return made(start, count)

    grid.show_source(fetch, COLUMNS, MILLION)
    loaded(scripted_run, grid.book, 0)
    before = len(calls)
    grid.viewport().repaint()
    scripted_run.settle()
    assert len(calls) == before


def test_a_million_rows_scroll_without_work_on_the_gui_thread(grid: RowGrid, scripted_run: Any) -> None:
    """Every frame is painted from memory; the processor time of one is far below that of a screen's refresh."""
    bar = grid.verticalScrollBar()
    frames = []
    for step in range(16):
        bar.setValue(bar.maximum() * step // 15)
        begun = time.thread_time()
        grid.viewport().repaint()
        frames.append(time.thread_time() - begun)
        QApplication.processEvents()
    loaded(scripted_run, grid.book, MILLION - 1)
    assert text(grid, MILLION - 1) == "row 999999 of a million"
    assert sorted(frames)[len(frames) // 2] < 0.033


def test_pages_of_large_rows_are_small(session: Any) -> None:
    book = RowBook(session.jobs)
    book.open(made, COLUMNS, 1_000, row_bytes=50_000.0)
    assert book.page == 20
    book.open(made, COLUMNS, 1_000, row_bytes=50_000_000.0)
    assert book.page == 8


def test_a_page_that_cannot_be_read_is_told_once(session: Any, scripted_run: Any) -> None:
    def broken(start: int, count: int) -> list[tuple[int, dict[str, Any]]]:
        raise StudioError("Row 3 is damaged.")

    book, told = RowBook(session.jobs), []
    book.failed.connect(told.append)
    book.open(broken, COLUMNS, 100)
    for _ in range(3):
        assert book.row(5) is None
        scripted_run.until(lambda: bool(told))
        QTest.qWait(5)
    assert [error.message for error in told] == ["Row 3 is damaged."]


def test_rows_of_the_former_table_never_arrive_in_the_next(session: Any, scripted_run: Any) -> None:
    book = RowBook(session.jobs)
    book.open(made, COLUMNS, 100)
    book.row(0)
    QTest.qWait(1)
    book.open(lambda start, count: [(9, {"text": "other", "label": 0})], COLUMNS, 1)
    loaded(scripted_run, book, 0)
    row = book.row(0)
    assert row is not None
    assert row.cells[0].text == "other"


def test_old_pages_make_room_for_new_ones(session: Any, scripted_run: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(row_book, "_KEPT", 4)
    book = RowBook(session.jobs)
    book.open(made, COLUMNS, MILLION)
    for page in range(6):
        loaded(scripted_run, book, page * PAGE)
    assert book.row(5 * PAGE) is not None
    assert book.row(0) is None


def test_picked_rows_keep_their_numbers(session: Any) -> None:
    book = RowBook(session.jobs)
    book.open(made, COLUMNS, 3, numbers=[7, 900, 12])
    assert [book.number(place) for place in range(3)] == [7, 900, 12]


# --- what is seen ---------------------------------------------------------------------------------------------------


def test_rows_are_numbered_from_one_as_people_count(grid: RowGrid) -> None:
    assert grid.rows.headerData(0, Qt.Orientation.Vertical) == "1"
    assert grid.rows.headerData(999_999, Qt.Orientation.Vertical) == "1,000,000"


def test_an_empty_table_says_why(session: Any, look: Any, show: Any) -> None:
    grid = RowGrid(session.jobs, look, "Rows")
    grid.set_empty_text("Nothing here.")
    grid.show_rows((), COLUMNS)
    show(grid)
    assert grid.rows.rowCount() == 0
    assert grid.current_number() == 0
    assert grid.chosen(10) == []


def test_widths_fill_the_room_and_the_widest_gives_way() -> None:
    assert shared_widths([100, 420], 800) == [100, 700]
    assert shared_widths([100, 120], 400) == [100, 300]
    assert sum(shared_widths([100, 420, 420], 600)) == 600
    assert shared_widths([420, 420, 420], 150) == [96, 96, 96]


def test_changes_are_marked_in_their_cells(grid: RowGrid) -> None:
    changes = grid.rows.changes
    assert changes is not None
    changes.change({2: {"text": "new", "label": 2}})
    changes.change({3: None})
    grid.rows.set_changes(changes)
    assert grid.rows.cell(2, 0)[0].text == "new"
    assert [grid.rows.cell(2, column)[1] for column in (0, 1)] == ["changed", ""]
    assert grid.rows.cell(3, 1)[1] == "deleted"
    assert grid.rows.index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "new (changed)"


# --- keyboard and mouse ---------------------------------------------------------------------------------------------


def test_a_cell_is_edited_with_the_keyboard(grid: RowGrid, qtbot: Any) -> None:
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Down)
    QTest.keyClick(grid, Qt.Key.Key_F2)
    editor = grid.findChild(QLineEdit)
    assert editor is not None
    assert editor.text() == "row 1 of a million"
    editor.setText("another")
    opened: list[int] = []
    grid.row_opened.connect(opened.append)
    with qtbot.waitSignal(grid.rows.edited) as told:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert told.args == [1, {"text": "another", "label": 1}]
    assert opened == []


def test_an_editor_that_changes_nothing_makes_no_change(grid: RowGrid) -> None:
    told: list[Any] = []
    grid.rows.edited.connect(told.append)
    assert grid.rows.setData(grid.rows.index(0, 0), "row 0 of a million")
    assert told == []


def test_enter_and_a_rows_number_open_the_row(grid: RowGrid) -> None:
    opened: list[int] = []
    grid.row_opened.connect(opened.append)
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Down)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    QTest.mouseClick(grid.numbers.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 28 * 4 + 10))
    assert opened == [1, 4]


def test_letters_do_not_search_a_million_rows(grid: RowGrid) -> None:
    grid.setFocus()
    QTest.keyClicks(grid, "row 77")
    assert grid.currentIndex().row() == 0


def test_selected_rows_are_named_unless_they_are_too_many(grid: RowGrid) -> None:
    wished: list[None] = []
    grid.removal_requested.connect(lambda: wished.append(None))
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Down)
    QTest.keyClick(grid, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    assert grid.chosen(10) == [1, 2]
    assert len(wished) == 1
    grid.selectAll()
    assert grid.chosen(10_000) is None


def test_a_value_with_line_ends_is_opened_instead_of_edited(session: Any, look: Any, show: Any) -> None:
    grid = RowGrid(session.jobs, look, "Rows")
    rows = [shown_row(0, {"text": "two\nlines"}, ("text",))]
    grid.show_rows(rows, ("text",))
    grid.rows.set_changes(Changes(Reading("text", {"text": "text"})))
    show(grid)
    opened: list[int] = []
    grid.row_opened.connect(opened.append)
    at = grid.visualRect(grid.rows.index(0, 0)).center()
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert opened == [0]


# --- the head -------------------------------------------------------------------------------------------------------


def test_a_column_offers_the_roles_of_the_kind(grid: RowGrid, qtbot: Any) -> None:
    grid.set_reading(Reading("labelled", {"text": "text"}))
    menu = grid.roles.menu_of(1)
    assert [action.text() for action in menu.actions()] == ["Text", "Label", "Not used"]
    assert menu.actions()[2].isChecked()
    with qtbot.waitSignal(grid.roles.role_chosen) as chosen:
        menu.actions()[1].trigger()
    assert chosen.args == ["label", "label"]
    menu.deleteLater()


def test_alt_down_opens_the_roles_of_the_current_column(grid: RowGrid, monkeypatch: Any) -> None:
    shown: list[list[tuple[str, bool]]] = []

    def popup(menu: QMenu, _at: QPoint) -> None:
        shown.append([(action.text(), action.isChecked()) for action in menu.actions()])
        menu.deleteLater()

    monkeypatch.setattr(QMenu, "popup", popup)
    grid.set_reading(Reading("text", {"text": "text"}))
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert shown == [[("Text", True), ("Not used", False)]]
    grid.set_reading(None)
    QTest.keyClick(grid, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert len(shown) == 1
