"""Tiles of figures: what they say, to the eye, the pointer and a screen reader."""

import pytest

from studio.views.figure_tiles import FigureTiles, Tile

pytestmark = pytest.mark.gui

ACCURACY = Tile("Accuracy", "95.0 %", "92–97 %", "The share of rows that are right.")
LOSS = Tile("Loss", "1.561", "validation")


@pytest.fixture
def make(qtbot):
    def tiles(may_be_brief=False):
        found = FigureTiles(may_be_brief)
        qtbot.addWidget(found)
        found.set_tiles([ACCURACY, LOSS])
        return found

    return tiles


def test_a_tile_tells_a_screen_reader_all_of_it(make):
    row = make()
    first = row.tiles[0]
    assert first.accessibleName() == "Accuracy: 95.0 %. 92–97 %"
    assert first.accessibleDescription() == first.toolTip() == ACCURACY.tip


def test_tiles_that_may_be_brief_tell_their_small_print_to_the_pointer(make):
    row = make(may_be_brief=True)
    row.set_brief(True)
    assert row.tiles[0].note.isHidden()
    assert row.tiles[0].toolTip() == f"{ACCURACY.note}\n\n{ACCURACY.tip}"
    assert row.tiles[1].toolTip() == "validation"
    row.set_tiles([ACCURACY, LOSS, LOSS])
    assert row.tiles[2].note.isHidden(), "a tile that comes later is as brief as the others"
    row.set_brief(False)
    assert not any(tile.note.isHidden() for tile in row.tiles)


def test_fewer_figures_hide_the_tiles_that_are_left_over(make):
    row = make()
    row.set_tiles([LOSS])
    assert [tile.isHidden() for tile in row.tiles] == [False, True]
    assert row.tiles[0].value.text() == "1.561"
    assert row.tiles[0].toolTip() == ""
