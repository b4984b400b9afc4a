"""How text becomes tokens: four ways side by side, tried out on whatever a person types."""

from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from studio.controls.choice_cards import CardChoice, ChoiceCards
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.live.token_counts import TokenCounts
from studio.panels import Action
from studio.parts.token_trial import (
    MOST_SHOWN,
    CommonToken,
    TokenCard,
    Trial,
    TrialLine,
    common_table,
    common_tokens,
    try_text,
)
from studio.parts.wording import count, start_words
from studio.store.corpus import Text
from studio.store.token_count import TokenCount
from studio.tokenizers import tokenizer_kinds
from studio.tokenizers.words import UNKNOWN
from studio.views.token_text import Token
from studio.views.token_view import TokenView
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.page import Card, Page

PURPOSE = "How text is cut into the pieces that the model reads and writes."
IDEA = (
    "A model knows no letters and no words, only numbers: the ids of tokens. A tokenizer cuts a text into tokens and "
    "gives each its id; the model learns which id follows which.\n\n"
    "Small pieces mean a small vocabulary that is learned quickly, but long sequences: a context of 128 characters is "
    "two sentences. Large pieces put more text into the same context, but need a large table of embeddings: GPT-2's "
    "50,257 tokens at width 768 are 38.6 million of its weights.\n\n"
    "Bytes and GPT-2's byte pairs can write any text. Characters and words know only what your text has."
)
GREETING = "Once upon a time, in a naïve little café, somebody tokenized 1,234 words."
_QUIET = 120  # milliseconds without a key before the text is cut again
_AT_ONCE = 20_000  # characters that are cut without a worker
_HEAD = 560  # characters of the project's text to begin with
_SIDE = 320


class TokenizerPanel(Page):
    """Above the kinds, below a text to try them on; at the right what there is to say about it."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Tokenizer"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._counts = TokenCounts.of(session)
        self._counts.changed.connect(self._counted)
        self._kinds = {kind.name: kind for kind in tokenizer_kinds()}
        self._kind = ""  # looked at; empty: the draft's
        self._text: Text | None = None
        self._tried: object = None
        self._common: object = None
        self._told = ""  # the model to start from that the banner was last about
        self.trial = Trial("")
        self.bring = self.add_action(tr("Bring in a text"), self._bring_text)
        self.primary = self.add_action("", self._primary_pressed, primary=True)
        choices = [CardChoice(kind.name, tr(kind.label), tr(kind.about)) for kind in self._kinds.values()]
        self.kinds = ChoiceCards(choices, look, tr("Tokenizer"))
        self.kinds.changed.connect(self._look_at)
        self.body.addWidget(self.kinds)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._bench(), 1)
        row.addWidget(self._side())
        self.body.addLayout(row, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self.try_now)

    def _bench(self) -> Card:
        card = Card(tr("Try it"), self.look)
        self.special_words = Label("", "small")
        self.special = Segmented(
            [("text", tr("as text")), ("token", tr("as special token"))], self.look, tr("Special tokens")
        )
        self.special.changed.connect(self._specials_changed)
        card.header.addWidget(self.special_words)
        card.header.addWidget(self.special)
        self.edit = QPlainTextEdit()
        self.edit.setPlaceholderText(tr("Type or paste a text…"))
        self.edit.setAccessibleName(tr("Text to tokenize"))
        self.edit.setTabChangesFocus(True)
        self.edit.setProperty("mono", True)
        self.edit.setFixedHeight(104)
        self.edit.textChanged.connect(self._typed)
        self.tokens = TokenView(self.look)
        self.tokens.set_show_ids(True)
        self.tokens.selected.connect(self._token_selected)
        self.figures = TrialLine()
        card.body.addWidget(self.edit)
        card.body.addWidget(self.figures)
        card.body.addSpacing(4)
        card.body.addWidget(self.tokens, 1)
        self.bench = card
        return card

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(_SIDE)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        self.token = TokenCard(self.look)
        self.vocabulary = Card(tr("Most common"), self.look)
        self.common = common_table(self.look)
        self.common.set_empty_text(tr("Known once the project has a text."))
        self.common.selection_changed.connect(self._row_selected)
        self.vocabulary.body.addWidget(self.common, 1)
        column.addWidget(self.token)
        column.addWidget(self.vocabulary, 1)
        return side

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """The tokenizer that is looked at."""
        return self._kind or self._session.draft.data.tokenizer

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if "project" in what:
            self._kind, self._tried = "", None
        if not what or what & {"project", "texts", "draft"}:
            self._find_text()
            self._show()

    def _find_text(self) -> None:
        """The draft's text, else the first one; its beginning becomes the text to try while nothing was typed."""
        project, wanted = self._session.project, self._session.draft.data.text
        texts = project.texts() if project is not None else []
        found = next((text for text in texts if text.name == wanted), texts[0] if texts else None)
        before, self._text = self._text, found
        if not self.edit.document().isModified() and (found != before or not self.edit.toPlainText()):
            self._set_words(_beginning(found) if found is not None else tr(GREETING))

    def _set_words(self, words: str) -> None:
        self.edit.setPlainText(words)
        self.edit.document().setModified(False)

    def _show(self) -> None:
        used, kind = self._session.draft.data.tokenizer, self.kind
        self.kinds.set_value(kind)
        self.kinds.set_marked(used)
        for name, item in self._kinds.items():
            useless = item.needs_text and self._text is None
            why = tr("It learns its vocabulary from a text. Bring one in on the Data page.") if useless else ""
            self.kinds.set_enabled(name, not useless, why)
            facts = tr("needs a text") if useless else self._facts(name, self._wanted(name))
            self.kinds.set_facts(name, facts)
        self._tell_start()
        self.bring.setVisible(self._text is None)
        self.primary.setText(tr("Next: Model") if kind == used else tr("Use this tokenizer"))
        self.primary.setEnabled(not (self._kinds[kind].needs_text and self._text is None))
        self._show_common()
        self.try_now()

    def _tell_start(self) -> None:
        """A run that starts from a model reads as the model does, whatever is chosen here."""
        start = self._session.draft.start_from
        if start == self._told:  # said already, and perhaps dismissed
            return
        self._told = start
        if not start:
            self.banner.clear()
            return
        words = tr("The next run starts from “{name}” and reads with that model's tokenizer.", name=start_words(start))
        self.banner.show_note(words, tr("Another one that is chosen here brings random weights back."))

    def _wanted(self, name: str) -> TokenCount | None:
        """What is known of one kind; the chosen one is asked for first."""
        if self._kinds[name].needs_text and self._text is None:
            return None
        return self._counts.want(self._text, name)

    def _facts(self, name: str, counted: TokenCount | None) -> str:
        failure = self._counts.failure(self._text, name)
        if failure is not None:
            return failure.message
        if counted is None:
            return tr("counting…")
        words = tr("{count} tokens in the vocabulary", count=count(counted.vocab_size))
        if counted.text is None:
            return words
        about = "" if counted.exact else "≈ "
        return words + "\n" + tr("{count} tokens in this text", count=about + count(counted.tokens))

    def _show_common(self) -> None:
        counted = self._wanted(self.kind)
        key = (id(counted), self.kind)
        if key == self._common:
            return
        self._common = key
        rows = common_tokens(counted) if counted is not None and counted.text is not None else []
        self.common.set_rows(rows)
        note = (
            tr("{used} of {all} are used", used=count(counted.used), all=count(counted.vocab_size)) if counted else ""
        )
        self.vocabulary.set_note(note if rows else "")

    def _counted(self) -> None:
        if self.isVisible():
            self._show()

    # --- trying ---------------------------------------------------------------------------------------------------

    def try_now(self) -> None:
        """Cut the text that stands there, here or on a worker; never twice the same."""
        self._timer.stop()
        counted = self._wanted(self.kind)
        if counted is None:
            return
        tokenizer, text = counted.tokenizer, self.edit.toPlainText()
        self.special.setVisible(bool(tokenizer.special))
        self.special_words.setVisible(bool(tokenizer.special))
        self.special_words.setText(tr("{names} is read", names=", ".join(tokenizer.special)))
        special = self.special.value() == "token" and bool(tokenizer.special)
        key = (id(tokenizer), text, special)
        if key == self._tried:
            return
        self._tried = key
        if len(text) <= _AT_ONCE:
            self._session.jobs.cancel_lane("tokenizer.trial")
            self._take(try_text(tokenizer, text, special))
            return
        self.bench.set_note(tr("cutting…"))
        job = self._session.jobs.start(try_text, tokenizer, text, special, lane="tokenizer.trial")
        job.succeeded.connect(self._take)

    def _take(self, trial: Trial) -> None:
        self.trial = trial
        cut = trial.count > MOST_SHOWN
        self.bench.set_note(tr("the first {count} tokens are shown", count=count(MOST_SHOWN)) if cut else "")
        self.tokens.set_tokens(trial.tokens)
        self.tokens.set_empty_text("" if trial.problem else tr("The tokens of the text above appear here."))
        counted = self._wanted(self.kind)
        self.figures.set_trial(trial, counted is not None and UNKNOWN in counted.tokenizer.special)
        self._token_selected(-1)

    def _token_selected(self, index: int) -> None:
        self._show_token(self.trial.tokens[index] if 0 <= index < len(self.trial.tokens) else None)

    def _row_selected(self, rows: list[CommonToken]) -> None:
        if rows:
            self.tokens.select(-1)
            self._show_token(rows[0].token)

    def _show_token(self, token: Token | None) -> None:
        self.token.set_token(token, self._wanted(self.kind))

    # --- what a person does ---------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        return [Action("tokenizer.use", tr("Use this tokenizer"), self._use, "", "check", self.primary.isEnabled)]

    def focus_on(self, thing: object) -> None:
        """Look at one tokenizer, by its name."""
        if isinstance(thing, str) and thing in self._kinds:
            self._look_at(thing)

    def _bring_text(self) -> None:
        self._session.focus("data")

    def _look_at(self, name: str) -> None:
        self._kind = name
        self._show()

    def _typed(self) -> None:
        self._timer.start()

    def _specials_changed(self, _value: str) -> None:
        self.try_now()

    def _primary_pressed(self) -> None:
        if self.kind == self._session.draft.data.tokenizer:
            self._session.focus("model")
        else:
            self._use()

    def _use(self) -> None:
        draft = self._session.draft
        self._session.set_draft(draft.with_part(data=replace(draft.data, tokenizer=self.kind)))


def _beginning(text: Text) -> str:
    """The first lines of a text, up to the end of a word."""
    try:
        head = next(text.chunks(_HEAD), "")
    except (OSError, UnicodeDecodeError, StudioError):
        return tr(GREETING)
    return head if len(head) < _HEAD else head[: head.rfind(" ")].rstrip() if " " in head else head
