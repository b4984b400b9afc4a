"""Any text cut into tokens as it is typed, by whichever tokenizer is looked at."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.live.token_counts import TokenCounts
from studio.parts.token_trial import CommonToken, TokenCard, common_table, common_tokens
from studio.parts.wording import NOT_MEASURED, count
from studio.store.corpus import Text
from studio.store.token_count import TokenCount
from studio.tokenizing.export_menu import ExportMenu
from studio.tokenizing.first_words import first_words, text_in_use
from studio.tokenizing.offered import Offered, offered
from studio.tokenizing.tokenizer_list import TokenizerList, TokenizerRow
from studio.tokenizing.trial_card import TrialCard
from studio.tokenizing.view import TokenizingView
from studio.views.token_text import Token
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.file_drop import FileDrop
from studio.widgets.look import Look

_COUNTED = 10  # tokenizers that are counted without being looked at; fewer than `TokenCounts` keeps
_LIST, _SIDE = 264, 280
_WIDE_LIST, _WIDE_SIDE, _WIDE = 372, 320, 1_300
_NARROW_LIST, _NARROW = 188, 900


class TryView(TokenizingView):
    """Left the tokenizers, in the middle a text to try them on, at the right what there is to say about a token."""

    name = "try"
    label = "Try"

    train_wanted = Signal()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._counts = TokenCounts.of(session)
        self._counts.changed.connect(self._counted)
        self._items: dict[str, Offered] = {}
        self._kind = ""  # looked at; empty: the draft's
        self._text: Text | None = None
        self._common: object = None
        self.list = TokenizerList(look)
        self.list.chosen.connect(self.look_at)
        self.list.train_wanted.connect(self.train_wanted)
        self.list.open_wanted.connect(self._ask_file)
        self.bench = TrialCard(session, look)
        self.bench.chosen.connect(self._show_token)
        self.export = ExportMenu(session, look)
        self.export.set_small()
        self.export.refused.connect(self.refused)
        self.delete = Button(tr("Delete"), self.delete_own, look, "quiet", "trash").set_small()
        for button in (self.export, self.delete):
            self.bench.header.addWidget(button)
        self.drop = FileDrop(look, self)
        self.drop.dropped.connect(self._dropped)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.list)
        row.addWidget(self.bench, 1)
        row.addWidget(self._side())

    def _side(self) -> QWidget:
        self.side = QWidget()
        column = QVBoxLayout(self.side)
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
        return self.side

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The columns beside the text leave it the room that it needs."""
        super().resizeEvent(event)
        wide, narrow = self.width() >= _WIDE, self.width() < _NARROW
        self.list.setFixedWidth(_WIDE_LIST if wide else _NARROW_LIST if narrow else _LIST)
        self.side.setFixedWidth(_WIDE_SIDE if wide else _SIDE)
        self.side.setVisible(not narrow)  # what a token is then stands in the card under the pointer

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """The tokenizer that is looked at."""
        return self._kind or self.session.draft.data.tokenizer

    @property
    def item(self) -> Offered:
        """What is known of it; a name that the draft still has and the project no more stands for itself."""
        return self._items.get(self.kind) or Offered(self.kind, self.kind)

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if "project" in what:
            self._kind = ""
        if not what or what & {"project", "tokenizers"}:
            self._items = {item.name: item for item in offered(self.session.project)}
            if self._kind not in self._items:
                self._kind = ""
        if not what or what & {"project", "texts", "draft", "tokenizers"}:
            self._find_text()
            self._show()

    def _find_text(self) -> None:
        """Its beginning becomes the text to try while nothing was typed."""
        before, self._text = self._text, text_in_use(self.session)
        if not self.bench.typed and (self._text != before or not self.bench.words):
            self.bench.set_words(first_words(self._text))

    def _show(self) -> None:
        small = [name for name, item in self._items.items() if not item.large]
        counted = list(dict.fromkeys([self.kind, self.session.draft.data.tokenizer, *small]))[:_COUNTED]
        self.list.set_rows([self._row(item, item.name in counted) for item in self._items.values()], self.kind)
        self.bench.set_about(self.item.label, self.item.about)
        for button in (self.export, self.delete):
            button.setVisible(self.item.own)
        known = self._wanted(self.kind)
        self.bench.set_tokenizer(known.tokenizer if known is not None else None, self._missing())
        if self.item.own:
            self.export.set_tokenizer(known.tokenizer if known is not None else None)
        self._show_common(known)
        self.changed.emit()

    def _row(self, item: Offered, counted: bool) -> TokenizerRow:
        used = item.name == self.session.draft.data.tokenizer
        if self._useless(item):
            return TokenizerRow(item, used, words=tr("needs text"))
        found = self._wanted(item.name) if counted else None
        if self._counts.failure(self._text, item.name) is not None:
            return TokenizerRow(item, used, found, tr("cannot"))
        if self._text is None:
            return TokenizerRow(item, used, found)
        return TokenizerRow(item, used, found, tr("counting…") if counted else NOT_MEASURED)

    def _useless(self, item: Offered) -> bool:
        """It learns from a text, and there is none."""
        return item.needs_text and self._text is None

    def _wanted(self, name: str) -> TokenCount | None:
        """What is known of one tokenizer; the one that is looked at is asked for first."""
        item = self._items.get(name)
        return None if item is not None and self._useless(item) else self._counts.want(self._text, name)

    def _missing(self) -> str:
        """Why the tokenizer that is looked at is not there: it needs a text, it cannot be made, or not yet."""
        if self._useless(self.item):
            return tr("It learns its vocabulary from a text. Bring one in on the Data page.")
        failure = self._counts.failure(self._text, self.kind)
        return str(failure) if failure is not None else tr("One moment…")

    def _show_common(self, counted: TokenCount | None) -> None:
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

    def _row_selected(self, rows: list[CommonToken]) -> None:
        if rows:
            self.bench.tokens.select(-1)
            self._show_token(rows[0].token)

    def _show_token(self, token: Token | None) -> None:
        self.token.set_token(token, self._wanted(self.kind))

    # --- what a person does ---------------------------------------------------------------------------------------

    def primary(self) -> tuple[str, bool]:
        """Use it, or go on where it is in use."""
        in_use = self.kind == self.session.draft.data.tokenizer
        return (tr("Next: Model") if in_use else tr("Use this tokenizer")), not self._useless(self.item)

    def press(self) -> None:
        """The header's button."""
        draft = self.session.draft
        if self.kind == draft.data.tokenizer:
            self.session.focus("model")
        else:
            self.session.set_draft(draft.with_part(data=replace(draft.data, tokenizer=self.kind)))

    def words(self) -> str | None:
        """What stands in the box."""
        return self.bench.words

    def set_words(self, words: str) -> None:
        """Go on with the text of another view."""
        if words != self.bench.words:
            self.bench.set_words(words, typed=True)

    def focus_on(self, thing: object) -> None:
        """Look at one tokenizer, by its name."""
        if isinstance(thing, str) and thing in self._items:
            self.look_at(thing)

    def look_at(self, name: str) -> None:
        """Look at a tokenizer without using it."""
        if name != self.kind:
            self._kind = name
            self._show()

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, tr("Open a tokenizer"), str(Path.home()), "*.json *.bpe *.txt")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_file(self, path: str | Path) -> None:
        """Take in a tokenizer from a file, any of a pair of files, or a folder."""
        try:
            job = self.session.tokenizers.open(Path(path))
        except StudioError as error:
            self.refused.emit(error)
            return
        job.succeeded.connect(self.look_at)
        job.failed.connect(self.refused)

    def _dropped(self, paths: list[Path]) -> None:
        self.open_file(paths[0])

    def delete_own(self) -> None:
        """Move the own tokenizer that is looked at to the trash, with a way back."""
        if self.kind == self.session.draft.data.tokenizer:
            words = tr("“{name}” is the tokenizer of the next run.", name=self.kind)
            self.refused.emit(StudioError(words, tr("Use another one first. Nothing was deleted.")))
            return
        try:
            undo = self.session.tokenizers.delete(self.kind)
        except StudioError as error:
            self.refused.emit(error)
            return
        self.session.notices.post("info", undo.text, (tr("Undo"), undo.undo))
