"""The picture of a table with a row for each token, before and after it grows."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.widgets.blend import blend
from studio.widgets.look import Look

_ROW, _STEP = 8, 11  # a drawn row, and the way to the next one
_NEW_STEP = 18  # the same for a new row, whose token is written beside it
_HEAD = 44  # pixels above the rows, for the name and the shape
_OLD, _LAST, _NEW = 4, 2, 6  # rows drawn at least of the old beginning, of the old end, and at most of the new ones
_BREAK = 16
_ARROW, _SHORT_ARROW, _GAP = 56, 36, 32
_NARROW = 300  # pixels for a table below which the arrow is short
_WIDEST = 240  # pixels of a row


@dataclass(frozen=True)
class Growth:
    """One table: `spare` of its added rows were there before, without a token. `tokens` are the added ones."""

    name: str
    rows: int
    width: int
    tokens: tuple[str, ...]
    first: int  # the id of the first of them
    spare: int = 0

    @property
    def after(self) -> int:
        """Rows once it has grown."""
        return self.rows + len(self.tokens) - self.spare


class TableGrowth(QWidget):
    """Tables side by side; each as a few rows that stand for all of them, the new ones coloured and named."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.tables: tuple[Growth, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look.changed.connect(self.update)

    def set_tables(self, tables: Sequence[Growth]) -> None:
        """Show these."""
        self.tables = tuple(tables)
        said = [
            tr("{name}: {before} to {after} rows of {width}", name=table.name, before=count(table.rows),
               after=count(table.after), width=count(table.width))
            for table in self.tables
        ]  # fmt: skip
        self.setAccessibleName(tr("How the tables grow"))
        self.setAccessibleDescription("; ".join(said))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """What is needed; where there is more height, more of the old rows are drawn."""
        return QSize(480, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Narrower than this nothing could be read."""
        return QSize(320, _HEAD + (_OLD + _LAST) * _STEP + _BREAK + self._new_height() + 4)

    def _new_height(self) -> int:
        return _NEW_STEP * min(_NEW, max((len(table.tokens) for table in self.tables), default=1))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Each table in its share of the width."""
        if not self.tables:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        share = (self.width() - _GAP * (len(self.tables) - 1)) / len(self.tables)
        for place, table in enumerate(self.tables):
            self._paint_table(painter, table, QRectF(place * (share + _GAP), 0, share, self.height()))
        painter.end()

    def _paint_table(self, painter: QPainter, table: Growth, room: QRectF) -> None:
        arrow = _ARROW if room.width() >= _NARROW else _SHORT_ARROW
        labels = min(self._label_width(table), room.width() / 2)
        wide = min(_WIDEST, (room.width() - arrow - labels) / 2)
        second = room.left() + wide + arrow
        painter.setFont(self._look.font(13, 600))
        painter.setPen(self._look.color("text"))
        self._write(painter, QRectF(room.left(), 0, room.width(), 20), table.name)
        painter.setFont(self._look.font(11))
        painter.setPen(self._look.color("text_quiet"))
        for left, rows, space in ((room.left(), table.rows, wide + arrow - 8), (second, table.after, wide + labels)):
            words = f"{count(rows)} × {count(table.width)}"
            fits = painter.fontMetrics().horizontalAdvance(words) <= space
            self._write(painter, QRectF(left, 20, space, 18), words if fits else count(rows))
        bottom = self._paint_old(painter, room.left(), wide)
        self._paint_old(painter, second, wide)
        self._paint_arrow(painter, room.left() + wide + arrow / 2, (_HEAD + bottom) / 2)
        self._paint_new(painter, table, QRectF(second, bottom, wide, 0), labels)

    def _label_width(self, table: Growth) -> float:
        metrics = QFontMetricsF(self._look.font(11, mono=True))
        return 12 + max((metrics.horizontalAdvance(words) for words in _labels(table)), default=0.0)

    def _paint_old(self, painter: QPainter, left: float, wide: float) -> float:
        """The old rows, with a break where most of them stand; returns where the next row would begin."""
        look = self._look
        top = float(_HEAD)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(look.color("text_quiet"), look.color("surface"), 0.42))
        room = self.height() - _HEAD - _BREAK - self._new_height()
        first = max(_OLD, int(room / _STEP) - _LAST)
        for place in range(first + _LAST):
            if place == first:
                painter.setBrush(look.color("text_quiet"))
                for dot in range(3):
                    painter.drawEllipse(QPointF(left + wide / 2, top + 2 + 5 * dot), 1.2, 1.2)
                painter.setBrush(blend(look.color("text_quiet"), look.color("surface"), 0.42))
                top += _BREAK
            painter.drawRoundedRect(QRectF(left, top, wide, _ROW), 2, 2)
            top += _STEP
        return top

    def _paint_new(self, painter: QPainter, table: Growth, at: QRectF, labels: float) -> None:
        """A row with its id and its token for each of the first new ones, and how many more there are."""
        look, labels_of = self._look, _labels(table)
        for place, words in enumerate(labels_of):
            row = QRectF(at.left(), at.top() + place * _NEW_STEP, at.width(), _ROW)
            rest = place == len(labels_of) - 1 and len(labels_of) < len(table.tokens)
            painter.setPen(QPen(look.color("accent"), 1, Qt.PenStyle.DotLine if rest else Qt.PenStyle.SolidLine))
            hollow = rest or place < table.spare  # a row that was there is only outlined, as is what stands for many
            painter.setBrush(Qt.BrushStyle.NoBrush if hollow else look.color("accent"))
            painter.drawRoundedRect(row.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
            painter.setFont(look.font(11, mono=True))
            painter.setPen(look.color("text_quiet" if rest else "text"))
            self._write(painter, QRectF(row.right() + 10, row.top() - 5, labels - 10, _ROW + 10), words)

    def _paint_arrow(self, painter: QPainter, center: float, middle: float) -> None:
        painter.setPen(QPen(self._look.color("text_quiet"), 1.5))
        start, end = center - 13, center + 13
        painter.drawLine(QPointF(start, middle), QPointF(end, middle))
        for side in (-4, 4):
            painter.drawLine(QPointF(end, middle), QPointF(end - 4, middle + side))

    def _write(self, painter: QPainter, box: QRectF, words: str) -> None:
        metrics = painter.fontMetrics()
        cut = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), cut)


def _labels(table: Growth) -> list[str]:
    """Id and token of the first new rows, and how many more there are."""
    more = len(table.tokens) - _NEW + 1 if len(table.tokens) > _NEW else 0
    shown = table.tokens[: _NEW - 1] if more else table.tokens
    words = [f"{table.first + place} {token}" for place, token in enumerate(shown)]
    return [*words, tr("and {count} more", count=count(more))] if more else words
