"""The logit lens: normed anew at every place, over the whole vocabulary, and the last row is the model."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.insight import lens as module
from studio.insight.capture import capture
from studio.insight.lens import lens, logits, logits_behind, pieces, surprise
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def answer(model) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([IDS]))[0]


def test_the_last_row_is_the_model_itself(model) -> None:
    found, wanted = lens(model, capture(model, IDS)), answer(model)
    with torch.no_grad():
        assert (logits(model, capture(model, IDS).layers[-1].after) - wanted).abs().max() <= 1e-4
    assert found.rows == ("embedding", "block 1", "block 2", "block 3")
    assert found.ids.shape == (4, 17, 5)
    assert np.array_equal(found.ids[-1, :, 0], wanted.argmax(-1).numpy())
    top = wanted.softmax(-1).topk(5)
    np.testing.assert_allclose(found.probabilities[-1], top.values.numpy(), atol=1e-6)
    assert np.array_equal(found.ids[-1], top.indices.numpy())
    assert found.divergence[-1].max() <= 1e-6


def test_every_row_is_normed_by_its_own_scale(model) -> None:
    """Mistakes 5 and 6: no final norm at all, and the last layer's scale for the early ones."""
    captured = capture(model, IDS)
    found = lens(model, captured, k=61)
    for row, stream in enumerate(captured.residual):
        x = torch.tensor(stream)
        with torch.no_grad():
            wanted = model.lm_head(model.norm(x)).softmax(-1)
            bare = model.lm_head(x).softmax(-1)
            ratio = x.std(-1, keepdim=True) / torch.tensor(captured.residual[-1]).std(-1, keepdim=True)
            cached = model.lm_head(model.norm(x) * ratio).softmax(-1)
        shown = torch.zeros_like(wanted).scatter(-1, torch.tensor(found.ids[row]).long(),
                                                 torch.tensor(found.probabilities[row]))  # fmt: skip
        assert (shown - wanted).abs().max() <= 1e-6
        assert (shown - bare).abs().max() > 1e-3
        assert (shown - cached).abs().max() > 1e-3 or row == 3


def test_gemmas_norm_is_one_plus_its_weight() -> None:
    model = shaken(tiny("gemma"))
    stream = capture(model, IDS).residual[1].astype(np.float64)
    even = stream / np.sqrt((stream**2).mean(-1, keepdims=True) + model.norm.eps)
    weight = model.norm.weight.detach().numpy()
    with torch.no_grad():
        found = logits(model, stream.astype(np.float32)).numpy()
    head = model.lm_head.weight.detach().numpy()
    np.testing.assert_allclose(found, even * (1 + weight) @ head.T, atol=1e-3)
    assert np.abs(found - even * weight @ head.T).max() > 0.1


def test_what_is_shown_is_of_the_whole_vocabulary(gpt2) -> None:
    """Mistake 2: probabilities of the few that are shown, made to sum to one."""
    found = lens(gpt2, capture(gpt2, IDS), k=3)
    whole = answer(gpt2).softmax(-1)
    np.testing.assert_allclose(found.probabilities[-1].sum(-1), whole.topk(3).values.sum(-1).numpy(), atol=1e-6)
    assert found.probabilities.sum(-1).max() < 0.999


def test_entropy_divergence_rank_and_probability_are_those_of_the_definition(llama) -> None:
    captured = capture(llama, IDS)
    found, last = lens(llama, captured), answer(llama).log_softmax(-1)
    for row, stream in enumerate(captured.residual):
        with torch.no_grad():
            here = logits(llama, stream).log_softmax(-1)
        np.testing.assert_allclose(found.entropy[row], -(here.exp() * here).sum(-1).numpy(), atol=1e-5)
        divergence = (last.exp() * (last - here)).sum(-1)
        np.testing.assert_allclose(found.divergence[row], divergence.numpy(), atol=1e-4)
        for place in range(16):
            token = IDS[place + 1]
            assert found.rank[row, place] == int((here[place] > here[place, token]).sum())
            assert found.tracked[row, place] == pytest.approx(float(here[place, token].exp()), abs=1e-6)
    assert found.targets.tolist() == [*IDS[1:], -1]
    assert (found.rank[:, -1] == -1).all()
    assert np.isnan(found.tracked[:, -1]).all()


def test_one_token_can_be_tracked_through_all_places(gpt2) -> None:
    found = lens(gpt2, capture(gpt2, IDS), token=42)
    assert (found.targets == 42).all()
    np.testing.assert_allclose(found.tracked[-1], answer(gpt2).softmax(-1)[:, 42].numpy(), atol=1e-6)


def test_half_steps_stand_between_attention_and_feed_forward(gpt2) -> None:
    captured = capture(gpt2, IDS)
    found = lens(gpt2, captured, halves=True)
    assert found.rows == ("embedding", "attention 1", "block 1", "attention 2", "block 2", "attention 3", "block 3")
    middle = captured.layers[1].before + captured.layers[1].attention_out
    with torch.no_grad():
        assert np.array_equal(found.ids[3, :, 0], logits(gpt2, middle).argmax(-1).numpy())
    assert np.array_equal(found.ids[-1], lens(gpt2, captured).ids[-1])


def test_only_a_part_of_the_logits_is_ever_in_memory_and_the_parts_are_the_whole(
    gpt2, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured = capture(gpt2, IDS)
    whole, surprised = lens(gpt2, captured), surprise(gpt2, captured)
    monkeypatch.setattr(module, "PLACES", 61 * 5)
    assert [(part.start, part.stop) for part in pieces(gpt2, 17)] == [(0, 5), (5, 10), (10, 15), (15, 17)]
    parts = lens(gpt2, captured)
    assert np.array_equal(whole.ids, parts.ids)
    np.testing.assert_allclose(whole.divergence, parts.divergence, atol=1e-5)
    np.testing.assert_allclose(surprised.nats, surprise(gpt2, captured).nats, atol=1e-5)


def test_a_vocabulary_smaller_than_the_list_is_shown_whole() -> None:
    model = shaken(tiny("gpt2", vocab_size=3))
    found = lens(model, capture(model, [0, 1, 2]), k=10)
    assert found.ids.shape == (4, 3, 3)
    np.testing.assert_allclose(found.probabilities.sum(-1), 1.0, atol=1e-6)


def test_weights_that_are_no_numbers_are_shown_as_none(gpt2) -> None:
    with torch.no_grad():
        gpt2.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    found = lens(gpt2, capture(gpt2, IDS))
    assert np.isfinite(found.probabilities[:2]).all()
    assert np.isnan(found.probabilities[2:]).all()
    assert np.isnan(found.entropy[2:]).all()


def test_mean_surprise_is_the_loss(model) -> None:
    found, wanted = surprise(model, capture(model, IDS)), answer(model)
    loss = F.cross_entropy(wanted[:-1], torch.tensor(IDS[1:]))
    assert abs(found.loss - float(loss)) <= 1e-5
    chances = wanted.softmax(-1)
    for place in range(1, 17):
        assert found.probability[place] == pytest.approx(float(chances[place - 1, IDS[place]]), abs=1e-6)
        assert found.rank[place] == int((wanted[place - 1] > wanted[place - 1, IDS[place]]).sum())
    np.testing.assert_allclose(np.exp(-found.nats[1:]), found.probability[1:], atol=1e-6)


def test_nothing_stands_before_the_first_token_so_it_surprises_nobody(gpt2) -> None:
    found = surprise(gpt2, capture(gpt2, IDS))
    assert np.isnan(found.nats[0])
    assert np.isnan(found.probability[0])
    assert found.rank[0] == -1
    assert np.isnan(surprise(gpt2, capture(gpt2, [5])).loss)


def test_a_model_that_sees_everything_at_once_is_not_surprised() -> None:
    config = replace(FAMILIES.load("bert").presets[0].config, vocab_size=61, emb_dim=24, n_layers=2, n_heads=4)
    model = shaken(config)
    captured = capture(model, IDS)
    assert lens(model, captured, halves=True).rows == ("embedding", "block 1", "block 2")
    with pytest.raises(StudioError, match="whole text at once"):
        surprise(model, captured)


def test_a_model_that_sees_everything_is_asked_for_the_token_itself() -> None:
    config = replace(FAMILIES.load("bert").presets[0].config, vocab_size=61, emb_dim=24, n_layers=2, n_heads=4)
    model = shaken(config)
    assert lens(model, capture(model, IDS)).targets.tolist() == IDS


def test_logits_behind_a_token_are_the_models_own(model) -> None:
    captured = capture(model, IDS)
    wanted = answer(model).numpy()
    for position in (0, 7, 16):
        np.testing.assert_allclose(logits_behind(model, captured, position), wanted[position], atol=1e-4)
    assert not logits_behind(model, captured, 0).flags.writeable
