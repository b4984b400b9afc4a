"""The places of a text where a neuron is strongest, one under the other, each token coloured by its value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.maps.colours import LESS, MORE
from studio.views.token_text import visible_text
from studio.views.token_view import signed_tint
from studio.widgets.look import Look
from studio.widgets.pointed_rows import PointedRows

ROW, _VALUE, _PAD = 26, 64, 3


@dataclass(frozen=True)
class ShownSnippet:
    """A window of text with a value for every token; `peak` is the strongest one."""

    texts: tuple[str, ...]
    values: npt.NDArray[np.float32]
    peak: int


class SnippetList(PointedRows):
    """The strongest token of every line stands under the others; click or Enter chooses a line."""

    chosen = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._snippets: tuple[ShownSnippet, ...] = ()
        self._signed = False
        self._empty = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Where the neuron is strongest"))

    def sizeHint(self) -> QSize:
        return QSize(420, ROW * max(4, len(self._snippets)))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 3 * ROW)

    def set_empty_text(self, text: str) -> None:
        """What stands there while there are no snippets."""
        self._empty = text
        self.update()

    def set_snippets(self, snippets: Sequence[ShownSnippet], signed: bool = False) -> None:
        """Show these from the top, the strongest first; `signed` values have a colour below 0 too."""
        self._snippets, self._signed, self.pointed_at = tuple(snippets), signed, -1
        said = (f"{self._number(one)} {''.join(one.texts)}" for one in snippets[:5])
        self.setAccessibleDescription("; ".join(said))
        self.updateGeometry()
        self.update()

    def _number(self, snippet: ShownSnippet) -> str:
        return f"{snippet.values[snippet.peak]:{'+' if self._signed else ''}.3f}"

    @property
    def snippets(self) -> tuple[ShownSnippet, ...]:
        """What is shown."""
        return self._snippets

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._snippets:
            painter.setFont(self.look.font(13))
            painter.setPen(self.look.color("text_quiet"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(16, 4, -16, -4), flags, self._empty)
            return
        sizes = (np.abs(one.values) if self._signed else one.values for one in self._snippets)
        most = max((float(np.nanmax(size, initial=0.0)) for size in sizes), default=0.0) or 1.0
        for line, snippet in enumerate(self._snippets[: self.count()]):
            self._paint_line(painter, line, snippet, most)
        self.paint_focus(painter)

    def _paint_line(self, painter: QPainter, line: int, snippet: ShownSnippet, most: float) -> None:
        top, font = ROW * line, self.look.font(13, mono=True)
        if line == self.pointed_at:
            painter.fillRect(QRectF(0, top, self.width(), ROW), self.look.color("hover"))
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        side = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(0, top, _VALUE - 12, ROW), side, self._number(snippet))
        painter.setFont(font)
        metrics, texts = QFontMetricsF(font), [visible_text(text) for text in snippet.texts]
        middle = _VALUE + 0.4 * (self.width() - _VALUE)
        left, first = middle, snippet.peak
        while first > 0 and left - metrics.horizontalAdvance(texts[first - 1]) - 2 * _PAD > _VALUE:
            first -= 1
            left -= metrics.horizontalAdvance(texts[first]) + 2 * _PAD
        for place in range(first, len(texts)):
            width = metrics.horizontalAdvance(texts[place]) + 2 * _PAD
            if left + width > self.width():
                break
            weight = float(snippet.values[place]) / most
            weight = weight if np.isfinite(weight) else 0.0
            painter.setPen(QPen(self.look.color("accent"), 1) if place == snippet.peak else Qt.PenStyle.NoPen)
            painter.setBrush(
                signed_tint(self.look, MORE, LESS, weight)
                if self._signed
                else signed_tint(self.look, "warning", "", weight)
            )
            painter.drawRoundedRect(QRectF(left + 0.5, top + 3.5, width - 1, ROW - 7), 3, 3)
            painter.setPen(self.look.color("text"))
            room = QRectF(left + _PAD, top, width, ROW)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), texts[place])
            left += width

    def count(self) -> int:
        """Whole lines only: what is cut off is neither painted nor chosen."""
        return min(len(self._snippets), self.height() // ROW)

    def place_at(self, point: QPointF) -> int:
        """The line under a point, or -1."""
        line = int(point.y() // ROW)
        return line if 0 <= line < self.count() else -1

    def _take(self, place: int) -> None:
        self.chosen.emit(place)
