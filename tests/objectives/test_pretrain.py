"""Windows over a stream of tokens: each once an epoch, and a batch follows from its number alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig
from studio.core.schedule import windows_in
from studio.objectives.pretrain import Windows, loss

TOKENS = np.arange(1_000, dtype=np.uint16)


def _config(context: int, stride: int = 0, seed: int = 1) -> RunConfig:
    return RunConfig(
        data=DataConfig(stride=stride),
        model=ModelConfig(vocab_size=1_000, context_length=context),
        compute=ComputeConfig(seed=seed),
    )


def test_the_teaching_set_of_the_book_ends_with_the_window_it_prints() -> None:
    windows = Windows(np.arange(1_001), _config(4), 1)
    rows = np.concatenate([windows.batch(index) for index in range(windows.per_epoch)])
    last = rows[rows[:, 0].argmax()]
    assert list(last[:-1]) == [996, 997, 998, 999]
    assert list(last[1:]) == [997, 998, 999, 1_000]


def test_targets_are_the_inputs_moved_by_one() -> None:
    row = Windows(TOKENS, _config(8), 4).batch(3)
    assert (row[:, 1:] == row[:, :-1] + 1).all()


@given(st.integers(2, 40), st.integers(0, 40), st.integers(42, 400))
def test_as_many_windows_fit_as_the_books_formula_says(context: int, stride: int, tokens: int) -> None:
    step = stride or context
    assert windows_in(tokens, context, stride) == len(range(0, max(0, tokens - context), step))


def test_an_epoch_brings_every_window_once_and_the_next_one_in_another_order() -> None:
    windows = Windows(TOKENS, _config(10), 3)
    first = [tuple(row) for i in range(windows.per_epoch) for row in windows.batch(i)]
    second = [tuple(row) for i in range(windows.per_epoch) for row in windows.batch(windows.per_epoch + i)]
    assert len(set(first)) == len(first) == windows.count
    assert set(first) == set(second)
    assert first != second


def test_a_batch_follows_from_seed_and_number_in_whatever_order_they_are_asked_for() -> None:
    one, other = Windows(TOKENS, _config(10), 3), Windows(TOKENS, _config(10), 3)
    forward = [one.batch(i) for i in range(70)]
    backward = [other.batch(i) for i in reversed(range(70))]
    assert all((a == b).all() for a, b in zip(forward, reversed(backward), strict=True))
    assert not (Windows(TOKENS, _config(10, seed=2), 3).batch(0) == forward[0]).all()


def test_a_text_of_few_windows_gives_smaller_batches_rather_than_none() -> None:
    windows = Windows(TOKENS[:25], _config(10), 8)
    assert windows.batch_size == windows.count == 2
    assert windows.batch(0).shape == (2, 11)


@pytest.mark.torch
def test_the_loss_is_a_sum_over_all_targets() -> None:
    import torch

    from studio.families.gpt2 import build

    model = build(ModelConfig(vocab_size=30, context_length=6, emb_dim=8, n_layers=1, n_heads=2)).eval()
    batch = torch.randint(0, 30, (3, 7))
    total, targets = loss(model, batch)
    mean = torch.nn.functional.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
    assert targets == 18
    assert torch.isclose(total / targets, mean)
