"""The curve shows every sum, says what a rank holds, and veils what was cut."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from studio.lenses.cumulative_curve import CumulativeCurve, Limit, Sums
from studio.maps.colours import LESS, MORE

pytestmark = pytest.mark.gui


@pytest.fixture
def curve(look: Any, qtbot: Any) -> CumulativeCurve:
    made = CumulativeCurve(look)
    qtbot.addWidget(made)
    made.resize(420, 240)
    with qtbot.waitExposed(made):
        made.show()
    return made


def sums(count: int = 1_000, left: int = 40) -> Sums:
    before = np.cumsum(np.full(count, 1 / count))
    after = np.minimum(1.0, np.cumsum(np.full(count, 1 / left)))
    return Sums(before, after, (Limit(left, f"top-k {left}"),))


def test_ranks_go_by_their_logarithm_from_one_side_to_the_other(curve: CumulativeCurve) -> None:
    curve.set_sums(sums())
    assert curve.x_of(1) == curve.area.left()
    assert curve.x_of(1_000) == pytest.approx(curve.area.right())
    assert curve.x_of(10) - curve.x_of(1) == pytest.approx(curve.x_of(100) - curve.x_of(10))
    assert [curve.rank_at(curve.x_of(rank)) for rank in (1, 7, 90, 1_000)] == [1, 7, 90, 1_000]
    assert curve.rank_at(curve.area.left() - 5) == 0


def test_pointing_at_a_rank_tells_both_sums(curve: CumulativeCurve, qtbot: Any) -> None:
    curve.set_sums(sums())
    qtbot.mouseMove(curve, QPoint(60, 60))
    qtbot.mouseMove(curve, QPoint(round(curve.x_of(20)), 100))
    rank = curve._rank
    assert abs(rank - 20) <= 1
    assert f"the likeliest {rank} together" in curve._card.lines
    assert f"after {100 * rank / 40:.3g} %" in curve._card.lines


def test_the_ends_of_a_long_curve_are_drawn(curve: CumulativeCurve) -> None:
    curve.set_sums(sums(50_257))
    assert curve._ranks[0] == 1
    assert curve._ranks[-1] == 50_257
    assert len(curve._ranks) <= 512
    assert curve._lines[0][-1] == pytest.approx(1.0)


def test_two_models_have_the_colours_that_they_have_everywhere(curve: CumulativeCurve) -> None:
    assert curve.roles == ("text_quiet", "accent")
    curve.set_sums(Sums(np.array([0.5, 1.0]), np.array([0.9, 1.0]), names=("B", "A")))
    assert curve.roles == (LESS, MORE), "B is blue and A is orange, as on the map of a difference"


def test_what_was_cut_lies_under_a_veil(curve: CumulativeCurve, look: Any) -> None:
    curve.set_sums(sums())
    image = curve.grab().toImage()
    ratio = image.devicePixelRatio()
    y = round((curve.area.top() + curve.area.height() * 0.12) * ratio)
    right = image.pixelColor(round((curve.area.right() - 4) * ratio), y).name()
    left = image.pixelColor(round((curve.x_of(3)) * ratio), y).name()
    assert right == look.color("raised").name()
    assert left != right
    assert "top-k 40: 40 left" in curve.accessibleDescription()


def test_nothing_to_show_is_an_empty_axis(curve: CumulativeCurve, qtbot: Any) -> None:
    qtbot.mouseMove(curve, QPoint(100, 100))
    assert curve.rank_at(100) == 0
    curve.set_sums(Sums(np.array([1.0]), np.array([1.0])))
    curve.grab()
