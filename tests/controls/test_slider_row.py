"""A slider and a box that always say the same, linear or by factors."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from studio.controls.slider_row import Scale, SliderRow
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
Show = Callable[..., None]


@pytest.fixture
def temperature(look: Look, on_screen: Show) -> SliderRow:
    """A linear row from 0 to 2."""
    made = SliderRow("Temperature", Scale(0, 2), look, "Below 1 safer, above 1 wilder.")
    on_screen(made)
    return made


@given(st.integers(0, 200))
def test_a_linear_scale_gives_back_what_it_was_given(hundredths: int) -> None:
    scale = Scale(0, 2)
    value = round(hundredths / 100, 10)
    assert scale.value(scale.share(value)) == value


@given(st.integers(1, 1_000))
def test_a_whole_scale_by_factors_gives_back_every_number(value: int) -> None:
    scale = Scale(0, 1_000, log=True, whole=True)
    assert scale.value(scale.share(value)) == value


def test_the_left_end_of_a_scale_by_factors_may_be_nothing() -> None:
    scale = Scale(0, 1_000, log=True, whole=True)
    assert scale.value(0.0) == 0
    assert scale.share(0) == 0.0
    assert scale.value(1.0) == 1_000


def test_values_outside_stay_at_the_ends() -> None:
    assert Scale(0, 2).share(7) == 1.0
    assert Scale(1e-5, 1, log=True).share(1e-9) == 0.0


def test_showing_a_value_is_silent(temperature: SliderRow, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(temperature.changed):
        temperature.set_value(0.7)
    assert temperature.value() == 0.7
    assert temperature.box.text() == "0.7"
    assert temperature.slider.share() == pytest.approx(0.35)


def test_dragging_fills_the_box_and_tells(temperature: SliderRow, qtbot: QtBot) -> None:
    slider = temperature.slider
    with qtbot.waitSignal(temperature.changed) as caught:
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 8))
    assert caught.args == [pytest.approx(1.0, abs=0.01)]
    assert temperature.value() == caught.args[0]


def test_typing_moves_the_slider_even_beyond_its_end(temperature: SliderRow, qtbot: QtBot) -> None:
    temperature.box.setFocus()
    temperature.box.selectAll()
    with qtbot.waitSignal(temperature.changed):
        qtbot.keyClicks(temperature.box, "3")
    assert temperature.slider.share() == 1.0
    assert temperature.value() == 3


def test_text_that_is_no_number_moves_nothing(temperature: SliderRow, qtbot: QtBot) -> None:
    temperature.set_value(0.7)
    temperature.box.setFocus()
    temperature.box.selectAll()
    with qtbot.assertNotEmitted(temperature.changed):
        qtbot.keyClicks(temperature.box, "x")
    assert temperature.value() == 0.7


def test_the_keyboard_moves_the_slider(temperature: SliderRow, qtbot: QtBot) -> None:
    temperature.slider.setFocus()
    qtbot.keyClick(temperature.slider, Qt.Key.Key_Right)
    assert temperature.value() == pytest.approx(0.01)
    qtbot.keyClick(temperature.slider, Qt.Key.Key_End)
    assert temperature.value() == 2
    qtbot.keyClick(temperature.slider, Qt.Key.Key_Home)
    assert temperature.value() == 0


def test_both_parts_have_names(temperature: SliderRow) -> None:
    assert temperature.box.accessibleName() == "Temperature"
    assert temperature.slider.accessibleName() == "Temperature, slider"
    assert not temperature.grab().isNull()
