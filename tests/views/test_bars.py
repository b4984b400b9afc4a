from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.views.bars import Choice, ChoiceBars, before_color, percent_text
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
CHOICES = (Choice(11, " warm", 0.55), Choice(12, " hot", 0.38), Choice(13, "\n", 0.0005, removed=True))


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.55, "55 %"), (0.03, "3 %"), (0.055, "5.5 %"), (0.005, "0.5 %"), (0.0005, "0.05 %"), (0.000_05, "0.005 %"),
        (0.00002, "0.002 %"), (1e-6, "0.0001 %"), (3e-7, "<0.0001 %"), (0.000_1, "0.01 %"), (0.0, "0 %"),
        (1.0, "100 %"), (0.99999, ">99.9 %"), (0.995, "99.5 %"),
    ],
)  # fmt: skip
def test_per_cent_are_told_truthfully(probability: float, words: str) -> None:
    """Mistake 3: every share below one per cent called “<0.01 %”."""
    assert percent_text(probability) == words


@given(st.floats(0, 1))
def test_a_written_share_is_never_far_from_the_real_one(probability: float) -> None:
    text = percent_text(probability).removesuffix(" %")
    if text == "0":
        assert probability == 0
    elif text == "100":
        assert probability == 1
    elif text[0] in "<>":
        assert probability < 1e-6 if text[0] == "<" else probability > 0.999
    else:
        off = abs(float(text) - 100 * probability)
        assert off <= (0.5 if probability >= 0.1 else 51.0 * probability)


def test_a_click_chooses_the_token_of_its_row(look: Look, on_screen: Callable[..., None], qtbot: QtBot) -> None:
    bars = ChoiceBars(look)
    bars.set_choices(CHOICES, rest=0.07)
    on_screen(bars, width=320, height=240)
    with qtbot.waitSignal(bars.chosen) as caught:
        QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(20, 36))
    assert caught.args == [12]
    assert bars.place_at(QPointF(20, 80)) == -1  # all others is no token
    bars.grab()


def test_rows_are_chosen_by_keyboard(look: Look, on_screen: Callable[..., None], qtbot: QtBot) -> None:
    bars = ChoiceBars(look)
    bars.set_choices(CHOICES)
    on_screen(bars, width=320, height=240)
    bars.setFocus()
    for _ in range(5):
        QTest.keyClick(bars, Qt.Key.Key_Down)
    with qtbot.waitSignal(bars.chosen) as caught:
        QTest.keyClick(bars, Qt.Key.Key_Return)
    assert caught.args == [13]
    assert "id 13" in bars.toolTip()


def test_every_chance_is_told_to_a_screen_reader(look: Look, qtbot: QtBot) -> None:
    bars = ChoiceBars(look)
    qtbot.addWidget(bars)
    bars.set_choices(CHOICES)
    assert "warm 55 %" in bars.accessibleDescription()
    assert bars.choices == list(CHOICES)


def test_a_longer_bar_stands_for_a_larger_chance(look: Look, on_screen: Callable[..., None]) -> None:
    bars = ChoiceBars(look)
    bars.set_choices([Choice(1, "a", 0.6), Choice(2, "b", 0.3), Choice(3, "c", 0.1)])
    on_screen(bars, width=400, height=200)
    image = bars.grab().toImage()
    ratio = image.devicePixelRatio()
    accent = look.color("accent").name()
    lengths = [
        sum(image.pixelColor(x, round((24 * row + 12) * ratio)).name() == accent for x in range(image.width()))
        for row in range(3)
    ]
    assert lengths[0] == pytest.approx(2 * lengths[1], abs=5)
    assert lengths[1] == pytest.approx(3 * lengths[2], abs=8)


def test_a_marked_bar_stands_out_from_the_others(look: Look, on_screen: Callable[[ChoiceBars], None]) -> None:
    bars = ChoiceBars(look)
    on_screen(bars)
    bars.resize(260, 48)
    bars.set_choices([Choice(1, "a", 0.5), Choice(2, "b", 0.5, marked=True)])
    picture = bars.grab().toImage()
    ratio = picture.devicePixelRatio()
    colors = [picture.pixelColor(int(70 * ratio), int(row * ratio)).name() for row in (12, 36)]
    assert colors == [look.color("text_disabled").name(), look.color("accent").name()]


def test_what_is_no_number_says_so() -> None:
    assert percent_text(float("nan")) == "not a number"


def test_before_lies_behind_and_what_was_drawn_is_a_notch(look: Look, on_screen: Callable[..., None]) -> None:
    bars = ChoiceBars(look)
    bars.set_choices([Choice(1, "a", 0.2, before=0.6, drawn=0.4), Choice(2, "b", 0.0, removed=True, before=0.3)])
    on_screen(bars, width=400, height=60)
    image = bars.grab().toImage()
    ratio = image.devicePixelRatio()

    def line(row: float) -> list[str]:
        return [image.pixelColor(x, round(row * ratio)).name() for x in range(image.width())]

    pale, accent, notch = before_color(look).name(), look.color("accent").name(), look.color("text").name()
    assert line(12).count(accent) > 10
    assert line(7).count(pale) == pytest.approx(3 * line(12).count(accent), abs=12)
    assert notch in line(6)
    assert accent not in line(36)[4:-4]  # the outline of the focus is not meant
    assert line(31).count(pale) == pytest.approx(line(7).count(pale) / 2, abs=6)


def test_a_pointed_token_is_told(look: Look, on_screen: Callable[..., None], qtbot: QtBot) -> None:
    bars = ChoiceBars(look)
    bars.set_choices(CHOICES)
    on_screen(bars, width=320, height=240)
    with qtbot.waitSignal(bars.pointed) as caught:
        qtbot.mouseMove(bars, QPoint(40, 36))
    assert caught.args == [12]


def test_fewer_choices_leave_nothing_pointed_at_that_is_gone(look: Look, on_screen: Callable[..., None]) -> None:
    bars, told = ChoiceBars(look), list[int]()
    bars.set_choices(CHOICES, rest=0.1)
    on_screen(bars, width=320, height=240)
    for _ in range(3):
        QTest.keyClick(bars, Qt.Key.Key_Down)
    bars.chosen.connect(told.append)
    bars.set_choices(CHOICES[:1])
    QTest.keyClick(bars, Qt.Key.Key_Return)
    assert told == [11]
    assert "id 11" in bars.toolTip()
    bars.set_choices([])
    QTest.keyClick(bars, Qt.Key.Key_Return)
    QTest.keyClick(bars, Qt.Key.Key_Down)
    assert told == [11]
    assert bars.toolTip() == ""
