"""Weights straight into a model: in place, once, and refused by name where they do not fit."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.engine.weights import empty_model, fill, is_finite, refuse_too_large
from studio.families import Source
from studio.families.gpt2 import build, sources
from studio.layers.foreign_weights import scatter
from studio.layers.nf4 import Nf4Linear, Packed, await_codes, pack, quantize_blocks
from studio.layers.stored_weights import StoredWeights

pytestmark = pytest.mark.torch

CONFIG = ModelConfig(vocab_size=61, context_length=16, emb_dim=24, n_layers=2, n_heads=4, qkv_bias=True)


class Held:
    """Foreign weights in memory that remember what was read."""

    def __init__(self, tensors: Mapping[str, torch.Tensor]) -> None:
        self.tensors = dict(tensors)
        self.read_names: list[str] = []

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}

    def read(self, name: str) -> torch.Tensor:
        self.read_names.append(name)
        return self.tensors[name]

    def bytes(self) -> int:
        return sum(tensor.numel() * tensor.element_size() for tensor in self.tensors.values())


def needed(config: ModelConfig) -> dict[str, Source]:
    found = sources(config)
    if config.tie_embeddings:
        found.pop("lm_head.weight")
    return found


def outside(config: ModelConfig = CONFIG) -> tuple[Any, Held]:
    """A network and its weights as `transformers` lays them."""
    torch.manual_seed(4)
    model = build(config).eval()
    return model, Held(scatter(model.state_dict(), needed(config)))


@pytest.mark.parametrize("tied", [True, False])
def test_every_weight_lands_in_its_place(tied: bool) -> None:
    config = dataclasses.replace(CONFIG, tie_embeddings=tied)
    model, held = outside(config)
    other = empty_model(config)
    fill(other, needed(config), held, "cpu")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert (other.lm_head.weight is other.embed_tokens.weight) == tied
    assert all(parameter.requires_grad for parameter in other.parameters())
    assert not any(buffer.is_meta for buffer in other.buffers())


def test_in_four_bits_each_matrix_is_packed_as_it_comes_and_never_lies_there_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact, held = outside()
    waiting, whole = empty_model(CONFIG), []
    await_codes(waiting)

    def packed(weight: torch.Tensor) -> Packed:
        small = [module for module in waiting.modules() if isinstance(module, Nf4Linear)]
        whole.append(sum(not parameter.is_meta for module in small for parameter in module.parameters()))
        return pack(weight)

    monkeypatch.setattr("studio.layers.nf4.pack", packed)
    fill(waiting, needed(CONFIG), held, "cpu")
    assert whole == [0] * 12  # six matrices a block: not one of the others was there in full
    assert not any(tensor.is_meta for tensor in (*waiting.parameters(), *waiting.buffers()))
    monkeypatch.undo()
    quantize_blocks(exact)
    ids = torch.tensor([[1, 2, 3, 60]])
    with torch.no_grad():
        assert torch.equal(waiting.eval()(ids), exact(ids))
    assert {name for name, _ in waiting.named_parameters()} == {name for name, _ in exact.named_parameters()}


def test_a_matrix_that_is_no_number_is_refused_in_four_bits_too() -> None:
    _, held = outside()
    held.tensors["transformer.h.0.mlp.c_fc.weight"][3, 3] = float("nan")
    waiting = empty_model(CONFIG)
    await_codes(waiting)
    with pytest.raises(StudioError, match="no numbers"):
        fill(waiting, needed(CONFIG), held, "cpu")


def test_every_foreign_tensor_is_read_once_and_the_largest_first() -> None:
    _, held = outside()
    fill(empty_model(CONFIG), needed(CONFIG), held, "cpu")
    assert len(held.read_names) == len(set(held.read_names)) == len(held.tensors)
    sizes = [held.tensors[name].numel() for name in held.read_names]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_formats_are_converted_tensor_by_tensor(dtype: torch.dtype) -> None:
    model, held = outside()
    held.tensors = {name: tensor.to(dtype) for name, tensor in held.tensors.items()}
    other = empty_model(CONFIG)
    fill(other, needed(CONFIG), held, "cpu")
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert theirs.dtype == torch.float32
        assert torch.equal(mine.to(dtype).float(), theirs)


def test_foreign_memory_is_never_shared_with_the_model() -> None:
    _, held = outside()
    other = empty_model(CONFIG)
    fill(other, needed(CONFIG), held, "cpu")
    for tensor in held.tensors.values():
        tensor.zero_()
    assert all(parameter.abs().sum() > 0 for name, parameter in other.named_parameters() if "proj.weight" in name)


def test_what_is_missing_unexpected_or_of_another_shape_is_listed_by_name_before_anything_is_read() -> None:
    _, held = outside()
    held.tensors.pop("transformer.ln_f.bias")
    held.tensors["transformer.h.9.ln_1.weight"] = torch.zeros(3)
    held.tensors["transformer.wpe.weight"] = torch.zeros(8, 24)
    held.tensors["transformer.h.0.attn.c_attn.weight"] = torch.zeros(24, 24)
    with pytest.raises(StudioError) as refused:
        fill(empty_model(CONFIG), needed(CONFIG), held, "cpu")
    said = refused.value.message
    assert "missing: transformer.ln_f.bias" in said
    assert "unexpected: transformer.h.9.ln_1.weight" in said
    assert "transformer.wpe.weight is 8 × 24 instead of 16 × 24" in said
    assert "transformer.h.0.attn.c_attn.weight is 24 × 24 instead of 24 × 72" in said
    assert held.read_names == []


def test_a_long_list_is_cut() -> None:
    _, held = outside()
    held.tensors |= {f"extra.{number}": torch.zeros(1) for number in range(30)}
    with pytest.raises(StudioError, match="and 24 more"):
        fill(empty_model(CONFIG), needed(CONFIG), held, "cpu")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_no_numbers_are_refused_by_name(bad: float) -> None:
    _, held = outside()
    held.tensors["transformer.h.1.ln_2.weight"][5] = bad
    with pytest.raises(StudioError, match=r"“transformer\.h\.1\.ln_2\.weight” holds values that are no numbers"):
        fill(empty_model(CONFIG), needed(CONFIG), held, "cpu")


def test_large_finite_values_whose_sum_overflows_are_still_finite() -> None:
    assert is_finite(torch.full((4,), 3e38))
    assert not is_finite(torch.tensor([float("inf"), -float("inf")]))
    assert is_finite(torch.zeros(0))


def test_loading_stops_when_asked() -> None:
    _, held = outside()
    with pytest.raises(StudioError, match="stopped"):
        fill(empty_model(CONFIG), needed(CONFIG), held, "cpu", keep_going=lambda: len(held.read_names) < 3)
    assert len(held.read_names) == 3


@pytest.mark.parametrize(
    ("free", "words"),
    [(3.9e9, "16-bit weights (2.0 GB) or int8 weights (1.0 GB)"), (1.5e9, "with int8"), (1e8, "smaller")],
)
def test_a_model_that_cannot_fit_is_refused_with_what_would(
    monkeypatch: pytest.MonkeyPatch, free: float, words: str
) -> None:
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=int(free)))
    with pytest.raises(StudioError, match=r"“huge” takes 4\.0 GB of memory") as refused:
        refuse_too_large(1_000_000_000, "cpu", "huge")
    assert words in refused.value.hint


def test_a_model_that_fits_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=4_000))
    refuse_too_large(1_000, "cpu", "small")


@pytest.mark.slow
def test_the_peak_of_loading_is_at_most_a_tenth_above_the_model(tmp_path: Path) -> None:
    import subprocess
    import sys

    config = ModelConfig(vocab_size=50_257, context_length=1_024, emb_dim=768, n_layers=12, n_heads=12, qkv_bias=True)
    model = build(config)
    save_file(scatter(model.state_dict(), needed(config)), tmp_path / "model.safetensors")
    code = f"""
import resource, torch
from pathlib import Path
from studio.core.config import ModelConfig
from studio.engine.weights import empty_model, fill
from studio.families.gpt2 import sources
from studio.layers.stored_weights import StoredWeights
config = ModelConfig(vocab_size=50_257, context_length=1_024, emb_dim=768, n_layers=12, n_heads=12, qkv_bias=True)
where = sources(config); where.pop("lm_head.weight")
torch.zeros(512, 512) @ torch.zeros(512, 512)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model = empty_model(config)
fill(model, where, StoredWeights([Path({str(tmp_path / "model.safetensors")!r})]), "cpu")
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * 1024 / sum(4 * p.numel() for p in model.parameters()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )  # fmt: skip
    assert float(done.stdout) <= 1.1
    assert StoredWeights([tmp_path / "model.safetensors"]).bytes() > 490_000_000


def test_turned_and_shared_matrices_are_views_of_one_piece_of_memory(tmp_path: Path) -> None:
    model, held = outside()
    save_file({name: tensor.contiguous() for name, tensor in held.tensors.items()}, tmp_path / "m.safetensors")
    other = empty_model(CONFIG)
    fill(other, needed(CONFIG), StoredWeights([tmp_path / "m.safetensors"]), "cpu")
    own = other.layers[0].self_attn
    memory = {layer.weight.untyped_storage().data_ptr() for layer in (own.q_proj, own.k_proj, own.v_proj)}
    assert len(memory) == 1
    assert own.o_proj.weight.stride() == (1, CONFIG.emb_dim)
    held_bytes = {p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() for p in other.parameters()}
    assert sum(held_bytes.values()) == sum(4 * p.numel() for p in other.parameters())
    ids = torch.tensor([[3, 1, 4, 1, 5]])
    with torch.no_grad():
        torch.testing.assert_close(other(ids), model(ids), rtol=1e-5, atol=1e-6)
