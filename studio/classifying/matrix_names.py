"""The names beside a confusion matrix: of its classes along both sides, and of the sides."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.classifying.confusion_matrix import ConfusionMatrix

CAPTION, GAP = 18.0, 8.0
LABEL = 150.0  # pixels that a class's name takes at most


def paint_names(painter: QPainter, matrix: "ConfusionMatrix", left: float, top: float) -> None:
    """The names of the rows and of the columns, and what the two sides are; `left` and `top` end their margins."""
    painter.setFont(matrix.look.font(11))
    metrics, turned, strong = painter.fontMetrics(), matrix.turned, matrix.pointed or matrix.chosen
    right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    wide, middle = matrix.widest, int(Qt.AlignmentFlag.AlignCenter)
    for at, label in enumerate(matrix.labels):
        words = metrics.elidedText(label, Qt.TextElideMode.ElideRight, int(LABEL))
        row, column = matrix.cell_rect(at, 0), matrix.cell_rect(0, at)
        if row.center().y() > top:
            _ink(painter, matrix.look, strong is not None and strong[0] == at)
            at_left = max(0.0, matrix.cell_rect(at, 0).left() - wide - GAP) if row.left() > left else CAPTION
            painter.drawText(QRectF(at_left, row.top(), wide, row.height()), right, words)
        if column.center().x() > left:
            _ink(painter, matrix.look, strong is not None and strong[1] == at)
            if turned:
                painter.save()
                painter.translate(column.center().x(), top - GAP)
                painter.rotate(-90)
                painter.drawText(QRectF(0, -8, wide, 16), int(Qt.AlignmentFlag.AlignVCenter), words)
                painter.restore()
            else:
                painter.drawText(QRectF(column.left(), CAPTION, column.width(), 22), middle, words)
    _ink(painter, matrix.look, False)
    origin = max(left, matrix.cell_rect(0, 0).left())
    painter.drawText(QRectF(origin, 0, matrix.viewport().width() - origin, CAPTION),
                     int(Qt.AlignmentFlag.AlignVCenter), matrix.captions[1])  # fmt: skip
    painter.save()
    painter.translate(max(0.0, origin - wide - GAP - CAPTION), top)
    painter.rotate(-90)
    height = min(matrix.viewport().height() - top, matrix.side * len(matrix.labels))
    painter.drawText(QRectF(-height, 0, height, CAPTION), middle, matrix.captions[0])
    painter.restore()


def _ink(painter: QPainter, look: Look, strong: bool) -> None:
    painter.setFont(look.font(11, 600 if strong else 400))
    painter.setPen(look.color("text" if strong else "text_quiet"))
