"""What the colours of a scatter map mean: a bar of numbers, or a chip for each class that can be picked out."""

from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from studio.core.language import tr
from studio.embeddings.shading import Shading
from studio.maps.colour_bar import ColourBar
from studio.parts.wording import count
from studio.widgets.flow_layout import FlowLayout
from studio.widgets.label import Label
from studio.widgets.look import Look


class Chip(QAbstractButton):
    """A dot in the colour of a class, its name and how many are of it; pressed, the others step back."""

    def __init__(self, words: str, role: int | str, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.role = look, role
        self.setText(words)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(tr("Show only these"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(round(QFontMetricsF(self.look.font(11)).horizontalAdvance(self.text())) + 26, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.isChecked() or self.underMouse() or self.hasFocus():
            painter.setPen(self.look.color("focus") if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("selection" if self.isChecked() else "hover"))
            painter.drawRoundedRect(box, 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color(self.role))
        painter.drawEllipse(QRectF(6, self.height() / 2 - 4, 8, 8))
        painter.setPen(self.look.color("text" if self.isChecked() else "text_quiet"))
        painter.setFont(self.look.font(11))
        painter.drawText(
            QRectF(18, 0, self.width() - 18, self.height()), int(Qt.AlignmentFlag.AlignVCenter), self.text()
        )
        painter.end()


class Legend(QWidget):
    """Follows a `Shading`; `picked` tells the class that is to stand out, −1 for all."""

    picked = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.bar = ColourBar(look, upright=False)
        self.bar.setMaximumWidth(280)
        self.note = Label("", "small")
        self.chips: list[Chip] = []
        self._chips = QWidget()
        self._flow = FlowLayout(self._chips, 2, 2)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.bar, 1)
        row.addWidget(self._chips, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.note)

    def set_shading(self, shading: Shading | None, shown: npt.NDArray[np.bool_] | None = None) -> None:
        """Explain these colours; counted are the points that are `shown`, all if not told."""
        continuous = shading is not None and shading.colouring is not None
        self.bar.setVisible(continuous)
        self._chips.setVisible(shading is not None and not continuous)
        self.note.setText(shading.note if shading is not None else "")
        self.note.setVisible(bool(self.note.text()))
        if shading is not None and shading.colouring is not None:
            self.bar.set_colouring(shading.colouring, shading.label, shading.cut)
        self._set_chips(shading if not continuous else None, shown)

    def _set_chips(self, shading: Shading | None, shown: npt.NDArray[np.bool_] | None) -> None:
        kept = [chip.text().rsplit(" ", 1)[0] for chip in self.chips if chip.isChecked()]
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self.chips = []
        if shading is None or shading.classes is None:
            return
        fits = shown is not None and len(shown) == len(shading.classes)
        counts = np.bincount(shading.classes[shown] if fits else shading.classes, minlength=len(shading.names))
        for place, name in enumerate(shading.names):
            if counts[place]:
                chip = Chip(f"{name} {count(counts[place])}", shading.role(place), self.look, self._chips)
                chip.setChecked(name in kept)
                chip.clicked.connect(partial(self._clicked, place, chip))
                self.chips.append(chip)
                self._flow.addWidget(chip)
                chip.show()

    def _clicked(self, place: int, chip: Chip) -> None:
        for other in self.chips:
            if other is not chip:
                other.setChecked(False)
        self.picked.emit(place if chip.isChecked() else -1)

    def clear(self) -> None:
        """No class is picked out any more."""
        for chip in self.chips:
            chip.setChecked(False)
