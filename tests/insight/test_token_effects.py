"""What tokens add to a class: exact where the sum is exact, and the same text whichever way it is filled up."""

import time

import numpy as np
import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.insight import token_effects
from studio.insight.token_effects import METHODS, Grounds, effects
from studio.layers.decoder import Decoder
from studio.layers.row_reader import RowReader

pytestmark = pytest.mark.torch
IDS, LENGTHS = torch.tensor([[3, 7, 1, 9, 4]]), torch.tensor([5])


@pytest.fixture
def model() -> Decoder:
    torch.manual_seed(1)
    shape = ModelConfig(vocab_size=12, context_length=16, emb_dim=16, n_layers=2, n_heads=2, outputs=3,
                        tie_embeddings=False, initialization="book")  # fmt: skip
    model = FAMILIES.load("gpt2").build(shape).eval()
    model.requires_grad_(False)
    return model  # type: ignore[no-any-return]


@pytest.mark.parametrize("place", ["last", "mean"])
def test_integrated_gradients_add_up_to_the_distance_from_an_empty_text(model: Decoder, place: str) -> None:
    model.reader = RowReader(place)
    found = effects(model, IDS, LENGTHS, 1, "integrated")
    assert found.scores.sum() == pytest.approx(found.wanted, abs=1e-2 * max(1.0, abs(found.wanted)))
    with torch.no_grad():
        assert np.allclose(found.logits, model.classes(IDS, LENGTHS)[0], atol=1e-5)


def test_gradient_times_input_is_the_slope_along_each_vector(model: Decoder) -> None:
    found = effects(model, IDS, LENGTHS, 2, "gradient")
    weight, step = model.embed_tokens.weight, 1e-2
    with torch.no_grad():
        before = weight[9].clone()
        logits = []
        for scale in (1 + step, 1 - step):
            weight[9] = before * scale
            logits.append(model.classes(IDS, LENGTHS)[0, 2].item())
        weight[9] = before
    assert found.scores[3] == pytest.approx((logits[0] - logits[1]) / (2 * step), rel=2e-2, abs=1e-4)


def test_occlusion_is_what_is_lost_when_a_vector_is_zero(model: Decoder) -> None:
    found = effects(model, IDS, LENGTHS, 0, "occlusion")
    with torch.no_grad():
        whole = model.classes(IDS, LENGTHS)[0, 0].item()
        model.embed_tokens.weight[7] = 0.0
        assert found.scores[1] == pytest.approx(whole - model.classes(IDS, LENGTHS)[0, 0].item(), abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_what_fills_the_row_up_changes_nothing_and_gets_no_score(model: Decoder, method: str) -> None:
    longer = torch.cat([IDS, torch.full((1, 4), 11)], dim=1)
    short, long = effects(model, IDS, LENGTHS, None, method), effects(model, longer, LENGTHS, None, method)
    assert len(long.scores) == 5
    assert np.allclose(short.scores, long.scores, atol=1e-4)
    assert short.output == long.output == int(short.logits.argmax())


def test_the_model_is_as_it_was_afterwards(model: Decoder) -> None:
    effects(model, IDS, LENGTHS, 1, "integrated")
    assert not model.embed_tokens._forward_hooks
    assert all(weight.grad is None for weight in model.parameters())


def test_an_unknown_way_is_refused_with_those_that_there_are(model: Decoder) -> None:
    with pytest.raises(StudioError, match="no way “magic”") as refused:
        effects(model, IDS, LENGTHS, 1, "magic")
    assert "occlusion" in refused.value.hint


def test_the_gradient_lets_the_text_through_once_and_agrees_with_the_logits(model: Decoder, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    rows: list[int] = []
    before = token_effects._logits
    monkeypatch.setattr(token_effects, "_logits", lambda *given: rows.append(len(given[3])) or before(*given))
    found = effects(model, IDS, LENGTHS, None, "gradient")
    assert rows == [1]
    with torch.no_grad():
        logits = model.classes(IDS, LENGTHS)[0]
    assert np.allclose(found.logits, logits, atol=1e-5)
    assert found.output == int(logits.argmax())


@pytest.mark.parametrize("place", ["last", "first", "mean", "padded"])
@pytest.mark.parametrize("causal", [True, False])
def test_what_is_kept_of_nothing_is_what_the_model_says_of_it_at_every_length(
    model: Decoder, place: str, causal: bool
) -> None:
    model.reader, kept = RowReader(place), Grounds()
    for block in model.layers:
        block.self_attn.causal = causal  # type: ignore[union-attr]
    for size in (5, 3, 5, 1):
        ids, lengths = IDS.clone(), torch.tensor([size])
        ids = ids if place == "padded" else ids[:, :size]
        vectors = model.embed_tokens(ids)[0].detach()
        nothing = vectors * (torch.arange(ids.shape[1]) >= size)[:, None]
        with torch.no_grad():
            said = token_effects._logits(model, ids, lengths, nothing[None])[0]
            assert torch.allclose(kept.of(model, ids, lengths, nothing), said, atol=1e-6)
        fresh = effects(model, ids, lengths, 1, "gradient")
        assert effects(model, ids, lengths, 1, "gradient", kept).wanted == pytest.approx(fresh.wanted, abs=1e-6)


def test_nothing_is_asked_once_for_all_lengths_up_to_the_context(model: Decoder, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    kept, passes = Grounds(), []
    before = Decoder.hidden
    monkeypatch.setattr(
        Decoder, "hidden", lambda self, ids, *more: passes.append(ids.shape[1]) or before(self, ids, *more)
    )
    for size in (2, 5, 4):
        effects(model, IDS[:, :size], torch.tensor([size]), None, "occlusion", kept)
    assert passes == [16]  # a whole stretch would be 64


@pytest.mark.slow
def test_128_tokens_are_taken_apart_within_a_second_of_work_at_124m() -> None:
    shape = ModelConfig(vocab_size=50_257, context_length=1_024, emb_dim=768, n_layers=12, n_heads=12, outputs=2,
                        qkv_bias=True, tie_embeddings=False)  # fmt: skip
    large = FAMILIES.load("gpt2").build(shape).eval().requires_grad_(False)
    ids, lengths = torch.randint(0, 50_257, (1, 128)), torch.tensor([128])
    kept = Grounds()
    effects(large, ids, lengths, None, "gradient", kept)
    took = []
    for _ in range(3):
        started = time.process_time()
        effects(large, ids, lengths, None, "gradient", kept)
        took.append(time.process_time() - started)
    assert min(took) <= 1.0
