"""As many bars as there is room for, what was drawn, and a movement of a slider on the screen within a frame."""

import time
from typing import Any

import numpy as np
import pytest

from studio.core.config import Sampling
from studio.lenses.cumulative_curve import CumulativeCurve
from studio.lenses.next_card import NextCard
from studio.lenses.next_token import Bench
from studio.seeing.shown_text import ShownText

pytestmark = pytest.mark.gui
TEXT = ShownText(tuple("abc"), (0, 1, 2), None, True)


def bench(size: int = 100) -> Bench:
    return Bench(np.random.default_rng(0).normal(0, 3, size).astype(np.float32), (0, 1), Sampling(temperature=1.0))


@pytest.fixture
def card(look: Any, qtbot: Any) -> NextCard:
    made = NextCard(look)
    qtbot.addWidget(made)
    made.resize(360, 400)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_a_higher_card_shows_more_bars_and_none_is_cut(card: NextCard, qtbot: Any) -> None:
    card.show_bench(bench(), TEXT)
    qtbot.waitUntil(lambda: 8 <= len(card.bars.choices) <= 14)
    few = len(card.bars.choices)
    card.resize(360, 640)
    qtbot.waitUntil(lambda: len(card.bars.choices) >= few + 9)
    assert card.bars.sizeHint().height() <= card.bars.height()
    card.resize(360, 200)
    qtbot.waitUntil(lambda: len(card.bars.choices) <= 4)
    assert 2 in [choice.id for choice in card.bars.choices]  # the real next token stays among them


def test_the_token_that_it_follows_is_named_and_draws_are_told(card: NextCard) -> None:
    card.show_bench(bench(), TEXT)
    assert card.note.text() == "after “b”"
    card.one.click()
    assert card.said.text().startswith("Drawn: “#")
    card.many.click()
    assert card.said.isVisible()
    made = bench()
    card.show_bench(made, TEXT)
    assert not card.said.isVisible()


def test_without_logits_there_is_nothing_to_draw(card: NextCard) -> None:
    card.show_bench(bench(), TEXT)
    card.forget("No model.")
    assert card.note.text() == "No model."
    assert not card.one.isEnabled()
    assert not card.bars.isVisible()
    card.one.click()
    assert card.said.text() == ""


def test_a_movement_is_on_the_screen_within_a_frame_at_fifty_thousand_tokens(
    card: NextCard, look: Any, qtbot: Any
) -> None:
    curve = CumulativeCurve(look)
    qtbot.addWidget(curve)
    curve.resize(400, 300)
    curve.show()
    made, taken = bench(50_257), []
    for tick in range(12):
        started = time.perf_counter()
        made.set_sampling(Sampling(temperature=0.5 + tick / 20, top_k=500, top_p=0.95))
        card.show_bench(made, TEXT)
        curve.set_sums(made.sums)
        card.bars.repaint()
        curve.repaint()
        taken.append(time.perf_counter() - started)
    assert min(taken) <= 0.048  # three times a frame, as other work may go on beside the tests
