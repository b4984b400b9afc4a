from types import SimpleNamespace

import numpy as np
import pytest

from studio.chat.controls import NextTokenCard, SamplingCard
from studio.core.config import Sampling
from studio.parts.sampling_sliders import SCALES
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.gui


@pytest.fixture
def sampling(look, on_screen):
    card = SamplingCard(look)
    on_screen(card)
    return card


@pytest.fixture
def card(look, on_screen):
    card = NextTokenCard(look)
    on_screen(card)
    return card


def logits(count=5):
    return SimpleNamespace(ids=(0, 1), logits=np.log(np.arange(count, 0, -1) / 15))


MODEL = SimpleNamespace(tokenizer=make_tokenizer("characters", ["abcde"]))


@pytest.mark.parametrize("name", SCALES)
def test_each_slider_changes_its_own_control_only(sampling, qtbot, name):
    before = sampling.value()
    value = 0.25 if name in ("top_p", "min_p") else 2
    row = sampling.sliders[name]
    row.set_value(value)
    with qtbot.waitSignal(sampling.changed) as said:
        row.changed.emit(float(value))
    after = said.args[0]
    differing = [field for field in SCALES if getattr(after, field) != getattr(before, field)]
    assert differing == [name]
    assert getattr(after, name) == value


def test_top_k_stays_a_whole_number(sampling):
    sampling.sliders["top_k"].set_value(40)
    sampling.sliders["top_k"].changed.emit(40.0)
    assert isinstance(sampling.value().top_k, int)


def test_length_and_seed_are_rows_of_a_form(sampling, qtbot):
    with qtbot.waitSignal(sampling.changed) as said:
        sampling.form.changed.emit(Sampling(tokens=50, seed=3))
    assert (said.args[0].tokens, said.args[0].seed) == (50, 3)


def test_without_a_model_the_card_says_what_to_do(card):
    assert card.after.text() == "Load a model to see what it expects."
    assert not card.bars.isVisible()


def test_the_bars_follow_the_text_they_stand_for(card):
    card.set_logits(MODEL, logits(), "ab")
    assert card.after.text() == "after “ab”"
    card.set_logits(MODEL, logits(), "x" * 50 + "\n")
    assert card.after.text() == "after “…" + "x" * 39 + "↵”"
    card.set_logits(MODEL, logits(), "")
    assert card.after.text() == "at the beginning of a text"


def test_a_chosen_bar_carries_the_chance_it_had(card, qtbot):
    card.set_sampling(Sampling(temperature=1.0))
    card.set_logits(MODEL, logits(), "ab")
    with qtbot.waitSignal(card.chosen) as said:
        card.bars.chosen.emit(0)
    assert said.args == [0, pytest.approx(5 / 15)]


def test_a_token_that_is_half_a_character_shows_its_bytes(card, monkeypatch):
    shown = []
    monkeypatch.setattr(card.bars, "set_choices", lambda choices, rest: shown.extend(choices))
    tokens = make_tokenizer("bytes")
    scores = np.zeros(tokens.vocab_size)
    scores[0xEC] = 9.0
    card.set_logits(SimpleNamespace(tokenizer=tokens), SimpleNamespace(ids=(), logits=scores), "")
    assert shown[0].text == "ec"


def test_how_many_tokens_the_model_hesitates_among_is_told(card):
    card.set_sampling(Sampling(temperature=1.0))
    card.set_logits(MODEL, SimpleNamespace(ids=(), logits=np.zeros(4)), "a")
    assert card.note.text() == "hesitates among 4 tokens"
