"""What else could have come: a small card at the token under the pointer."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from studio.chat.writing import Written, token_words
from studio.core.language import tr
from studio.views.bars import Choice, ChoiceBars
from studio.widgets.label import Label
from studio.widgets.look import Look

_WIDTH = 264
_GAP = 4  # pixels between the token and the card


class RivalsCard(QFrame):
    """The likeliest tokens at that moment as bars, the one that was taken in bold; never catches the mouse."""

    def __init__(self, look: Look, frame: QWidget) -> None:
        super().__init__(frame)
        self.frame = frame
        self.setProperty("kind", "popover")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedWidth(_WIDTH)
        self.words = Label("", "small", wrap=True)
        self.bars = ChoiceBars(look)
        self.bars.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.bars.setAccessibleName(tr("What else could have come"))
        body = QVBoxLayout(self)
        body.setContentsMargins(10, 10, 6, 8)
        body.setSpacing(6)
        body.addWidget(self.words)
        body.addWidget(self.bars)
        self.hide()

    def show_token(self, token: Written, line: QRect, right: int) -> None:
        """Open under the line of the token, above it where there is no room, left of `right` (frame's coordinates)."""
        self.words.setText(token_words(token))
        choices = [
            Choice(rival.id, rival.text, rival.probability, rival.removed, rival.id == token.id)
            for rival in token.rivals
        ]
        if all(not choice.marked for choice in choices):
            choices.append(Choice(token.id, token.text, token.probability, marked=True))
        self.bars.set_choices(choices)
        self.adjustSize()
        room = self.frame.rect()
        below = line.bottom() + _GAP
        fits = below + self.height() <= room.bottom() or line.top() - _GAP - self.height() < 0
        top = below if fits else line.top() - _GAP - self.height()
        left = max(_GAP, min(line.left() - 12, right - self.width()))
        self.move(QPoint(left, max(0, min(top, room.bottom() - self.height()))))
        self.show()
        self.raise_()
