"""The tensors of a model as rows of a table that folds: parts of the network, and under each its tensors."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.views.record_model import Column

if TYPE_CHECKING:
    from studio.insight.health import TensorHealth


@dataclass(frozen=True)
class TensorRow:
    """A part of the network (`tensor` is empty) or one tensor of it; `gradient` is NaN where it was not measured."""

    part: str
    tensor: str
    count: int
    norm: float
    largest: float
    odd: int  # numbers that are NaN or infinite
    gradient: float = float("nan")
    folded: bool = True

    @property
    def rms(self) -> float:
        """The size of a typical number."""
        return self.norm / math.sqrt(self.count) if self.count else 0.0


def part_of(name: str) -> str:
    """The part of the network that a tensor belongs to: embeddings, a layer by its number, or the end."""
    words = name.split(".")
    if words[0] == "layers":
        return words[1]
    return "embeddings" if words[0].startswith("embed") else "end"


def part_words(part: str) -> str:
    """How a part is called on the screen."""
    return tr("layer {number}", number=part) if part.isdigit() else tr(part)


def rows_of(
    found: Sequence["TensorHealth"], gradients: Mapping[str, float], open_parts: Iterable[str]
) -> list[TensorRow]:
    """Every part, and behind the open ones their tensors, in the network's own order."""
    parts: dict[str, list[TensorHealth]] = {}
    for item in found:
        parts.setdefault(part_of(item.name), []).append(item)
    opened, rows = set(open_parts), []
    for part, items in parts.items():
        tensors = [
            TensorRow(part, item.name, item.count, item.norm, item.largest, item.nan + item.infinite,
                      gradients.get(item.name, float("nan")))
            for item in items
        ]  # fmt: skip
        rows.append(
            TensorRow(
                part, "", sum(row.count for row in tensors), math.hypot(*(row.norm for row in tensors)),
                max(row.largest for row in tensors), sum(row.odd for row in tensors),
                math.hypot(*(row.gradient for row in tensors)), part not in opened,
            )
        )  # fmt: skip
        if part in opened:
            rows += tensors
    return rows


def short_name(row: TensorRow) -> str:
    """A tensor's name without the part it stands under."""
    prefix = f"layers.{row.part}." if row.part.isdigit() else ""
    return row.tensor.removeprefix(prefix)


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "–"


def columns() -> list[Column]:
    """What the table shows of each row."""
    return [
        Column("", lambda row: None, lambda row: "" if row.tensor else "▸" if row.folded else "▾", width=28, link=True,
               said=lambda row: tr("unfold") if row.folded else tr("fold")),
        Column(tr("Part"), lambda row: row.tensor or row.part,
               lambda row: short_name(row) if row.tensor else part_words(row.part),
               tip=lambda row: row.tensor, role=lambda row: "text_quiet" if row.tensor else "text"),
        Column(tr("Numbers"), lambda row: row.count, lambda row: f"{row.count:,}", "right", 108, spare=True),
        Column(tr("Length"), lambda row: row.norm, lambda row: _number(row.norm), "right", 84),
        Column(tr("Typical"), lambda row: row.rms, lambda row: _number(row.rms), "right", 84),
        Column(tr("Gradient"), lambda row: row.gradient, lambda row: _number(row.gradient), "right", 84),
        Column(tr("No number"), lambda row: row.odd, lambda row: f"{row.odd:,}", "right", 92,
               role=lambda row: "danger" if row.odd else "text_quiet"),
    ]  # fmt: skip
