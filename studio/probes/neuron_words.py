"""How the value of a neuron comes about, in words and as arrays: in one model, or in A less B."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.language import tr
from studio.views.token_text import visible_text

if TYPE_CHECKING:
    from studio.insight.neurons import Neurons, Scan

ABOUT = (
    "A neuron is one number of the widened middle of the feed-forward part: it looks for something in the stream and, "
    "where it is strong, writes its row of the last matrix back into it."
)


def widths_words(a: Any, b: Any) -> str:
    """Why two models' neurons cannot be subtracted; nothing where they can, or where there is one model."""
    if a is None or b is None or a.config.model.feed_forward_dim == b.config.model.feed_forward_dim:
        return ""
    return tr(
        "A has {a} neurons in a layer, B has {b}: a neuron has no counterpart in the other one. Look at A or at B "
        "alone, or compare models whose layers are equally wide.",
        a=f"{a.config.model.feed_forward_dim:,}", b=f"{b.config.model.feed_forward_dim:,}",
    )  # fmt: skip


def values_of(sides: "tuple[Neurons, ...]") -> npt.NDArray[np.float32]:
    """(time, neurons): the values of one, or A's less B's."""
    return sides[0].values if len(sides) == 1 else sides[0].values - sides[1].values


def strength(values: npt.NDArray[np.float32], less: bool) -> npt.NDArray[np.float32]:
    """By which neurons are ordered: the value, or how far from 0 a difference is; what is no number comes last."""
    return np.nan_to_num(np.abs(values) if less else values, nan=-np.inf)


def formula(found: "Neurons", scene: Any, neuron: int, row: int) -> str:
    """gelu(0.1) = 0.05, or with a gate silu(0.1) · 2 = 0.05 · 2 = 0.1."""
    value, inner = float(found.values[row, neuron]), float(found.inner[row, neuron])
    bend = scene.config.model.activation.split("_")[0]
    if found.gate is None:
        return tr("{bend}({inner}) = {value}", bend=bend, inner=f"{inner:.4f}", value=f"{value:.4f}")
    gate, bent = float(found.gate[row, neuron]), float(found.bent[row, neuron])
    return tr("{bend}({gate}) · {inner} = {bent} · {inner} = {value}", bend=bend, gate=f"{gate:.4f}",
              inner=f"{inner:.4f}", bent=f"{bent:.4f}", value=f"{value:.4f}")  # fmt: skip


def explanation(sides: "tuple[Neurons, ...]", scenes: tuple[Any, ...], place: tuple[int, int, int]) -> str:
    """The formula with the numbers of the token that is pointed at, of both models where there are two."""
    layer, neuron, row = place
    where = tr("Layer {layer} neuron {neuron} at “{token}”", layer=layer, neuron=f"{neuron:,}",
               token=visible_text(scenes[0].tokens[row]))  # fmt: skip
    made = [formula(side, scene, neuron, row) for side, scene in zip(sides, scenes, strict=True)]
    if len(made) == 1:
        return f"{tr(ABOUT)} {where}: {made[0]}."
    apart = float(sides[0].values[row, neuron] - sides[1].values[row, neuron])
    words = tr("{where}: A {a}; B {b}; A − B = {apart}.", where=where, a=made[0], b=made[1], apart=f"{apart:+.4f}")
    return f"{tr(ABOUT)} {words}"


def operands(sides: "tuple[Neurons, ...]", row: int, neuron: int) -> str:
    """Both values behind a difference; nothing where there is one."""
    if len(sides) == 1:
        return ""
    a, b = (float(side.values[row, neuron]) for side in sides)
    return tr("A {a} − B {b} = {apart}", a=f"{a:.4f}", b=f"{b:.4f}", apart=f"{a - b:+.4f}")


def numbers_of(sides: "tuple[Neurons, ...]", scan: "Scan | None") -> dict[str, npt.NDArray[Any]]:
    """The layer's neurons on the text, of two models both and their difference, and the larger text's best windows."""
    found = sides[0]
    numbers: dict[str, npt.NDArray[Any]] = {"values": found.values, "inner": found.inner}
    if found.gate is not None:
        numbers |= {"gate": found.gate, "bent": found.bent}
    if len(sides) > 1:
        numbers |= {"values_b": sides[1].values, "inner_b": sides[1].inner, "difference": values_of(sides)}
    if scan is not None and scan.layer == found.layer:
        numbers |= {"peaks": scan.peaks, "peak_windows": scan.windows, "peak_places": scan.places}
        numbers["window_starts"] = np.array(scan.starts)
    return numbers


def share_words(value: float) -> str:
    """A share of the tokens; a dash where it is not known yet."""
    return f"{100 * value:.1f} %" if np.isfinite(value) else "–"
