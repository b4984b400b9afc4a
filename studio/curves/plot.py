"""A chart of growing curves: the loss of a run, or of many runs over one another.

Drawn with QPainter rather than with pyqtgraph: nothing to import before the first chart, the marks, the card and the
axis as they are designed, and a frame of a million points that costs what its pixels cost. Its ground is `surface`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import shiboken6
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.history import History
from studio.core.language import tr
from studio.curves.axis import AXES
from studio.curves.canvas import CurveCanvas
from studio.curves.export import export
from studio.curves.header import MOST_SMOOTHING, CurveHeader
from studio.curves.item import Curve, Mark, Reference, between, convert
from studio.widgets.look import Look

__all__ = ["CurvePlot", "Mark"]


class CurvePlot(QWidget):
    """Curves over step, tokens or time, with header, zoom, hover card, marks, published points and export."""

    mark_clicked = Signal(str, int)  # kind, step
    hovered = Signal(object)  # the step under the pointer, or None
    smoothing_changed = Signal(float)
    axis_changed = Signal(str)
    saved = Signal(str)  # path of an exported file
    save_failed = Signal(str, str)  # message and hint, for a banner

    def __init__(self, look: Look, title: str = "", *, header: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._group: list[CurvePlot] = [self]
        self._header = CurveHeader(look, title, self)
        self._header.setVisible(header)
        self.canvas = CurveCanvas(look, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._header)
        column.addWidget(self.canvas, 1)
        self.set_title(title)
        self._connect()

    def _connect(self) -> None:
        header, canvas = self._header, self.canvas
        header.legend.toggled.connect(self.set_visible)
        header.smoothing_changed.connect(self._choose_smoothing)
        header.scale_changed.connect(self._choose_scale)
        header.axis_changed.connect(self._choose_axis)
        header.export_requested.connect(self._ask_where)
        header.reset_requested.connect(self.reset_view)
        header.follow_changed.connect(self.set_follow)
        canvas.mark_clicked.connect(self.mark_clicked)
        canvas.hover_moved.connect(self._hover_moved)
        canvas.view_changed.connect(self._view_changed)

    @property
    def names(self) -> list[str]:
        """Names of the series, in the legend's order."""
        return [curve.name for curve in self.canvas.scene.curves]

    def add_series(
        self, name: str, label: str, color: int | str = 0, *, unit: str = "", dashed: bool = False,
        smoothed: bool = True,
    ) -> None:  # fmt: skip
        """`color` is an index into the theme's series (wraps round) or a role; an existing name is described anew."""
        old = self._curve(name)
        curve = Curve(name, label, color, unit, dashed, smoothed)
        if old is not None:
            curve = replace(curve, visible=old.visible, history=old.history)
            self.canvas.scene.curves[self.names.index(name)] = curve
        else:
            self.canvas.scene.curves.append(curve)
        self._renamed()

    def remove_series(self, name: str) -> None:
        """Take one curve away; unknown names are fine."""
        self.canvas.scene.curves = [curve for curve in self.canvas.scene.curves if curve.name != name]
        self.canvas.forget()
        self._renamed()

    def clear(self) -> None:
        """Take away all series, marks and published points."""
        scene = self.canvas.scene
        scene.curves, scene.marks, scene.references = [], [], []
        self.canvas.view.reset()
        self.canvas.forget()
        self._renamed()

    def set_history(self, name: str, history: History | None) -> None:
        """Show this History under a name that was added; call `refresh()` after it has grown."""
        if (curve := self._curve(name)) is None:
            raise KeyError(name)
        if curve.history is not history:
            curve.history = history
            self.canvas.forget()
            self.canvas.grown()

    def set_visible(self, name: str, visible: bool) -> None:
        """Hide or show one curve, as a click in the legend does."""
        curve = self._curve(name)
        if curve is not None and curve.visible != visible:
            curve.visible = visible
            for entry in self._header.legend.entries():
                if entry.name == name:
                    entry.setChecked(visible)
            self.canvas.redraw()

    def refresh(self) -> None:
        """Histories have grown: draw once."""
        self.canvas.grown()

    def set_total(self, steps: int) -> None:
        """Planned steps, so that the curve grows into the space; 0: unknown."""
        if steps != self.canvas.scene.total:
            self.canvas.scene.total = steps
            self.canvas.redraw()

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Checkpoints and samples, in the order of their steps."""
        if list(marks) != self.canvas.scene.marks:
            self.canvas.scene.marks = list(marks)
            if self.canvas.mark is not None and self.canvas.mark not in marks:
                self.canvas.forget()
            self.canvas.redraw()

    def set_points(
        self, name: str, label: str, steps: Sequence[float], values: Sequence[float], color: int | str = "text_quiet"
    ) -> None:
        """Published reference points: hollow diamonds on a dashed line; empty `steps` take them away."""
        scene = self.canvas.scene
        scene.references = [item for item in scene.references if item.name != name]
        if len(steps):
            arrays = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
            scene.references.append(Reference(name, label, *arrays, color))
        self._renamed()

    def set_title(self, title: str) -> None:
        """The words at the header's left, and the chart's name for a screen reader."""
        self._header.title.setText(title)
        self._header.title.setVisible(bool(title))
        self.setAccessibleName(title)
        self.canvas.setAccessibleName(tr("Chart: {title}", title=title) if title else tr("Chart"))

    def set_value_format(self, form: str) -> None:
        """How the hover card writes values: a format spec such as ".3f", ",.0f", ".2e", or "" for automatic."""
        self.canvas.value_format = form

    def set_empty_text(self, text: str) -> None:
        """What stands in the middle while there is nothing to show."""
        self.canvas.scene.empty = text
        self.canvas.redraw()

    @property
    def axis(self) -> str:
        """The horizontal axis: "step", "tokens" or "time"."""
        return self.canvas.scene.axis

    @property
    def smoothing(self) -> float:
        """The weight of the past in the smooth line; 0 without one."""
        return self.canvas.scene.smoothing

    def set_axis(self, axis: str) -> None:
        """Horizontal axis: "step", "tokens" or "time"; a zoomed range stays on the same steps."""
        if axis not in AXES:
            raise ValueError(f"no such axis: {axis}")
        canvas = self.canvas
        if axis == canvas.scene.axis:
            return
        if canvas.view.x is not None:
            low, high = (between(canvas.scene.curves, value, canvas.scene.axis, axis) for value in canvas.view.x)
            canvas.view.x = (low, high) if high > low else None
        canvas.scene.axis = axis
        self._header.axis.set_value(axis)
        canvas.show_reading(None)
        canvas.grown()

    def set_smoothing(self, weight: float) -> None:
        """0 (raw only) to 0.99."""
        weight = min(max(weight, 0.0), MOST_SMOOTHING)
        self.canvas.scene.smoothing = weight
        self._header.smoothing.set_weight(weight)
        self.canvas.redraw()

    def set_logarithmic(self, on: bool) -> None:
        """Vertical axis by the logarithm."""
        if on != self.canvas.view.logarithmic:
            self.canvas.view.logarithmic = on
            self.canvas.view.y = None
            self._header.scale.set_value("log" if on else "linear")
            self.canvas.redraw()

    def set_follow(self, on: bool) -> None:
        """Whether a zoomed window that shows the newest point slides along with it."""
        self.canvas.follow = on
        self._header.follow.setChecked(on)

    def reset_view(self) -> None:
        """The whole run, following."""
        self.canvas.view.reset()
        self.canvas.changed_view()

    def show_controls(self, *names: str) -> None:
        """Which parts of the header show: of "smoothing", "scale", "axis", "export" (default all)."""
        self._header.show_controls(names)

    def link(self, other: "CurvePlot") -> None:
        """Share hover, horizontal range and axis with another plot, and with those it is linked to."""
        if other._group is self._group:
            return
        self._group += other._group
        for plot in other._group:
            plot._group = self._group

    def save(self, path: Path) -> None:
        """Write the picture or the numbers by suffix (.png, .svg, .csv); a `StudioError` says why it could not."""
        export(path, self.canvas, self.accessibleName())

    def _ask_where(self, suffix: str) -> None:
        stem = "-".join(self.accessibleName().lower().split()) or "chart"
        chosen, _ = QFileDialog.getSaveFileName(self, tr("Save the chart"), f"{stem}.{suffix}", f"*.{suffix}")
        if not chosen:
            return
        path = Path(chosen)
        try:
            self.save(path if path.suffix else path.with_suffix(f".{suffix}"))
        except StudioError as error:
            self.save_failed.emit(error.message, error.hint)
        else:
            self.saved.emit(chosen)

    def _peers(self) -> list["CurvePlot"]:
        """The linked plots that still live."""
        return [plot for plot in self._group if plot is not self and shiboken6.isValid(plot)]

    def _choose_smoothing(self, weight: float) -> None:
        self.canvas.scene.smoothing = weight
        self.canvas.redraw()
        self.smoothing_changed.emit(weight)

    def _choose_scale(self, scale: str) -> None:
        self.set_logarithmic(scale == "log")

    def _choose_axis(self, axis: str) -> None:
        for plot in (self, *self._peers()):
            plot.set_axis(axis)
        self._view_changed()
        self.axis_changed.emit(axis)

    def _hover_moved(self, step: float | None) -> None:
        for plot in self._peers():
            curves = plot.canvas.scene.curves
            plot.canvas.show_reading(None if step is None else convert(curves, step, plot.axis))
        self.hovered.emit(step)

    def _view_changed(self) -> None:
        for plot in (self, *self._peers()):
            if plot is not self and plot.axis == self.axis:
                plot.canvas.set_view_x(self.canvas.view.x)
            plot._header.show_whole(not plot.canvas.view.whole)

    def _curve(self, name: str) -> Curve | None:
        return next((curve for curve in self.canvas.scene.curves if curve.name == name), None)

    def _renamed(self) -> None:
        self._header.set_entries(self.canvas.scene.curves, self.canvas.scene.references)
        self.canvas.redraw()
