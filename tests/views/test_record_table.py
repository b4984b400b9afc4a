from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.views.record_table import Column, RecordModel, RecordTable
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
Show = Callable[..., None]


@dataclass(frozen=True)
class Run:
    name: str
    loss: float | None
    state: str = "good"


COLUMNS = (
    Column("run", lambda run: run.name, dot=lambda run: run.state, tip=lambda run: f"the run {run.name}"),
    Column("loss", lambda run: run.loss, lambda run: "–" if run.loss is None else f"{run.loss:.3f}", "right", 100),
    Column("", lambda run: "Open" if run.loss is not None else "", link=True, width=70),
)
RUNS = [Run("beta", 2.0), Run("Alpha", 1.0), Run("gamma", None, "danger"), Run("delta", 3.0)]


@pytest.fixture
def table(look: Look, on_screen: Show) -> RecordTable:
    table = RecordTable(COLUMNS, look, key=lambda run: run.name, several=True)
    table.set_rows(RUNS)
    on_screen(table, width=500, height=300)
    return table


def names(table: RecordTable) -> list[str]:
    return [run.name for run in table.rows()]


def click(table: RecordTable, row: int, column: int) -> None:
    place = table.visualRect(table.model().index(row, column)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_the_model_keeps_qts_rules(qtbot: QtBot, qtmodeltester: object) -> None:
    model = RecordModel(COLUMNS)
    qtmodeltester.check(model)  # type: ignore[attr-defined]
    model.set_rows(RUNS)
    qtmodeltester.check(model)  # type: ignore[attr-defined]
    model.sort(1)
    qtmodeltester.check(model)  # type: ignore[attr-defined]


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(float("nan")))), st.booleans())
def test_sorting_orders_values_and_puts_missing_ones_last(losses: list[float | None], descending: bool) -> None:
    model = RecordModel(COLUMNS)
    model.set_rows([Run(str(place), loss) for place, loss in enumerate(losses)])
    model.sort(1, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
    shown = [run.loss for run in model.rows]
    there = [loss for loss in losses if loss is not None and loss == loss]
    assert shown[: len(there)] == sorted(there, reverse=descending)
    assert all(loss is None or loss != loss for loss in shown[len(there) :])


def test_headers_sort_and_the_third_click_returns_to_the_given_order(table: RecordTable) -> None:
    header = table.horizontalHeader()
    header.sectionClicked.emit(1)
    assert names(table) == ["delta", "beta", "Alpha", "gamma"]  # numbers from the largest
    assert table.sort_state() == ("loss", True)
    assert table.model().headerData(1, Qt.Orientation.Horizontal) == "loss ↓"
    header.sectionClicked.emit(1)
    assert names(table) == ["Alpha", "beta", "delta", "gamma"]
    header.sectionClicked.emit(1)
    assert names(table) == [run.name for run in RUNS]
    header.sectionClicked.emit(0)
    assert names(table) == ["Alpha", "beta", "delta", "gamma"]  # words from A, whatever their case
    header.sectionClicked.emit(2)  # a column of links has no order
    assert table.sort_state() == ("run", False)


def test_sort_and_selection_stay_when_rows_are_set_again(table: RecordTable, qtbot: QtBot) -> None:
    table.sort_by("loss")
    table.select(RUNS[0])
    changed: list[list[Run]] = []
    table.selection_changed.connect(changed.append)
    table.set_rows([replace(run, state="warning") for run in RUNS])
    assert names(table) == ["Alpha", "beta", "delta", "gamma"]
    assert [run.name for run in table.selected_rows()] == ["beta"]
    assert table.selected_rows()[0].state == "warning"
    assert changed == []
    table.set_rows(RUNS[1:])
    assert table.selected_rows() == []
    assert changed == [[]]


def test_selection_moves_with_its_row_when_the_order_changes(table: RecordTable) -> None:
    table.select(RUNS[3])
    table.sort_by("loss", descending=True)
    assert table.selected_rows() == [RUNS[3]]
    table.select(None)
    assert table.selected_rows() == []


def test_several_rows_are_selected_with_control(table: RecordTable) -> None:
    click(table, 0, 0)
    place = table.visualRect(table.model().index(3, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place)
    assert table.selected_rows() == [RUNS[0], RUNS[3]]


def test_a_link_is_clicked_on_its_own(table: RecordTable, qtbot: QtBot) -> None:
    with qtbot.waitSignal(table.link_clicked) as caught:
        click(table, 1, 2)
    assert caught.args == [RUNS[1], ""]
    with qtbot.assertNotEmitted(table.link_clicked):
        click(table, 2, 2)  # an empty link leads nowhere


def test_enter_and_double_click_open_a_row(table: RecordTable, qtbot: QtBot) -> None:
    table.select(RUNS[1])
    with qtbot.waitSignal(table.row_activated) as caught:
        QTest.keyClick(table, Qt.Key.Key_Return)
    assert caught.args == [RUNS[1]]
    with qtbot.waitSignal(table.row_activated) as caught:
        place = table.visualRect(table.model().index(0, 0)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert caught.args == [RUNS[0]]


def test_cells_say_what_their_columns_say(table: RecordTable) -> None:
    model = table.model()
    shown = [[model.index(row, column).data() for column in range(3)] for row in range(4)]
    assert shown[0] == ["beta", "2.000", "Open"]
    assert shown[2] == ["gamma", "–", ""]
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == "the run beta"
    assert model.index(0, 1).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight.value


def test_a_state_is_a_dot_in_its_colour(table: RecordTable, look: Look) -> None:
    image = table.viewport().grab().toImage()
    middle = table.visualRect(table.model().index(2, 0)).center().y()
    row = {image.pixelColor(x, middle).name() for x in range(30)}
    assert look.color("danger").name() in row
    assert look.color("good").name() not in row


def test_a_fitted_table_is_as_high_as_its_rows(table: RecordTable) -> None:
    table.set_fit_height(True)
    high = table.sizeHint().height()
    table.set_rows(RUNS * 2)
    assert table.sizeHint().height() - high == 4 * 30
    assert table.height() == table.sizeHint().height()


def test_a_fitted_table_shrinks_when_rows_go_away(table: RecordTable) -> None:
    table.set_fit_height(True)
    table.set_rows(RUNS * 2)
    table.set_rows(RUNS[:1])
    assert table.height() == table.sizeHint().height()


def test_where_it_is_narrow_the_spare_columns_are_left_out_the_last_first(look: Look, on_screen: Any) -> None:
    titles = (("name", 0, False), ("what", 200, True), ("loss", 100, False), ("when", 120, True))
    columns = [Column(title, str, width=width, spare=spare) for title, width, spare in titles]
    table = RecordTable(columns, look)
    left = {}
    on_screen(table, width=900)
    for width in (900, 480, 300):
        table.window().resize(width, 300)
        QTest.qWait(0)
        left[width] = [title for place, (title, *_) in enumerate(titles) if not table.isColumnHidden(place)]
    assert left == {900: ["name", "what", "loss", "when"], 480: ["name", "what", "loss"], 300: ["name", "loss"]}


def test_a_cell_says_all_of_itself_to_the_pointer(table: RecordTable) -> None:
    index = table.model().index(0, 1)
    assert index.data(Qt.ItemDataRole.ToolTipRole) == index.data()


def test_an_empty_table_says_why(table: RecordTable) -> None:
    table.set_empty_text("Nothing has been trained here yet.")
    table.set_rows([])
    table.grab()
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert table.rows() == []


def test_a_mark_is_read_aloud_in_words(look: Look, on_screen: Any) -> None:
    table = RecordTable([Column("fits", str, lambda row: "●", said=lambda row: f"{row} fits here")], look)
    on_screen(table)
    table.set_rows(["tiny"])
    index = table.model().index(0, 0)
    assert index.data() == "●"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "tiny fits here"
