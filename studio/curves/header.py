"""What stands above a chart: title, legend, smoothing, scale, axis and export."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.controls.slider import Slider
from studio.core.language import tr
from studio.curves.item import Curve, Reference
from studio.curves.legend import Legend
from studio.widgets.button import Button, IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.popover import Popover

CONTROLS = ("smoothing", "scale", "axis", "export")
SCALES = (("linear", "linear"), ("log", "log"))
AXIS_WORDS = (("step", "step"), ("tokens", "tokens"), ("time", "time"))
EXPORTS = (("png", "Picture (PNG)…"), ("svg", "Drawing (SVG)…"), ("csv", "Numbers (CSV)…"))
MOST_SMOOTHING = 0.99
WEIGHTS = (0.0, 0.6, 0.9, 0.97)  # what the menu of a narrow chart offers in place of the slider


class SmoothingButton(Button):
    """ "smoothing 0.90": opens a slider below itself."""

    moved = Signal(float)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("", self.open, look, "quiet", parent=parent)
        self.set_small()
        self.setProperty("tone", "quiet")
        self._popover = Popover(self)
        self._slider = Slider(look, tr("Smoothing, from 0 to 0.99"))
        self._slider.setMinimumWidth(180)
        self._slider.moved.connect(self._moved)
        self._popover.body.addWidget(self._slider)
        hint = Label(tr("How much of the past each point keeps.\nThe raw line stays behind it, faint."), "small")
        self._popover.body.addWidget(hint)
        self.set_weight(0.0)

    def set_weight(self, weight: float) -> None:
        """Show a weight silently."""
        self.weight = weight
        self._slider.set_share(weight / MOST_SMOOTHING)
        self.setText(tr("smoothing {weight}", weight=f"{weight:.2f}"))
        self.setAccessibleName(self.text())

    def open(self) -> None:
        """Show the slider, or put it away."""
        self._popover.toggle(self._slider)

    def _moved(self, share: float) -> None:
        self.weight = weight = round(share * MOST_SMOOTHING, 2)
        self.setText(tr("smoothing {weight}", weight=f"{weight:.2f}"))
        self.setAccessibleName(self.text())
        self.moved.emit(weight)


class CurveHeader(QWidget):
    """Title and legend at the left, the controls at the right; it only tells what a person wants.

    Where the controls do not fit beside the title they fold into one menu, with the same choices.
    """

    smoothing_changed = Signal(float)
    scale_changed = Signal(str)
    axis_changed = Signal(str)
    export_requested = Signal(str)  # png, svg or csv
    reset_requested = Signal()
    follow_changed = Signal(bool)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Label(title, "strong")
        self.legend = Legend(look)
        self.whole = Button(tr("whole run"), self.reset_requested.emit, look, "link")
        self.whole.set_small()
        self.whole.setToolTip(tr("Back to the whole run (double-click, or 0)"))
        self.whole.hide()
        self.smoothing = SmoothingButton(look)
        self.scale = Segmented(tuple((value, tr(words)) for value, words in SCALES), look, tr("Vertical axis"))
        self.axis = Segmented(tuple((value, tr(words)) for value, words in AXIS_WORDS), look, tr("Horizontal axis"))
        self.export = Button(tr("export"), self._open_export, look)
        self.export.set_small()
        self.export.setProperty("tone", "quiet")
        self.export.setAccessibleName(tr("Export the chart"))
        self.more = IconButton("more", tr("Smoothing, axes and export"), self._open_more, look)
        self.more.hide()
        self.follow = QAction(tr("Follow the newest step"), self)
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self.follow.toggled.connect(self.follow_changed)
        self.smoothing.moved.connect(self.smoothing_changed)
        self.scale.changed.connect(self.scale_changed)
        self.axis.changed.connect(self.axis_changed)
        self._wanted = set(CONTROLS)
        self._lay_out()

    def _lay_out(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._row = row = QHBoxLayout()
        self._column.addLayout(row)
        row.setSpacing(10)
        row.addWidget(self.title)
        row.addWidget(self.legend, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(0)  # gives way to the legend, which must not break while there is room
        self._inline = True
        for widget in (self.whole, self.smoothing, self.scale, self.axis, self.export, self.more):
            row.addWidget(widget)

    def set_entries(self, curves: Sequence[Curve], references: Sequence[Reference]) -> None:
        """What the legend lists."""
        self.legend.set_entries(curves, references)
        self._fit()

    def show_whole(self, on: bool) -> None:
        """Offer the way back to the whole run, or not."""
        self.whole.setVisible(on)
        self._fit()

    def show_controls(self, names: Sequence[str]) -> None:
        """Show these of `CONTROLS` and hide the others."""
        self._wanted = set(names)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Room for the title and the menu; everything else folds or breaks its line."""
        width = self.title.minimumSizeHint().width() + self.more.width() + 2 * self._row.spacing()
        return QSize(width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def event(self, event: QEvent) -> bool:
        """A control that wants another width, as when its style comes, may no longer fit."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def _fit(self) -> None:
        """Fold the controls where they do not fit; put the legend below the title where it does not fit beside it."""
        controls = [getattr(self, name) for name in CONTROLS if name in self._wanted]
        head = [widget for widget in (self.title, self.whole) if not widget.isHidden()]
        folded = bool(controls) and self._width_of(head + controls) > self.width()
        for name in CONTROLS:
            getattr(self, name).setVisible(name in self._wanted and not folded)
        self.more.setVisible(folded)
        used = self._width_of([*head, self.more] if folded else head + controls)
        inline = self.legend.sizeHint().width() <= self.width() - used - self._row.spacing()
        if inline == self._inline:
            return
        self._inline = inline
        if inline:
            self._column.removeWidget(self.legend)
            self._row.insertWidget(1, self.legend, 1, Qt.AlignmentFlag.AlignVCenter)
        else:
            self._row.removeWidget(self.legend)
            self._column.addWidget(self.legend)

    def _width_of(self, widgets: Sequence[QWidget]) -> int:
        return sum(widget.sizeHint().width() + self._row.spacing() for widget in widgets)

    # --- menus ----------------------------------------------------------------------------------------------------

    def menu(self, whole: bool) -> QMenu:
        """The ways to export; with `whole`, before them everything else that is folded."""
        menu = QMenu(self)
        if whole and "smoothing" in self._wanted:
            weights = tuple((f"{weight:.2f}", f"{weight:.2f}") for weight in WEIGHTS)
            self._add_choices(menu, tr("Smoothing"), weights, f"{self.smoothing.weight:.2f}", self._choose_weight)
        if whole and "scale" in self._wanted:
            self._add_choices(menu, tr("Vertical axis"), SCALES, self.scale.value(), self._choose_scale)
        if whole and "axis" in self._wanted:
            self._add_choices(menu, tr("Horizontal axis"), AXIS_WORDS, self.axis.value(), self._choose_axis)
        if "export" in self._wanted:
            if not menu.isEmpty():
                menu.addSeparator()
            for suffix, words in EXPORTS:
                menu.addAction(tr(words), partial(self.export_requested.emit, suffix))
            menu.addSeparator()
            menu.addAction(self.follow)
        return menu

    def _add_choices(
        self, menu: QMenu, title: str, choices: Sequence[tuple[str, str]], chosen: str, slot: Callable[[str], None]
    ) -> None:
        inner = menu.addMenu(title)
        for value, words in choices:
            action = inner.addAction(tr(words), partial(slot, value))
            action.setCheckable(True)
            action.setChecked(value == chosen)

    def _choose_weight(self, text: str) -> None:
        self.smoothing.set_weight(float(text))
        self.smoothing_changed.emit(float(text))

    def _choose_scale(self, value: str) -> None:
        self.scale.set_value(value)
        self.scale_changed.emit(value)

    def _choose_axis(self, value: str) -> None:
        self.axis.set_value(value)
        self.axis_changed.emit(value)

    def _open_export(self) -> None:
        self._pop_up(self.menu(whole=False), self.export)

    def _open_more(self) -> None:
        self._pop_up(self.menu(whole=True), self.more)

    def _pop_up(self, menu: QMenu, anchor: QWidget) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(anchor.mapToGlobal(QPoint(0, anchor.height() + 4)))
