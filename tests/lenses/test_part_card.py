"""The card of a part tells what it adds; what it does to other tokens follows once it is known."""

from typing import Any

import numpy as np
import pytest

from studio.insight.attribution import Effect, Part
from studio.lenses.attribution_numbers import (
    ATTENTION,
    ENDS,
    Split,
    column_names,
    key_at,
    part_words,
    summands,
    value_of,
)
from studio.lenses.part_card import PartCard
from studio.seeing.shown_text import ShownText

pytestmark = [pytest.mark.gui, pytest.mark.torch]
SPLIT = Split(0.5, 0.25, np.array([[1.0, -2.0, 0.5], [0.1, 0.2, 0.3]]), np.array([0.0, 0.05]), np.array([3.0, -1.0]),
              0.125, 3.025, 3.025)  # fmt: skip
TEXT = ShownText(("a", "b"), (0, 1), None, True)
EFFECT = Effect(Part("head", 0, 1), ((7, 2.0), (8, 1.0)), ((3, -2.5), (4, -0.5)), 1.25)


@pytest.fixture
def card(look: Any, qtbot: Any) -> PartCard:
    made = PartCard(look)
    qtbot.addWidget(made)
    made.resize(240, 500)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_a_part_tells_its_share_and_both_ends_of_what_it_does(card: PartCard) -> None:
    card.show_part(("head", 0, 1), SPLIT, TEXT, EFFECT)
    assert card.title.text() == "layer 0, head 1"
    assert card.told.text().startswith("adds −2.0000 to this logit.")
    assert "length 1.25" in card.told.text()
    assert [(one.id, one.value) for one in card.effects.raised] == [(7, 2.0), (8, 1.0)]
    assert [(one.text, one.value) for one in card.effects.lowered] == [("#3", -2.5), ("#4", -0.5)]


def test_before_the_effect_is_known_only_the_share_is_told(card: PartCard) -> None:
    card.show_part((ATTENTION, 1, -1), SPLIT, TEXT, None)
    assert card.title.text() == "attention of layer 1"
    assert card.told.text() == "adds +0.6500 to this logit."
    assert not card.effects.isVisible()
    card.tell("No numbers.")
    assert card.told.text() == "No numbers."


def test_a_click_on_a_token_chooses_it(card: PartCard, qtbot: Any) -> None:
    card.show_part(("feed_forward", 0, -1), SPLIT, TEXT, EFFECT)
    with qtbot.waitSignal(card.chosen) as said:
        card.effects.chosen.emit(8)
    assert said.args == [8]


def test_the_rows_add_up_and_parts_that_are_nothing_are_left_out() -> None:
    rows = summands(SPLIT)
    assert [row.name for row in rows] == [
        "embedding", "position", "0 · attention", "0 · feed forward", "1 · attention", "1 · feed forward",
        "norm and head", "logit",
    ]  # fmt: skip
    assert sum(row.value for row in rows[:-1]) == pytest.approx(rows[-1].value)
    bare = Split(1.0, 0.0, np.zeros((1, 2)), np.zeros(1), np.zeros(1), 0.0, 1.0, 1.0)
    assert [row.name for row in summands(bare)] == ["embedding", "0 · attention", "0 · feed forward", "logit"]


def test_cells_columns_and_words_name_the_same_parts() -> None:
    assert column_names(SPLIT) == ["0", "1", "2", "bias", "ffn"]
    assert SPLIT.table.shape == (2, 5)
    for row in range(2):
        for column in range(5):
            assert value_of(SPLIT, key_at(SPLIT, row, column)) == SPLIT.table[row, column]
    assert part_words(key_at(SPLIT, 1, 4)) == "feed-forward part of layer 1"
    assert value_of(SPLIT, ENDS) == 0.125
    assert value_of(SPLIT, ("positions", -1, -1)) == 0.25
    assert part_words(ENDS) == "the final norm's offset and the head's bias"
