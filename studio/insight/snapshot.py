"""What a run keeps of itself at an interval: small enough for hundreds, enough to scrub through the training.

Maps are pooled by their maximum and kept in 8 bits; exact values are computed again from the nearest checkpoint.
"""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.gate.tensor_files import TensorFile
from studio.insight import health
from studio.insight.capture import Capture, capture
from studio.insight.embeddings import Basis, principal
from studio.insight.heads import probe, round_scores, text_scores, visible
from studio.insight.lens import Ids, likeliest
from studio.insight.reading import BUDGET, Doubles, Floats, Numbers
from studio.layers.decoder import Decoder
from studio.store.disk import explained
from studio.store.files import read_json, remove_folder, rename_folder, write_atomically, write_json
from studio.store.snapshots import FACTS as FACTS
from studio.store.snapshots import folder_name as folder_name

VERSION = 2  # 1 had neither the step's gradients and updates nor the text
TILE = 64  # cells along a side of a head's map
LEVELS = 254  # that a weight between 0 and 1 is rounded to; 255 stands for what is no number
NOTHING = 255
MAP_ERROR = 0.5 / LEVELS + 1e-6
CHANCE_ERROR = 2.0**-11  # of a probability in 16 bits
LENS_BYTES = 1 << 20  # of a snapshot; at 12 × 12 heads everything together stays below twice as many
TENSORS = "snapshot.safetensors"
_KINDS: dict[str, npt.DTypeLike] = {"U8": np.uint8, "I32": np.int32, "F16": np.float16, "F32": np.float32,
                                    "F64": np.float64}  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """A moment of a run. `maps` (layers, heads, side, side) in 8 bits, each cell the largest of `block` × `block`.

    `top_ids`, `top_chances` (layers + 1, time, 5) are the lens, (…, 0) where the model tells classes apart; `points`
    (sample, dimensions) are `sample`'s embeddings on `basis`, which stays that of the run's first snapshot. Norms are
    by layer: `stream` (layers + 1,) averaged over the text, `weight_norms` (layers + 2,) of embeddings, blocks and end.
    """

    step: int
    ids: tuple[int, ...]
    block: int
    maps: npt.NDArray[np.uint8]
    scores: dict[str, Doubles]
    period: int
    chance: float
    top_ids: Ids
    top_chances: npt.NDArray[np.float16]
    sample: tuple[int, ...]
    points: Floats
    basis: Basis
    stream: Floats
    weight_norms: Doubles
    not_numbers: int  # among the weights
    training: health.StepHealth  # of the step that led here
    prompt: str = ""  # `ids` as they were typed; empty where only the ids are known

    def value(self, layer: int, head: int, row: int, column: int) -> float:
        """The pooled weight that a token pair is shown with, within `MAP_ERROR` of the block's largest; NaN is NaN."""
        found = int(self.maps[layer, head, row // self.block, column // self.block])
        return float("nan") if found == NOTHING else found / LEVELS


@dataclass(frozen=True)
class Subject:
    """What every snapshot of a run looks at: a text, some tokens, and their basis (None: made from these tokens)."""

    ids: Sequence[int]
    sample: Sequence[int]
    basis: Basis | None = None
    period: int = 25
    seed: int = 0
    dimensions: int = 3
    prompt: str = ""
    says_words: bool = True  # a model that tells classes apart expects none, so there is no lens to look through


def take(
    model: Decoder, subject: Subject, step: int, training: health.StepHealth | None = None, budget: int = BUDGET
) -> Snapshot:
    """Look at the network as it is now, without leaving a trace in it or in torch's random numbers.

    `budget` bytes are what the attention weights of one layer may take; a longer text is cut.
    """
    maps: list[Numbers] = []
    seen: list[dict[str, Doubles]] = []

    def look(_layer: int, weights: Floats) -> None:
        maps.append(quantised(pooled(weights)[0]))
        seen.append(text_scores(weights, visible(model, weights.shape[-1])))

    text = capture(model, subject.ids[: _longest(model)], budget=budget, maps=look)
    again, period = probe(model, subject.period, subject.seed)
    found = round_scores(model, again, period)
    on_text = {name: np.stack([layer[name] for layer in seen]) for name in seen[0]}
    top_ids, top_chances = likeliest(model, text) if subject.says_words else _no_words(text)
    with torch.no_grad():
        sample = torch.as_tensor(list(subject.sample), device=model.embed_tokens.weight.device)
        vectors = model.embed_tokens.weight[sample].float().cpu().numpy()
    basis = subject.basis or principal(vectors, subject.dimensions)
    weights = health.weights(model)
    return Snapshot(
        step=step,
        ids=text.ids,
        block=block_width(len(text.ids)),
        maps=np.stack(maps),
        scores={**on_text, "induction": found["induction"], "duplicate": found["duplicate"]},
        period=period,
        chance=found["chance"],
        top_ids=top_ids,
        top_chances=top_chances.astype(np.float16),
        sample=tuple(int(number) for number in subject.sample),
        points=basis.project(vectors),
        basis=basis,
        stream=np.stack([np.linalg.norm(x, axis=1).mean() for x in text.residual]).astype(np.float32),
        weight_norms=health.by_layer(weights, len(model.layers)),
        not_numbers=sum(item.nan + item.infinite for item in weights),
        training=training or health.StepHealth.unknown(len(model.layers)),
        prompt=subject.prompt,
    )


def _no_words(text: Capture) -> tuple[Ids, Floats]:
    """The lens of a model that expects no words: no ids and no probabilities at any place."""
    shape = (len(text.residual), len(text.ids), 0)
    return np.empty(shape, np.int32), np.empty(shape, np.float32)


def _longest(model: Decoder) -> int:
    """Tokens whose lens, 30 bytes a place, still fits into what `LENS_BYTES` allows."""
    return max(2, LENS_BYTES // (30 * (len(model.layers) + 1)))


def block_width(time: int, side: int = TILE) -> int:
    """Tokens along the side of a pooled cell."""
    return max(1, math.ceil(time / side))


def pooled(weights: Numbers, side: int = TILE, how: str = "max") -> tuple[Numbers, int]:
    """(…, time, time) to at most (…, side, side), each cell the largest or the mean of a block; and the block's width.

    The blocks at the end may hold fewer; a NaN is seen in its block.
    """
    time = weights.shape[-1]
    block = block_width(time, side)
    edges = np.arange(0, time, block)
    join = np.maximum if how == "max" else np.add
    found = join.reduceat(join.reduceat(weights, edges, axis=-2), edges, axis=-1)
    if how != "max":
        counts = np.diff([*edges, time])
        found = found / np.outer(counts, counts)
    return found, block


def quantised(weights: Numbers) -> npt.NDArray[np.uint8]:
    """Weights between 0 and 1 in 8 bits, at most `MAP_ERROR` off; what is no number becomes `NOTHING`."""
    odd = ~np.isfinite(weights)
    levels = np.rint(np.clip(np.where(odd, 0.0, weights), 0.0, 1.0) * LEVELS).astype(np.uint8)
    found: npt.NDArray[np.uint8] = np.where(odd, np.uint8(NOTHING), levels)
    return found


# --- on disk --------------------------------------------------------------------------------------------------------


def write(folder: Path, snapshot: Snapshot) -> Path:
    """Keep a snapshot as a folder of its own in `folder`, there whole or not at all; an older one gives way."""
    from safetensors.numpy import save

    final = folder / folder_name(snapshot.step)
    unfinished = folder / f".{final.name}.{uuid.uuid4().hex[:8]}.tmp"
    raw = save({name: np.ascontiguousarray(array) for name, array in _arrays(snapshot).items()})
    with explained(tr("The snapshot of step {step}", step=f"{snapshot.step:,}"), folder, len(raw)):
        unfinished.mkdir(parents=True)
        try:
            write_atomically(unfinished / TENSORS, raw, durable=False)
            write_json(unfinished / FACTS, _facts(snapshot), durable=False)
            if final.exists():
                remove_folder(final)
            rename_folder(unfinished, final)
        finally:
            if unfinished.exists():
                remove_folder(unfinished)
    return final


def read(path: Path) -> Snapshot:
    """A snapshot as it was written; one that is damaged, newer or thinned away meanwhile is a `StudioError`."""
    facts = read_json(path / FACTS)
    if not isinstance(facts, dict) or facts.get("version") not in (1, VERSION):
        raise StudioError(
            tr("“{name}” is no snapshot this Atelier can read.", name=path.name),
            tr("It may come from a newer one; update Atelier, or delete the folder."),
        )
    try:
        arrays = _read_arrays(path / TENSORS)
        names = [name.removeprefix("scores.") for name in arrays if name.startswith("scores.")]
        basis = Basis(
            arrays["basis.mean"], arrays["basis.directions"], arrays["basis.variances"], arrays["basis.share"],
            int(facts["left_out"]),
        )  # fmt: skip
        found = Snapshot(
            step=int(facts["step"]), block=int(facts["block"]), period=int(facts["period"]),
            chance=float(facts["chance"]), not_numbers=int(facts["not_numbers"]), basis=basis,
            ids=tuple(arrays["ids"].tolist()), sample=tuple(arrays["sample"].tolist()),
            scores={name: arrays[f"scores.{name}"] for name in names},
            training=_training(arrays, facts), prompt=str(facts.get("prompt", "")),
            **{name: arrays[name] for name in _PLAIN},
        )  # fmt: skip
    except OSError as error:
        raise StudioError(
            tr("The snapshot “{name}” could not be read: {reason}.", name=path.name, reason=error.strerror or error),
            tr("It may have made room for newer ones meanwhile; look at another one."),
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise StudioError(
            tr("The snapshot “{name}” is damaged.", name=path.name), tr("Delete its folder; the run is not affected.")
        ) from error
    _check(found, path)
    return found


def _training(arrays: dict[str, Numbers], facts: dict[str, Any]) -> health.StepHealth:
    if facts["version"] == 1:
        return health.StepHealth.unknown(len(arrays["top_ids"]) - 1)
    return health.StepHealth(arrays["gradient_norms"], arrays["update_norms"], int(facts["odd_gradients"]))


_PLAIN = ("maps", "top_ids", "top_chances", "points", "stream", "weight_norms")


def _check(found: Snapshot, path: Path) -> None:
    time = len(found.ids)
    side = math.ceil(time / found.block) if found.block > 0 else -1
    layers = len(found.top_ids) - 1
    whole = (
        found.maps.shape[2:] == (side, side)
        and found.maps.shape[0] == layers
        and found.top_ids.shape == found.top_chances.shape
        and found.top_ids.shape[1:2] == (time,)
        and all(array.shape == found.maps.shape[:2] for array in found.scores.values())
        and len(found.points) == len(found.sample)
        and found.training.gradients.shape == found.training.updates.shape == found.weight_norms.shape
    )
    if not whole:
        raise StudioError(
            tr("The snapshot “{name}” is damaged: its parts do not fit together.", name=path.name),
            tr("Delete its folder; the run is not affected."),
        )


def _arrays(snapshot: Snapshot) -> dict[str, Numbers]:
    basis = snapshot.basis
    return {
        **{name: getattr(snapshot, name) for name in _PLAIN},
        **{f"scores.{name}": array for name, array in snapshot.scores.items()},
        "gradient_norms": snapshot.training.gradients,
        "update_norms": snapshot.training.updates,
        "ids": np.array(snapshot.ids, np.int32),
        "sample": np.array(snapshot.sample, np.int32),
        **{f"basis.{name}": getattr(basis, name) for name in ("mean", "directions", "variances", "share")},
    }


def _facts(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "version": VERSION,
        "step": snapshot.step,
        "block": snapshot.block,
        "period": snapshot.period,
        "chance": snapshot.chance,
        "not_numbers": snapshot.not_numbers,
        "odd_gradients": snapshot.training.not_numbers,
        "prompt": snapshot.prompt,
        "left_out": snapshot.basis.left_out,
        "map_error": MAP_ERROR,
        "map_levels": LEVELS,
        "chance_error": CHANCE_ERROR,
    }


def _read_arrays(path: Path) -> dict[str, Numbers]:
    """Every tensor of a file whose header was judged before."""
    file = TensorFile(path)
    found: dict[str, Numbers] = {}
    for name, info in file.infos.items():
        array = np.empty(info.shape, np.dtype(_KINDS[info.dtype]))
        if array.size:
            file.read_into(name, memoryview(array.data).cast("B"))
        array.flags.writeable = False
        found[name] = array
    return found


def mosaic(maps: Numbers) -> Numbers:
    """(layers, heads, side, side) to one picture (layers · side, heads · side): layers downwards, heads across."""
    layers, heads, side, other = maps.shape
    found: Numbers = maps.transpose(0, 2, 1, 3).reshape(layers * side, heads * other)
    return found
