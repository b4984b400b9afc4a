"""The bars: one scale, every part of a bill, and what is free."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF

from studio.adapting.memory_bars import MemoryBars
from studio.core.fit import Need

pytestmark = pytest.mark.gui
NEEDS = {"none": Need(100, 0, 100, 200, 100), "lora": Need(100, 5, 5, 10, 80), "qlora": Need(20, 5, 5, 10, 80)}


@pytest.fixture
def bars(look, on_screen):
    made = MemoryBars(look)
    made.set_needs(NEEDS, "lora", 300)
    on_screen(made)
    made.resize(400, made.height())
    return made


def test_all_bars_have_one_scale_and_no_gaps(bars):
    widths = {}
    for way, need in NEEDS.items():
        own = [segment for segment in bars.segments() if segment.way == way]
        assert sum(segment.amount for segment in own) == need.total
        assert all(one.area.right() == pytest.approx(two.area.left()) for one, two in pairwise(own))
        widths[way] = sum(segment.area.width() for segment in own)
    assert widths["lora"] / widths["none"] == pytest.approx(200 / 500)
    assert widths["qlora"] / widths["none"] == pytest.approx(120 / 500)


def test_a_part_is_found_under_the_pointer(bars):
    wanted = next(one for one in bars.segments() if (one.way, one.part) == ("lora", "activations"))
    assert bars.part_at(wanted.area.center()) == wanted
    assert bars.part_at(QPointF(2, 2)) is None


def test_the_legend_takes_more_lines_where_it_is_narrow(bars):
    wide = bars.sizeHint().height()
    assert [area.right() <= 400 for area in bars.legend()] == [True] * 5
    bars.resize(220, 10)
    assert bars.sizeHint().height() > wide
    assert [area.right() <= 220 for area in bars.legend()] == [True] * 5


def test_a_part_that_nothing_needs_is_not_in_the_legend(bars):
    bars.set_needs({"none": NEEDS["none"]}, "none")
    assert len(bars.legend()) == 4
    assert bars.accessibleDescription() == "All weights: 500 bytes"
