"""What tokens add to a class: exact where the sum is exact, and the same text whichever way it is filled up."""

import numpy as np
import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.insight.token_effects import METHODS, effects
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
