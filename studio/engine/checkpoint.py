"""A checkpoint is a folder of safetensors and JSON, committed by one rename; nothing in it can run."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from studio.core.config import RunConfig, config_from_json, config_to_json
from studio.core.errors import StudioError
from studio.engine.adapters import put_adapter
from studio.engine.device import Compute
from studio.engine.weights import empty_model
from studio.gate.tensor_files import check_header
from studio.layers.decoder import Decoder
from studio.layers.lora import adapter_names
from studio.store.checkpoints import verify
from studio.store.files import read_json, write_json

VERSION = 1


@dataclass(frozen=True)
class Progress:
    """Where a run stands. With the seed that is enough to go on: data order and dropout follow from the step."""

    step: int
    tokens: int
    seconds: float
    training_loss: float | None = None
    validation_loss: float | None = None
    best_validation_loss: float | None = None
    best_measured: float | None = None
    stale: int = 0  # measurements since the best one


@dataclass(frozen=True)
class Saved:
    """What `state.json` says."""

    config: RunConfig
    compute: Compute
    progress: Progress


def write(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    saved: Saved,
    tokenizer: dict[str, Any] | None,
) -> None:
    """Write a checkpoint's files into an empty folder that the store commits; of an adapted model only the adapter.

    Weights that are not finite are refused: they could never be continued from.
    """
    if saved.config.adapter.kind == "none":
        weights = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
        refuse_non_finite(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        put_adapter(model, adapter_names(model)[0], folder, saved.config.start_from)
    save_file(_optimizer_tensors(model, optimizer), folder / "optimizer.safetensors", metadata={"format": "pt"})
    if tokenizer is not None:
        write_json(folder / "tokenizer.json", tokenizer)
    write_state(folder, saved)


def write_state(folder: Path, saved: Saved) -> None:
    """Write what `read_state` reads."""
    write_json(folder / "state.json", _state_to_json(saved))


def size_on_disk(model: nn.Module) -> int:
    """Bytes a checkpoint needs at most: weights and both moments in 32 bit, and a little for the rest."""
    frozen = adapter_names(model)  # the base stays where it is
    return 12 * sum(p.numel() for p in model.parameters() if p.requires_grad or not frozen) + (1 << 20)


def refuse_non_finite(weights: dict[str, Tensor]) -> None:
    """Raise a `StudioError` that names the first tensor with a NaN or an infinity in it."""
    for name, tensor in weights.items():
        if not bool(torch.isfinite(tensor).all()):
            raise StudioError(
                f"The weights in {name} are no longer finite, so they were not saved.",
                "Resume from the last checkpoint.",
            )


def _optimizer_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    tensors = {}
    for name, parameter in model.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{name}.{key}"] = value.detach().contiguous()
    return tensors


def _state_to_json(saved: Saved) -> dict[str, Any]:
    return {
        "version": VERSION,
        "config": config_to_json(saved.config),
        "compute": dataclasses.asdict(saved.compute),
        **dataclasses.asdict(saved.progress),
    }


def read_state(folder: Path) -> Saved:
    """What a checkpoint says about itself, without its tensors."""
    data = read_json(folder / "state.json")
    if data.get("version", 0) > VERSION:
        raise StudioError(
            f"The checkpoint {folder.name} was written by a newer Atelier.", "Open it there, or update Atelier."
        )
    fields = {field.name for field in dataclasses.fields(Progress)}
    progress = Progress(**{name: value for name, value in data.items() if name in fields})
    return Saved(config_from_json(data["config"]), Compute(**data["compute"]), progress)


def load_model(folder: Path, device: str) -> tuple[Decoder, Saved]:
    """The model of a checkpoint on `device`, read straight into place, and what it says about itself."""
    verify(folder)
    saved = read_state(folder)
    model = empty_model(saved.config.model)
    put_weights(model, _read(folder / "model.safetensors", device), saved.config.model.tie_embeddings)
    return model, saved


def put_weights(model: Decoder, weights: dict[str, Tensor], tied: bool) -> None:
    """Hand `weights` to a model made on the meta device; whatever is missing, unexpected or misshapen is named."""
    expected = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    missing = sorted(expected.keys() - weights.keys())
    unexpected = sorted(weights.keys() - expected.keys())
    misshapen = [name for name in expected.keys() & weights.keys() if tuple(weights[name].shape) != expected[name]]
    if missing or unexpected or misshapen:
        found = [("missing", missing), ("unexpected", unexpected), ("of another shape", sorted(misshapen))]
        listed = "; ".join(f"{word}: {', '.join(names[:4])}" for word, names in found if names)
        raise StudioError(
            f"These weights belong to another model ({listed}).", "Choose a checkpoint of the same shape."
        )
    model.load_state_dict(weights, strict=False, assign=True)
    if tied:
        model.lm_head.weight = model.embed_tokens.weight
    for parameter in model.parameters():
        parameter.requires_grad_(True)


def load_optimizer(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, device: str) -> None:
    """Put the moments of a checkpoint back; parameters that never moved have none."""
    tensors = _read(folder / "optimizer.safetensors", device)
    for name, parameter in model.named_parameters():
        state = {
            key: tensors[f"{name}.{key}"] for key in ("exp_avg", "exp_avg_sq", "step") if f"{name}.{key}" in tensors
        }
        if state:
            optimizer.state[parameter] = state


def _read(path: Path, device: str) -> dict[str, Tensor]:
    check_header(path)
    tensors: dict[str, Tensor] = load_file(path, device=device)
    return tensors
