"""Foreign text on the screen: plain, monospaced, and broken up where one line would be too long to lay out."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from studio.widgets.blend import blend
from studio.widgets.look import Look

_STRENGTH = 0.22  # of the accent in the ground under marked words
LONGEST_LINE = 2_000  # characters; Qt lays a paragraph out as one piece, and a book without line ends freezes it


def guarded(text: str, column: int = 0) -> str:
    """`text` with line ends put into lines longer than `LONGEST_LINE`; `column` characters already stand there."""
    lines = text.split("\n")
    if column + len(lines[0]) <= LONGEST_LINE and all(len(line) <= LONGEST_LINE for line in lines[1:]):
        return text
    pieces = [_broken(lines[0], LONGEST_LINE - column), *(_broken(line, LONGEST_LINE) for line in lines[1:])]
    return "\n".join(pieces)


def _broken(line: str, first: int) -> str:
    """One line in pieces of at most `LONGEST_LINE`, the first of at most `first` characters."""
    if len(line) <= first:
        return line
    return "\n".join([line[:first], *(line[at : at + LONGEST_LINE] for at in range(first, len(line), LONGEST_LINE))])


class PlainText(QPlainTextEdit):
    """A read-only page of text that follows the theme's monospace font; nothing in it is ever taken for markup."""

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("kind", "bare")
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setFont(look.font(13, mono=True))
        self.document().setDocumentMargin(0)
        self._marked: tuple[tuple[int, int], ...] = ()
        look.changed.connect(self._tint)

    def set_text(self, text: str) -> None:
        """Replace everything; does nothing when the same text stands there already, so that a selection survives."""
        safe = guarded(text)
        if safe != self.toPlainText():
            self.setPlainText(safe)

    def mark(self, stretches: Sequence[tuple[int, int]]) -> None:
        """Lay a quiet ground under these stretches (start, length) of the text; none takes the marks away."""
        self._marked = tuple(stretches)
        self._tint()

    @property
    def marked(self) -> list[str]:
        """The words that lie on a marked ground, in order."""
        text = self.toPlainText()
        return [text[start : start + length] for start, length in self._marked]

    def _tint(self) -> None:
        ground = QTextCharFormat()
        ground.setBackground(blend(self._look.color("accent"), self._look.color("surface"), _STRENGTH))
        text, selections = self.toPlainText(), []
        for start, length in self._marked:
            place = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(_qt_place(text, start))
            cursor.setPosition(_qt_place(text, start + length), QTextCursor.MoveMode.KeepAnchor)
            place.cursor, place.format = cursor, ground
            selections.append(place)
        self.setExtraSelections(selections)


def _qt_place(text: str, place: int) -> int:
    """Qt counts UTF-16 units, in which an emoji takes two places."""
    return len(text[:place].encode("utf-16-le", "surrogatepass")) // 2
