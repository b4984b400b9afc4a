"""Where tiles stand, whatever the room and however many there are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF

from studio.maps.mosaic_grid import BADGE, grid_for

ROOMS = st.tuples(st.integers(160, 1_800), st.integers(120, 1_000))
SHAPES = st.tuples(st.integers(1, 32), st.integers(1, 32))


@given(SHAPES, ROOMS, st.booleans(), st.booleans())
@settings(max_examples=25)  # up to a thousand tiles each
def test_every_tile_is_found_where_it_stands_and_none_lies_over_another(shape, room, badges, flows):
    order = [(row, column) for row in range(shape[0]) for column in range(shape[1])] if flows else None
    grid = grid_for(shape, order, room, badges)
    rects = [grid.rect(at) for at in range(len(grid.places))]
    for at, (place, rect) in enumerate(zip(grid.places, rects, strict=True)):
        assert grid.at(rect.center()) == place
        beside = at + 1 < len(rects) and (at + 1) % grid.across != 0
        assert not beside or rect.right() <= rects[at + 1].left()
        under = at + grid.across < len(rects)
        assert not under or rect.bottom() <= rects[at + grid.across].top()
    assert grid.height >= rects[-1].bottom()


@given(SHAPES, ROOMS, st.booleans())
def test_only_the_height_may_be_more_than_there_is(shape, room, badges):
    grid = grid_for(shape, None, room, badges)
    right = max(grid.rect(at).right() for at in range(len(grid.places)))
    assert right <= room[0] or grid.tile <= 12.0


def test_badges_go_where_they_cost_least():
    assert grid_for((6, 6), None, (500, 360), True).beside
    tall = grid_for((6, 6), None, (300, 900), True)
    assert not tall.beside
    assert tall.pitch[1] - tall.tile > BADGE
    assert grid_for((6, 6), None, (500, 360), False).pitch[0] < grid_for((6, 6), None, (500, 360), True).pitch[0] + 9


def test_more_room_makes_larger_tiles_up_to_a_limit():
    sizes = [grid_for((6, 6), None, (side, side), True).tile for side in (200, 400, 800, 3_000)]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 168.0


def test_few_tiles_of_an_order_share_all_the_room():
    few = grid_for((12, 12), [(0, 0), (5, 5), (11, 11)], (600, 400), True)
    many = grid_for((12, 12), [(row, 0) for row in range(12)], (600, 400), True)
    assert few.tile > many.tile
    assert few.sorted
    assert few.at(few.rect(1).center()) == (5, 5)


@pytest.mark.parametrize("point", [(-5, 50), (5, 5), (10_000, 50), (50, 10_000)])
def test_beside_the_tiles_there_is_none(point):
    grid = grid_for((4, 4), None, (400, 400), True)
    assert grid.at(QPointF(*point)) is None


def test_only_what_can_be_seen_is_composed():
    grid = grid_for((32, 32), None, (1_300, 600), True)
    seen = grid.between(0, 600)
    assert 0 < len(seen) < 32 * 32
    assert seen[0] == 0
    last = grid.between(grid.height - 600, grid.height)
    assert last[-1] == 32 * 32 - 1
    every = [at for at in range(32 * 32) if grid.rect(at).top() < 600]
    assert set(every) <= set(seen)
