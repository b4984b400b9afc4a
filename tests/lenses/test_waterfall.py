"""Bars begin where the one above ended and come to the sum; what is raised and lowered shares one scale."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from studio.lenses.effect_bars import Change, EffectBars
from studio.lenses.waterfall import Summand, Waterfall
from studio.maps.colours import LESS, MORE, signed_text

pytestmark = pytest.mark.gui
ROWS = (Summand("a", 2.0, "A"), Summand("b", -3.0, "B"), Summand("c", 0.5, "C"), Summand("all", -0.5, None, True))


@pytest.fixture
def fall(look: Any, qtbot: Any) -> Waterfall:
    made = Waterfall(look)
    qtbot.addWidget(made)
    made.set_summands(ROWS)
    made.resize(500, made.sizeHint().height())
    with qtbot.waitExposed(made):
        made.show()
    return made


def colours(widget: Any, y: float) -> list[str]:
    image = widget.grab().toImage()
    ratio = image.devicePixelRatio()
    return [image.pixelColor(x, round(y * ratio)).name() for x in range(image.width())]


def test_every_bar_begins_where_the_one_above_ended(fall: Waterfall) -> None:
    assert fall.spans() == [(0.0, 2.0), (2.0, -1.0), (-1.0, -0.5), (0.0, -0.5)]
    assert fall.spans()[-2][1] == ROWS[-1].value


def test_length_and_colour_tell_size_and_sign(fall: Waterfall, look: Any) -> None:
    above, below = look.color(MORE).name(), look.color(LESS).name()
    first, second, third = (colours(fall, 21 * row + 10) for row in range(3))
    assert first.count(above) == pytest.approx(4 * third.count(above), abs=6)
    assert second.count(below) == pytest.approx(1.5 * first.count(above), abs=6)
    assert above not in second
    assert colours(fall, 21 * 3 + 10).count(look.color("accent").name()) > 10


def test_a_click_and_the_keyboard_choose_a_row(fall: Waterfall, qtbot: Any) -> None:
    with qtbot.waitSignal(fall.chosen) as said:
        QTest.mouseClick(fall, Qt.MouseButton.LeftButton, pos=QPoint(200, 30))
    assert said.args == [1]
    fall.choose(1)
    with qtbot.waitSignal(fall.chosen) as said:
        QTest.keyClick(fall, Qt.Key.Key_Down)
    assert said.args == [2]
    assert fall.place_at(QPointF(10, 900)) == -1
    assert "b −3.0000" in fall.accessibleDescription()


def test_the_keyboard_is_seen_and_begins_at_the_first_row(fall: Waterfall) -> None:
    told: list[int] = []
    fall.chosen.connect(told.append)
    fall.clearFocus()
    before = fall.grab().toImage()
    fall.setFocus()
    assert fall.grab().toImage() != before
    QTest.keyClick(fall, Qt.Key.Key_Down)
    assert told == [0]


def test_a_part_that_is_no_number_draws_none(fall: Waterfall) -> None:
    fall.set_summands([Summand("a", float("nan")), Summand("all", float("nan"), None, True)])
    fall.grab()
    assert signed_text(float("nan")) == "NaN"


def test_numbers_carry_their_sign() -> None:
    assert [signed_text(value) for value in (1.25, -0.04, 0.0)] == ["+1.2500", "−0.0400", "+0.0000"]


def test_raised_and_lowered_tokens_share_one_scale(look: Any, qtbot: Any) -> None:
    bars = EffectBars(look)
    qtbot.addWidget(bars)
    bars.resize(300, 200)
    bars.set_changes([Change(1, "up", 2.0), Change(2, "bit", 1.0)], [Change(3, "down", -1.0)])
    with qtbot.waitExposed(bars):
        bars.show()
    up, bit, down = (colours(bars, y) for y in (28, 48, 94))
    above, below = look.color(MORE).name(), look.color(LESS).name()
    assert up.count(above) == pytest.approx(2 * bit.count(above), abs=4)
    assert down.count(below) == pytest.approx(bit.count(above), abs=4)
    with qtbot.waitSignal(bars.chosen) as said:
        QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(20, 94))
    assert said.args == [3]
    assert bars.change_at(QPointF(10, 5)) is None


@pytest.mark.parametrize("values", [[], [0.0] * 3, [float("nan"), 1.0], [float("inf"), -1.0]])
def test_effects_of_any_size_are_painted(look: Any, qtbot: Any, values: list[float]) -> None:
    bars = EffectBars(look)
    qtbot.addWidget(bars)
    bars.resize(300, 200)
    bars.set_changes([Change(place, "t", value) for place, value in enumerate(values)], [])
    assert not bars.grab().isNull()
    assert bars.change_at(QPointF(10, 9_000)) is None
