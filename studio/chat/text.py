"""What the model writes, as it writes it: plain text, each token tinted by how surprising it was."""

from bisect import bisect_right
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from studio.chat.writing import Written
from studio.core.language import tr
from studio.parts.plain_text import LONGEST_LINE, guarded
from studio.views.token_text import visible_text
from studio.widgets.look import Look

_BITS = 6.0  # a token with this surprise or more has the full tint
_TINT = {True: 0.45, False: 0.42}  # of the warning colour, dark and light: text on it keeps 4.5:1
_LINE_HEIGHT = 140  # per cent, so that tinted lines stay apart
_WIDEST = 860  # pixels of a line
_LEADING = 4  # pixels above and below a line that still belong to it
_TINTED = 20_000  # tokens; what comes after them stays plain, or a long text would be slow to draw


class CompletionView(QTextEdit):
    """The prompt in quiet letters, the tokens after it; `hovered` tells the token under the pointer or None."""

    hovered = Signal(object)  # Written
    inside_requested = Signal(object)  # Written

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("kind", "bare")
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setAccessibleName(tr("What the model wrote"))
        self.document().setDocumentMargin(0)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self._prompt = ""
        self._tokens: list[Written] = []
        self._starts: list[int] = []  # document position of each token
        self._column = 0
        self._tinted = True
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        look.changed.connect(self.redraw)

    @property
    def tokens(self) -> list[Written]:
        """What was written after the prompt."""
        return self._tokens

    @property
    def prompt(self) -> str:
        """The beginning that the tokens follow."""
        return self._prompt

    @property
    def whole_text(self) -> str:
        """Prompt and continuation, without the line ends that are only on the screen."""
        return self._prompt + "".join(token.text for token in self._tokens)

    def begin(self, prompt: str, tokens: list[Written] | None = None) -> None:
        """Start over with a prompt, and perhaps with tokens after it that were written before."""
        self._prompt, self._tokens = prompt, list(tokens or [])
        self.redraw()

    def add(self, tokens: list[Written]) -> None:
        """Append tokens; follows the end unless the person scrolled up."""
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 4
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        for token in tokens:
            self._tokens.append(token)
            self._insert(cursor, token)
        cursor.endEditBlock()
        if follows:
            bar.setValue(bar.maximum())

    def set_tinted(self, on: bool) -> None:
        """Colour by probability, or plain."""
        if on != self._tinted:
            self._tinted = on
            self.redraw()

    def redraw(self) -> None:
        """Everything again, as after a change of theme."""
        tokens, self._tokens, self._starts, self._column = self._tokens, [], [], 0
        self.clear()
        cursor = QTextCursor(self.document())
        spacing = QTextBlockFormat()
        spacing.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(spacing)
        cursor.insertText(guarded(self._prompt), self._format(None))
        self._column = len(self._prompt.rpartition("\n")[2]) % LONGEST_LINE
        self.add(tokens)

    def color_of(self, token: Written) -> QColor:
        """The ground of one token: from the page's surface to the warning colour with its surprise."""
        theme = self._look.theme
        share = min(1.0, token.surprise / _BITS) * _TINT[theme.dark]
        low, high = theme.color("surface"), theme.color("warning")
        pairs = ((low.red(), high.red()), (low.green(), high.green()), (low.blue(), high.blue()))
        red, green, blue = (round(a + (b - a) * share) for a, b in pairs)
        return QColor(red, green, blue)

    def token_at(self, position: int) -> Written | None:
        """The token whose letters stand at a position of the document."""
        place = bisect_right(self._starts, position) - 1
        return self._tokens[place] if 0 <= place < len(self._tokens) else None

    def _insert(self, cursor: QTextCursor, token: Written) -> None:
        self._starts.append(cursor.position())
        text = guarded(token.text, self._column)
        cursor.insertText(text, self._format(token))
        line = text.rpartition("\n")
        self._column = len(line[2]) + (0 if line[1] else self._column)

    def _format(self, token: Written | None) -> QTextCharFormat:
        form = QTextCharFormat()
        form.setFont(self._look.font(15))
        form.setForeground(self._look.color("text_quiet" if token is None else "text"))
        if token is not None and token.id >= 0 and self._tinted and len(self._tokens) <= _TINTED:
            form.setBackground(self.color_of(token))
        return form

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines no longer than the eye finds back from, however wide the page is."""
        self.setLineWrapColumnOrWidth(min(self.viewport().width(), _WIDEST))
        super().resizeEvent(event)

    def point_out(self, token: Written | None) -> None:
        """Underline a token, or none."""
        place = self._place_of(token)
        mark = QTextEdit.ExtraSelection()
        if place is not None:
            ends = [*self._starts[place + 1 : place + 2], self.document().characterCount() - 1]
            cursor = QTextCursor(self.document())
            cursor.setPosition(self._starts[place])
            cursor.setPosition(ends[0], QTextCursor.MoveMode.KeepAnchor)
            mark.cursor = cursor
            form = QTextCharFormat()
            form.setFontUnderline(True)
            form.setUnderlineColor(self._look.color("accent"))
            mark.format = form
        self.setExtraSelections([mark] if place is not None else [])

    def _place_of(self, token: Written | None) -> int | None:
        return next((place for place, one in enumerate(self._tokens) if one is token), None)

    def text_until(self, token: Written | None) -> str:
        """The page up to the end of a token; all of it for None."""
        place = self._place_of(token)
        shown = self._tokens if place is None else self._tokens[: place + 1]
        return self._prompt + "".join(one.text for one in shown)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with a text, and the way inside the model at the token under the pointer."""
        menu = self.createStandardContextMenu(event.pos())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        position = self.position_under(event.pos())
        token = self.token_at(position) if position >= 0 else None
        if token is not None:
            menu.addSeparator()
            words = tr("Look inside at “{token}”", token=visible_text(token.text))
            menu.addAction(words, partial(self.inside_requested.emit, token))
        menu.popup(event.globalPos())

    def rect_of(self, token: Written) -> QRect:
        """Where the first letter of a token stands, in the viewport's coordinates."""
        place = self._place_of(token)
        if place is None:
            return QRect()
        start = self._starts[place] + len(token.text) - len(token.text.lstrip(" "))
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(start, self.document().characterCount() - 1))
        return self.cursorRect(cursor)

    def position_under(self, point: QPoint) -> int:
        """The document position of the letter under a point of the viewport; -1 beside the text."""
        cursor = self.cursorForPosition(point)
        here = self.cursorRect(cursor)
        if not here.top() - _LEADING <= point.y() <= here.bottom() + _LEADING:
            return -1
        onwards = point.x() >= here.x()
        way = QTextCursor.MoveOperation.NextCharacter if onwards else QTextCursor.MoveOperation.PreviousCharacter
        if not cursor.movePosition(way):
            return -1
        there = self.cursorRect(cursor)
        left, right = sorted((here.x(), there.x()))
        inside = there.top() == here.top() and left <= point.x() <= right
        return cursor.position() - int(onwards) if inside else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the token under the pointer."""
        position = self.position_under(event.position().toPoint())
        self.hovered.emit(self.token_at(position) if position >= 0 else None)
        super().mouseMoveEvent(event)

    def _scrolled(self, _value: int) -> None:
        """Something else stands under the pointer now."""
        self.hovered.emit(None)

    def leaveEvent(self, event: QEvent) -> None:
        """No token is under the pointer."""
        self.hovered.emit(None)
        super().leaveEvent(event)
