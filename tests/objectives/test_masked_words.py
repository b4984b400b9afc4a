"""Masked words: which places are asked for, what stands there instead, and that all of it follows from few numbers."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig
from studio.objectives.masked_words import (
    NOTHING,
    OBJECTIVE,
    SHARE,
    MaskedWindows,
    first_sentence,
    gaps,
    loss,
    mask_of,
    masked,
    ready,
    score,
    shown,
    targets,
)
from studio.objectives.pretrain import Windows
from studio.tokenizers import make_tokenizer

TOKENS = np.arange(1_000, dtype=np.uint16)
MODEL = ModelConfig(vocab_size=1_001, context_length=40, mask_token=1_000)


def _config(seed: int = 1, model: ModelConfig = MODEL) -> RunConfig:
    return RunConfig(data=DataConfig(), model=model, compute=ComputeConfig(seed=seed))


def _many(model: ModelConfig = MODEL, count: int = 2_000) -> np.ndarray:
    window = np.arange(model.context_length, dtype=np.int64)
    return np.stack([masked(window, model, np.random.default_rng(number)) for number in range(count)])


def test_so_many_places_are_asked_for_and_so_many_of_them_hidden_changed_and_left() -> None:
    rows = _many()
    asked = rows[:, 1] != NOTHING
    assert (asked.sum(axis=1) == round(SHARE * 40)).all()
    window = np.broadcast_to(np.arange(40), asked.shape)
    assert (rows[:, 0][~asked] == window[~asked]).all()
    assert (rows[:, 1][asked] == window[asked]).all()
    shown_there, really = rows[:, 0][asked], window[asked]
    hidden, same = (shown_there == 1_000).mean(), (shown_there == really).mean()
    sigma = math.sqrt(0.8 * 0.2 / len(really))  # 12,000 places
    assert abs(hidden - 0.8) < 4 * sigma
    assert abs(same - 0.1) < 4 * sigma
    assert abs(1 - hidden - same - 0.1) < 4 * sigma


def test_every_place_is_asked_for_equally_often() -> None:
    often = (_many()[:, 1] != NOTHING).mean(axis=0)
    assert abs(often - 0.15).max() < 5 * math.sqrt(0.15 * 0.85 / 2_000)


@pytest.mark.parametrize("mask", [0, 7, 19])
def test_a_random_word_is_any_word_but_the_mask_wherever_that_stands(mask: int) -> None:
    model = ModelConfig(vocab_size=20, context_length=12, mask_token=mask)
    window = np.full(12, 3 if mask != 3 else 4, dtype=np.int64)
    rows = np.stack([masked(window, model, np.random.default_rng(number)) for number in range(4_000)])
    assert set(rows[:, 0].flatten()) == set(range(20))
    others = rows[:, 0][(rows[:, 1] != NOTHING) & (rows[:, 0] != mask)]
    counts = np.bincount(others, minlength=20)
    assert counts[mask] == 0
    assert counts[[word for word in range(20) if word not in (mask, window[0])]].min() > 20


def test_a_window_of_few_tokens_is_asked_for_one() -> None:
    assert len(gaps(2, np.random.default_rng(1))) == 1


def test_a_batch_holds_the_windows_of_next_words_without_their_last_token() -> None:
    masks, plain = MaskedWindows(TOKENS, _config(), 3), Windows(TOKENS, _config(), 3)
    for index in (0, masks.per_epoch + 2):
        batch, windows = masks.batch(index), plain.batch(index)[:, :-1]
        assert batch.shape == (3, 2, 40)
        asked = batch[:, 1] != NOTHING
        assert (np.where(asked, batch[:, 1], batch[:, 0]) == windows).all()


def test_the_masks_follow_from_seed_and_number_in_whatever_order_they_are_asked_for() -> None:
    one, other = MaskedWindows(TOKENS, _config(), 3), MaskedWindows(TOKENS, _config(), 3)
    forward = [one.batch(index) for index in range(30)]
    backward = [other.batch(index) for index in reversed(range(30))]
    assert all((a == b).all() for a, b in zip(forward, reversed(backward), strict=True))
    assert not (MaskedWindows(TOKENS, _config(seed=2), 3).batch(0) == forward[0]).all()


def test_a_window_is_masked_the_same_in_batches_of_any_size_and_anew_in_each_epoch() -> None:
    def by_window(batches: MaskedWindows, epoch: int) -> dict[int, tuple[int, ...]]:
        found = {}
        for index in range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch):
            for inputs, asked in batches.batch(index):
                whole = np.where(asked != NOTHING, asked, inputs)
                found[int(whole[0])] = tuple(np.flatnonzero(asked != NOTHING).tolist())
        return found

    small, large = MaskedWindows(TOKENS, _config(), 2), MaskedWindows(TOKENS, _config(), 8)
    assert by_window(small, 1) == by_window(large, 1)
    assert len(by_window(small, 0)) == 24
    changed = [place for place, asked in by_window(small, 0).items() if by_window(small, 1)[place] != asked]
    assert len(changed) > 20


def test_the_mask_token_is_the_models_else_the_tokenizers_else_one_behind_its_vocabulary() -> None:
    letters = make_tokenizer("characters", ["the cat sat"])
    free = _config(model=ModelConfig())
    assert ready(free, letters).model.mask_token == letters.vocab_size == 7
    assert ready(_config(), letters).model.mask_token == 1_000

    own = SimpleNamespace(special={"[CLS]": 2, "[MASK]": 3}, vocab_size=40)
    assert ready(free, own).model.mask_token == 3
    assert mask_of(ModelConfig(vocab_size=12)) == 11


def test_the_default_is_an_encoder_that_looks_both_ways() -> None:
    assert not OBJECTIVE.default.model.causal
    assert not OBJECTIVE.writes


# --- what is optimized ------------------------------------------------------------------------------------------------


@pytest.mark.torch
def test_the_loss_is_the_sum_over_the_asked_places_of_what_torch_says_for_all_of_them() -> None:
    import torch
    import torch.nn.functional as F

    from studio.families.bert import FAMILY, PRESETS

    config = dataclasses.replace(
        PRESETS[0].config, vocab_size=1_001, mask_token=1_000, context_length=40, emb_dim=16, n_heads=2, n_layers=1
    )
    model = FAMILY.build(config).eval()
    batch = torch.from_numpy(MaskedWindows(TOKENS, _config(model=config), 3).batch(0))
    found, count = loss(model, batch)
    logits = model(batch[:, 0])
    wanted = F.cross_entropy(logits.flatten(0, 1), batch[:, 1].flatten(), ignore_index=NOTHING, reduction="sum")
    assert found.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert count == targets(batch) == 18
    asked = batch[:, 1] != NOTHING
    assert score(model, batch).hits == int((logits.argmax(-1) == batch[:, 1])[asked].sum())
    found.backward()
    ours = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    wanted.backward()
    for mine, parameter in zip(ours, model.parameters(), strict=True):
        torch.testing.assert_close(mine, parameter.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.torch
def test_a_model_that_is_right_everywhere_is_told_so() -> None:
    import torch

    class Oracle(torch.nn.Module):
        def hidden(self, ids: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.one_hot(self.right, 1_001).float()

        def lm_head(self, x: torch.Tensor) -> torch.Tensor:
            return 50 * x

    model, batch = Oracle(), torch.from_numpy(MaskedWindows(TOKENS, _config(), 3).batch(0))
    model.right = batch[:, 1].clamp(min=0)
    found = score(model, batch)
    total, count, hits = found.loss, found.targets, found.hits
    assert hits == count == 18
    assert total.item() == pytest.approx(0.0, abs=1e-3)


# --- what a run shows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ends here. The cat sat on the mat and slept all day. Then", "The cat sat on the mat and slept all day."),
        ("A b. C d. E f. This one is long enough to stop at it. X", "C d. E f. This one is long enough to stop at it."),
        ("no stop at all", "no stop at all"),
        ("version 1.5 is out", "version 1.5 is out"),
    ],
)
def test_a_sentence_begins_behind_a_full_stop_and_ends_with_one(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


def test_guesses_stand_in_brackets_and_the_right_word_behind_a_bar_where_they_are_wrong() -> None:
    letters = make_tokenizer("characters", ["the cat sat on a mat"])
    ids = letters.encode("the cat sat")
    guesses = {4: ids[4], 8: letters.encode("m")[0], 3: letters.encode("e")[0]}
    assert shown(letters, ids, guesses) == "the[e| ][c]at [m|s]at"
    assert shown(letters, ids, {4: ids[3], 7: ids[7]}) == "the [ |c]at[ ]sat"
    gpt2 = make_tokenizer("gpt2")
    ids = gpt2.encode("the cat sat on the mat")
    assert shown(gpt2, ids, {1: ids[1], 2: gpt2.encode(" ran")[0]}) == "the [cat] [ran|sat] on the mat"
    assert shown(gpt2, ids, {}) == "the cat sat on the mat"
