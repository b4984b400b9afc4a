"""The small networks of the book's appendix A (numbers.md, stage 0), with every number of their training kept."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from studio.core.errors import StudioError
from studio.exercises.network import (
    CELLS,
    LABELS,
    POINTS,
    Plan,
    Training,
    _order,
    first_answer,
    fresh,
    parameters_of,
    train,
    train_wide,
    wide_wish,
)

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def book() -> Training:
    return train()


def test_the_two_networks_have_as_many_numbers_as_printed() -> None:
    assert sum(parameters_of((50, 30, 20, 3))) == 2_213
    assert sum(parameters_of((2, 30, 20, 2))) == 752


def test_the_first_answer_is_the_printed_one() -> None:
    found = first_answer()
    assert found.logits == pytest.approx((-0.1262, 0.1080, -0.1792), abs=1e-4)
    assert found.chances == pytest.approx((0.3113, 0.3934, 0.2952), abs=1e-4)
    assert sum(found.parameters) == 2_213


def test_the_run_has_the_printed_losses_and_ends_right(book: Training) -> None:
    assert [round(step.loss, 2) for step in book.steps] == [0.75, 0.65, 0.44, 0.13, 0.03, 0.00]
    assert book.right == (1.0, 1.0)
    assert book.parameters == 752
    assert [step.epoch for step in book.steps] == [0, 0, 1, 1, 2, 2]


def test_layers_begin_as_torch_begins_them() -> None:
    torch.manual_seed(5)
    theirs = [torch.nn.Linear(4, 3), torch.nn.Linear(3, 2)]
    ours = fresh((4, 3, 2), torch.Generator().manual_seed(5))
    for layer, (weight, bias) in zip(theirs, ours, strict=True):
        assert torch.equal(layer.weight, weight)
        assert torch.equal(layer.bias, bias)


def test_batches_come_in_the_order_of_torch_s_own_loader() -> None:
    torch.manual_seed(9)
    loader = DataLoader(TensorDataset(torch.arange(7)), batch_size=2, shuffle=True, drop_last=True)
    theirs = [[tuple(batch[0].tolist()) for batch in loader] for _ in range(3)]
    random = torch.Generator().manual_seed(9)
    assert [_order(7, 2, random) for _ in range(3)] == theirs


def test_every_step_can_be_followed_by_hand(book: Training) -> None:
    step, following = book.steps[0], book.steps[1]
    first, second, last = step.layers
    assert np.allclose(first.given, np.array(POINTS, np.float32)[list(step.rows)])
    assert np.allclose(first.made, first.given @ first.weight.T + first.bias, atol=1e-6)
    assert np.array_equal(first.bent, np.maximum(first.made, 0))
    assert np.array_equal(second.given, first.bent)
    chances = np.exp(last.made) / np.exp(last.made).sum(axis=1, keepdims=True)
    assert np.allclose(step.chances, chances, atol=1e-6)
    own = chances[np.arange(2), [LABELS[row] for row in step.rows]]
    assert step.loss == pytest.approx(-np.log(own).mean(), abs=1e-6)
    for before, after in zip(step.layers, following.layers, strict=True):
        assert np.allclose(after.weight, before.weight - 0.5 * before.weight_gradient, atol=1e-7)
        assert np.allclose(after.bias, before.bias - 0.5 * before.bias_gradient, atol=1e-7)
    assert np.array_equal(
        book.final[0][0], book.steps[-1].layers[0].weight - 0.5 * book.steps[-1].layers[0].weight_gradient
    )


def test_the_plane_says_what_the_network_says_at_a_point(book: Training) -> None:
    assert book.plane.shape == (CELLS, CELLS)
    assert book.plane[1, 15] < 0.1  # left above, where class 0 lies
    assert book.plane[-12, -8] > 0.9  # right below


def test_a_run_is_a_matter_of_its_seed_alone(book: Training) -> None:
    torch.manual_seed(77)
    before = torch.get_rng_state()
    again = train()
    assert torch.equal(torch.get_rng_state(), before)
    assert [step.loss for step in again.steps] == [step.loss for step in book.steps]
    assert train(dataclasses.replace(Plan(), seed=4)).steps[0].loss != book.steps[0].loss


def test_what_is_too_large_too_few_or_not_wanted_is_refused() -> None:
    with pytest.raises(StudioError, match="at most 200,000"):
        train(Plan(hidden=(1_000, 1_000)))
    with pytest.raises(StudioError, match="fewer points"):
        train(points=POINTS[:1], labels=LABELS[:1])
    with pytest.raises(StudioError, match="called off"):
        train(keep_going=lambda: False)


def test_the_wide_network_begins_with_the_printed_answer_and_learns_its_class() -> None:
    training = train_wide(0.5, 6, 123, 2)
    first = training.steps[0]
    assert training.parameters == sum(layer.weight.size + layer.bias.size for layer in first.layers) == 2_213
    assert first.layers[-1].bent[0].tolist() == pytest.approx([-0.1262, 0.1080, -0.1792], abs=1e-4)
    assert first.chances[0].tolist() == pytest.approx([0.3113, 0.3934, 0.2952], abs=1e-4)
    assert first.loss == pytest.approx(-np.log(0.2952), abs=1e-3)
    losses = [step.loss for step in training.steps]
    assert losses == sorted(losses, reverse=True)
    assert training.right == (1.0, 1.0)
    assert first.plane.size == 0
    for before, after in itertools.pairwise(training.steps):
        for old, new in zip(before.layers, after.layers, strict=True):
            assert np.allclose(old.weight - 0.5 * old.weight_gradient, new.weight, atol=1e-7)


def test_a_class_that_the_wide_network_lacks_is_refused_and_it_can_be_called_off() -> None:
    with pytest.raises(StudioError, match="3 classes"):
        train_wide(0.5, 1, 123, 3)
    with pytest.raises(StudioError, match="called off"):
        wide_wish({"rate": 0.5, "epochs": 3, "seed": 1}, 0, lambda: False)
