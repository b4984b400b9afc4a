"""What is in a text or a dataset: lengths against the context, classes, copies, odd characters, personal data."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.live.surveys import Surveyed, Surveys
from studio.parts.progress import Progress
from studio.parts.source_view import SourceView
from studio.parts.wording import count
from studio.store.corpus import Text
from studio.tables import contents_words as words
from studio.tables.finding_rows import Line
from studio.tables.length_section import LengthSection
from studio.tables.section import Figures, FindingSection
from studio.widgets.button import Button
from studio.widgets.empty_state import EmptyState
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset

_TWO_FROM = 600  # pixels from which findings stand in two columns
_SECTIONS = {  # in reading order; the second word is the column where there are two
    "classes": ("Classes", 0),
    "rows": ("Rows", 1),
    "personal": ("Personal data", 0),
    "characters": ("Odd characters", 1),
    "languages": ("Languages", 0),
}


class ContentsView(SourceView):
    """A survey of all rows; every number opens the rows behind it, the line of the context changes the draft."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self._surveys = Surveys.of(session)
        self._surveys.changed.connect(self._surveyed)
        self._found: Surveyed | None = None
        self._columns = 0
        self.empty = EmptyState("", "", tr("Look at the rows"), self._again, look, "data")
        self.progress = Progress(look, tr("Progress of the survey"))
        self.progress.cancel.clicked.connect(self._surveys.call_off)
        self.extent = Label("", "small", wrap=True)
        self.read_all = Button(tr("Survey all of it"), self._read_all, look, "link").set_small()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._full())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.progress)
        column.addWidget(self.stack, 1)

    def _full(self) -> QWidget:
        scroll = Scroll()
        scroll.body.setContentsMargins(0, 0, 8, 8)
        scroll.body.setSpacing(16)
        self.figures = Figures(4)
        self.lengths = LengthSection(self.look)
        self.lengths.context_chosen.connect(self._context_chosen)
        self.lengths.rows_wanted.connect(self.rows_requested)
        self.sections = {name: FindingSection(tr(title), self.look) for name, (title, _) in _SECTIONS.items()}
        for section in self.sections.values():
            section.opened.connect(self._open)
        line = QHBoxLayout()
        line.addWidget(self.extent, 1)
        line.addWidget(self.read_all)
        scroll.body.addWidget(self.figures)
        scroll.body.addLayout(line)
        scroll.body.addWidget(self.lengths, 1)
        self._both = both = QHBoxLayout()
        both.setSpacing(32)
        self._sides = [QVBoxLayout(), QVBoxLayout()]
        for side in self._sides:
            side.setSpacing(24)
            both.addLayout(side, 1)
        scroll.body.addLayout(both)
        self.area = scroll
        return scroll

    # --- showing --------------------------------------------------------------------------------------------------

    def set_source(self, source: "Source | None") -> None:
        """Look at this one from now on; None: at nothing."""
        self._found = None
        self.lengths.forget_undo()
        super().set_source(source)

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Ask for a survey while it is looked at, and show what there is."""
        if what and not what & {"project", "draft", "texts", "datasets", "tokenizers"}:
            return
        if self.source is None:
            self._say(tr("Nothing chosen"), tr("Choose a text or a dataset in the list."), "")
        elif self.isVisible():
            data = self.session.draft.data
            self._show(self._surveys.want(self.source, data.tokenizer, data.validation_share))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """One column of findings or two, as the width allows."""
        columns = 2 if self.width() >= _TWO_FROM else 1
        if columns == self._columns:
            return
        self._columns = columns
        for side in self._sides:
            while side.count():
                side.takeAt(0)
        for name, (_, place) in _SECTIONS.items():
            self._sides[place if columns == 2 else 0].addWidget(self.sections[name])
        self._both.setStretch(1, columns - 1)
        self._both.setSpacing(32 if columns == 2 else 0)
        for side in self._sides:
            side.addStretch(1)

    def _surveyed(self) -> None:
        self.refresh()

    def _show(self, found: Surveyed | None) -> None:
        source = self.source
        if source is None:
            return
        name = self.session.draft.data.tokenizer
        working = self._surveys.working(source, name)
        if working and self._surveys.job is not None and self.progress.job is not self._surveys.job:
            self.progress.follow(self._surveys.job, tr("Reading every row…"))
        self._found = found or (self._found if working else None)
        if self._found is not None:
            self.stack.setCurrentIndex(1)  # before: sections that grow while they are hidden keep their old height
            self._fill(self._found, source)
        elif working:
            self._say(tr("Looking at the rows"), tr("Lengths, copies, languages, odd characters, personal data."), "")
        elif (problem := self._surveys.failure(source, name)) is not None:
            self._say(problem.message, problem.hint, tr("Try again"))
        else:
            self._say(tr("Not looked at yet"), tr("The survey was called off. Nothing of it was kept."),
                      tr("Look at the rows"))  # fmt: skip

    def _say(self, headline: str, why: str, button: str) -> None:
        self.empty.set_words(headline, why)
        self.empty.button.setText(button)
        self.empty.button.setVisible(bool(button))
        self.stack.setCurrentIndex(0)

    def _fill(self, found: Surveyed, source: "Source") -> None:
        survey = found.survey
        self.figures.set_figures(words.figures(found, source))
        self.extent.setText(self._extent_words(found))
        self.extent.set_role("danger" if found.problem else "small")
        self.read_all.setVisible(not found.whole and not self.progress.isVisible())
        remark = ""
        if isinstance(source, Text):
            remark = tr("Pretraining puts them one after the other and cuts nothing off; this is what each would lose "
                        "if it stood alone.")  # fmt: skip
        self.lengths.set_table(
            survey.lengths, self.session.draft.model.context_length, words.noun(source).lower(), remark
        )
        lines: dict[str, tuple[Sequence[Line], str]] = {
            "classes": (words.class_lines(survey), words.class_note(survey)),
            "rows": (words.row_lines(found), words.row_note(found)),
            "personal": ([words.line_of(item) for item in survey.group("personal")], tr("likely, by its pattern")),
            "characters": ([words.line_of(item) for item in survey.group("characters")],
                           words.character_note(survey)),
            "languages": (words.language_lines(survey), words.language_note(survey)),
        }  # fmt: skip
        self.sections["rows"].title.setText(words.noun(source))
        for name, (shown, note) in lines.items():
            self.sections[name].set_lines(shown, note)

    def _extent_words(self, found: Surveyed) -> str:
        if found.problem is not None:
            return tr("Lengths are in characters: {problem}", problem=str(found.problem))
        rows = count(found.survey.rows)
        if found.whole:
            return tr("All of it was read, with the tokenizer {name}.", name=found.tokenizer)
        return tr("Only the first {rows} were read, with the tokenizer {name}.", rows=rows, name=found.tokenizer)

    # --- wishes ---------------------------------------------------------------------------------------------------

    def _open(self, name: str) -> None:
        if self._found is None:
            return
        lines = [line for section in self.sections.values() for line in section.rows.lines if line.name == name]
        title = words.title_of(name, lines[0].label)
        self.rows_requested.emit(title, words.rows_behind(self._found.survey, name))

    def _context_chosen(self, context: int) -> None:
        draft = self.session.draft
        before = draft.model.context_length
        try:
            self.session.set_draft(draft.with_part(model=replace(draft.model, context_length=context)))
        except StudioError as error:
            self.refused.emit(error)
            return
        if self.lengths.undo.isHidden() and before != context:
            self.lengths.show_undo(before)

    def _again(self) -> None:
        if self.source is not None:
            self._surveys.again(self.source, self.session.draft.data.tokenizer)
            self.refresh()

    def _read_all(self) -> None:
        if self.source is not None:
            data = self.session.draft.data
            self._show(self._surveys.want(self.source, data.tokenizer, data.validation_share, whole=True))
