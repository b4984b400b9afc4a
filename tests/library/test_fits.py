"""What fits is said by a mark, a word and a sentence with figures; the figures are those of core.fit."""

import dataclasses

import pytest

from studio.core.fit import to_adapt, to_chat, to_train
from studio.library.fits import MARKS, RANK, WAYS, fits_of
from tests.library.conftest import TINY

HUGE = 1 << 50


def test_every_way_needs_what_the_arithmetic_says() -> None:
    found = fits_of(TINY, HUGE, "this computer")
    assert tuple(found) == WAYS
    assert found["chat"].need == to_chat(TINY).total
    assert found["train"].need == to_train(TINY, 1).total
    assert found["lora"].need == to_adapt(TINY, 1, RANK, "bf16").total
    assert found["qlora"].need == to_adapt(TINY, 1, RANK, "4bit").total
    assert {fit.verdict for fit in found.values()} == {"fits"}


@pytest.mark.parametrize(("share", "verdict"), [(2.0, "fits"), (1.1, "tight"), (0.9, "too large")])
def test_training_is_judged_by_the_free_memory(share: float, verdict: str) -> None:
    free = int(to_train(TINY, 1).total * share)
    fit = fits_of(TINY, free, "this computer")["train"]
    assert fit.verdict == verdict
    assert (fit.mark, fit.role) == MARKS[verdict]
    assert "free on this computer" in fit.sentence


def test_a_context_that_is_too_long_offers_a_shorter_one() -> None:
    long = dataclasses.replace(TINY, context_length=65_536)
    free = to_chat(long, context=8_192).total + 1
    fit = fits_of(long, free, "it")["chat"]
    assert fit.verdict == "tight"
    assert fit.need == to_chat(long, context=8_192).total
    assert "With 8,192 tokens" in fit.sentence


def test_a_model_that_is_too_large_names_the_format_that_would_fit() -> None:
    wide = dataclasses.replace(TINY, emb_dim=512, n_heads=8, context_length=600)
    free = to_chat(wide, "bf16").total + 1
    fit = fits_of(wide, free, "it")["chat"]
    assert fit.verdict == "too large"
    assert "It would fit in f16 with 600 tokens" in fit.sentence


def test_a_model_that_fits_in_no_format_says_so() -> None:
    fit = fits_of(TINY, 10, "it")["chat"]
    assert fit.verdict == "too large"
    assert "not fit in any format" in fit.sentence


def test_marks_are_told_apart_without_colour() -> None:
    assert len({mark for mark, _ in MARKS.values()}) == 3
