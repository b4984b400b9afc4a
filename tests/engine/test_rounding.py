"""What a number format is entitled to: a right copy passes in every precision, a wrong one in none."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.shelf import EXCHANGES
from studio.engine import export as exporting
from studio.engine import rounding
from studio.engine.adopt import adopt
from studio.engine.export import PROMPTS, export
from studio.engine.rounding import entitled, rounded, stored_kind
from studio.exchange import Exchange, Outgoing
from studio.store.project import Project

pytestmark = pytest.mark.torch
ROUNDING = ("F16", "BF16", "Q8_0", "Q4_0")


@pytest.fixture
def stories(data_folder: Path, tmp_path: Path) -> Path:
    """A real small Llama, eight heads over four, whose four-bit copy answers quite differently."""
    return adopt(data_folder / "stories260K.bin", Project.create(tmp_path / "home").path, "stories").folder


def test_a_right_copy_passes_in_every_precision_and_tells_what_rounding_costs(stories: Path, tmp_path: Path) -> None:
    errors = []
    for precision in ("f32", "f16", "q8_0", "q4_0"):
        done = export(stories, "gguf", tmp_path / f"{precision}.gguf", {"precision": precision})
        assert done.path.is_file()
        assert any(f"{PROMPTS - done.same} of {PROMPTS}" in note for note in done.notes) is (done.same < PROMPTS)
        errors.append(done.error)
    assert errors == sorted(errors)
    assert errors[0] < 1e-4
    assert errors[-1] > 1  # four bits change what so small a model says: a limit on that would refuse a right copy


class Wrong:
    """A model on its way out in which one tensor is not what it should be."""

    def __init__(self, outgoing: Outgoing, name: str, change: Callable[[Tensor], Tensor]) -> None:
        self._tensors, self._name, self._change = outgoing.tensors, name, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tensors, name)

    def read(self, name: str) -> Tensor:
        tensor = self._tensors.read(name)
        return self._change(tensor.clone()) if name == self._name else tensor


def swapped_rows(tensor: Tensor) -> Tensor:
    return tensor[[1, 0, *range(2, len(tensor))]]


def pairs_in_place_of_halves(tensor: Tensor) -> Tensor:
    """The order of a head's rows in which llama.cpp turns them, taken for ours."""
    heads = tensor.view(-1, 4, 2, tensor.shape[-1])  # heads of 8 rows
    return heads.transpose(1, 2).reshape(tensor.shape)


@pytest.mark.parametrize(
    ("precision", "name", "change"),
    [
        ("q4_0", "layers.0.mlp.up_proj.weight", swapped_rows),
        ("q4_0", "layers.2.self_attn.k_proj.weight", pairs_in_place_of_halves),
        ("q8_0", "layers.4.self_attn.q_proj.weight", pairs_in_place_of_halves),
        ("f16", "embed_tokens.weight", swapped_rows),
        ("q4_0", "norm.weight", lambda tensor: tensor * 1.001),
    ],
)
def test_a_copy_with_one_thing_wrong_is_refused_in_every_precision(
    stories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    precision: str, name: str, change: Callable[[Tensor], Tensor],
) -> None:  # fmt: skip
    real = EXCHANGES.load("gguf")

    def write(outgoing: Outgoing, folder: Path, options: Mapping[str, Any]) -> None:
        wrong: Any = Wrong(outgoing, name, change)
        real.write(dataclasses.replace(outgoing, tensors=wrong), folder, options)

    item = Exchange("wrong", "Wrong GGUF", "", real.recognises, real.open, write)
    monkeypatch.setattr(exporting, "EXCHANGES", SimpleNamespace(load=lambda name: item))
    with pytest.raises(StudioError, match="does not answer like the model"):
        export(stories, "wrong", tmp_path / "out.gguf", {"precision": precision})
    assert not (tmp_path / "out.gguf").exists()


def test_a_format_that_rounds_further_than_it_may_is_refused(
    stories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coarse = rounding.rounded
    monkeypatch.setattr(rounding, "rounded", lambda weight, kind: coarse(coarse(weight, kind) * 1.2, kind))
    with pytest.raises(StudioError, match="rounded further than Q8_0"):
        export(stories, "gguf", tmp_path / "out.gguf", {"precision": "q8_0"})


@pytest.mark.parametrize("kind", ROUNDING)
@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e4])
def test_rounding_stays_within_what_a_format_is_entitled_to_and_needs_most_of_it(kind: str, scale: float) -> None:
    weight = scale * torch.randn(64, 256)
    error, most = (rounded(weight, kind) - weight).abs(), entitled(weight, kind)
    assert most.shape == weight.shape
    assert bool((error <= most).all())
    assert float((error / most).max()) > 0.5
    assert torch.equal(rounded(rounded(weight, kind), kind), rounded(weight, kind)) or kind in ("Q8_0", "Q4_0")


def test_what_is_not_rounded_may_not_move_at_all() -> None:
    weight = torch.randn(3, 5)
    assert torch.equal(rounded(weight, "F32"), weight)
    assert not entitled(weight, "F32").any()


def test_a_file_that_does_not_tell_its_format_holds_plain_numbers() -> None:
    assert stored_kind(SimpleNamespace(), "w") == "F32"  # type: ignore[arg-type]
    assert stored_kind(SimpleNamespace(element=lambda name: "BF16"), "w") == "BF16"  # type: ignore[arg-type]
    both = SimpleNamespace(element=lambda name: "F32", kind=lambda name: "Q8_0")
    assert stored_kind(both, "w") == "Q8_0"  # type: ignore[arg-type]
