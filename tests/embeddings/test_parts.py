"""The small parts of the Embeddings page, each by itself: lists, strips, legends, the table of what was picked."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.embeddings.legend import Legend
from studio.embeddings.near_list import NearList
from studio.embeddings.picked_card import HEAD, Picked, PickedCard
from studio.embeddings.shading import Shading, by_number
from studio.embeddings.strip import Strip
from studio.embeddings.token_card import TokenCard
from studio.embeddings.way_tools import MomentBar, WayTools, WayWish

pytestmark = pytest.mark.gui


# --- a list of neighbours -------------------------------------------------------------------------------------------


@pytest.fixture
def near(look, on_screen) -> NearList:
    made = NearList(look, "Nearest")
    made.set_rows([(7, "cat", "0.91", 0.91), (3, "dog", "0.50", 0.5), (9, "sun", "−0.10", -0.1)])
    on_screen(made)
    return made


def test_rows_are_pointed_at_and_chosen_by_their_ids(near, qtbot) -> None:
    told: list[tuple[str, int]] = []
    near.pointed.connect(lambda row: told.append(("pointed", row)))
    near.chosen.connect(lambda row: told.append(("chosen", row)))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Up):
        qtbot.keyClick(near, key)
    assert told == [("pointed", 7), ("pointed", 3), ("chosen", 3), ("pointed", 7)]
    qtbot.mouseClick(near, Qt.MouseButton.LeftButton, pos=QPoint(20, near.sizeHint().height() // 3 * 2 + 4))
    assert told[-1] == ("chosen", 9)
    qtbot.mouseClick(near, Qt.MouseButton.LeftButton, pos=QPoint(20, near.sizeHint().height() + 9))
    assert [row for what, row in told if what == "chosen"] == [3, 9]  # below the list there is nothing to choose
    assert near.accessibleDescription() == "cat 0.91, dog 0.50, sun −0.10"


def test_other_rows_are_drawn_and_forget_what_was_pointed_at(near, qtbot) -> None:
    qtbot.keyClick(near, Qt.Key.Key_Down)
    before = near.grab().toImage()
    near.set_rows([(1, "moon", "1.00", 1.0)])
    assert near.grab().toImage() != before
    with qtbot.assertNotEmitted(near.chosen):
        qtbot.keyClick(near, Qt.Key.Key_Return)


# --- a row of numbers -----------------------------------------------------------------------------------------------


def test_a_strip_may_be_called_otherwise_and_go_up_by_its_logarithm(look, on_screen) -> None:
    strip = Strip(look, "norm", "position")
    on_screen(strip)
    strip.set_values([0.5, -1.5, np.nan, 100.0])
    assert strip.accessibleDescription() == "−1.5000 – 100.0"
    low, high = strip.scales()[1].low, strip.scales()[1].high
    assert (low, high) == (-1.5, 100.0)
    assert strip.words(1) == "position 1: −1.5000"
    before = strip.grab().toImage()
    strip.set_kind("wavelength", lambda place: f"pair {place}", logarithmic=True)
    assert strip.scales()[1].low == 0.5  # nothing below 0 has a logarithm
    assert (strip.accessibleName(), strip.words(1)) == ("wavelength", "pair 1")
    assert strip.grab().toImage() != before
    strip.set_kind("norm")
    assert strip.grab().toImage() == before


def test_a_strip_without_numbers_points_at_nothing(look, on_screen, qtbot) -> None:
    strip = Strip(look, "norm", "position")
    on_screen(strip)
    strip.mark(3)
    assert strip.pointed_at == -1
    with qtbot.assertNotEmitted(strip.clicked):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(80, 40))
        qtbot.keyClick(strip, Qt.Key.Key_Right)


def test_a_strip_is_walked_from_where_it_is_locked_and_clicked_at_its_nearest_number(look, on_screen, qtbot) -> None:
    strip = Strip(look, "norm", "position")
    on_screen(strip)
    strip.set_values([1.0, 2.0, 3.0, 4.0, 5.0])
    strip.mark(-1, 3)
    told: list[tuple[str, int]] = []
    strip.hovered.connect(lambda place: told.append(("hovered", place)))
    strip.clicked.connect(lambda place: told.append(("clicked", place)))
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Space):
        qtbot.keyClick(strip, key)
    assert told == [("hovered", 4), ("hovered", 3), ("clicked", 3)]
    x = strip.scales()[0]
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(x.pixel(1)) + 3, 40))
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(2, 40))
    assert [place for what, place in told if what == "clicked"] == [3, 1, 0]
    strip.set_values([1.0])
    assert strip.pointed_at == -1, "what was pointed at is gone with its numbers"


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("values", [[], [0.0] * 4, [np.nan] * 3, [-1.0, -5.0], [1.0, np.nan, np.inf, -2.0]])
def test_a_strip_of_any_numbers_is_painted_and_walked(look, on_screen, qtbot, values, logarithmic) -> None:
    strip = Strip(look, "norm", "position", logarithmic=logarithmic)
    on_screen(strip)
    strip.set_values(values)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(strip, key)
        assert not strip.grab().isNull()
    assert strip.pointed_at == min(2, len(values) - 1)


# --- legends --------------------------------------------------------------------------------------------------------


def test_a_legend_has_a_chip_for_each_class_that_is_there_and_one_stands_out(look, on_screen, qtbot) -> None:
    legend = Legend(look)
    on_screen(legend)
    classes = np.array([0, 0, 2, 2, 2], np.uint8)
    legend.set_shading(Shading("class", "class", classes=classes, names=("word", "digit", "mark")))
    assert [chip.text() for chip in legend.chips] == ["word 2", "mark 3"]
    picked: list[int] = []
    legend.picked.connect(picked.append)
    for chip in (legend.chips[1], legend.chips[0], legend.chips[0]):
        chip.click()
    assert picked == [2, 0, -1]
    assert not any(chip.isChecked() for chip in legend.chips)
    legend.set_shading(by_number("movement", "moved", np.array([0.0, 2.0], np.float32), zero=True))
    assert legend.bar.isVisible()
    assert legend.chips == []


def test_only_points_that_are_shown_are_counted(look, on_screen) -> None:
    legend = Legend(look)
    on_screen(legend)
    shading = Shading("class", "class", classes=np.array([0, 0, 1], np.uint8), names=("word", "digit"))
    legend.set_shading(shading, np.array([True, False, False]))
    assert [chip.text() for chip in legend.chips] == ["word 1"]


# --- what was picked ------------------------------------------------------------------------------------------------


def row(number: int, times: int | None = 3) -> Picked:
    return Picked(number, number, "a,b", "word", "Latin", 3, times, 0.1, (1.5, -2.0))


def test_a_file_of_what_was_picked_reads_back(look, on_screen, tmp_path: Path, qtbot) -> None:
    card = PickedCard(look)
    on_screen(card)
    card.whole = lambda: [row(4), row(5, None)]
    with qtbot.waitSignal(card.saved) as told:
        card.write(str(tmp_path / "tokens.csv"))
    assert told.args == ["tokens.csv"]
    lines = (tmp_path / "tokens.csv").read_text("utf-8").splitlines()
    assert lines == [",".join(HEAD), '4,"a,b",word,Latin,3,3,0.1,1.5,-2.0,', '5,"a,b",word,Latin,3,,0.1,1.5,-2.0,']


def test_only_what_was_picked_is_saved_and_cleared(look, on_screen, qtbot) -> None:
    card = PickedCard(look)
    on_screen(card)
    card.set_rows([row(4)], "in their order", False)
    assert not card.save.isVisible()
    card.set_rows([row(4)], "1 of 9", True)
    with qtbot.waitSignal(card.cleared):
        card.free.click()
    with qtbot.waitSignal(card.chosen) as told:
        card.table.select(card.table.rows()[0])
    assert told.args == [4]


def test_a_pattern_asks_for_the_same_words_again(look, on_screen, qtbot) -> None:
    card = TokenCard(look)
    on_screen(card)
    card.search.setText("ship")
    with qtbot.waitSignal(card.searched) as told:
        card.pattern.click()
    assert told.args == ["ship"]
    assert "pattern" in card.search.placeholderText()
    assert not card.list.isVisible()
    card.set_token("“ship”", "id 4", "")
    card.set_near([(5, "boat", "0.9", 0.9)], "cosine in all 8 dimensions")
    assert card.list.isVisible()
    assert card.below.text() == "cosine in all 8 dimensions"


# --- moments --------------------------------------------------------------------------------------------------------


def test_a_bar_of_moments_goes_through_them_and_stops(look, on_screen, qtbot) -> None:
    bar = MomentBar(look)
    on_screen(bar)
    bar.set_steps((0, 10, 20))
    moved: list[int] = []
    bar.moved.connect(moved.append)
    bar.set_place(1)
    assert bar.where.text() == "Step 10"
    assert moved == []
    bar._timer.setInterval(1)
    bar.play_or_pause()
    qtbot.waitUntil(lambda: not bar._timer.isActive())
    assert moved == [2]
    bar.set_steps((5,))
    assert not bar.isVisible()


def test_snapshots_have_no_other_table_and_no_other_basis(look, on_screen, qtbot) -> None:
    tools = WayTools(look)
    on_screen(tools)
    tools.basis.set_value("joint")
    assert tools.wish() == WayWish(False, "tokens", "joint", False, 2)
    tools.moments.set_value("snapshots")
    with qtbot.waitSignal(tools.changed):
        tools.moments.changed.emit("snapshots")
    assert tools.wish() == WayWish(True, dimensions=2)
    assert not tools.basis.isEnabled()
    assert not tools.turn.isEnabled()
