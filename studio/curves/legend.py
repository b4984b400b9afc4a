"""The names of a chart's curves and published points, each with a swatch drawn as its line is."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from studio.core.language import tr
from studio.curves.item import Curve, Reference
from studio.widgets.flow_layout import FlowLayout
from studio.widgets.look import Look


class LegendEntry(QAbstractButton):
    """A swatch and a label; `kind` is "curve", "dashed" or "reference". Pressing hides or shows a curve."""

    def __init__(self, look: Look, name: str, label: str, color: int | str, kind: str = "curve") -> None:
        super().__init__()
        self._look, self.name, self._color, self._kind = look, name, color, kind
        hides = kind != "reference"
        self.setText(label)
        self.setCheckable(hides)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if hides else Qt.FocusPolicy.NoFocus)
        if hides:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tr("Click to hide or show") if hides else label)
        self.setAccessibleName(tr("{label}: shown in the chart", label=label))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(math.ceil(QFontMetricsF(self._look.font(11)).horizontalAdvance(self.text())) + 18, 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(60, self.sizeHint().width()), 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.isChecked() or not self.isCheckable()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_swatch(painter, shown)
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
        painter.end()

    def _paint_swatch(self, painter: QPainter, shown: bool) -> None:
        """A diamond for published points, two dashes for a dashed curve, a square for a line; hollow while hidden."""
        color = self._look.color(self._color if shown else "text_disabled")
        middle = round(self.height() / 2)
        if self._kind == "reference":
            painter.setPen(QPen(color, 1.2))
            painter.translate(6, middle)
            painter.rotate(45)
            painter.drawRect(QRectF(-2.6, -2.6, 5.2, 5.2))
            painter.resetTransform()
        elif self._kind == "dashed":
            for left in (1, 7):
                painter.fillRect(QRectF(left, middle - 1, 4, 2), color)
        elif shown:
            painter.fillRect(QRectF(2, middle - 4, 8, 8), color)
        else:
            painter.setPen(QPen(color, 1))
            painter.drawRect(QRectF(2.5, middle - 3.5, 7, 7))


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
            kind = "dashed" if curve.dashed else "curve"
            entry = LegendEntry(self._look, curve.name, curve.label, curve.color, kind)
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
