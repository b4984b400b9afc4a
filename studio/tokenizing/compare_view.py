"""Several tokenizers on the same text: their tokens under one another, and what each costs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QVBoxLayout

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.live.token_counts import TokenCounts
from studio.parts.wording import count
from studio.store.corpus import Text
from studio.store.files import write_atomically
from studio.tokenizers import Tokenizer
from studio.tokenizing.aligned import Lane, lane_of
from studio.tokenizing.aligned_view import AlignedTokens
from studio.tokenizing.chips import Chips
from studio.tokenizing.figures import csv_text, figures_table, language_rows, language_table
from studio.tokenizing.first_words import first_words, text_in_use
from studio.tokenizing.offered import offered
from studio.tokenizing.view import TokenizingView
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

if TYPE_CHECKING:
    from studio.vocabularies.comparison import Comparison

KeepGoing = Callable[[], bool]

_QUIET = 250  # milliseconds without a key before the text is cut again
_SHOWN = 2_000  # characters that are shown in lanes
_MEASURED = 1_000_000  # characters of a text of the project that are measured
_FIRST = ("gpt2", "bytes")  # beside the one in use; large ones wait until somebody asks for them
_HERE = ""  # the text in the box


class CompareView(TokenizingView):
    """Above which ones, in the middle the lanes, below the figures."""

    name = "compare"
    label = "Compare"

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._counts = TokenCounts.of(session)
        self._counts.changed.connect(self._counted)
        self._text: Text | None = None  # that vocabularies are learned from
        self._texts: dict[str, Text] = {}
        self._labels: dict[str, str] = {}
        self._shown: object = None
        self._measured: object = None
        self.lanes: list[Lane] = []
        self.found: list[Comparison] = []
        scroll = Scroll()
        scroll.body.addWidget(self._side_by_side(), 1)
        scroll.body.addWidget(self._figures())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self.compare_now)

    def _side_by_side(self) -> Card:
        card = Card(tr("Side by side"), self.look)
        self.chips = Chips(self.look, tr("Tokenizers to compare"))
        self.chips.changed.connect(self.compare_now)
        self.edit = QPlainTextEdit()
        self.edit.setPlaceholderText(tr("Type or paste a text…"))
        self.edit.setAccessibleName(tr("Text to compare on"))
        self.edit.setTabChangesFocus(True)
        self.edit.setProperty("mono", True)
        self.edit.setFixedHeight(76)
        self.edit.textChanged.connect(self._typed)
        self.aligned = AlignedTokens(self.look)
        self.aligned.setMinimumHeight(128)
        self.aligned.set_empty_text(tr("Choose two tokenizers or more to see their tokens under one another."))
        for widget in (self.chips, self.edit):
            card.body.addWidget(widget)
        card.body.addWidget(self.aligned, 1)
        self.bench = card
        return card

    def _figures(self) -> Card:
        card = Card(tr("In figures"), self.look)
        self.by = Segmented([("figures", tr("On a text")), ("languages", tr("By language"))], self.look, tr("Figures"))
        self.by.changed.connect(self._by_changed)
        self.on = ChoiceEdit([(_HERE, tr("the text above"))], self.look)
        self.on.setAccessibleName(tr("Text that is measured"))
        self.on.changed.connect(self.compare_now)
        self.save = Button(tr("Save as CSV…"), self._ask_where, self.look, "quiet", "export").set_small()
        for widget in (self.save, self.by, self.on):
            card.header.addWidget(widget)
        self.table = figures_table(self.look)
        self.table.set_empty_text(tr("The figures appear here."))
        self.languages = language_table((), self.look)
        self.languages.hide()
        self.note = Label("", "small", wrap=True)
        for table in (self.table, self.languages):
            card.body.addWidget(table)
        card.body.addWidget(self.note)
        self.figures = card
        return card

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if not what or what & {"project", "texts", "draft"}:
            self._find_text()
        if what and not what & {"project", "texts", "tokenizers"}:
            return
        project, used = self.session.project, self.session.draft.data
        texts = project.texts() if project is not None else []
        self._texts = {text.name: text for text in texts}
        items = [item for item in offered(project) if texts or not item.needs_text]
        self._labels = {item.name: item.label for item in items}
        first = not self.chips.chips
        self.chips.set_choices(list(self._labels.items()))
        if first or not self.chips.chosen():
            wanted = [name for name in dict.fromkeys((used.tokenizer, *_FIRST)) if name in self._labels]
            self.chips.set_chosen(wanted[:2])
        before = self.on.value()
        self.on.clear()
        for name, words in [(_HERE, tr("the text above")), *((name, name) for name in self._texts)]:
            self.on.addItem(words, name)
        known = before if before in self._texts or (before == _HERE and not first) else used.text
        self.on.set_value(known if known in self._texts else _HERE)
        self.compare_now()

    def _find_text(self) -> None:
        """Its beginning becomes the text to compare on while nothing was typed."""
        before, self._text = self._text, text_in_use(self.session)
        empty = not self.edit.toPlainText()
        if not self.edit.document().isModified() and (self._text != before or empty):
            self.edit.setPlainText(first_words(self._text))

    def _tokenizers(self) -> dict[str, Tokenizer] | None:
        """Those that are chosen, by their labels; None while one is still being made."""
        found: dict[str, Tokenizer] = {}
        waiting = False
        for name in self.chips.chosen():
            counted = self._counts.want(self._text, name)
            failure = self._counts.failure(self._text, name)
            if failure is not None:
                self.refused.emit(failure)
            elif counted is None:
                waiting = True
            else:
                found[self._labels[name]] = counted.tokenizer
        return None if waiting else found

    def compare_now(self) -> None:
        """Cut and measure what is chosen, on workers; never twice the same."""
        self._timer.stop()
        tokenizers = self._tokenizers()
        if tokenizers is None:
            self.bench.set_note(tr("one moment…"))
            return
        self.bench.set_note("")
        chosen, text = tuple(tokenizers.values()), self.edit.toPlainText()
        if (chosen, text) != self._shown:
            self._shown = (chosen, text)
            job = self.session.jobs.start(lanes_of, tokenizers, text[:_SHOWN], lane="tokenizer.lanes")
            job.succeeded.connect(self._take_lanes)
        source = self._texts.get(str(self.on.value()))
        key = (chosen, source.sha256 if source is not None else text)
        if key != self._measured:
            self._measured = key
            self.figures.set_note(tr("measuring…"))
            job = self.session.jobs.start(measure, tokenizers, source or text, lane="tokenizer.figures")
            job.succeeded.connect(self._take_figures)
            job.failed.connect(self._not_measured)
            job.ended.connect(self._measuring_ended)

    def _take_lanes(self, found: tuple[str, list[Lane]]) -> None:
        text, self.lanes = found
        self.aligned.set_lanes(text, self.lanes)
        cut = len(self.edit.toPlainText()) > _SHOWN
        self.bench.set_note(tr("the first {count} characters", count=count(_SHOWN)) if cut else "")

    def _take_figures(self, found: "list[Comparison]") -> None:
        self.found = found
        self.table.set_rows(found)
        fresh = language_table([row.name for row in found], self.look)
        self.figures.body.replaceWidget(self.languages, fresh)
        self.languages.hide()
        self.languages.deleteLater()
        self.languages = fresh
        fresh.set_rows(language_rows(found))
        self._by_changed(self.by.value())

    def _not_measured(self, error: StudioError) -> None:
        """The figures of something else go; the next look tries it once more."""
        self._measured = None
        self._take_figures([])
        self.refused.emit(error)

    def _measuring_ended(self) -> None:
        self.figures.set_note("")

    def _by_changed(self, value: str) -> None:
        on_text = value == "figures"
        self.table.setVisible(on_text)
        self.languages.setVisible(not on_text)
        self.on.setVisible(on_text)
        self.save.setEnabled(bool(self.found))
        source = self._texts.get(str(self.on.value()))
        size = source.characters if source is not None else len(self.edit.toPlainText())
        words = tr("Speed is measured here, on one core. A number takes so many tokens; 0 to 999: those numbers alone.")
        begun = tr("The first {count} characters are measured.", count=count(_MEASURED)) if size > _MEASURED else ""
        refused = [f"{row.name}: {row.refusal}" for row in self.found if row.refusal]
        about = tr("Tokens for the first sentence of the Universal Declaration of Human Rights.")
        self.note.setText("\n".join(filter(None, [begun, words, *refused])) if on_text else about)

    def _counted(self) -> None:
        if self.isVisible():
            self.compare_now()

    # --- what a person does ---------------------------------------------------------------------------------------

    def words(self) -> str | None:
        """What stands in the box."""
        return self.edit.toPlainText()

    def set_words(self, words: str) -> None:
        """Go on with the text of another view."""
        self._find_text()
        if words != self.edit.toPlainText():
            self.edit.setPlainText(words)
            self.edit.document().setModified(True)

    def _typed(self) -> None:
        self._timer.start()

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, tr("Save the comparison"), str(Path.home() / "tokenizers.csv"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("tokenizers.csv")
        dialog.fileSelected.connect(self.write_csv)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write_csv(self, path: str) -> None:
        """Write the figures: whole or not at all."""
        job = self.session.jobs.start(write_atomically, Path(path), csv_text(self.found).encode("utf-8"))
        job.failed.connect(self.refused)
        job.succeeded.connect(partial(self._saved, Path(path).name))

    def _saved(self, name: str, _result: object = None) -> None:
        self.session.notices.post("good", tr("The comparison is saved as {name}.", name=name))


def lanes_of(tokenizers: dict[str, Tokenizer], text: str) -> tuple[str, list[Lane]]:
    """What each makes of a text. For a worker thread."""
    return text, [lane_of(name, tokenizer, text) for name, tokenizer in tokenizers.items()]


def measure(tokenizers: dict[str, Tokenizer], source: Text | str, keep_going: KeepGoing) -> "list[Comparison]":
    """The figures on a text, of a long one on its beginning; nothing to measure gives none. For a worker thread."""
    from studio.store.compared import compared

    text = source[:_MEASURED] if isinstance(source, str) else next(source.chunks(_MEASURED), "")
    if not text or not tokenizers:
        return []
    return compared(tokenizers, text, keep_going)
