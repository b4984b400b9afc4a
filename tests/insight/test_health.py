"""Lengths that equal torch's, and every number that is none counted instead of averaged."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.core.errors import StudioError
from studio.insight import health, lens
from studio.insight.capture import capture
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def with_gradients(model, scale: float = 1.0):
    ids = torch.tensor([IDS])
    (scale * F.cross_entropy(model(ids)[0, :-1], ids[0, 1:])).backward()
    return model


def test_lengths_of_weights_and_gradients_equal_torchs(model) -> None:
    with_gradients(model)
    wanted = dict(model.named_parameters())
    for found, tensors in (
        (health.weights(model), {name: one.detach() for name, one in wanted.items()}),
        (health.gradients(model), {name: one.grad for name, one in wanted.items()}),
    ):
        assert [item.name for item in found] == list(tensors)
        for item in found:
            tensor = tensors[item.name]
            assert item.norm == pytest.approx(float(torch.linalg.vector_norm(tensor)), rel=1e-6)
            assert item.largest == float(tensor.abs().max())
            assert item.rms == pytest.approx(float(tensor.square().mean().sqrt()), rel=1e-5)
            assert (item.count, item.nan, item.infinite) == (tensor.numel(), 0, 0)


def test_the_length_of_all_gradients_is_what_clipping_measures_before_it_clips(gpt2) -> None:
    with_gradients(gpt2, 100.0)
    found = health.total_norm(health.gradients(gpt2))
    clipped = float(torch.nn.utils.clip_grad_norm_(gpt2.parameters(), 1.0))
    assert found == pytest.approx(clipped, rel=1e-5)
    assert health.total_norm(health.gradients(gpt2)) == pytest.approx(1.0, rel=1e-4)


def test_without_gradients_there_are_none(gpt2) -> None:
    assert health.gradients(gpt2) == ()
    assert health.total_norm(()) == 0


def test_an_update_is_how_far_a_step_went(gpt2) -> None:
    optimizer = torch.optim.SGD(gpt2.parameters(), lr=0.1)
    before = health.copied(with_gradients(gpt2))
    wanted = {item.name: 0.1 * item.norm for item in health.gradients(gpt2)}
    assert all(item.norm == 0 for item in health.updates(before, gpt2))
    optimizer.step()
    for item in health.updates(before, gpt2):
        assert item.norm == pytest.approx(wanted[item.name], rel=1e-3, abs=1e-6)


def test_what_is_no_number_is_counted_and_the_rest_is_measured() -> None:
    tensor = torch.tensor([3.0, float("nan"), -4.0, float("inf"), -float("inf"), 0.0])
    found = health.examine("w", tensor)
    assert (found.norm, found.largest) == (5.0, 4.0)
    assert (found.nan, found.infinite, found.zeros, found.count) == (1, 2, 1, 6)
    nothing = health.examine("w", torch.full((3,), float("nan")))
    assert (nothing.norm, nothing.largest, nothing.nan) == (0.0, 0.0, 3)
    assert health.examine("w", torch.empty(0)).rms == 0


def test_by_layer_the_lengths_are_those_of_embeddings_blocks_and_end(gpt2) -> None:
    found = health.by_layer(health.weights(gpt2), 3)
    groups = [("embed",), ("layers.0.",), ("layers.1.",), ("layers.2.",), ("norm.", "lm_head.")]
    for length, starts in zip(found, groups, strict=True):
        parts = [p.detach().flatten() for name, p in gpt2.named_parameters() if name.startswith(starts)]
        assert length == pytest.approx(float(torch.cat(parts).norm()), rel=1e-5)
    assert np.sqrt((found**2).sum()) == pytest.approx(health.total_norm(health.weights(gpt2)))


def test_a_histogram_counts_every_number_exactly_once_in_bins_that_stay() -> None:
    """Mistake 13: first bins lost, and one NaN or outlier that spoils the rest."""
    plain = torch.randn(1_000, generator=torch.Generator().manual_seed(0))
    odd = torch.tensor([0.0, 1e-13, 1e5, -1e6, float("nan"), float("inf"), -float("inf"), float("nan")])
    clean, found = health.histogram(plain), health.histogram(torch.cat((plain, odd)))
    assert clean.count == 1_000
    assert found.count == 1_008
    assert (found.small - clean.small, found.above, found.below, found.nan, found.infinite) == (2, 1, 1, 2, 2)
    assert np.array_equal(found.positive, clean.positive)
    assert np.array_equal(found.negative, clean.negative)
    assert clean.negative.sum() == int((plain < 0).sum())
    edge = health.histogram(torch.tensor([1e-12, -2.0], dtype=torch.float64))
    assert edge.positive[0] == 1 or edge.small == 1  # float32 may round the edge itself to either side
    place = int(edge.negative.argmax())
    assert health.EDGES[place] <= 2.0 < health.EDGES[place + 1]


# --- the stream -------------------------------------------------------------------------------------------------------


def test_the_streams_lengths_shares_and_turning_are_those_of_the_definition(llama) -> None:
    captured = capture(llama, IDS)
    found = health.stream(captured)
    assert found.norms.shape == (4, 17)
    assert found.turning.shape == (3, 17)
    np.testing.assert_allclose(found.norms[2], np.linalg.norm(captured.layers[1].after, axis=1), rtol=1e-6)
    layer = captured.layers[1]
    middle = layer.before + layer.attention_out
    for token in (0, 9):
        share = np.linalg.norm(layer.attention_out[token]) / np.linalg.norm(layer.before[token])
        assert found.attention_share[1, token] == pytest.approx(share, rel=1e-5)
        share = np.linalg.norm(layer.feed_forward_out[token]) / np.linalg.norm(middle[token])
        assert found.feed_forward_share[1, token] == pytest.approx(share, rel=1e-5)
        cosine = layer.before[token] @ layer.after[token] / np.linalg.norm(layer.before[token])
        assert found.turning[1, token] == pytest.approx(cosine / np.linalg.norm(layer.after[token]), rel=1e-5)
    assert found.nan.sum() == 0


def test_a_stream_that_breaks_shows_from_which_block_on(gpt2) -> None:
    with torch.no_grad():
        gpt2.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    found = health.stream(capture(gpt2, IDS))
    assert found.nan[:2].sum() == 0
    assert (found.nan[2] == 1).all()
    assert (found.nan[3] == 24).all()
    assert np.isnan(found.norms[2:]).all()


def test_loss_by_position_is_the_loss_of_each_token(model, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [IDS, IDS[::-1]]
    found = health.loss_by_position(model, rows)
    assert found.shape == (2, 16)
    with torch.no_grad():
        logits = model(torch.tensor(rows))
    wanted = F.cross_entropy(logits[:, :-1].flatten(0, 1), torch.tensor(rows)[:, 1:].flatten(), reduction="none")
    np.testing.assert_allclose(found.flatten(), wanted.numpy(), atol=1e-5)
    monkeypatch.setattr(lens, "PLACES", 61 * 3)
    np.testing.assert_allclose(health.loss_by_position(model, rows), found, atol=1e-5)


@pytest.mark.parametrize("rows", [[], [[1, 2], [1, 2, 3]], [[1]]])
def test_rows_of_several_lengths_or_of_one_token_are_a_sentence(gpt2, rows: list[list[int]]) -> None:
    with pytest.raises(StudioError, match="one length"):
        health.loss_by_position(gpt2, rows)


def test_a_length_whose_squares_are_too_large_for_32_bits_is_still_a_length() -> None:
    assert health.examine("w", torch.tensor([3e30, 4e30])).norm == pytest.approx(5e30, rel=1e-6)
