"""What follows the pointer over a conversation: the card of a token, and the buttons of a message."""

from PySide6.QtCore import QObject, QPoint, QRect, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from studio.talking.answer import Said, as_csv, tokens_of
from studio.talking.conversation import Conversation
from studio.talking.message_bar import MessageBar
from studio.talking.message_view import PAD
from studio.talking.token_card import TokenCard
from studio.talking.transcript import Transcript
from studio.talking.transcript_rows import Spot
from studio.widgets.look import Look


class Pointing(QObject):
    """Opens both where they belong, and turns what is pressed there into wishes of the conversation."""

    edit_requested = Signal(object, str)  # Spot, the text as it is
    inside_requested = Signal(object, int)  # Spot, place of the token

    def __init__(self, transcript: Transcript, conversation: Conversation, look: Look, frame: QWidget) -> None:
        super().__init__(frame)
        self._transcript, self._conversation = transcript, conversation
        self.card = TokenCard(look, frame)
        self.bar = MessageBar(look, transcript.viewport())
        self._at: Spot | None = None
        transcript.token_pointed.connect(self._token_pointed)
        transcript.message_pointed.connect(self._message_pointed)
        transcript.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.bar.wished.connect(self._wished)
        self.card.branch_requested.connect(self._branch)
        self.card.inside_requested.connect(self.inside_requested)

    def refresh(self) -> None:
        """The message may be another, or may be done with others things now."""
        self._message_pointed(self._at)

    def _said(self, spot: Spot) -> Said | None:
        rows = self._transcript.rows.rows
        return self._transcript.rows.view(spot).said if spot.row < len(rows) else None

    def _token_pointed(self, spot: Spot | None, place: int, rect: QRect) -> None:
        said = self._said(spot) if spot is not None else None
        if spot is None or said is None or not 0 <= place < len(said.tokens) or said.tokens[place].id < 0:
            self.card.leave()
            return
        corner = self._transcript.viewport().mapTo(self.card.frame, QPoint(0, 0))
        self.card.show_token(spot, place, said.tokens[place], rect.translated(corner))

    def _message_pointed(self, spot: Spot | None) -> None:
        self._at = spot
        said = self._said(spot) if spot is not None else None
        if spot is None or said is None or said.growing:
            self.bar.hide()
            return
        self.bar.show_for(said, self._conversation.busy)
        foot, view = self._transcript.foot_of(spot), self._transcript.rows.view(spot)
        left = foot.right() - self.bar.width() - (8 if view.framed else 0)
        if view.own:  # beside the bubble, which its words fill
            left = max(4, foot.left() + round(view.left - PAD) - self.bar.width() - 8)
        self.bar.move(left, foot.bottom() - self.bar.height() - (4 if view.framed else 0))
        self.bar.show()
        self.bar.raise_()

    def _scrolled(self, _value: int) -> None:
        self.bar.hide()
        self.card.close_now()

    def _wished(self, name: str) -> None:
        spot = self._at
        said = self._said(spot) if spot is not None else None
        if spot is None or said is None:
            return
        conversation = self._conversation
        if name == "copy":
            self._transcript.copy_message(spot)
        elif name == "table":
            QGuiApplication.clipboard().setText(as_csv(tokens_of(said)))
        elif name == "edit":
            self.edit_requested.emit(spot, said.text)
        elif name == "again":
            conversation.again(spot.row)
        elif name in ("before", "after"):
            conversation.choose(spot.row, spot.column, 1 if name == "after" else -1)
        else:
            conversation.rate(spot.row, spot.column, 1 if name == "good" else -1)

    def _branch(self, spot: Spot, place: int, token: object) -> None:
        self._conversation.branch(spot.row, spot.column, place, token)  # type: ignore[arg-type]
