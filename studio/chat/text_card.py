"""The page on which the model writes: one text or several to turn through, tinted by surprise, told in one line."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.chat.rivals import RivalsCard
from studio.chat.text import CompletionView
from studio.chat.writing import Written, summary_words, token_words
from studio.controls.editors import Switch
from studio.core.language import tr
from studio.parts.wording import count
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look


class TextCard(Card):
    """`view` shows one of the texts; `said` is the line under it. `frame` is where a token's card may open."""

    inside_requested = Signal(str)  # the text up to the token that is to be looked at

    def __init__(self, look: Look, frame: QWidget) -> None:
        super().__init__(tr("Text"), look)
        self.texts: list[list[Written]] = [[]]
        self.shown = 0
        self.view, self.said = CompletionView(look), Label("", "small", wrap=True)
        self.rivals = RivalsCard(look, frame)
        self.tint = Switch(look)
        self.tint.setAccessibleName(tr("Colour by probability"))
        self.tint.setToolTip(tr("Tints every token by how surprising it was"))
        self.tint.set_value(True)
        self.inside = Button(tr("look inside"), self._look_inside, look, "link").set_small()
        self.inside.setToolTip(tr("What the model computed for the last token; for another one, right-click it"))
        self.inside.hide()
        self._turning = self._make_turning(look)
        self.header.addWidget(self._turning)
        self.header.addWidget(self.inside)
        self.header.addWidget(Label(tr("surprise in colour"), "small"))
        self.header.addWidget(self.tint)
        self.body.addWidget(self.view, 1)
        self.body.addWidget(self.said)
        self.tint.changed.connect(self._tint_changed)
        self.view.hovered.connect(self._token_pointed)
        self.view.inside_requested.connect(self._look_inside_at)

    def _make_turning(self, look: Look) -> QWidget:
        """Two arrows around "2 of 3", only there when there is more than one text."""
        self.before = IconButton("chevron-left", tr("The text before"), self._turn_back, look)
        self.after = IconButton("chevron-right", tr("The next text"), self._turn_on, look)
        self.place = Label("", "small")
        widget = QWidget()
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for part in (self.before, self.place, self.after):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        widget.hide()
        return widget

    def begin(self, prompt: str) -> None:
        """Start over with a prompt."""
        self.texts, self.shown = [[]], 0
        self.view.begin(prompt)
        self._tell()

    def branch(self, texts: int) -> None:
        """From here on so many texts go on, each from the one that is shown."""
        self.texts = [list(self.view.tokens) for _ in range(texts)]
        self.shown = 0
        self._tell()

    def add(self, tokens: list[Written]) -> None:
        """Append tokens, each to its own text."""
        for token in tokens:
            self.texts[min(token.sample, len(self.texts) - 1)].append(token)
        self.view.add([token for token in tokens if token.sample == self.shown])
        self._tell()

    def turn(self, number: int) -> None:
        """Show another of the texts, counted from 0."""
        if 0 <= number < len(self.texts) and number != self.shown:
            self.shown = number
            self.view.begin(self.view.prompt, self.texts[number])
            self._tell()

    def say(self, words: str = "") -> None:
        """A line under the text; without words, how the writing of the shown text went."""
        self.said.setText(words or summary_words(self.view.tokens))

    def _tell(self) -> None:
        total = len(self.texts)
        self._turning.setVisible(total > 1)
        self.place.setText(tr("{number} of {total}", number=count(self.shown + 1), total=count(total)))
        self.before.setEnabled(self.shown > 0)
        self.after.setEnabled(self.shown + 1 < total)
        self.inside.setVisible(bool(self.view.tokens))
        self.say()

    def _look_inside(self) -> None:
        self.inside_requested.emit(self.view.text_until(None))

    def _look_inside_at(self, token: Written) -> None:
        self.inside_requested.emit(self.view.text_until(token))

    def _turn_back(self) -> None:
        self.turn(self.shown - 1)

    def _turn_on(self) -> None:
        self.turn(self.shown + 1)

    def _tint_changed(self) -> None:
        self.view.set_tinted(self.tint.value())

    def _token_pointed(self, token: Written | None) -> None:
        """Its chance and what else could have come, in a card beside it."""
        told = token if token is not None and token.id >= 0 else None
        self.view.point_out(told)
        if told is not None and told.rivals:
            line = self.view.rect_of(told)
            corner = self.view.viewport().mapTo(self.rivals.frame, QPoint(0, 0))
            self.rivals.show_token(told, line.translated(corner), corner.x() + self.view.width())
            return
        self.rivals.hide()
        self.say(token_words(told) if told is not None else "")
