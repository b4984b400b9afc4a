"""What a chart shows and where it stands in a picture of a certain size."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QPolygonF

from studio.curves.axis import Scale, count_text, tick_text, ticks, time_text, time_ticks
from studio.curves.item import Curve, Mark, Reference
from studio.widgets.look import Look

Floats = npt.NDArray[np.float64]
_FAR = 1e5  # pixels beyond which a coordinate is cut, so that no rasterizer overflows
ROW = 12.0  # height of a row of marks
CAPTION = 20.0
LABELS = 22.0
KINDS = ("checkpoint", "sample")


@dataclass
class Scene:
    """Everything a picture shows, apart from its size."""

    curves: list[Curve] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    axis: str = "step"
    smoothing: float = 0.0
    empty: str = ""
    total: int = 0  # planned steps; 0: unknown

    @property
    def blank(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.references and not any(curve.visible and len(curve) for curve in self.curves)


@dataclass(frozen=True)
class Frame:
    """Where things stand in a picture of a certain size."""

    area: QRectF
    x: Scale
    y: Scale
    x_ticks: list[float]
    y_ticks: list[float]
    rows: tuple[str, ...]  # kinds of marks that have a row
    caption: bool

    def row_y(self, kind: str) -> float:
        """The middle of a kind's row of marks."""
        return self.area.bottom() + 11.0 + ROW * self.rows.index(kind)


def make_frame(
    look: Look,
    size: tuple[float, float],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    scene: Scene,
    logarithmic: bool = False,
) -> Frame:
    """Lay out axis, rows of marks and labels for a picture of (width, height)."""
    width, height = size
    metrics = QFontMetricsF(look.font(11))
    rows = tuple(kind for kind in KINDS if any(mark.kind == kind for mark in scene.marks))
    caption = bool(rows) and height >= 240
    below = LABELS + (ROW * len(rows) + 6 if rows else 0) + (CAPTION if caption else 0)
    top, bottom = 8.0, max(40.0, height - below)
    y_ticks = [] if scene.blank else ticks(*y_range, max(2, round((bottom - top) / 60)), logarithmic)
    labels = [tick_text(value, y_ticks) for value in y_ticks]
    left = max([28.0, *(metrics.horizontalAdvance(label) + 12 for label in labels)])
    right = max(left + 40.0, width - 16.0)
    maximum = max(2, round((right - left) / 96))
    x_ticks = _x_ticks(x_range, maximum, scene)
    return Frame(
        QRectF(left, top, right - left, bottom - top), Scale(*x_range, left, right),
        Scale(*y_range, bottom, top, logarithmic), x_ticks, y_ticks, rows, caption,
    )  # fmt: skip


def _x_ticks(span: tuple[float, float], most: int, scene: Scene) -> list[float]:
    """Round places; the planned end stands as itself instead of a round one just before it."""
    if scene.blank and not (scene.total and scene.axis == "step"):
        return []
    found = (time_ticks if scene.axis == "time" else ticks)(*span, most)
    if scene.axis != "step":
        return found
    found = [value for value in found if value == round(value)]
    if span[1] == scene.total:
        room = 0.6 * (span[1] - span[0]) / most
        found = [value for value in found if value <= span[1] - room] + [span[1]]
    return found


def axis_text(value: float, most: float, axis: str) -> str:
    """A label under the axis."""
    return time_text(value) if axis == "time" else count_text(value, most)


def polygon(x: Floats, y: Floats) -> QPolygonF:
    """Points from two arrays, written straight into Qt's memory."""
    shape = QPolygonF()
    if not len(x):
        return shape  # Qt has no memory for it that could be written into
    shape.resize(len(x))
    memory: Any = shiboken6.VoidPtr(shape.data(), 16 * len(x), True)  # type: ignore[call-arg, arg-type]
    points = np.frombuffer(memory, dtype=np.float64).reshape(-1, 2)
    points[:, 0], points[:, 1] = x, y
    return shape


def pixels(scale: Scale, values: Floats) -> Floats:
    """`Scale.pixel` for an array; NaN stays NaN, what is far outside is cut."""
    low, high = scale.low, scale.high
    if scale.logarithmic:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(values > 0, np.log10(values), np.where(np.isnan(values), np.nan, -300.0))
        low, high = float(np.log10(low)), float(np.log10(high))
    spread = (high - low) or 1.0
    placed = scale.start + (values - low) / spread * (scale.end - scale.start)
    return np.asarray(np.clip(placed, -_FAR, _FAR))


def finite_runs(finite: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and past-last position of each unbroken stretch."""
    if len(finite) and finite.all():
        yield 0, len(finite)
        return
    edges = np.flatnonzero(np.diff(np.concatenate(([0], finite.astype(np.int8), [0]))))
    yield from zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True)
