"""Weights from any file straight into a model: tensor by tensor, in place, nothing held twice."""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.exchange import Tensors
from studio.families import Source
from studio.layers.decoder import Decoder
from studio.layers.foreign_weights import share_of
from studio.layers.hollow import hollow
from studio.layers.nf4 import Nf4Linear
from studio.layers.stored_weights import ELEMENTS, StoredWeights
from studio.store.disk import size_text

LISTED = 6  # names of a kind in a refusal
SCRATCH = 32 << 20  # bytes; tensors that are converted pass through here while they are in the cache


def parts_of(sources: Mapping[str, Source], names: Mapping[str, object]) -> dict[str, dict[str, Source]]:
    """Foreign tensor to the tensors of ours that lie in it; only those in `names`."""
    found: dict[str, dict[str, Source]] = {}
    for ours, source in sources.items():
        if ours in names:
            found.setdefault(source.name, {})[ours] = source
    return found


def empty_model(config: ModelConfig) -> Decoder:
    """The network of a config without memory behind its weights."""
    with hollow():
        model: Decoder = FAMILIES.load(config.family).build(config)
    return model


def expected_shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight, a tied one once."""
    return {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}


def own_weights(folder: Path) -> StoredWeights:
    """The weights of a checkpoint or of a model of a project; where only an adapter lies, a `StudioError`."""
    if (folder / "adapter.safetensors").is_file():
        raise StudioError(
            f"“{folder.name}” holds only an adapter, not the weights of a whole model.",
            "Start a run from it, which merges the adapter into its base, or choose the base.",
        )
    return StoredWeights([folder / "model.safetensors"], mapped=True)


def own_sources(model: nn.Module) -> dict[str, Source]:
    """Our own files hold every weight under its own name."""
    return {name: Source(name) for name in expected_shapes(model)}


def refuse_misfits(expected: Mapping[str, tuple[int, ...]], sources: Mapping[str, Source], tensors: Tensors) -> None:
    """Compare by shapes alone, before anything is read; what is missing, unexpected or of another shape is named."""
    stored = tensors.shapes()
    missing = sorted(
        sources[ours].name if ours in sources else ours
        for ours in expected
        if ours not in sources or sources[ours].name not in stored
    )
    used = {source.name for source in sources.values()}
    unexpected = sorted(set(stored) - used - {"lm_head.weight"})
    misshapen = sorted(
        f"{source.name} is {_times(stored[source.name])} instead of {_times(_as_stored(expected[ours], source))}"
        for ours, source in sources.items()
        if ours in expected and source.name in stored and stored[source.name] != _as_stored(expected[ours], source)
    )
    if missing or unexpected or misshapen:
        found = (("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen))
        listed = "\n".join(f"{word}: {_some(names)}" for word, names in found if names)
        raise StudioError(
            f"The weights do not fit the model's description.\n{listed}",
            "The files belong to different models, or one of them is damaged. Get the model again from its source.",
        )


def _as_stored(shape: tuple[int, ...], source: Source) -> tuple[int, ...]:
    turned = shape[::-1] if source.transposed else shape
    return (*turned[:-1], turned[-1] * source.parts)


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(str(size) for size in shape) or "a single number"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def refuse_too_large(parameters: int, device: str, title: str) -> None:
    """Say before loading that a model cannot fit in the free memory, and which number formats would."""
    import psutil

    have = torch.cuda.mem_get_info()[0] if device == "cuda" else psutil.virtual_memory().available
    if 4 * parameters <= have:
        return
    formats = [
        (name, bytes_each * parameters)
        for name, bytes_each in (("16-bit", 2), ("int8", 1))
        if bytes_each * parameters <= have
    ]
    would = " or ".join(f"{name} weights ({size_text(size)})" for name, size in formats)
    raise StudioError(
        f"The model “{title}” takes {size_text(4 * parameters)} of memory; {size_text(have)} are free.",
        f"It would fit with {would}." if would else "Choose a smaller model, or close other programs.",
    )


def fill(
    model: Decoder,
    sources: Mapping[str, Source],
    tensors: Tensors,
    device: str,
    dtype: torch.dtype = torch.float32,
    keep_going: Callable[[], bool] = lambda: True,
) -> None:
    """Give a model from `empty_model` its weights on `device`, the largest first so that the peak stays low.

    Each foreign tensor becomes one piece of memory, and ours are views of it: turned ones by their strides alone, which
    products take as they are (it is the order that `quantize.turn` makes), and several that share it side by side.
    """
    expected = expected_shapes(model)
    refuse_misfits(expected, sources, tensors)
    tied = model.lm_head.weight is model.embed_tokens.weight
    groups, stored = parts_of(sources, expected), tensors.shapes()
    reader = _Reader(tensors, dtype if device == "cpu" else None)
    modules = dict(model.named_modules())
    for foreign in sorted(groups, key=lambda name: -math.prod(stored[name])):
        if not keep_going():
            raise StudioError("Loading was stopped.", "The model that was loaded before is still there.")
        theirs, own = reader.read(foreign)
        refuse_non_finite(theirs, foreign)
        whole = theirs if own else torch.empty_like(theirs, dtype=dtype, device=device).copy_(theirs)
        for ours, source in groups[foreign].items():
            place, _, leaf = ours.rpartition(".")
            _set(modules[place], leaf, share_of(whole, source))
    if tied:
        model.lm_head.weight = model.embed_tokens.weight


class _Reader:
    """Reads foreign tensors: those that can stay as they are into memory of their own, others over one another.

    `dtype` is the type in which a tensor may stay; None where none may.
    """

    def __init__(self, tensors: Tensors, dtype: torch.dtype | None) -> None:
        self._tensors, self._dtype = tensors, dtype
        self._scratch = torch.empty(SCRATCH, dtype=torch.uint8)

    def read(self, foreign: str) -> tuple[Tensor, bool]:
        """The tensor, and whether its memory may become a weight's."""
        if not isinstance(self._tensors, StoredWeights):
            return self._tensors.read(foreign), False
        if ELEMENTS[self._tensors.element(foreign)] == self._dtype:
            return self._tensors.read(foreign), True
        fits = self._tensors.bytes_of(foreign) <= SCRATCH
        return self._tensors.read(foreign, self._scratch if fits else None), False


def finite_shares(theirs: Tensor, foreign: str, parts: Mapping[str, Source]) -> Iterator[tuple[str, Tensor]]:
    """Our tensors inside one foreign tensor; numbers that are none are refused by name."""
    refuse_non_finite(theirs, foreign)
    for ours, source in parts.items():
        yield ours, share_of(theirs, source)


def refuse_non_finite(theirs: Tensor, foreign: str) -> None:
    """Refuse numbers that are none, by the tensor's name."""
    if not is_finite(theirs):
        raise StudioError(
            f"The tensor “{foreign}” holds values that are no numbers (NaN or infinite).",
            "The model is damaged, or was saved after its training failed. Get it again from its source.",
        )


def is_finite(tensor: Tensor) -> bool:
    """Whether every value is a finite number; the sum tells it for all of them in one pass in nearly every case."""
    if tensor.numel() == 0 or math.isfinite(tensor.sum(dtype=torch.float32).item()):
        return True
    return bool(torch.isfinite(tensor).all())


def _set(module: nn.Module, leaf: str, tensor: Tensor) -> None:
    if isinstance(module, Nf4Linear):
        module.take(leaf, tensor)
    else:
        setattr(module, leaf, nn.Parameter(tensor))
