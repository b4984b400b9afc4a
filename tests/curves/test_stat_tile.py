"""A tile: one live number, its name and its small curve."""

import pytest
from PySide6.QtCore import Qt

from studio.core.history import History
from studio.curves.stat_tile import StatTile

pytestmark = pytest.mark.gui


@pytest.fixture
def tile(look, on_screen):
    made = StatTile(look, "Gradient norm", unit="")
    on_screen(made, width=260, height=140)
    return made


def test_before_the_first_value_it_shows_a_dash_and_says_so(tile):
    assert tile.value.text() == "–"
    assert tile.accessibleName() == "Gradient norm: no value yet"


def test_a_value_is_shown_and_spoken(tile):
    tile.set_value("0.42")
    assert tile.value.text() == "0.42"
    assert tile.accessibleName() == "Gradient norm: 0.42"


def test_name_and_value_share_a_line_or_stand_below_one_another(tile, qapp):
    for stacked in (True, False):
        tile.set_stacked(stacked)
        qapp.processEvents()
        assert (tile.value.y() > tile.title.y() + 8) is stacked


def test_the_width_it_wants_does_not_depend_on_how_it_stands(tile):
    wide = tile.wide
    tile.set_stacked(True)
    assert tile.wide == wide
    assert tile.minimumSizeHint().width() < wide


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_the_keyboard_presses_it_once_it_does_something(tile, qtbot, key):
    tile.set_clickable("Show it large")
    with qtbot.waitSignal(tile.clicked):
        qtbot.keyClick(tile, key)


def test_a_tile_that_does_nothing_is_no_stop_of_the_tab_key(tile, qtbot):
    assert tile.focusPolicy() == Qt.FocusPolicy.NoFocus
    with qtbot.assertNotEmitted(tile.clicked):
        qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)


def test_its_curve_follows_the_history(tile):
    history = History()
    history.append(1, 64, 0.1, 3.0)
    tile.set_history(history)
    history.append(2, 128, 0.2, 1.0)
    tile.refresh()
    assert "1" in tile.spark.describe()


def test_what_it_counts_can_change(tile):
    tile.set_value("3")
    tile.set_title("Rows right")
    assert tile.title.text() == "Rows right"
    assert tile.accessibleName().startswith("Rows right: 3")
