"""The bench of the laboratory reshapes logits that are there: before, after, what was cut, what was drawn."""

import time

import numpy as np
import pytest

from studio.core.config import Sampling
from studio.core.sampling import probabilities, softmax
from studio.lenses.next_token import Bench, cut_words, drawn_words, summary
from studio.seeing.shown_text import ShownText
from studio.tokenizers import make_tokenizer

TEXT = ShownText(tuple("abcde"), (0, 1, 2, 3, 4), make_tokenizer("characters", ["abcde"]), True)
LOGITS = np.log(np.array([0.4, 0.3, 0.2, 0.06, 0.04], np.float32))


def bench(**controls) -> Bench:
    return Bench(LOGITS, (0, 1), Sampling(**({"temperature": 1.0} | controls)))


def test_the_bars_hold_before_and_after_and_all_others_together():
    choices, rest = bench(top_k=3).choices(TEXT, real=-1)
    assert [one.before for one in choices] == pytest.approx([0.4, 0.3, 0.2, 0.06, 0.04], abs=1e-6)
    assert [one.probability for one in choices] == pytest.approx([4 / 9, 3 / 9, 2 / 9, 0, 0], abs=1e-6)
    assert [one.removed for one in choices] == [False, False, False, True, True]
    assert sum(one.probability for one in choices) + rest == pytest.approx(1.0, abs=1e-6)


def test_nothing_is_said_of_others_where_none_is_left():
    scores = np.random.default_rng(2).normal(0, 3, 3_000).astype(np.float32)
    _, rest = Bench(scores, (0,), Sampling(temperature=0.8, top_k=7)).choices(ShownText((), (), None, True), -1)
    assert rest == 0.0


def test_the_real_next_token_is_among_the_bars_however_unlikely():
    scores = np.arange(100, 0, -1).astype(np.float32)
    wide = ShownText((), (), None, True)
    choices, rest = Bench(scores, (0,)).choices(wide, real=77)
    assert choices[-1].id == 77
    assert choices[-1].marked
    assert len(choices) == 12
    assert sum(one.probability for one in choices) + rest == pytest.approx(1.0, abs=1e-6)


def test_every_movement_shows_what_the_one_function_computes():
    made = bench()
    for sampling in (Sampling(temperature=0.7, top_p=0.8), Sampling(temperature=0.0), Sampling(repetition_penalty=1.6),
                     Sampling(temperature=4.0, top_k=2, min_p=0.1)):  # fmt: skip
        made.set_sampling(sampling)
        np.testing.assert_array_equal(made.found.chances, probabilities(LOGITS, sampling, (0, 1)))
        assert made.sums.after[-1] == pytest.approx(1.0)
        assert (np.diff(made.sums.after) >= 0).all()
        np.testing.assert_allclose(np.diff(made.sums.after, prepend=0.0), np.sort(made.found.chances)[::-1], atol=1e-12)
    np.testing.assert_allclose(made.sums.before, np.cumsum(softmax(LOGITS.astype(np.float64))))


def test_what_was_cut_is_told_in_tokens_and_in_probability():
    assert cut_words(bench().found) == "All 5 tokens can come."
    words = cut_words(bench(top_k=4, top_p=0.85).found)
    assert words == "top-k took 1 (4 %) · top-p took 1 (6 %) · 3 of 5 left"
    limits = bench(top_k=4, top_p=0.85).sums.limits
    assert [(one.left, one.words) for one in limits] == [(4, "top-k 4"), (3, "top-p 0.85")]


def test_the_same_seed_draws_the_same_tokens_whether_at_once_or_one_by_one():
    one, other = bench(seed=5), bench(seed=5)
    assert one.draw(20) == [token for _ in range(20) for token in other.draw(1)]
    assert bench(seed=6).draw(20) != one.drawn


def test_what_was_drawn_is_shown_beside_the_chances_and_forgotten_when_they_change():
    made = bench(top_k=3)
    new = made.draw(1_000)
    choices, _ = made.choices(TEXT, -1)
    assert sum(one.drawn for one in choices) == pytest.approx(1.0)
    assert choices[3].drawn == 0.0
    assert "1,000 tokens drawn" in drawn_words(made, new, TEXT)
    assert abs(choices[0].drawn - choices[0].probability) < 0.06
    made.set_sampling(Sampling(temperature=2.0))
    assert made.drawn == []
    assert made.choices(TEXT, -1)[0][0].drawn is None
    assert drawn_words(made, made.draw(1), TEXT).startswith("Drawn: “")


def test_a_file_holds_the_whole_vocabulary():
    found = summary(bench(top_k=2).found)
    assert found["before"].shape == found["after"].shape == (5,)
    assert found["left"].tolist() == [5, 2]
    assert found["removed_mass"] == pytest.approx([0.3], abs=1e-6)


@pytest.mark.parametrize("controls", [{"temperature": 1.7}, {"top_p": 0.9, "top_k": 200, "min_p": 0.01}])
def test_a_movement_is_reshaped_within_a_frame_at_fifty_thousand_tokens(controls):
    made = Bench(np.random.default_rng(0).normal(0, 3, 50_257).astype(np.float32), tuple(range(100)))
    taken = []
    for tick in range(15):
        started = time.perf_counter()
        made.set_sampling(Sampling(**({"temperature": 1.0} | controls | {"repetition_penalty": 1.0, "seed": tick})))
        made.choices(ShownText((), (), None, True), 5)
        _ = made.sums
        taken.append(time.perf_counter() - started)
    assert min(taken) <= 0.048  # three times a frame, as other work may go on beside the tests
