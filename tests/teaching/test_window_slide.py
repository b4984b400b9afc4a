"""The sliding window: it stays inside the text, keeps its place when the cut changes, and plays to the end."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.exercises.windows import Stream
from studio.teaching.window_bar import WindowBar
from studio.teaching.window_numbers import Cut
from studio.teaching.window_slide import WindowSlide

pytestmark = pytest.mark.gui


@pytest.fixture
def stream() -> Stream:
    return Stream("numbers", np.arange(50))


@pytest.fixture
def slide(look: Any, qtbot: Any, stream: Stream) -> WindowSlide:
    made = WindowSlide(look)
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.set_stream(stream, Cut(50, 8, 4))
    made.show()
    return made


@pytest.fixture
def moved(slide: WindowSlide) -> list[int]:
    told: list[int] = []
    slide.moved.connect(told.append)
    return told


def test_it_goes_no_further_than_the_text(slide: WindowSlide, moved: list[int]) -> None:
    slide.back.click()
    slide.go(99)
    slide.forth.click()
    assert moved == [10]
    assert slide.where.text() == "window 11 of 11 · tokens 40 to 47"
    assert [token.id for token in slide.pairs.tokens] == list(range(40, 49))


def test_the_strip_s_keys_move_it_too(slide: WindowSlide, moved: list[int]) -> None:
    for key in (Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Home):
        QTest.keyClick(slide.strip, key)
    assert moved == [1, 10, 9, 0]
    assert slide.window_number == slide.strip.window_number == 0


def test_another_cut_of_the_same_text_keeps_the_place_and_another_text_begins_anew(
    slide: WindowSlide, stream: Stream
) -> None:
    slide.go(5)  # token 20
    slide.set_stream(stream, Cut(50, 8, 10))
    assert slide.window_number == 2
    slide.set_stream(stream, Cut(50, 40, 10))
    assert slide.window_number == 0, "there is only one window left"
    slide.set_stream(Stream("others", np.arange(100)), Cut(100, 8, 4))
    assert slide.window_number == 0


def test_it_plays_to_the_end_and_then_from_the_beginning(slide: WindowSlide) -> None:
    slide.go(8)
    slide.play.click()
    assert slide.playing
    assert slide.play.accessibleName() == "Pause"
    for _ in range(3):
        slide._tick()
    assert (slide.window_number, slide.playing) == (10, False)
    slide.play.click()
    assert (slide.window_number, slide.playing) == (0, True)
    slide.hide()
    assert not slide.playing, "nothing plays where nobody looks"


def test_a_text_too_short_for_one_window_shows_none(slide: WindowSlide, stream: Stream) -> None:
    slide.play.click()
    slide.set_stream(Stream("short", np.arange(3)), Cut(3, 8, 4))
    slide._tick()
    slide.forth.click()
    assert slide.window_number == 0
    assert slide.pairs.tokens == []
    assert slide.where.isHidden()
    slide.set_stream(None, Cut(0, 1, 1))
    slide.grab()


@pytest.mark.parametrize(("name", "words"), [("stride", "0"), ("context", "1"), ("batch", "4097"), ("batch", "x")])
def test_numbers_that_cut_nothing_are_none(look: Any, qtbot: Any, name: str, words: str) -> None:
    bar = WindowBar(look)
    qtbot.addWidget(bar)
    bar.set_numbers(8, 4, 2)
    assert bar.numbers() == (8, 4, 2)
    bar.boxes[name].selectAll()
    with qtbot.waitSignal(bar.changed):
        QTest.keyClicks(bar.boxes[name], words)
    assert bar.numbers() is None
