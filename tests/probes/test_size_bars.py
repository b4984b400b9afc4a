"""The bars hold every number of the histogram, and a bar says between which sizes its numbers lie."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint

from studio.insight.health import histogram
from studio.probes.size_bars import SizeBars, power_text

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def bars(qtbot: Any, look: Any) -> SizeBars:
    made = SizeBars(look)
    qtbot.addWidget(made)
    made.resize(400, 140)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_every_finite_number_is_in_a_bar_between_whose_edges_it_lies(bars: SizeBars) -> None:
    values = torch.tensor([0.003, -0.003, 0.5, 0.5, -2.0, 0.0, 1e-13])
    bars.set_histogram(histogram(values))
    assert bars.counts.sum() == len(values)
    for value, count in ((0.003, 1), (-0.003, 1), (0.5, 2), (-2.0, 1), (0.0, 2)):
        [bar] = [b for b in range(len(bars.counts)) if bars.edges(b)[0] <= value < bars.edges(b)[1] and bars.counts[b]]
        assert bars.counts[bar] == count
    assert len(bars.counts) == 2 * 4 * 4 + 1  # four decades on both sides, 0.001 to 10


def test_edges_touch_and_rise(bars: SizeBars) -> None:
    bars.set_histogram(histogram(torch.randn(500, generator=torch.Generator().manual_seed(0))))
    edges = [bars.edges(bar) for bar in range(len(bars.counts))]
    assert all(one[1] == pytest.approx(two[0]) for one, two in pairwise(edges))


def test_numbers_that_are_none_are_said(bars: SizeBars) -> None:
    bars.set_histogram(histogram(torch.tensor([1.0, float("nan"), float("inf")])))
    assert bars.counts.sum() == 1
    assert "1 NaN, 1 infinite" in bars.accessibleDescription()


def test_hovering_a_bar_tells_its_count(bars: SizeBars, qtbot: Any) -> None:
    bars.set_histogram(histogram(torch.full((40,), 0.5)))
    half = len(bars.counts) // 2
    bar = int(np.flatnonzero(bars.counts)[0])
    assert bar > half
    area = bars._area()
    qtbot.mouseMove(bars, QPoint(2, 2))
    qtbot.mouseMove(bars, QPoint(round(area.left() + (bar + 0.5) * area.width() / len(bars.counts)), 60))
    assert bars._card.lines[1] == "40 numbers 100 %"


def test_nothing_and_only_zeros_are_drawn_without_a_mistake(bars: SizeBars) -> None:
    for found in (None, histogram(torch.empty(0)), histogram(torch.zeros(5))):
        bars.set_histogram(found)
        bars.grab()
    assert bars.counts.max() == 5


def test_powers_of_ten_are_written_as_people_write_them() -> None:
    assert [power_text(power) for power in (-5, -2, 0, 3)] == ["1e-5", "0.01", "1", "1000"]
