"""The book's `.pth` files and older weights: known by their names, converted behind the guard, never simply loaded."""

import gc
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from studio.core.errors import StudioError
from studio.exchange import book_checkpoint
from studio.exchange.book_checkpoint import open_file, recognises
from tests.exchange.small_models import model_of, weights_of
from tests.gate.torch_files import called, pickle_of, put, tensor

pytestmark = pytest.mark.torch


class BookNorm(nn.Module):
    """The book's LayerNorm, by its names."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.rand(width) + 0.5), nn.Parameter(torch.randn(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (
            self.scale * (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt()
            + self.shift
        )


class BookAttention(nn.Module):
    """Chapter 3's attention, by its names and with its mask among the buffers."""

    def __init__(self, width: int, context: int, bias: bool) -> None:
        super().__init__()
        self.W_query, self.W_key, self.W_value = (nn.Linear(width, width, bias=bias) for _ in range(3))
        self.out_proj = nn.Linear(width, width)
        self.register_buffer("mask", torch.triu(torch.ones(context, context), diagonal=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time, width = x.shape
        queries, keys, values = (
            part(x).view(batch, time, -1, 64).transpose(1, 2) for part in (self.W_query, self.W_key, self.W_value)
        )
        scores = (queries @ keys.transpose(2, 3)).masked_fill(self.mask.bool()[:time, :time], -torch.inf)
        mixed = (scores / 8).softmax(-1) @ values
        return self.out_proj(mixed.transpose(1, 2).reshape(batch, time, width))


class BookGelu(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.gelu(x, approximate="tanh")


class BookFeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, 4 * width), BookGelu(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class BookBlock(nn.Module):
    def __init__(self, width: int, context: int, bias: bool) -> None:
        super().__init__()
        self.att, self.ff = BookAttention(width, context, bias), BookFeedForward(width)
        self.norm1, self.norm2 = BookNorm(width), BookNorm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.att(self.norm1(x))
        return x + self.ff(self.norm2(x))


class BookModel(nn.Module):
    """Chapter 4's GPTModel, by its names."""

    def __init__(self, vocabulary: int = 90, width: int = 128, context: int = 16, bias: bool = False) -> None:
        super().__init__()
        self.tok_emb, self.pos_emb = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.trf_blocks = nn.Sequential(*(BookBlock(width, context, bias) for _ in range(2)))
        self.final_norm = BookNorm(width)
        self.out_head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.tok_emb(ids) + self.pos_emb(torch.arange(ids.shape[1]))
        return self.out_head(self.final_norm(self.trf_blocks(x)))


IDS = torch.tensor([[1, 5, 89, 3]])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pth"


@pytest.mark.parametrize("bias", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_model_of_the_book_answers_as_the_books_code_does(path: Path, bias: bool) -> None:
    model = BookModel(bias=bias).eval()
    torch.save(model.state_dict(), path)
    assert recognises(path)
    found = open_file(path)
    assert (found.config.family, found.config.emb_dim, found.config.context_length) == ("gpt2", 128, 16)
    assert (found.config.n_layers, found.config.n_heads, found.config.qkv_bias) == (2, 2, bias)
    assert not found.config.tie_embeddings
    assert any("2 are assumed" in sentence for sentence in found.warnings)
    assert any("token ids only" in sentence for sentence in found.warnings)
    assert "trf_blocks.0.att.mask" not in found.tensors.shapes()
    with torch.no_grad():
        torch.testing.assert_close(model_of(found)(IDS), model(IDS), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_weights_beside_an_optimizer_or_of_a_compiled_model_are_found(path: Path) -> None:
    model = BookModel()
    optimizer = torch.optim.AdamW(model.parameters())
    model(IDS).square().mean().backward()
    optimizer.step()
    torch.save({"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}, path)
    found = weights_of(open_file(path))
    assert torch.equal(found["layers.1.mlp.down_proj.weight"], model.trf_blocks[1].ff.layers[2].weight)
    torch.save({f"_orig_mod.{name}": value for name, value in model.state_dict().items()}, path)
    assert torch.equal(weights_of(open_file(path))["norm.bias"], model.final_norm.shift)


@pytest.mark.slow
def test_what_the_guard_wrote_goes_away_with_its_last_reader(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    converted = book_checkpoint.__dict__["tempfile"].TemporaryDirectory

    def noted(*arguments: Any, **named: Any) -> Any:
        folder = converted(*arguments, **named)
        made.append(Path(folder.name))
        return folder

    monkeypatch.setattr("studio.exchange.book_checkpoint.tempfile.TemporaryDirectory", noted)
    torch.save(BookModel().state_dict(), path)
    found = open_file(path)
    folder = next(one for one in made if (one / "weights.safetensors").is_file())
    del found
    gc.collect()
    assert not folder.exists()


def test_a_payload_never_runs_and_is_named(path: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    state = {"trf_blocks.0.att.W_query.weight": tensor(), "x": called("os.system", f"touch {canary}")}
    put(path, {"data.pkl": pickle_of(state), "data/0": bytes(24)})
    assert recognises(path)
    with pytest.raises(StudioError, match="system") as refused:
        open_file(path)
    assert not canary.exists()
    assert "weights_only" not in str(refused.value)


def test_a_classifier_and_a_part_of_a_model_are_refused_with_the_reason(path: Path) -> None:
    state = dict(BookModel().state_dict())
    torch.save({**state, "out_head.weight": torch.zeros(2, 128)}, path)
    with pytest.raises(StudioError, match="2 classes"):
        open_file(path)
    del state["pos_emb.weight"]
    torch.save(state, path)
    with pytest.raises(StudioError, match="not a whole model"):
        open_file(path)


def test_weights_that_nothing_explains_are_refused_before_they_are_converted(path: Path) -> None:
    torch.save(nn.Linear(3, 2).state_dict(), path)
    with pytest.raises(StudioError, match="nothing says of which model"):
        open_file(path)


@pytest.mark.slow
def test_older_weights_beside_their_config_become_the_same_model(theirs: Any, tmp_path: Path) -> None:
    model = theirs("llama")
    model.save_pretrained(tmp_path)
    for one in tmp_path.glob("*.safetensors"):
        one.unlink()
    path = tmp_path / "pytorch_model.bin"
    torch.save(model.state_dict(), path)
    assert recognises(path)
    found = open_file(path)
    assert found.title == tmp_path.name
    assert found.facts["origin"] == str(path)
    with torch.no_grad():
        torch.testing.assert_close(model_of(found)(IDS), model(IDS).logits, rtol=1e-5, atol=1e-5)


def test_a_config_that_lies_leaves_nothing_behind(path: Path, tmp_path: Path) -> None:
    torch.save({"model.norm.weight": torch.ones(2)}, path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", "num_hidden_layers": 10**12}))
    before = set(Path(os.path.realpath(os.environ.get("TMPDIR", "/tmp"))).glob("atelier-import-*"))
    with pytest.raises(StudioError):
        open_file(path)
    assert set(Path(os.path.realpath(os.environ.get("TMPDIR", "/tmp"))).glob("atelier-import-*")) <= before


def test_only_what_looks_like_pytorch_is_recognised(tmp_path: Path) -> None:
    for name, content, known in (
        ("a.pth", b"PK\x03\x04", True), ("a.bin", b"\x80\x02\x8a", True), ("a.bin", b"\x00\x01", False),
        ("a.txt", b"PK\x03\x04", False), ("a.pt", b"\x80\x04", True), ("a.pth", b"", False),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        assert recognises(tmp_path / name) is known
    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "missing.pth")
