"""A text cut by a tokenizer as it is and with further tokens, side by side."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.token_trial import Trial
from studio.parts.wording import count
from studio.tokenizing.growing import Cuts
from studio.tokenizing.specials_form import FIRST
from studio.views.token_view import TokenView
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

_TWO_LINES = 88  # pixels of tokens with their ids


class CutsCard(Card):
    """`typed` says that a person changed the text; until then one with the new tokens in it is offered."""

    typed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("A text, before and after"), look, parent)
        self.own = False  # whether a person wrote the text
        self._offering = False
        self.edit = QPlainTextEdit()
        self.edit.setAccessibleName(tr("Text to cut before and after"))
        self.edit.setTabChangesFocus(True)
        self.edit.setProperty("mono", True)
        self.edit.setFixedHeight(56)
        self.edit.textChanged.connect(self._changed)
        self.body.addWidget(self.edit)
        self._words = (tr("Before"), tr("After"))
        self.heads, self.views = [Label(words, "small") for words in self._words], [TokenView(look), TokenView(look)]
        both = QHBoxLayout()
        both.setSpacing(24)
        for words, head, view in zip(self._words, self.heads, self.views, strict=True):
            view.set_show_ids(True)
            view.setMinimumHeight(_TWO_LINES)
            view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # it takes what is left
            view.setAccessibleName(words)
            under = QVBoxLayout()
            under.setSpacing(4)
            under.addWidget(head)
            under.addWidget(view, 1)
            both.addLayout(under, 1)
        self.body.addLayout(both, 1)

    @property
    def text(self) -> str:
        """What stands in the box."""
        return self.edit.toPlainText()

    def offer(self, added: tuple[str, ...]) -> None:
        """A question and an answer with the new tokens before them, unless a person wrote something."""
        one, other = (*added, *FIRST)[:2]
        text = f"{one}What is a token?{other}A piece of a text."
        if not self.own and text != self.text:
            self._offering = True
            self.edit.setPlainText(text)
            self._offering = False

    def show_cuts(self, cuts: Cuts | None) -> None:
        """Show both sides; None while they are not known."""
        trials = (cuts.before, cuts.after) if cuts is not None else (Trial(""), Trial(""))
        for words, head, view, trial in zip(self._words, self.heads, self.views, trials, strict=True):
            number = tr("1 token") if trial.count == 1 else tr("{count} tokens", count=count(trial.count))
            head.setText(f"{words} · {trial.problem or number}" if trial.text else words)
            view.set_tokens(trial.tokens)

    def _changed(self) -> None:
        if not self._offering:
            self.own = True
            self.typed.emit()
