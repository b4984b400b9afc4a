"""A row token by token: learned, only read, filled up or cut off, told by ground, by a letter and by a line below."""

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.rows.rendering import STATES, Painted
from studio.tokenizers import Tokenizer
from studio.views.token_text import Token
from studio.views.token_view import TokenView
from studio.widgets.blend import blend
from studio.widgets.hover_card import CardRow
from studio.widgets.look import Look

ROLES = ("good", "text_quiet", "line", "danger")  # in the order of `STATES`
LETTERS = ("T", "I", "P", "C")
NAMES = ("trained", "ignored", "padding", "cut")
ABOUT = (
    "A target: the model is taught to say it.",
    "Only read: the model sees it, and nothing is asked of it.",
    "Fills the row up to the longest of its batch; nobody looks at it.",
    "Beyond what the model reads at once; left out.",
)
_GROUNDS_DARK, _GROUNDS_LIGHT = (0.34, 0.08, 0.0, 0.24), (0.22, 0.06, 0.0, 0.14)
_STRIP, _LINE = 11, 2.0  # what stands below a token: a letter, and a line as far as its stretch


class PaintedTokens(TokenView):
    """`set_painted` shows one row; where a stretch begins its letter stands below, on every line anew."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        self._states: list[int] = []
        super().__init__(look, parent)

    def set_painted(self, painted: Painted | None, tokenizer: Tokenizer | None = None) -> None:
        """Show a row, or nothing."""
        self._states = painted.states.tolist() if painted is not None else []
        tokens = [] if painted is None else tokens_of(painted, tokenizer)
        self.set_tokens(tokens)
        self.set_remarks([(CardRow(tr(NAMES[state])), CardRow("", tr(ABOUT[state]))) for state in self._states])
        counts = ", ".join(
            f"{name} {self._states.count(place):,}" for place, name in enumerate(NAMES) if place in self._states
        )
        self.setAccessibleDescription(counts)

    @property
    def states(self) -> list[int]:
        """Places in `STATES`, token by token."""
        return list(self._states)

    def _line_ends(self) -> list[bool]:
        """An empty line takes no line of its own: its mark stands behind that of the line before."""
        texts = [token.text for token in self._tokens]
        ends = super()._line_ends()
        empty = [*(text != "" and not text.strip("\n") for text in texts[1:]), False]
        return [end and not empty[place] for place, end in enumerate(ends)]

    @property
    def _line_height(self) -> int:
        return super()._line_height + _STRIP

    def _paint_boxes(self, painter: QPainter, span: range, top: float, grounds: list[QColor]) -> None:
        look, states = self._look, self._states
        grounds = [state_ground(look, place) for place in range(len(STATES))]
        painter.setFont(look.font(11, mono=True))
        metrics = painter.fontMetrics()
        for index in span:
            hovered, special = index == self._hover, self._tokens[index].special
            painter.setPen(QPen(look.color("accent"), 1) if hovered or special else Qt.PenStyle.NoPen)
            painter.setBrush(grounds[states[index]])
            box = self._box(index, top)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5) if hovered or special else box, 3, 3)
        for state, group in groupby(span, key=states.__getitem__):
            stretch = list(group)
            first, last = self._box(stretch[0], top), self._box(stretch[-1], top)
            low = first.bottom() + 3
            painter.setPen(look.color(ROLES[state] if state != STATES.index("padding") else "text_disabled"))
            painter.drawText(QPointF(first.left() + 3, low + 6), LETTERS[state])
            begin = first.left() + 3 + metrics.horizontalAdvance(LETTERS[state]) + 4
            if last.right() > begin:
                style = Qt.PenStyle.SolidLine if state == 0 else Qt.PenStyle.DotLine
                painter.setPen(QPen(look.color(ROLES[state]), _LINE if state == 0 else 1.0, style))
                painter.drawLine(QPointF(begin, low + 2), QPointF(last.right() - 1, low + 2))
            if state == STATES.index("cut"):
                painter.setPen(QPen(look.color("danger"), 1))
                painter.drawLine(QPointF(first.left(), first.center().y()), QPointF(last.right(), first.center().y()))

    def _box(self, index: int, top: float) -> QRectF:
        layout = self._layout
        return QRectF(layout.lefts[index] + 4, top, layout.widths[index], 22)


def tokens_of(painted: Painted, tokenizer: Tokenizer | None) -> list[Token]:
    """The tokens of a row as the view writes them; special ones carry an outline."""
    special = set(tokenizer.special.values()) if tokenizer is not None else set()
    end = tokenizer.end_of_text if tokenizer is not None else None
    return [
        Token(text, int(token), b"" if tokenizer is None else tokenizer.token_bytes(int(token)),
              int(token) in special or int(token) == end)
        for text, token in zip(painted.texts, painted.ids.tolist(), strict=True)
    ]  # fmt: skip


def state_ground(look: Look, state: int) -> QColor:
    """The ground of a token in this state, calm enough to read on."""
    shares = _GROUNDS_DARK if look.theme.dark else _GROUNDS_LIGHT
    return blend(look.color(ROLES[state]), look.color("surface"), shares[state])


def counted(painted: Sequence[Painted]) -> tuple[int, ...]:
    """Tokens in each of `STATES` over several rows."""
    return tuple(sum(row.counts[name] for row in painted) for name in STATES)
