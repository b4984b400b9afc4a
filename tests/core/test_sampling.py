"""How the next token is chosen, checked against the library that everybody uses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.config import Sampling
from studio.core.sampling import candidates, certain, draw, probabilities, ranked, softmax, uncut

PLAIN = Sampling(temperature=1.0)


def random_logits(size: int = 50, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0, 3, size)


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=60),
    st.floats(0.05, 5),
    st.integers(0, 70),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_result_is_always_a_distribution(
    logits: list[float], temperature: float, top_k: int, top_p: float, min_p: float
) -> None:
    chances = probabilities(logits, Sampling(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p))
    assert np.isclose(chances.sum(), 1.0)
    assert (chances >= 0).all()
    assert logits[int(chances.argmax())] >= max(logits) - 1e-9


def test_temperature_zero_always_takes_the_likeliest() -> None:
    logits = random_logits()
    chances = probabilities(logits, replace(PLAIN, temperature=0.0))
    assert chances[logits.argmax()] == 1.0
    assert chances.sum() == 1.0


def test_without_controls_it_is_the_softmax() -> None:
    logits = random_logits()
    assert np.allclose(probabilities(logits, PLAIN), softmax(logits))


def test_huge_logits_do_not_overflow() -> None:
    assert np.allclose(probabilities([10_000.0, 9_999.0, -10_000.0], PLAIN)[:2].sum(), 1.0)


def test_the_logits_that_were_given_stay_as_they_are() -> None:
    logits = random_logits()
    before = logits.copy()
    probabilities(logits, Sampling(temperature=0.5, repetition_penalty=2.0, top_k=3), seen=[1, 2])
    assert np.array_equal(logits, before)


def test_a_low_temperature_sharpens_and_a_high_one_flattens() -> None:
    logits = random_logits()
    peaks = [probabilities(logits, replace(PLAIN, temperature=heat)).max() for heat in (0.5, 1.0, 2.0)]
    assert peaks == sorted(peaks, reverse=True)


def test_top_k_keeps_exactly_k_even_among_equals() -> None:
    assert np.count_nonzero(probabilities(np.zeros(10), replace(PLAIN, top_k=3))) == 3
    assert np.count_nonzero(probabilities(random_logits(), replace(PLAIN, top_k=1_000))) == 50


def test_top_p_zero_keeps_the_likeliest_only() -> None:
    assert np.count_nonzero(probabilities(random_logits(), replace(PLAIN, top_p=0.0))) == 1


def test_a_repeated_token_becomes_less_likely_whatever_its_sign() -> None:
    logits = np.array([2.0, -2.0, 0.5])
    free = probabilities(logits, PLAIN)
    held = probabilities(logits, replace(PLAIN, repetition_penalty=1.5), seen=[0, 1, 1])
    assert held[0] < free[0]
    assert held[1] < free[1]
    assert held[2] > free[2]


def test_a_draw_falls_on_each_token_as_often_as_its_chance_says() -> None:
    chances, random = np.array([0.5, 0.0, 0.3, 0.2]), np.random.default_rng(1)
    drawn = np.bincount([draw(chances, random) for _ in range(20_000)], minlength=4) / 20_000
    assert drawn[1] == 0.0
    assert np.abs(drawn - chances).max() < 0.015


def test_the_same_seed_draws_the_same_tokens() -> None:
    chances = softmax(random_logits())
    texts = [[draw(chances, np.random.default_rng(7)) for _ in range(5)] for _ in range(2)]
    assert texts[0] == texts[1]


@pytest.mark.torch
@pytest.mark.parametrize(
    ("sampling", "warpers"),
    [
        (Sampling(temperature=0.7), lambda lib: [lib.TemperatureLogitsWarper(0.7)]),
        (Sampling(temperature=1.0, top_k=5), lambda lib: [lib.TopKLogitsWarper(5)]),
        (Sampling(temperature=1.0, top_p=0.9), lambda lib: [lib.TopPLogitsWarper(0.9)]),
        (Sampling(temperature=1.0, top_p=0.3), lambda lib: [lib.TopPLogitsWarper(0.3)]),
        (Sampling(temperature=1.0, min_p=0.1), lambda lib: [lib.MinPLogitsWarper(0.1)]),
        (
            Sampling(temperature=1.3, top_k=20, top_p=0.8, min_p=0.02, repetition_penalty=1.2),
            lambda lib: [
                lib.RepetitionPenaltyLogitsProcessor(1.2), lib.TemperatureLogitsWarper(1.3), lib.TopKLogitsWarper(20),
                lib.TopPLogitsWarper(0.8), lib.MinPLogitsWarper(0.02),
            ],
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(5))
def test_every_control_agrees_with_transformers(
    sampling: Sampling, warpers: Callable[[Any], list[Any]], seed: int
) -> None:
    import torch
    from transformers.generation import logits_process

    logits, seen = random_logits(seed=seed), [3, 3, 17]
    scores = torch.tensor(logits[None])
    for warp in warpers(logits_process):
        scores = warp(torch.tensor([seen]), scores)
    theirs = torch.softmax(scores, dim=-1)[0].numpy()
    assert np.allclose(probabilities(logits, sampling, seen), theirs, atol=1e-9)


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(40))
def test_the_controls_come_in_the_order_in_which_transformers_itself_puts_them(seed: int) -> None:
    import torch
    from transformers import GenerationConfig, GPT2Config, GPT2LMHeadModel

    random = np.random.default_rng(seed)
    values: dict[str, Any] = {
        "temperature": float(random.uniform(0.2, 2.0)),
        "top_k": int(random.integers(0, 60)),
        "top_p": float(random.choice([0.0, 0.3, 0.9, 1.0])),
        "min_p": float(random.choice([0.0, 0.02, 0.4, 1.0])),
        "repetition_penalty": float(random.uniform(0.7, 1.8)),
    }
    shape = GPT2Config(vocab_size=50, n_positions=8, n_embd=4, n_layer=1, n_head=1, bos_token_id=0, eos_token_id=0)
    tiny = GPT2LMHeadModel(shape)
    asked = GenerationConfig(do_sample=True, bos_token_id=0, eos_token_id=0, **values)
    logits, seen = random_logits(seed=seed), [int(token) for token in random.integers(0, 50, 6)]
    scores = tiny._get_logits_processor(asked, 6)(torch.tensor([seen]), torch.tensor(logits[None]))
    theirs = torch.softmax(scores, dim=-1)[0].numpy()
    ours = probabilities(logits, Sampling(**values), seen)
    assert ((ours > 0) == (theirs > 0)).all()
    assert np.allclose(ours, theirs, atol=1e-9)


def test_candidates_are_the_likeliest_before_anything_was_cut() -> None:
    logits = np.log([0.1, 0.4, 0.2, 0.3])
    before = probabilities(logits, uncut(replace(PLAIN, top_k=2)))
    found = candidates(probabilities(logits, replace(PLAIN, top_k=2)), before, 3)
    assert [(one.id, one.removed) for one in found] == [(1, False), (3, False), (2, True)]
    assert [one.probability for one in found] == pytest.approx([4 / 7, 3 / 7, 0.2])
    assert [one.id for one in candidates(before, before, 10)] == [1, 3, 2, 0]


def test_what_is_uncut_keeps_the_temperature_unless_it_is_zero() -> None:
    assert uncut(replace(PLAIN, temperature=0.5, top_k=3, top_p=0.1, min_p=0.2)) == replace(PLAIN, temperature=0.5)
    assert uncut(replace(PLAIN, temperature=0.0)) == PLAIN


def test_candidates_are_told_with_what_the_model_alone_said() -> None:
    logits = random_logits()
    sampling = Sampling(temperature=0.5, top_k=3, repetition_penalty=1.5)
    before, after = probabilities(logits, uncut(sampling), [7]), probabilities(logits, sampling, [7])
    found = ranked(candidates(after, before, 5), logits)
    raw, order = softmax(logits), np.argsort(-logits).tolist()
    assert [one.raw for one in found] == pytest.approx([raw[one.id] for one in found])
    assert [one.rank for one in found] == [order.index(one.id) + 1 for one in found]
    assert [one.id for one in found] == [one.id for one in candidates(after, before, 5)]
    assert ranked((), logits) == ()


@pytest.mark.parametrize("penalty", [1.0, 1.4])
def test_the_token_of_temperature_0_is_the_one_that_has_all_of_the_chance(penalty: float) -> None:
    sampling = Sampling(temperature=0.0, repetition_penalty=penalty)
    for seed in range(20):
        logits = np.random.default_rng(seed).normal(size=50).astype(np.float32)
        seen = [int(logits.argmax()), 3, 3]
        assert probabilities(logits, sampling, seen)[certain(logits, sampling, seen)] == 1.0
