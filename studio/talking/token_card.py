"""What else could have come: a card at the token under the pointer, whose rows can be chosen."""

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.talking.answer import AnswerToken, Rival
from studio.talking.transcript_rows import Spot
from studio.views.bars import Choice, ChoiceBars, percent_text
from studio.views.token_text import visible_text
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

_WIDTH, _GAP = 300, 4
_LINGERS = 350  # milliseconds between the pointer's leaving and the card's going


class TokenCard(QFrame):
    """Ten tokens: the bar is the chance after the sampling controls, the pale one behind it the model's own."""

    branch_requested = Signal(object, int, object)  # Spot, place of the token, the AnswerToken to take instead
    inside_requested = Signal(object, int)  # Spot, place of the token

    def __init__(self, look: Look, frame: QWidget) -> None:
        super().__init__(frame)
        self.frame = frame
        self.spot: Spot | None = None
        self.place = -1
        self.token: AnswerToken | None = None
        self.setProperty("kind", "popover")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(_WIDTH)
        self.words, self.ranks = Label("", "small", wrap=True), Label("", "small", wrap=True)
        self.bars = ChoiceBars(look)
        self.bars.setAccessibleName(tr("What else could have come"))
        self.bars.chosen.connect(self._chosen)
        self.bars.pointed.connect(self._tell)
        self.hint = Label(tr("click one to branch"), "small")
        self.inside = Button(tr("why this token"), self._inside, look, "link").set_small()
        foot = QHBoxLayout()
        foot.addWidget(self.hint)
        foot.addStretch(1)
        foot.addWidget(self.inside)
        body = QVBoxLayout(self)
        body.setContentsMargins(10, 10, 8, 8)
        body.setSpacing(6)
        for widget in (self.words, self.bars, self.ranks):
            body.addWidget(widget)
        body.addLayout(foot)
        self._leaving = QTimer(self)
        self._leaving.setSingleShot(True)
        self._leaving.setInterval(_LINGERS)
        self._leaving.timeout.connect(self._go)
        self.hide()

    def show_token(self, spot: Spot, place: int, token: AnswerToken, line: QRect) -> None:
        """Open under a line (in the coordinates of `frame`), above it where there is no room."""
        self._leaving.stop()
        self.spot, self.place, self.token = spot, place, token
        self.words.setText(token_words(token))
        self.bars.set_choices(choices_of(token))
        self.bars.setVisible(bool(token.rivals))
        self.hint.setVisible(bool(token.rivals))
        self._tell(token.id)
        self.adjustSize()
        room = self.frame.rect()
        below, above = line.bottom() + _GAP, line.top() - _GAP - self.height()
        top = below if below + self.height() <= room.bottom() or above < 0 else above
        left = max(_GAP, min(line.left() - 12, room.right() - self.width() - _GAP))
        self.move(QPoint(left, max(0, min(top, room.bottom() - self.height()))))
        self.show()
        self.raise_()

    def leave(self) -> None:
        """Go soon, unless the pointer comes to the card itself."""
        if self.isVisible():
            self._leaving.start()

    def _go(self) -> None:
        if not self.underMouse() and not self.isAncestorOf(self.focusWidget() or self):
            self.hide()

    def close_now(self) -> None:
        """Go at once."""
        self._leaving.stop()
        self.hide()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._leaving.stop()

    def leaveEvent(self, event: QEvent) -> None:
        self._leaving.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_now()
            self.frame.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def _rival(self, id: int) -> Rival | None:
        token = self.token
        return next((one for one in token.rivals if one.id == id), None) if token is not None else None

    def _tell(self, id: int) -> None:
        """Chance and rank of one row, before and after the controls."""
        rival = self._rival(id if id >= 0 or self.token is None else self.token.id)
        self.ranks.setText(rival_words(rival, self.token) if rival is not None and self.token is not None else "")

    def _chosen(self, id: int) -> None:
        rival = self._rival(id)
        if rival is not None and self.spot is not None and self.token is not None and id != self.token.id:
            taken = AnswerToken(rival.text, rival.id, 0.0 if rival.removed else rival.probability, self.token.rivals)
            self.close_now()
            self.branch_requested.emit(self.spot, self.place, taken)

    def _inside(self) -> None:
        if self.spot is not None:
            self.close_now()
            self.inside_requested.emit(self.spot, self.place)


def choices_of(token: AnswerToken) -> list[Choice]:
    """The rows of the card; a token that was none of the likeliest stands last."""
    found = [
        Choice(one.id, one.text, one.probability, one.removed, one.id == token.id, one.raw or None)
        for one in token.rivals
    ]
    if all(not choice.marked for choice in found):
        found.append(Choice(token.id, token.text, token.probability, marked=True))
    return found


def token_words(token: AnswerToken) -> str:
    """“·warm” had 55 % · surprise 0.9 bits · id 4123."""
    words, chance = visible_text(token.text), percent_text(token.probability)
    told = tr("“{words}” had {chance} · surprise {bits} bits · id {id}")
    return told.format(words=words, chance=chance, bits=f"{token.surprise:.1f}", id=token.id)


def rival_words(rival: Rival, token: AnswerToken) -> str:
    """“·hot”: the model alone 30 %, rank 2 · after the controls 38 %, rank 2."""
    left = [one.id for one in token.rivals if not one.removed]
    before = ""
    if rival.rank:
        before = tr("the model alone {chance}, rank {rank}", chance=percent_text(rival.raw), rank=count(rival.rank))
    after = tr("after the controls: removed")
    if not rival.removed:
        rank = count(left.index(rival.id) + 1)
        after = tr("after the controls {chance}, rank {rank}", chance=percent_text(rival.probability), rank=rank)
    return f"“{visible_text(rival.text)}”: " + " · ".join(part for part in (before, after) if part)
