"""What the lines of a difference mean: the colour and the stroke of either side, and what full colour stands for."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.attention.head_chips import sign_of
from studio.core.language import tr
from studio.maps.colours import number_text
from studio.widgets.look import Look

_SWATCH, _GAP, _HIGH = 28, 8, 28


class LineKey(QWidget):
    """`show_sides` names both; nobody who cannot tell the colours apart is left out, since one of them is dashed."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.words: tuple[str, str, str] = ("", "", "")  # of the line above zero, of that below, of the strongest
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def show_sides(self, names: tuple[str, str], most: float) -> None:
        """`most` is the difference, on either side of zero, that is drawn in full colour; 0 where nothing differs."""
        first, second = names
        words = (
            tr("{name} looks more", name=first), tr("{name} looks more", name=second),
            tr("full colour: ± {most}", most=number_text(most)) if most else tr("nothing differs"),
        )  # fmt: skip
        if words != self.words:
            self.words = words
            self.setAccessibleName(tr("Solid orange: {first}. Dashed blue: {second}. Of the lines: {most}.",
                                      first=words[0], second=words[1], most=words[2]))  # fmt: skip
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, _HIGH)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._look.color("surface"))
        font = self._look.font(11)
        painter.setFont(font)
        metrics, left, middle = QFontMetricsF(font), float(_GAP), round(self.height() / 2) + 0.5
        for words, sign in zip(self.words, (1.0, -1.0, 0.0), strict=True):
            if sign:
                stroke = Qt.PenStyle.SolidLine if sign > 0 else Qt.PenStyle.DashLine
                painter.setPen(QPen(self._look.color(sign_of(sign)), 2.0, stroke))
                painter.drawLine(QPointF(left, middle), QPointF(left + _SWATCH, middle))
                left += _SWATCH + _GAP
            painter.setPen(self._look.color("text_quiet"))
            room = QRectF(left, 0, self.width() - left, self.height())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), words)
            left += metrics.horizontalAdvance(words) + 3 * _GAP
        painter.end()
