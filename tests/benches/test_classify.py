"""The bench of classification: both sides compute one and the same loss from one and the same weights."""

import pytest
import torch

from studio.benches import classify

pytestmark = pytest.mark.torch


def test_both_sides_start_from_the_same_loss_and_gradients() -> None:
    config = classify.classifying("tiny")
    batch = classify.rows(config, 0)
    assert batch.shape == (8, 3 + 120)
    found = []
    for side in (classify.ours, classify.plain):
        model = classify.built(config)
        loss, count = side(model, batch)
        loss.backward()
        gradients = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
        found.append((loss.item(), count, gradients))
    assert found[0][:2] == (pytest.approx(found[1][0], rel=1e-5), 8)
    assert found[0][2].keys() == found[1][2].keys()
    assert all(name.startswith(("layers.2.", "norm.", "lm_head.")) for name in found[0][2])
    for name, gradient in found[0][2].items():
        assert torch.allclose(gradient, found[1][2][name], atol=1e-4), name


def test_rows_are_the_same_in_every_process_and_differ_from_batch_to_batch() -> None:
    config = classify.classifying("tiny")
    assert torch.equal(classify.rows(config, 1), classify.rows(config, 1))
    assert not torch.equal(classify.rows(config, 1), classify.rows(config, 2))


def test_the_books_model_trains_what_the_book_trains() -> None:
    config = classify.classifying("124M")
    assert (config.classify.trained_blocks, config.model.outputs, config.model.outputs_bias) == (1, 2, True)
