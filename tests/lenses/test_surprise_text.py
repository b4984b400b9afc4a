"""Every token is as bright as it was surprising, says why under the pointer, and chooses its place."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.insight.lens import Surprise
from studio.lenses.surprise_text import FULL, SurpriseText
from studio.seeing.shown_text import ShownText

pytestmark = [pytest.mark.gui, pytest.mark.torch]
TEXT = ShownText(("One", " day", " a", " cat"), (1, 2, 3, 4), None, True)


def surprise(*bits: float) -> Surprise:
    nats = np.array([np.nan, *(bit * np.log(2) for bit in bits)], np.float32)
    ranks = np.array([-1, *(0 if bit < 1 else 6 for bit in bits)], np.int32)
    return Surprise(nats, ranks, np.exp(-nats))


@pytest.fixture
def words(look: Any, qtbot: Any) -> SurpriseText:
    made = SurpriseText(look)
    qtbot.addWidget(made)
    made.resize(500, 200)
    made.set_text(TEXT, TEXT.ids)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_colour_grows_with_the_bits_and_the_first_has_none(words: SurpriseText) -> None:
    words.set_surprise(surprise(0.5, 4.0, 8.0))
    assert words.view._weights == pytest.approx([0.0, 0.5 / FULL, 0.5, 1.0])


def test_the_heading_tells_loss_and_how_many_were_the_likeliest(words: SurpriseText) -> None:
    words.set_surprise(surprise(0.5, 4.0, 8.0))
    assert words.note.text().startswith(f"mean −log p = {12.5 / 3 * np.log(2):.4f} nats, the text's loss")
    assert "1 of 3 tokens were the likeliest" in words.note.text()


def test_a_token_tells_its_probability_rank_and_bits(words: SurpriseText, qtbot: Any) -> None:
    words.set_surprise(surprise(0.5, 4.0, 8.0))
    qtbot.mouseMove(words.view.viewport(), words.view.token_rect(2).center())
    assert words.view._card.lines[1:4] == ["had 6.3 %", "number 7 of all", "surprise 4.00 bits"] or (
        words.view._card.lines[1:4] == ["had 6.2 %", "number 7 of all", "surprise 4.00 bits"]
    )
    qtbot.mouseMove(words.view.viewport(), words.view.token_rect(0).center())
    assert "nothing stands before it" in words.view._card.lines


def test_a_click_or_an_arrow_key_chooses_a_place_and_pointing_out_does_not(words: SurpriseText, qtbot: Any) -> None:
    chosen: list[int] = []
    words.chosen.connect(chosen.append)
    words.point_out(2)
    assert chosen == []
    assert words.view.selected_index == 2
    QTest.mouseClick(words.view.viewport(), Qt.MouseButton.LeftButton, pos=words.view.token_rect(1).center())
    QTest.keyClick(words.view, Qt.Key.Key_Right)
    assert chosen == [1, 2]


def test_one_token_says_why_it_is_no_surprise(words: SurpriseText) -> None:
    one = ShownText(("One",), (1,), None, True)
    words.set_text(one, one.ids)
    words.set_surprise(surprise())
    assert words.note.text() == "Nothing stands before the only token, so it is no surprise."
    assert words.view._weights == [0.0]


def test_what_is_no_number_is_not_coloured(words: SurpriseText) -> None:
    words.set_surprise(surprise(float("nan"), 4.0, 8.0))
    assert words.view._weights is not None
    assert words.view._weights[1] == 0.0


def test_it_is_as_high_as_the_text_up_to_a_few_lines(words: SurpriseText, qtbot: Any) -> None:
    low = words.view.height()
    long = ShownText(TEXT.tokens * 60, TEXT.ids * 60, None, True)
    words.set_text(long, long.ids)
    qtbot.waitUntil(lambda: words.view.height() == 84)
    assert low < 84
    assert words.view.verticalScrollBar().maximum() > 0
