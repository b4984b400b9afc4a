"""The cache of keys and values: the book's estimators, live."""

from dataclasses import replace

import pytest

from studio.core.config import ModelConfig
from studio.core.shelf import FAMILIES
from studio.workshop.cache_card import CacheCard, Ways, usual_ways, ways

pytestmark = pytest.mark.gui
GB = 1e9
WIDE = ModelConfig(emb_dim=4_096, n_heads=32, n_layers=32, context_length=32_768, vocab_size=100)
BOOK = ModelConfig(vocab_size=50_257, context_length=1_024, emb_dim=768, n_layers=12, n_heads=12)
OWN, GROUPED, SLIDING, BOTH, LATENT = range(5)


def gigabytes(found):
    return [round(way.size / GB, 2) for way in found]


# --- the tables of numbers.md, stage 5 ------------------------------------------------------------------------------


def test_grouped_queries_and_a_window_are_the_books() -> None:
    found = ways(WIDE, Ways(8, 1_024, 1), 32_768, 2)
    assert gigabytes(found)[:4] == [17.18, 4.29, 3.14, 0.78]
    assert "27 × 1,024 + 5 × 32,768" in found[SLIDING].formula


def test_latent_attention_is_the_books() -> None:
    model = ModelConfig(emb_dim=2_048, n_heads=24, n_layers=48, head_width=86, context_length=8_192)
    found = ways(model, Ways(6, 8_192, 1_024), 8_192, 2)
    assert [gigabytes(found)[at] for at in (OWN, GROUPED, LATENT)] == [3.25, 0.81, 0.81]


def test_gpt2_at_32_bit_is_the_books() -> None:
    assert round(ways(BOOK, usual_ways(BOOK), 1_024, 4)[OWN].size / 1e6, 1) == 75.5


def test_a_batch_keeps_a_cache_for_each_text() -> None:
    one, four = (ways(BOOK, usual_ways(BOOK), 256, 2, batch) for batch in (1, 4))
    assert [way.size for way in four] == [4 * way.size for way in one]


def test_within_the_window_nothing_is_saved() -> None:
    found = ways(WIDE, Ways(32, 1_024, 1), 1_024, 2)
    assert found[SLIDING].size == found[OWN].size == found[BOTH].size


@pytest.mark.parametrize("layers", [1, 2, 6])
def test_a_shallow_model_keeps_one_layer_that_sees_everything(layers: int) -> None:
    model = replace(WIDE, n_layers=layers)
    assert f"+ 1 × {32_768:,}" in ways(model, usual_ways(model), 32_768, 2)[SLIDING].formula


def test_a_model_that_shares_heads_or_has_a_window_starts_from_its_own() -> None:
    mistral = next(one.config for one in FAMILIES.load("mistral").presets if "v0.1" in one.name)
    assert usual_ways(mistral) == Ways(8, 4_096, 2_048)
    assert usual_ways(BOOK) == Ways(3, 256, 384)


# --- the card -------------------------------------------------------------------------------------------------------


@pytest.fixture
def card(look, on_screen):
    made = CacheCard(look)
    on_screen(made)
    made.set_model(BOOK)
    return made


def test_each_way_has_its_bytes_its_saving_and_its_formula(card) -> None:
    assert [label.text() for label in card.sizes] == ["37.7 MB", "9.4 MB", "14.2 MB", "3.5 MB", "9.4 MB"]
    assert [label.text() for label in card.shares] == ["", "÷ 4", "÷ 2.67", "÷ 10.67", "÷ 4"]
    assert card.sizes[OWN].toolTip() == "Every head its own = 2 × 12 × 1,024 × 12 × 64 × 2 B = 37,748,736 B"


def test_a_changed_number_reaches_rows_and_picture(card) -> None:
    before = card.plot.lines[LATENT].y[-1]
    card.latent.set_value(96)
    card.latent.changed.emit()
    assert card.sizes[LATENT].text() == "2.4 MB"
    assert card.plot.lines[LATENT].y[-1] == before / 4


def test_other_bits_change_everything_and_say_so(card, qtbot) -> None:
    card.bytes.set_value(4)
    with qtbot.waitSignal(card.changed):
        card.bytes.changed.emit()
    assert card.sizes[OWN].text() == "75.5 MB"
    assert card.kept == 75_497_472
    assert "75.5 MB in this model" in card.note.text()


def test_the_picture_grows_with_the_context_and_bends_at_the_window(card) -> None:
    whole, window = card.plot.lines[OWN].y, card.plot.lines[SLIDING].y
    assert whole[-1] == 1_024 * whole[0]
    assert window[8] == whole[8]  # 128 tokens: all inside
    assert window[-1] - window[-2] < whole[-1] - whole[-2]
    assert list(whole) == sorted(whole)


def test_another_shape_starts_the_ways_anew_and_the_same_one_keeps_them(card) -> None:
    card.span.set_value(77)
    card.set_model(replace(BOOK, drop_rate=0.3))
    assert card.span.value() == 77
    card.set_model(replace(BOOK, context_length=512))
    assert card.span.value() == 128


def test_a_model_that_looks_both_ways_has_no_cache(card) -> None:
    card.set_model(replace(BOOK, causal=False))
    assert card.kept == 0
    assert "keeps no cache" in card.own.text()
