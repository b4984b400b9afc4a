"""Which number colours a cell, and what the card says of it: for one model, for two, for a snapshot."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from studio.insight.capture import capture
from studio.insight.comparison import lens_pair
from studio.insight.lens import lens
from studio.lenses.lens_numbers import (
    MEASURES,
    cell_words,
    drawn,
    drawn_difference,
    drawn_snapshot,
    labels_of,
    measure_words,
)
from studio.seeing.shown_text import ShownText
from studio.tokenizers import make_tokenizer
from tests.families.conftest import shaken, tiny

pytestmark = pytest.mark.torch
LETTERS = make_tokenizer("characters", ["abcdefghijkl"])
IDS = (0, 3, 5, 3, 1)
TEXT = ShownText(tuple("adfdb"), IDS, LETTERS, True)


def side(seed: int = 1) -> Any:
    model = shaken(tiny("gpt2", vocab_size=LETTERS.vocab_size), seed)
    return model, capture(model, list(IDS))


@pytest.fixture(scope="module")
def found() -> Any:
    return lens(*side())


def test_each_word_is_the_likeliest_token_of_its_cell(found: Any) -> None:
    shown = drawn(found, TEXT, "probability")
    for row in range(4):
        for column in range(5):
            assert shown.cells.texts[row][column] == LETTERS.token_text(int(found.ids[row, column, 0]))
    assert shown.cells.columns == TEXT.tokens
    assert list(shown.cells.following) == ["d", "f", "d", "b", ""]


def test_a_hit_is_where_the_likeliest_token_really_came(found: Any) -> None:
    hits = drawn(found, TEXT, "entropy").cells.hits
    assert hits is not None
    np.testing.assert_array_equal(hits, found.rank == 0)
    assert not hits[:, -1].any()  # nobody knows what comes behind the last


@pytest.mark.parametrize("measure", [name for name, _ in MEASURES])
def test_colours_span_the_numbers_that_there_are(found: Any, measure: str) -> None:
    cells = drawn(found, TEXT, measure).cells
    share = cells.colouring.share(cells.values)
    known = np.isfinite(cells.values)
    assert share[known].min() >= 0.0
    assert share[known].max() <= 1.0
    assert (~known).sum() == (4 if measure in ("rank", "tracked") else 0)


def test_rank_one_is_zero_on_its_logarithmic_scale(found: Any) -> None:
    values = drawn(found, TEXT, "rank").cells.values
    np.testing.assert_allclose(values[:, :-1], np.log10(found.rank[:, :-1] + 1.0), rtol=1e-6)


def test_the_card_tells_every_number_of_a_cell(found: Any) -> None:
    said = dict(cell_words(drawn(found, TEXT, "probability"), 2, 1, TEXT))
    assert said["entropy"] == f"{found.entropy[2, 1]:.4f} nats"
    assert said["rank of f"] == f"{found.rank[2, 1] + 1}"
    assert "probability of f" in said
    last = dict(cell_words(drawn(found, TEXT, "probability"), 2, 4, TEXT))
    assert not any(name.startswith("rank") for name in last)


def test_two_models_show_one_word_where_they_agree_and_both_where_not() -> None:
    ours, theirs, apart = lens_pair(side(), side(2))
    shown = drawn_difference(ours, theirs, apart, TEXT)
    for row in range(4):
        for column in range(5):
            same = ours.ids[row, column, 0] == theirs.ids[row, column, 0]
            assert ("→" in shown.cells.texts[row][column]) == (not same)
    np.testing.assert_array_equal(shown.cells.values, apart)
    assert shown.cells.colouring.high == apart.max()
    assert dict(cell_words(shown, 3, 1, TEXT))["KL(A ‖ B)"] == f"{apart[3, 1]:.4f} nats"


def test_a_model_beside_itself_has_no_distance_to_colour() -> None:
    ours, theirs, apart = lens_pair(side(), side())
    shown = drawn_difference(ours, theirs, apart, TEXT)
    assert (shown.cells.values == 0).all()
    assert shown.cells.colouring.high == 1.0
    assert not any("→" in word for row in shown.cells.texts for word in row)


def test_a_snapshot_shows_what_it_kept_and_says_how_exactly(found: Any) -> None:
    kept = SimpleNamespace(top_ids=found.ids, top_chances=found.probabilities.astype(np.float16), ids=IDS)
    shown = drawn_snapshot(kept, TEXT)  # type: ignore[arg-type]
    assert list(shown.cells.rows) == ["embedding", "layer 0", "layer 1", "layer 2"]
    np.testing.assert_allclose(shown.cells.values, found.probabilities[:, :, 0], atol=1e-3)
    assert shown.cells.values.dtype == np.float32
    ((name, value),) = cell_words(shown, 1, 2, TEXT)
    assert name == "likeliest"
    assert value.startswith("≈ ")
    assert value.endswith("16 bit")


def test_every_different_token_is_looked_up_once() -> None:
    asked: list[int] = []

    def look_up(token: int) -> str:
        asked.append(token)
        return LETTERS.token_text(token)

    tokenizer = SimpleNamespace(token_text=look_up)
    words = labels_of(tokenizer, np.array([[0, 1, 0], [1, 1, 2]]))
    assert words == [["a", "b", "a"], ["b", "b", "c"]] or len(words) == 2
    assert sorted(asked) == [0, 1, 2]


def test_the_bar_says_what_is_measured_and_of_which_token() -> None:
    assert measure_words("tracked") == "probability of the real next token"
    assert measure_words("tracked", "“cat”") == "probability of “cat”"
    for name, _ in MEASURES:
        assert measure_words(name)


def test_weights_that_are_no_numbers_colour_nothing_as_something() -> None:
    import torch

    model, _ = side()
    with torch.no_grad():
        model.layers[0].mlp.down_proj.weight[0, 0] = float("nan")
    broken = lens(model, capture(model, list(IDS)))
    for name, _ in MEASURES:
        cells = drawn(broken, TEXT, name).cells
        assert np.isfinite(cells.values[0, :-1]).all() or name == "divergence"  # to a last row that is none
        assert not np.isfinite(cells.values[1:]).any() or name == "rank"
