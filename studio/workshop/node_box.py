"""One step of the network as a box that can be pointed at, reached by keyboard and opened."""

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from studio.core.language import tr
from studio.core.outline import Node
from studio.parts.wording import short_count
from studio.widgets.blend import blend
from studio.widgets.look import CORNER, Look
from studio.workshop.titles import PART_SERIES, figures_of, part_of, sentence_of, title_of

_CHEVRON = 14
_WALKING = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Enter
)  # fmt: skip


class NodeBox(QAbstractButton):
    """Shows a `Node`; `noticed` says that the pointer or the keyboard came (True) or left."""

    noticed = Signal(bool)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.look = look
        self.node: Node | None = None
        self.is_open = self.is_round = self.unknown = False
        self.lit = ""
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_node(self, node: Node, is_open: bool, is_round: bool, unknown: bool) -> None:
        """Be this step; `unknown` leaves out counts that wait for the vocabulary."""
        self.node, self.is_open, self.is_round = node, is_open, is_round
        self.unknown = unknown and node.name in ("embed_tokens", "lm_head")
        state = "" if not node.rows else tr("open") if is_open else tr("closed")
        title = tr("Sum") if node.kind == "add" and is_round else tr("Product") if is_round else title_of(node)
        self.setAccessibleName(", ".join(word for word in (title, state) if word))
        self.setAccessibleDescription(f"{figures_of(node)}. {sentence_of(node)}")
        self.setToolTip(f"{sentence_of(node)}\n{figures_of(node)}")
        self.setCursor(Qt.CursorShape.PointingHandCursor if node.rows else Qt.CursorShape.ArrowCursor)
        self.update()

    @property
    def figure(self) -> str:
        """What stands at the right: the parameters, of how many blocks."""
        node = self.node
        if node is None or not node.parameters or self.unknown:
            return ""
        size = short_count(node.parameters)
        return f"{node.times} × {size}" if node.times > 1 else size

    # --- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A box in its part's colour with name and parameters; an operation as a circle."""
        if self.node is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, edge = self._colors()
        painter.setBrush(ground)
        painter.setPen(QPen(edge, 1))
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        corner = area.height() / 2 if self.is_round else CORNER
        painter.drawRoundedRect(area, corner, corner)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.look.color("focus"), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), corner - 1, corner - 1)
        self._paint_words(painter, self.node)
        painter.end()

    def _colors(self) -> tuple[QColor, QColor]:
        look, node = self.look, self.node
        part = part_of(node) if node is not None else ""
        hovered = self.underMouse() or self.hasFocus()
        if not part:
            return look.color("hover" if hovered and not self.is_round else "surface"), look.color("edge")
        quiet = bool(self.lit) and part != self.lit
        series, strength = PART_SERIES.get(part, 7), 0.4 if quiet else 1.25 if hovered else 1.0
        share = 0.10 if series == 7 else 0.26 if look.theme.dark else 0.18  # grey is heavier than colours
        color, surface = look.color(series), look.color("surface")
        return blend(color, surface, strength * share), blend(color, surface, strength * (0.4 if series == 7 else 0.7))

    def _paint_words(self, painter: QPainter, node: Node) -> None:
        middle, look = Qt.AlignmentFlag.AlignVCenter, self.look
        if self.is_round:
            painter.setPen(QPen(look.color("text"), 1))
            center = QRectF(self.rect()).center()
            for step in (QPoint(4, 0), QPoint(0, 4)) if node.kind == "add" else (QPoint(3, 3), QPoint(3, -3)):
                painter.drawLine(center - step, center + step)
            return
        area = QRectF(self.rect()).adjusted(8, 0, -8, 0)
        if node.rows:
            icon = "chevron-down" if self.is_open else "chevron-right"
            top = round((min(self.height(), 28) - 12) / 2)
            painter.drawPixmap(6, top, look.pixmap(icon, 12, "text_quiet", self.devicePixelRatioF()))
            area.setLeft(area.left() + _CHEVRON)
        tall = self.height() > 36
        first = area.adjusted(0, 3, 0, -area.height() / 2) if tall else area
        second = area.adjusted(0, area.height() / 2, 0, -4) if tall else area
        painter.setFont(look.font(11, mono=True))
        painter.setPen(look.color("text_quiet"))
        side = Qt.AlignmentFlag.AlignLeft if tall else Qt.AlignmentFlag.AlignRight
        painter.drawText(second, int(side | middle), self.figure)
        used = 0 if tall or not self.figure else painter.fontMetrics().horizontalAdvance(self.figure) + 8
        painter.setFont(look.font(11 if self.width() < 90 else 13))
        painter.setPen(look.color("text"))
        room = int(first.width() - used)
        words = painter.fontMetrics().elidedText(title_of(node), Qt.TextElideMode.ElideRight, room)
        painter.drawText(first, int(Qt.AlignmentFlag.AlignLeft | middle), words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and Enter are the drawing's, which knows the neighbours; the rest is a button's."""
        if event.key() in _WALKING:
            event.ignore()
        else:
            super().keyPressEvent(event)

    # --- noticing -------------------------------------------------------------------------------------------------

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer is here."""
        super().enterEvent(event)
        self.noticed.emit(True)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer has left."""
        super().leaveEvent(event)
        self.noticed.emit(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard is here."""
        super().focusInEvent(event)
        self.noticed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard has left."""
        super().focusOutEvent(event)
        self.noticed.emit(False)
