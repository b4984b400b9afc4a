"""The heads of a layer as chips in their colours: a click adds or takes away, a double click leaves one alone."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from studio.core.language import tr
from studio.maps.colours import LESS, MORE
from studio.widgets.flow_layout import FlowLayout
from studio.widgets.look import Look

COLOURS = 8  # series colours; heads beyond them use them again, with dashes


def colour_of(look: Look, head: int) -> QColor:
    """A head's colour, the same wherever it is drawn."""
    return look.color(head % COLOURS)


def dashed(head: int) -> bool:
    """Whether another head before this one has its colour."""
    return head >= COLOURS


def sign_of(difference: float) -> int:
    """The series whose colour a difference has: orange where the first looks more, blue where the second does."""
    return MORE if difference > 0 else LESS


class HeadChip(QAbstractButton):
    """One head: filled while it is shown."""

    alone = Signal(int)

    def __init__(self, head: int, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head, self._look = head, look
        self.plain = False  # while colours mean something else
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Head {head}", head=head))
        self.setToolTip(tr("Click to show or hide head {head}, double click for it alone", head=head))
        self.toggled.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(30, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._look.color("text_quiet") if self.plain else colour_of(self._look, self.head)
        box, dashes = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), dashed(self.head) and not self.plain
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DashLine if dashes else Qt.PenStyle.SolidLine))
        painter.setBrush(colour if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(self._look.font(11, 600))
        painter.setPen(self._look.color("window") if self.isChecked() else self._look.color("text_quiet"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), str(self.head))
        if self.hasFocus():
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.end()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.alone.emit(self.head)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.alone.emit(self.head)
        else:
            super().keyPressEvent(event)


class HeadChips(QWidget):
    """`changed` tells which heads are shown; at least one always is. Space toggles, Enter leaves one alone."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.chips: list[HeadChip] = []
        self._flow = FlowLayout(self, 4, 4)
        self.setAccessibleName(tr("Heads that are drawn"))
        look.changed.connect(self.update)

    def set_count(self, heads: int, shown: int = 3) -> None:
        """So many heads, the first `shown` of them drawn; the same count keeps the choice."""
        if heads == len(self.chips):
            return
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self.chips = []
        for head in range(heads):
            chip = HeadChip(head, self._look, self)
            chip.setChecked(head < shown)
            chip.clicked.connect(self._clicked)
            chip.alone.connect(self.leave_alone)
            self._flow.addWidget(chip)
            chip.show()
            self.chips.append(chip)
        self.updateGeometry()

    @property
    def heads(self) -> tuple[int, ...]:
        """Those that are shown."""
        return tuple(chip.head for chip in self.chips if chip.isChecked())

    def set_heads(self, heads: tuple[int, ...]) -> None:
        """Show these."""
        for chip in self.chips:
            chip.setChecked(chip.head in heads)

    def set_plain(self, plain: bool) -> None:
        """Show the heads without colours of their own, or with them."""
        for chip in self.chips:
            if chip.plain != plain:
                chip.plain = plain
                chip.update()

    def leave_alone(self, head: int) -> None:
        """Only this one; all, where it is alone already."""
        everyone = tuple(chip.head for chip in self.chips)
        self.set_heads(everyone if self.heads == (head,) else (head,))
        self.changed.emit()

    def _clicked(self) -> None:
        chip = self.sender()
        if not self.heads and isinstance(chip, HeadChip):
            chip.setChecked(True)  # nothing at all would look like a broken picture
        self.changed.emit()
