"""Several texts in one row, and padding behind them, know nothing of one another."""

import dataclasses

import pytest
import torch

from studio.core.config import ModelConfig
from studio.layers.assembly import decoder
from studio.layers.decoder import places_within

pytestmark = pytest.mark.torch
SHAPES = {
    "learned": ModelConfig(vocab_size=50, context_length=16, emb_dim=16, n_layers=2, n_heads=2),
    "rotary, shared keys": ModelConfig(
        vocab_size=50, context_length=16, emb_dim=16, n_layers=2, n_heads=4, n_kv_heads=2, positions="rotary"
    ),
    "window": ModelConfig(vocab_size=50, context_length=16, emb_dim=16, n_layers=2, n_heads=2, sliding_window=3),
    "both ways": ModelConfig(vocab_size=50, context_length=16, emb_dim=16, n_layers=2, n_heads=2, causal=False),
}


@pytest.mark.parametrize("name", SHAPES)
def test_packed_texts_are_what_each_is_alone(name: str) -> None:
    torch.manual_seed(0)
    model = decoder(SHAPES[name]).eval()
    first, second = torch.tensor([[3, 4, 5, 6]]), torch.tensor([[7, 8, 9]])
    row, texts = torch.cat([first, second, torch.tensor([[0, 0]])], dim=1), torch.tensor([[0, 0, 0, 0, 1, 1, 1, 2, 2]])
    packed = model.hidden(row, texts=texts)
    torch.testing.assert_close(packed[:, :4], model.hidden(first), atol=1e-6, rtol=0)
    torch.testing.assert_close(packed[:, 4:7], model.hidden(second), atol=1e-6, rtol=0)


def test_a_token_of_another_text_changes_nothing() -> None:
    torch.manual_seed(0)
    model = decoder(dataclasses.replace(SHAPES["both ways"])).eval()
    texts = torch.tensor([[0, 0, 1, 1]])
    one, other = (model.hidden(torch.tensor([[3, 4, *end]]), texts=texts)[:, :2] for end in ((5, 6), (30, 40)))
    assert torch.equal(one, other)


def test_places_are_counted_from_the_beginning_of_each_text() -> None:
    found = places_within(torch.tensor([[0, 0, 1, 1, 1, 2], [4, 4, 4, 4, 4, 4]]))
    assert found.tolist() == [[0, 1, 0, 1, 2, 0], [0, 1, 2, 3, 4, 5]]


def test_a_head_for_classes_has_as_many_outputs_and_a_bias_only_where_asked() -> None:
    words = SHAPES["learned"]
    with_bias = decoder(dataclasses.replace(words, outputs=3, outputs_bias=True, tie_embeddings=False))
    without = decoder(dataclasses.replace(words, outputs=3, tie_embeddings=False))
    assert with_bias.lm_head.weight.shape == (3, 16)
    assert with_bias.lm_head.bias is not None
    assert without.lm_head.bias is None
