"""What the controls make of one next token, against the function that everything is drawn with."""

import numpy as np
import pytest

from studio.core.config import Sampling
from studio.core.next_token import Cut, distribution, ending_words, order_of, removed_words
from studio.core.sampling import draw, draws, probabilities, softmax, steps

LOGITS = np.log([0.4, 0.3, 0.2, 0.06, 0.04])
PLAIN = Sampling(temperature=1.0)


def test_without_controls_the_bars_are_the_models_own_probabilities():
    found = distribution(LOGITS, PLAIN, shown=3)
    assert [bar.id for bar in found.bars] == [0, 1, 2]
    assert [bar.probability for bar in found.bars] == pytest.approx([0.4, 0.3, 0.2])
    assert found.rest == pytest.approx(0.1)
    assert removed_words(found) == "All 5 tokens can come next."


def test_what_is_left_is_exactly_what_the_engine_draws_from():
    sampling = Sampling(temperature=0.7, top_k=4, top_p=0.9, min_p=0.05, repetition_penalty=1.3)
    found = distribution(LOGITS, sampling, seen=[0])
    chances = probabilities(LOGITS, sampling, [0])
    for bar in found.bars:
        assert bar.removed == (chances[bar.id] == 0)
        assert bar.removed or bar.probability == pytest.approx(chances[bar.id])


def test_each_control_tells_how_many_tokens_it_removed():
    found = distribution(LOGITS, Sampling(temperature=1.0, top_k=4, top_p=0.85))
    assert found.left == (("all", 5), ("top_k", 4), ("top_p", 3))
    assert removed_words(found) == "top-k removed 1 · top-p removed 1 · 3 of 5 tokens are left."


def test_a_removed_token_keeps_the_chance_it_had():
    found = distribution(LOGITS, Sampling(temperature=1.0, top_k=2))
    assert [bar.removed for bar in found.bars] == [False, False, True, True, True]
    assert found.bars[2].probability == pytest.approx(0.2)
    assert found.rest == pytest.approx(0.0)


def test_temperature_zero_leaves_one_token_and_still_shows_the_others():
    found = distribution(LOGITS, Sampling(temperature=0.0))
    assert [bar.removed for bar in found.bars] == [False, True, True, True, True]
    assert found.left[-1] == ("temperature", 1)


def test_certainty_has_no_entropy_and_an_even_choice_of_four_has_two_bits():
    assert distribution(np.zeros(4), PLAIN).entropy == pytest.approx(2.0)
    assert distribution(LOGITS, Sampling(temperature=0.0)).entropy == 0.0


def test_what_each_control_took_away_adds_up_to_what_is_missing():
    found = distribution(LOGITS, Sampling(temperature=1.0, top_k=4, top_p=0.85))
    assert found.cuts == (Cut("top_k", 1, 4, pytest.approx(0.04)), Cut("top_p", 1, 3, pytest.approx(0.06)))
    assert found.warm[found.chances > 0].sum() + sum(cut.mass for cut in found.cuts) == pytest.approx(1.0)


def test_before_and_after_are_both_of_the_whole_vocabulary():
    """Mistake 2: a softmax over the k largest logits only."""
    scores = np.random.default_rng(0).normal(0, 2, 50_257)
    found = distribution(scores, Sampling(temperature=1.0, top_k=50, top_p=0.9))
    assert found.raw.max() == pytest.approx(softmax(scores).max(), abs=1e-9)
    assert found.raw.max() < softmax(np.sort(scores)[-50:]).max() / 5
    assert distribution(scores, Sampling(temperature=1.0, top_p=0.9)).left[-1][1] > 10_000
    assert found.raw.sum() == pytest.approx(1.0, abs=1e-9)


def test_before_is_the_models_own_whatever_the_controls_are():
    found = distribution(LOGITS, Sampling(temperature=3.0, repetition_penalty=1.5), seen=[0])
    np.testing.assert_allclose(found.raw, softmax(LOGITS), atol=1e-12)
    assert found.chances[0] < 0.3


def reference_nucleus(scores, share):
    order = np.argsort(-softmax(scores), kind="stable")
    total = kept = 0
    for token in order:
        total, kept = total + softmax(scores)[token], kept + 1
        if total >= share:
            break
    return set(order[:kept].tolist())


@pytest.mark.parametrize("seed", range(100))
def test_the_nucleus_is_the_references_among_equals_too(seed):
    random = np.random.default_rng(seed)
    scores = np.round(random.normal(0, 3, 40), seed % 3)  # many equals where rounded to whole numbers
    share = float(random.uniform(0.05, 0.99))
    chances = probabilities(scores, Sampling(temperature=1.0, top_p=share))
    assert set(np.flatnonzero(chances).tolist()) == reference_nucleus(scores, share)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("decimals", [0, 6])
def test_a_nucleus_found_among_the_likeliest_is_that_of_the_whole_vocabulary(monkeypatch, share, decimals):
    scores = np.round(np.random.default_rng(3).normal(0, 3, 5_000), decimals)
    few = probabilities(scores, Sampling(temperature=1.0, top_p=share))
    monkeypatch.setattr("studio.core.sampling._FEW", 10_000)
    assert np.array_equal(few, probabilities(scores, Sampling(temperature=1.0, top_p=share)))


def test_the_last_step_is_what_is_drawn_from():
    for sampling in (PLAIN, Sampling(temperature=0.0), Sampling(top_k=3, top_p=0.8, min_p=0.1)):
        *_, (_, last) = steps(LOGITS, sampling, [1])
        assert np.array_equal(last, probabilities(LOGITS, sampling, [1]))


def test_draws_at_once_are_the_draws_one_by_one():
    chances = softmax(np.random.default_rng(0).normal(0, 2, 300))
    one = np.random.default_rng(7)
    assert draws(chances, np.random.default_rng(7), 50).tolist() == [draw(chances, one) for _ in range(50)]


def test_twenty_thousand_draws_fit_the_distribution_that_is_shown():
    chances = distribution(np.random.default_rng(1).normal(0, 1, 30), Sampling(temperature=1.0, top_p=0.95)).chances
    alive = chances > 0
    drawn = np.bincount(draws(chances, np.random.default_rng(7), 20_000), minlength=30)
    assert drawn[~alive].sum() == 0
    expected, freedom = 20_000 * chances[alive], int(alive.sum()) - 1
    statistic = float(((drawn[alive] - expected) ** 2 / expected).sum())
    spread = (2 / (9 * freedom)) ** 0.5
    assert statistic <= freedom * (1 - 2 / (9 * freedom) + 3.0902 * spread) ** 3  # p > 0.001 (Wilson and Hilferty)


def test_the_order_knows_the_penalty_and_puts_the_smaller_id_first():
    assert order_of([1.0, 3.0, 3.0, 2.0], PLAIN, []).tolist() == [1, 2, 3, 0]
    assert order_of([1.0, 3.0, 3.0, 2.0], Sampling(repetition_penalty=2.0), [1]).tolist() == [2, 3, 1, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at the beginning of a text"),
        ("Once\nupon", "after “Once↵upon”"),
        ("The old lighthouse keeper was tired and went home", "after “…keeper was tired and went home”"),
        ("x" * 50, "after “…" + "x" * 40 + "”"),
    ],
)
def test_the_bars_say_what_they_follow_and_cut_no_word(text, words):
    assert ending_words(text) == words
