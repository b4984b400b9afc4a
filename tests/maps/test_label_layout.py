"""Names keep apart, the important ones win, and a name that is there stays there."""

import itertools

import numpy as np

from studio.maps.label_layout import HEIGHT, MOST, LabelLayout

SIZE = (800.0, 600.0)
RNG = np.random.default_rng(2)
SPOTS = [(index, float(x), float(y)) for index, (x, y) in enumerate(RNG.random((3_000, 2)) * SIZE)]


def width(index):
    return 20.0 + index % 40


def boxes(placed):
    return [(one.left, one.top, one.left + one.width, one.top + HEIGHT) for one in placed]


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_no_two_names_touch_and_none_leaves_the_map():
    placed = LabelLayout().place((), SPOTS, width, SIZE, 1.0)
    assert 40 < len(placed) <= MOST
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes(placed), 2))
    assert all(left > 0 and top > 0 and right < SIZE[0] and bottom < SIZE[1] + 4
               for left, top, right, bottom in boxes(placed))  # fmt: skip


def test_there_are_never_more_than_can_be_read():
    wide = (4_000.0, 4_000.0)
    spots = [(index, x * 5, y * 6) for index, x, y in SPOTS]
    assert len(LabelLayout().place((), spots, width, wide, 1.0)) == MOST


def test_the_more_important_name_wins_the_place():
    crowded = [(index, 400.0, 300.0) for index in range(50)]
    placed = LabelLayout().place([crowded[7]], crowded, lambda _: 30.0, SIZE, 1.0)
    found = [one.index for one in placed]
    assert found == [7, 0]  # one on each side
    assert [one.side for one in placed] == ["right", "left"]


def test_a_name_keeps_its_side_while_the_map_moves():
    layout = LabelLayout()
    before = {one.index: one.side for one in layout.place((), SPOTS[:300], width, SIZE, 1.0)}
    moved = [(index, x + 3, y + 2) for index, x, y in SPOTS[:300]]
    after = {one.index: one.side for one in layout.place((), moved, width, SIZE, 1.0)}
    same = [index for index in before if after.get(index) == before[index]]
    assert len(same) >= 0.9 * len(before)


def test_names_that_were_shown_come_before_others_until_the_zoom_is_another():
    close = [(0, 300.0, 8.5), (1, 300.0, 8.5)]
    layout = LabelLayout()

    def shown(spots, zoom):
        return [one.index for one in layout.place((), spots, lambda _: 480.0, SIZE, zoom)]

    assert shown(close[1:], 1.0) == [1]
    assert shown(close, 1.1)[0] == 1
    assert shown(close, 5.0)[0] == 0
    layout.forget()
    assert shown(close, 5.0)[0] == 0


def test_a_name_that_has_no_room_inside_is_left_out():
    edge = [(0, 790.0, 300.0), (1, 5.0, 2.0), (2, 400.0, 599.0)]
    placed = {one.index: one.side for one in LabelLayout().place((), edge, lambda _: 60.0, SIZE, 1.0)}
    assert placed == {0: "left", 2: "above"}
    assert LabelLayout().place((), edge, lambda _: 900.0, SIZE, 1.0) == []
