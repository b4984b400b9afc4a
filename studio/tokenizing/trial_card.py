"""A text and what one tokenizer makes of it, cut anew as it is typed."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.token_trial import MOST_SHOWN, Trial, TrialLine, try_text
from studio.parts.wording import count
from studio.tokenizers import Tokenizer
from studio.tokenizers.words import UNKNOWN
from studio.views.token_view import TokenView
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

_QUIET = 120  # milliseconds without a key before the text is cut again
_AT_ONCE = 20_000  # characters that are cut without a worker
_NAMED = 2  # special tokens that are named


class TrialCard(Card):
    """`chosen` tells the `Token` that is looked at, or None."""

    chosen = Signal(object)

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Try it"), look)
        self._session = session
        self._tokenizer: Tokenizer | None = None
        self._tried: object = None
        self.trial = Trial("")
        self.about = Label("", "small", wrap=True)
        self.edit = QPlainTextEdit()
        self.edit.setPlaceholderText(tr("Type or paste a text…"))
        self.edit.setAccessibleName(tr("Text to tokenize"))
        self.edit.setTabChangesFocus(True)
        self.edit.setProperty("mono", True)
        self.edit.setFixedHeight(112)
        self.edit.textChanged.connect(self._typed)
        self.figures = TrialLine()
        self.tokens = TokenView(look)
        self.tokens.set_show_ids(True)
        self.tokens.selected.connect(self._selected)
        for widget in (self.about, self.edit, self._specials(), self.figures):
            self.body.addWidget(widget)
        self.body.addSpacing(4)
        self.body.addWidget(self.tokens, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self.try_now)

    def _specials(self) -> QWidget:
        assert self.look is not None
        self.special_words = Label("", "small")
        self.special = Segmented(
            [("text", tr("as text")), ("token", tr("as special token"))], self.look, tr("Special tokens")
        )
        self.special.changed.connect(self._specials_changed)
        self.specials = QWidget()
        line = QHBoxLayout(self.specials)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.special_words)
        line.addWidget(self.special)
        line.addStretch(1)
        return self.specials

    # --- the text -------------------------------------------------------------------------------------------------

    @property
    def typed(self) -> bool:
        """Whether a person has changed what stands there."""
        return self.edit.document().isModified()

    @property
    def words(self) -> str:
        """What stands there."""
        return self.edit.toPlainText()

    def set_words(self, words: str, typed: bool = False) -> None:
        """Another text; `typed` keeps it as if a person had written it."""
        if words != self.words:
            self.edit.setPlainText(words)
        self.edit.document().setModified(typed)

    # --- the tokenizer --------------------------------------------------------------------------------------------

    def set_about(self, title: str, about: str) -> None:
        """What the tokenizer is called, and a line on it."""
        self.set_title(title)
        self.about.setText(about)
        self.about.setVisible(bool(about))

    def set_tokenizer(self, tokenizer: Tokenizer | None, missing: str = "") -> None:
        """Cut with this one from now on; None: say why there is none."""
        self._tokenizer = tokenizer
        if tokenizer is None:
            self._timer.stop()
            self._tried = None
            self.specials.hide()
            self.tokens.set_empty_text(missing)
            self._show_trial(Trial(""))
        else:
            self.try_now()

    def try_now(self) -> None:
        """Cut the text that stands there, here or on a worker; never twice the same."""
        self._timer.stop()
        tokenizer, text = self._tokenizer, self.words
        if tokenizer is None:
            return
        names = list(tokenizer.special)
        self.specials.setVisible(bool(names))
        self.special_words.setText(_are_read(names))
        special = self.special.value() == "token" and bool(names)
        key = (id(tokenizer), text, special)
        if key == self._tried:
            return
        self._tried = key
        if len(text) <= _AT_ONCE:
            self._session.jobs.cancel_lane("tokenizer.trial")
            self._take(try_text(tokenizer, text, special))
            return
        self.set_note(tr("cutting…"))
        job = self._session.jobs.start(try_text, tokenizer, text, special, lane="tokenizer.trial")
        job.succeeded.connect(self._take)

    def _take(self, trial: Trial) -> None:
        self.tokens.set_empty_text("" if trial.problem else tr("The tokens of the text above appear here."))
        self._show_trial(trial)

    def _show_trial(self, trial: Trial) -> None:
        self.trial = trial
        cut = trial.count > MOST_SHOWN
        self.set_note(tr("the first {count} tokens are shown", count=count(MOST_SHOWN)) if cut else "")
        self.tokens.set_tokens(trial.tokens)
        self.figures.set_trial(trial, self._tokenizer is not None and UNKNOWN in self._tokenizer.special)
        self._selected(-1)

    def _selected(self, index: int) -> None:
        self.chosen.emit(self.trial.tokens[index] if 0 <= index < len(self.trial.tokens) else None)

    def _typed(self) -> None:
        self._timer.start()

    def _specials_changed(self, _value: str) -> None:
        self.try_now()


def _are_read(names: list[str]) -> str:
    """Which special tokens there are, as the beginning of a sentence that the switch ends."""
    if len(names) < 2:
        return tr("{name} is read", name="".join(names))
    more = tr(" and {count} more", count=count(len(names) - _NAMED)) if len(names) > _NAMED else ""
    return tr("{names} are read", names=", ".join(names[:_NAMED]) + more)
