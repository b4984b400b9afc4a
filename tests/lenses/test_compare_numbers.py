"""Rows and words of a comparison say what the engine found, for every place, changed or not."""

from typing import Any

import numpy as np
import pytest

from studio.insight.capture import capture
from studio.insight.comparison import compare
from studio.lenses.compare_numbers import Change, change_at, changes, columns_of, headline, remarks
from studio.seeing.shown_text import ShownText
from studio.tokenizers import make_tokenizer
from tests.families.conftest import shaken, tiny

pytestmark = [pytest.mark.gui, pytest.mark.torch]
LETTERS = make_tokenizer("characters", ["abcdefghijkl"])
IDS = (0, 3, 5, 3, 1, 1, 8)
TEXT = ShownText(tuple("adfdbbi"), IDS, LETTERS, True)


def side(seed: int) -> Any:
    model = shaken(tiny("gpt2", vocab_size=LETTERS.vocab_size), seed)
    return model, capture(model, list(IDS))


@pytest.fixture(scope="module")
def found() -> Any:
    return compare(side(1), side(2))


def test_changed_places_are_listed_the_furthest_apart_first(found: Any) -> None:
    rows = changes(found, TEXT)
    assert sorted(row.place for row in rows) == found.changed.tolist()
    assert [row.divergence for row in rows] == sorted((row.divergence for row in rows), reverse=True)
    for row in rows:
        assert row.a.split()[0] == LETTERS.token_text(int(found.ids[0, row.place, 0]))
        assert row.b.split()[0] == LETTERS.token_text(int(found.ids[1, row.place, 0]))
        assert row.a.split()[0] != row.b.split()[0]


def test_a_row_names_the_text_it_stands_behind(found: Any) -> None:
    assert change_at(found, TEXT, 1).after == "ad"
    assert change_at(found, TEXT, 5).after == "…fdbb"


def test_the_gain_is_how_much_better_a_knew_the_real_next_token(found: Any) -> None:
    row = change_at(found, TEXT, 2)
    wanted = np.log(found.chances[0, 2] / found.chances[1, 2])
    assert row.gain == pytest.approx(float(wanted), abs=1e-5)
    assert np.isnan(change_at(found, TEXT, 6).gain)


def test_the_card_of_a_token_tells_both_sides_and_the_real_one(found: Any) -> None:
    lines = [row.text for row in remarks(found, TEXT, 2)]
    assert lines[1].startswith("A: ")
    assert lines[2].startswith("B: ")
    assert lines[3] == f"KL(A ‖ B) {found.divergence[2]:.4f} nats"
    assert lines[4].startswith("“d” had ")
    assert len(remarks(found, TEXT, 6)) == 4  # what follows the last is not known


def test_the_headline_tells_losses_distances_and_how_many_changed(found: Any) -> None:
    words = headline(found)
    assert f"loss A {found.loss(0):.4f}, B {found.loss(1):.4f} nats" in words
    assert f"at {len(found.changed)} of 7 places" in words
    assert f"KL(A ‖ B) {found.divergence.mean():.4f}" in words


def test_columns_sort_by_numbers_and_read_as_words(found: Any) -> None:
    columns = {column.title: column for column in columns_of()}
    row = Change(3, "…adfd", "a 10 %", "b 20 %", 0.25, -0.5)
    assert columns["after"].value(row) == 3
    assert columns["after"].words(row) == "…adfd"
    assert columns["KL"].words(row) == "0.250"
    assert columns["A − B"].words(row) == "−0.5000"
    assert columns["A − B"].words(Change(3, "", "", "", 0.0, float("nan"))) == "–"
    for title in ("KL", "A − B"):
        tip = columns[title].tip
        assert tip is not None
        assert "nats" in tip(row)


def test_a_model_beside_itself_changes_nothing() -> None:
    same = compare(side(1), side(1))
    assert changes(same, TEXT) == []
    assert "at 0 of 7 places" in headline(same)
    assert change_at(same, TEXT, 2).gain == 0.0
