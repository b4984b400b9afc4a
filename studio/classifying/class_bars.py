"""The classes of a dataset as bars: rows to learn from, to choose by and to be tested on."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.classifying.scored import Ints
from studio.core.language import tr
from studio.widgets.look import Look

_ROW, _HEAD, _NAME, _NUMBER = 22, 24, 120, 150
_MOST = 12  # classes that are drawn; the others are counted
SERIES = (0, 1, 3)  # training, validation, test


class ClassBars(QWidget):
    """A row for each class, the largest first."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.rows: list[tuple[str, tuple[int, int, int]]] = []
        self.hidden = 0  # classes that are not drawn
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Rows of each class"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, _HEAD + _ROW * (len(self.rows) + (1 if self.hidden else 0)))

    def minimumSizeHint(self) -> QSize:
        return QSize(260, self.sizeHint().height())

    def set_counts(self, labels: Sequence[str], counts: Ints) -> None:
        """`counts` is (3, classes)."""
        order = np.argsort(-counts.sum(0), kind="stable")
        every = [(labels[place], tuple(int(count) for count in counts[:, place])) for place in order]
        self.rows, self.hidden = every[:_MOST], max(0, len(every) - _MOST)  # type: ignore[assignment]
        self.setAccessibleDescription("; ".join(f"{name} {sum(three):,}" for name, three in self.rows))
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_legend(painter)
        most = max((sum(three) for _, three in self.rows), default=1) or 1
        room = max(20.0, self.width() - _NAME - _NUMBER - 12)
        middle, right = (
            int(Qt.AlignmentFlag.AlignVCenter),
            int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
        )
        for at, (name, three) in enumerate(self.rows):
            top = _HEAD + _ROW * at
            painter.setFont(self.look.font(13))
            painter.setPen(self.look.color("text"))
            words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _NAME - 8)
            painter.drawText(QRectF(0, top, _NAME - 8, _ROW), middle, words)
            left = float(_NAME)
            painter.setPen(Qt.PenStyle.NoPen)
            for series, count in zip(SERIES, three, strict=True):
                wide = room * count / most
                painter.setBrush(self.look.color(series))
                painter.drawRect(QRectF(left, top + 6, max(0.0, wide - 1), _ROW - 12))
                left += wide
            painter.setFont(self.look.font(11))
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QRectF(self.width() - _NUMBER, top, _NUMBER, _ROW), right,
                             " · ".join(f"{count:,}" for count in three))  # fmt: skip
        if self.hidden:
            words = tr("and {count} smaller classes", count=f"{self.hidden:,}")
            painter.drawText(QRectF(0, _HEAD + _ROW * len(self.rows), self.width(), _ROW), middle, words)

    def _paint_legend(self, painter: QPainter) -> None:
        painter.setFont(self.look.font(11))
        metrics, left = painter.fontMetrics(), float(_NAME)
        for series, words in zip(SERIES, (tr("training"), tr("validation"), tr("test")), strict=True):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color(series))
            painter.drawRoundedRect(QRectF(left, 5, 9, 9), 2, 2)
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QRectF(left + 14, 0, 200, 18), int(Qt.AlignmentFlag.AlignVCenter), words)
            left += metrics.horizontalAdvance(words) + 32
