"""What the colours and letters of painted tokens mean, each with how many there are."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.instructing.painted_tokens import ABOUT, LETTERS, NAMES, ROLES, state_ground
from studio.widgets.look import Look

_HEIGHT, _SWATCH, _GAP, _ITEM = 24, 18, 6, 20


class StateLegend(QWidget):
    """`set_counts` takes tokens in each state; a state without any is quiet."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.counts: tuple[int, ...] = (0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Tokens in each state"))
        self.setToolTip("\n".join(f"{letter} · {tr(name)}: {tr(about)}"
                                  for letter, name, about in zip(LETTERS, NAMES, ABOUT, strict=True)))  # fmt: skip
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(440, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def set_counts(self, counts: Sequence[int]) -> None:
        """Tokens that are trained, ignored, padding and cut."""
        self.counts = tuple(counts)
        self.setAccessibleDescription(", ".join(self.words()))
        self.update()

    def words(self) -> list[str]:
        """What stands beside the swatches: trained 21."""
        return [f"{tr(name)} {count:,}" for name, count in zip(NAMES, self.counts, strict=True)]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, middle = 0.5, int(Qt.AlignmentFlag.AlignVCenter)
        for place, words in enumerate(self.words()):
            some = self.counts[place] > 0
            swatch = QRectF(left, (self.height() - _SWATCH) / 2, _SWATCH, _SWATCH)
            painter.setPen(self.look.color(ROLES[place] if some else "line"))
            painter.setBrush(state_ground(self.look, place) if some else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(swatch, 3, 3)
            painter.setFont(self.look.font(11, mono=True))
            painter.setPen(self.look.color("text" if some else "text_disabled"))
            painter.drawText(swatch, int(Qt.AlignmentFlag.AlignCenter), LETTERS[place])
            painter.setFont(self.look.font(13))
            painter.setPen(self.look.color("text" if some else "text_quiet"))
            width = painter.fontMetrics().horizontalAdvance(words) + 2
            painter.drawText(QRectF(swatch.right() + _GAP, 0, width, self.height()), middle, words)
            left = swatch.right() + _GAP + width + _ITEM
