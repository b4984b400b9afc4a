"""The texts and datasets of the project: bring them in, look at them, see what is in them, and choose one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.first_run import sample_path
from studio.live.session import Session
from studio.panels import Action
from studio.parts.texts import TextIntake
from studio.rows.kinds import missing
from studio.store.corpus import Text
from studio.store.unread import unread_sources
from studio.tables.changes import unsaved_note
from studio.tables.intake_view import IntakeView, sorted_out
from studio.tables.public_data import PublicData
from studio.tables.sample_data import SampleData
from studio.tables.text_reading import TextReading
from studio.tables.workplace import Workplace, key_of
from studio.tables.writing_out import WritingOut
from studio.widgets.file_drop import FileDrop
from studio.widgets.look import Look
from studio.widgets.page import Card, EmptyState, Page

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset

PURPOSE = "What your model can learn from. Texts and tables are copied into the project; your files stay as they are."
IDEA = (
    "A language model learns from nothing but text: it reads a window of it and guesses what comes next. What stands "
    "in the text is all it can know, so a few hundred kilobytes of one kind teach a small model more than a mixture "
    "of everything.\n\n"
    "The end of the text is held back. The model never trains on it; it is only asked now and then how well it "
    "predicts it. That is how you see whether it learns the language or learns by heart.\n\n"
    "A table becomes a dataset: rows whose columns play roles, such as a text and its label. Whatever is changed in "
    "it makes a new version, and the former one stays."
)
WHY_EMPTY = (
    "A book, letters, code, a table of messages: drop .txt, .md, .csv, .json or .parquet files, or a folder of them, "
    "anywhere on this page. Or begin with the stories that come with Atelier."
)
_EMPTY, _SOURCES, _ARRIVING = range(3)
_TOLD = 3  # files that were left out of a text are told in the banner, up to so many


class DataPanel(Page):
    """Left the list, in the middle one of it, at the right what is known about that; or a table on its way in."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Data"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self.intake = TextIntake(session, self)
        self.intake.selected.connect(self.add)
        self.intake.progressed.connect(self._show_progress)
        self.intake.added.connect(self._added)
        self.reading = TextReading(session, look, self)
        self.reading.chosen.connect(self.intake.add)
        self.intake.refused.connect(self._text_refused)
        self.public = PublicData(session, look, self)
        self.public.fetched.connect(self.add)
        self.samples = SampleData(session, look, self)
        self.samples.made.connect(self._made)
        self.writing = WritingOut(session, self)
        self.writing.changed.connect(self._show_buttons)
        self.writing.written.connect(self._written)
        self._stack = QStackedWidget()
        for part in (self._empty(), self._full()):
            self._stack.addWidget(part)
        for way in (self.reading, self.public, self.samples, self.writing, self.work):
            way.refused.connect(self._refused)
        self._arrival: IntakeView | None = None  # made for the first table
        self.body.addWidget(self._stack, 1)
        self._ways_in = [self.add_action(tr("Add a folder…"), self.intake.ask_folder),
                         self.add_action(tr("Add files…"), self.intake.ask_files)]  # fmt: skip
        self.primary = self.add_action("", self._primary_pressed, primary=True)
        self.drop = FileDrop(look, self)
        self.drop.hovered.connect(self._hovered)
        self.drop.dropped.connect(self.add)

    def _empty(self) -> QWidget:
        card = Card()
        self.empty = EmptyState(
            tr("No text yet"), tr(WHY_EMPTY), tr("Use the bundled stories"), self.add_sample, self.look, "data"
        )
        self.empty.button.set_kind("primary")
        card.body.addWidget(self.empty)
        for way in (self.samples, self.public):
            self.empty.add_link(way.button())
        return card

    def _full(self) -> QWidget:
        self.work = Workplace(self._session, self.look)
        self.list = self.work.list
        self.list.sample.clicked.connect(self.add_sample)
        self.list.cancel.clicked.connect(self.intake.cancel)
        for way in (self.samples, self.public):
            self.list.add_link(way.button())
        self.work.moved.connect(self._moved)
        self.work.made.connect(self._made)
        self.work.reading_requested.connect(self.reading.ask_for)
        return self.work

    @property
    def arrival(self) -> IntakeView:
        """Where tables are looked at before they are taken in."""
        if self._arrival is None:
            self._arrival = view = IntakeView(self._session, self.look)
            view.changed.connect(self._show_buttons)
            view.closed.connect(self._show)
            view.imported.connect(self._imported)
            view.refused.connect(self._refused)
            view.text_requested.connect(self._add_as_text)
            self._stack.addWidget(view)
        return self._arrival

    @property
    def arriving(self) -> bool:
        """Whether a table is on its way in."""
        return self._arrival is not None and self._arrival.busy

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if not what or what & {"project", "texts", "datasets"}:
            project = self._session.project
            if project is not None:
                self.work.set_sources([*project.texts(), *project.datasets()], unread_sources(project.path))
            else:
                self.work.set_sources([])
        if "project" in what:
            self.banner.clear()
        if not what or what & {"project", "texts", "datasets", "draft"}:
            self._show()
        self.work.stage.refresh(what)

    @property
    def text(self) -> Text | None:
        """The text that is looked at."""
        return self.work.text

    def _show(self) -> None:
        place = _ARRIVING if self.arriving else _SOURCES if self.work.sources or self.work.unread else _EMPTY
        self._stack.setCurrentIndex(place)
        self._show_buttons()
        self.work.show_source()

    def _moved(self) -> None:
        self.banner.clear()
        self._show()

    def _show_buttons(self) -> None:
        """One primary button: what happens next with what is looked at."""
        source, arriving = self.work.source, self.arriving
        for button in self._ways_in:
            button.setVisible(not arriving)
        words, enabled = self._next_words(source)
        self.primary.setVisible(arriving or source is not None)
        self.primary.setText(self.arrival.button if arriving else words)
        self.primary.setEnabled(self.arrival.ready if arriving else enabled)

    def _next_words(self, source: "Source | None") -> tuple[str, bool]:
        if source is None or isinstance(source, Text):
            used = source is not None and source.name == self._session.draft.data.text
            return tr("Next: Tokenizer") if used else tr("Use this text"), True
        if missing(source.reading):
            return tr("Choose the roles first"), False
        return (tr("Making a text…"), False) if self.writing.busy else (tr("Use for pretraining"), True)

    # --- they come and go -----------------------------------------------------------------------------------------

    def add(self, paths: Sequence[Path]) -> None:
        """Take in files or folders: texts as one text at once, tables after a look at how they are read."""
        self.banner.clear()
        tables, texts = sorted_out([Path(path) for path in paths])
        if texts:
            self.intake.add(texts)
        if tables:
            self.arrival.open(tables)
            self._show()

    def add_sample(self) -> None:
        """Import the stories that come with Atelier."""
        self.intake.add([sample_path(self._session.places.resources)])

    def delete(self) -> None:
        """Move what is looked at to the trash, with a way back."""
        self.work.delete()

    def _show_progress(self, name: str, done: int, total: int) -> None:
        self.list.show_progress(name, done, total)
        self.empty.set_words(tr("Reading {name}…", name=name) if name else tr("No text yet"), tr(WHY_EMPTY))
        self.empty.button.setEnabled(not name)

    def _add_as_text(self, path: Path) -> None:
        self.intake.add([path])
        self._show()

    def _added(self, text: Text) -> None:
        self.public.taken_in(*map(Path, text.sources))
        project, draft = self._session.project, self._session.draft
        names = [known.name for known in project.texts()] if project is not None else []
        if draft.data.text not in names:  # the first one is in use at once: one click less
            self._use(text)
        self._made(text)
        self.banner.clear()
        if news := [note for note in text.notes if note != text.encoding]:
            self.banner.show_note(" ".join(news[:_TOLD]))

    def _imported(self, dataset: "Dataset", path: Path) -> None:
        self.public.taken_in(path)
        self._made(dataset)
        if news := [note for note in dataset.notes if note not in dataset.why]:
            self.banner.show_note(" ".join(news))

    def _made(self, source: "Source") -> None:
        """Something new lies in the project: it is what is looked at now."""
        self.work.mark(key_of(source))
        self.refresh(frozenset({"texts", "datasets"}))

    def _refused(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)

    def _text_refused(self, error: StudioError) -> None:
        """A text that cannot be read as it was found may be readable otherwise."""
        self.reading.offer(error, self.intake.paths, self.banner)

    # --- what a person does ---------------------------------------------------------------------------------------

    def _primary_pressed(self) -> None:
        source = self.work.source
        if self.arriving:
            self.banner.clear()
            self.arrival.import_now()
        elif isinstance(source, Text) and source.name == self._session.draft.data.text:
            self._session.focus("tokenizer")
        elif isinstance(source, Text):
            self._use(source)
        elif source is not None:
            self._write_out(source)

    def _write_out(self, dataset: "Dataset") -> None:
        """Make a text of a dataset, and use it."""
        if note := unsaved_note(dataset):
            self.banner.show_note(note)
        self.writing.write(dataset)

    def _written(self, text: Text) -> None:
        self._use(text)
        self._made(text)

    def _use(self, text: Text) -> None:
        draft = self._session.draft
        self._session.set_draft(draft.with_part(data=replace(draft.data, text=text.name)))

    def _use_chosen(self) -> None:
        if (text := self.text) is not None:
            self._use(text)

    def actions(self) -> list[Action]:  # type: ignore[override]
        """What the command palette offers for this page."""
        has_source, has_text = (lambda: bool(self.work.source or self.work.broken)), (lambda: self.text is not None)
        has_several, mix = (lambda: len(self.work.sources) > 1), self.work.open_mixing
        return [
            Action("data.folder", tr("Add a folder of texts or tables…"), self.intake.ask_folder, "", "folder"),
            Action("data.samples", tr("Add a sample dataset…"), self.samples.ask, "", "table"),
            Action("data.public", tr("Get a public dataset…"), self.public.ask, "", "import"),
            Action("data.mix", tr("Mix texts and datasets…"), mix, "", "data", has_several),
            Action("data.delete", tr("Delete the chosen text or dataset"), self.delete, "", "trash", has_source),
            Action("data.use", tr("Use the chosen text"), self._use_chosen, "", "check", has_text),
        ]

    def focus_on(self, thing: Any) -> None:
        """Show one text or dataset, by its name, or some rows of one; or take in files, given as a list of paths."""
        if isinstance(thing, list):
            self.add(thing)
        else:
            self.work.look_at(thing)

    def _hovered(self, files: int) -> None:
        words = tr("Drop to add one file.") if files == 1 else tr("Drop to add {count} files.", count=files)
        self.set_purpose(words if files else tr(PURPOSE))
