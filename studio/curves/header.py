"""What stands above a chart: title, legend, smoothing, scale, axis and export."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.controls.slider import Slider
from studio.core.language import tr
from studio.curves.item import Curve, Reference
from studio.widgets.button import Button
from studio.widgets.flow_layout import FlowLayout
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.popover import Popover

CONTROLS = ("smoothing", "scale", "axis", "export")
MOST_SMOOTHING = 0.99


class LegendEntry(QAbstractButton):
    """A coloured square and a label; pressing it hides or shows the curve."""

    def __init__(self, look: Look, name: str, label: str, color: int | str, kind: str = "curve") -> None:
        super().__init__()
        self._look, self.name, self._color, self._kind = look, name, color, kind
        self.setText(label)
        self.setCheckable(kind == "curve")
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if kind == "curve" else Qt.FocusPolicy.NoFocus)
        if kind == "curve":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setToolTip(tr("Click to hide or show"))
        self.setAccessibleName(tr("{label}: shown in the chart", label=label))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(math.ceil(QFontMetricsF(self._look.font(11)).horizontalAdvance(self.text())) + 18, 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(60, self.sizeHint().width()), 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.isChecked() or not self.isCheckable()
        color = self._look.color(self._color if shown else "text_disabled")
        middle = self.height() / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._kind == "reference":
            painter.setPen(QPen(color, 1.2))
            painter.translate(6, middle)
            painter.rotate(45)
            painter.drawRect(QRectF(-2.6, -2.6, 5.2, 5.2))
            painter.resetTransform()
        elif shown:
            painter.fillRect(QRectF(2, round(middle) - 4, 8, 8), color)
        else:
            painter.setPen(QPen(color, 1))
            painter.drawRect(QRectF(2.5, round(middle) - 3.5, 7, 7))
        painter.setFont(self._look.font(11))
        quiet = "text" if self.underMouse() and self.isCheckable() else "text_quiet"
        painter.setPen(self._look.color(quiet if shown else "text_disabled"))
        room = QRectF(15, 0, self.width() - 15, self.height())
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), words)
        if self.hasFocus():
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class Legend(QWidget):
    """The curves' and published points' names, in as many lines as they need."""

    toggled = Signal(str, bool)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._flow = FlowLayout(self, spacing=8, line_spacing=0)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        return self._flow.sizeHint()

    def entries(self) -> list[LegendEntry]:
        """What is listed, in order."""
        found = [self._flow.itemAt(index) for index in range(self._flow.count())]
        return [widget for item in found if item and isinstance(widget := item.widget(), LegendEntry)]

    def set_entries(self, curves: Sequence[Curve], references: Sequence[Reference]) -> None:
        """List these instead of what was there."""
        while (item := self._flow.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for curve in curves:
            entry = LegendEntry(self._look, curve.name, curve.label, curve.color)
            entry.setChecked(curve.visible)
            entry.clicked.connect(self._clicked)
            self._flow.addWidget(entry)
        for reference in references:
            self._flow.addWidget(LegendEntry(self._look, reference.name, reference.label, reference.color, "reference"))
        self._flow.invalidate()
        self.updateGeometry()

    def _clicked(self) -> None:
        entry = self.sender()
        if isinstance(entry, LegendEntry):
            self.toggled.emit(entry.name, entry.isChecked())


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
        self._slider.set_share(weight / MOST_SMOOTHING)
        self.setText(tr("smoothing {weight}", weight=f"{weight:.2f}"))
        self.setAccessibleName(self.text())

    def open(self) -> None:
        """Show the slider, or put it away."""
        self._popover.toggle(self._slider)

    def _moved(self, share: float) -> None:
        weight = round(share * MOST_SMOOTHING, 2)
        self.setText(tr("smoothing {weight}", weight=f"{weight:.2f}"))
        self.setAccessibleName(self.text())
        self.moved.emit(weight)


class CurveHeader(QWidget):
    """Title and legend at the left, the controls at the right; it only tells what a person wants."""

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
        self.scale = Segmented((("linear", tr("linear")), ("log", tr("log"))), look, tr("Vertical axis"))
        choices = (("step", tr("step")), ("tokens", tr("tokens")), ("time", tr("time")))
        self.axis = Segmented(choices, look, tr("Horizontal axis"))
        self.export = Button(tr("export"), self._open_menu, look)
        self.export.set_small()
        self.export.setProperty("tone", "quiet")
        self.export.setAccessibleName(tr("Export the chart"))
        self._menu = self._make_menu()
        self.smoothing.moved.connect(self.smoothing_changed)
        self.scale.changed.connect(self.scale_changed)
        self.axis.changed.connect(self.axis_changed)
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
        for widget in (self.whole, self.smoothing, self.scale, self.axis, self.export):
            row.addWidget(widget)

    def set_entries(self, curves: Sequence[Curve], references: Sequence[Reference]) -> None:
        """What the legend lists."""
        self.legend.set_entries(curves, references)
        self._fit_legend()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_legend()

    def _fit_legend(self) -> None:
        """The legend stands beside the title where it fits in one line, below it otherwise."""
        others = [self.title, self.whole, self.smoothing, self.scale, self.axis, self.export]
        used = sum(widget.sizeHint().width() + self._row.spacing() for widget in others if not widget.isHidden())
        inline = self.legend.sizeHint().width() <= self.width() - used - 2 * self._row.spacing()
        if inline == self._inline:
            return
        self._inline = inline
        if inline:
            self._column.removeWidget(self.legend)
            self._row.insertWidget(1, self.legend, 1, Qt.AlignmentFlag.AlignVCenter)
        else:
            self._row.removeWidget(self.legend)
            self._column.addWidget(self.legend)

    def show_controls(self, names: Sequence[str]) -> None:
        """Show these of `CONTROLS` and hide the others."""
        for name in CONTROLS:
            getattr(self, name).setVisible(name in names)

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        rows = (("png", tr("Picture (PNG)…")), ("svg", tr("Drawing (SVG)…")), ("csv", tr("Numbers (CSV)…")))
        for suffix, words in rows:
            action = QAction(words, menu)
            action.setData(suffix)
            menu.addAction(action)
        menu.addSeparator()
        self.follow = QAction(tr("Follow the newest step"), menu)
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self.follow.toggled.connect(self.follow_changed)
        menu.addAction(self.follow)
        menu.triggered.connect(self._triggered)
        return menu

    def _open_menu(self) -> None:
        self._menu.popup(self.export.mapToGlobal(QPoint(0, self.export.height() + 4)))

    def _triggered(self, action: QAction) -> None:
        if action.data():
            self.export_requested.emit(str(action.data()))
