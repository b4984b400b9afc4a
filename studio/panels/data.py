"""The texts of the project: bring them in, look at them, see how one is split, and choose it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.first_run import sample_path
from studio.live.runs import Undo
from studio.live.session import Session
from studio.live.token_counts import TokenCounts
from studio.panels import Action
from studio.parts.plain_text import PlainText
from studio.parts.texts import SplitCard, TextFacts, TextIntake, TextList
from studio.parts.wording import count
from studio.store.corpus import Text
from studio.widgets.file_drop import FileDrop
from studio.widgets.look import Look
from studio.widgets.page import Card, EmptyState, Page
from studio.widgets.side_column import SideColumn

PURPOSE = "The texts your model can learn from. They are copied into the project; your files stay as they are."
IDEA = (
    "A language model learns from nothing but text: it reads a window of it and guesses what comes next. What stands "
    "in the text is all it can know, so a few hundred kilobytes of one kind teach a small model more than a mixture "
    "of everything.\n\n"
    "The end of the text is held back. The model never trains on it; it is only asked now and then how well it "
    "predicts it. That is how you see whether it learns the language or learns by heart.\n\n"
    "Training reads windows: pieces as long as the model's context. One pass over all windows is an epoch."
)
WHY_EMPTY = (
    "A book, letters, songs, code: drop .txt or .md files or a folder of them anywhere on this page. "
    "Or begin with the stories that come with Atelier."
)
_LINES = 400  # of a text that are shown
_LIST, _SIDE = 248, 320
_NARROW_LIST, _NARROW_SIDE = 188, 272
_ROOMY_FROM = 900  # pixels of the page


class DataPanel(Page):
    """Left the list, in the middle the text itself, at the right what is known about it."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Data"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._counts = TokenCounts.of(session)
        self._counts.changed.connect(self._counted)
        self._texts: list[Text] = []
        self._chosen = self._shown = ""
        self.intake = TextIntake(session, self)
        self.intake.progressed.connect(self._show_progress)
        self.intake.added.connect(self._added)
        self.intake.refused.connect(self._refused)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty())
        self._stack.addWidget(self._full())
        self.body.addWidget(self._stack, 1)
        self.add_action(tr("Add a folder…"), self.intake.ask_folder)
        self.add_action(tr("Add files…"), self.intake.ask_files)
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
        return card

    def _full(self) -> QWidget:
        self.list = TextList(self.look)
        self.list.chosen.connect(self._choose)
        self.list.sample.clicked.connect(self.add_sample)
        self.list.cancel.clicked.connect(self.intake.cancel)
        self.preview = Card(tr("First lines"), self.look)
        self.lines = PlainText(self.look, tr("First lines of the text"))
        self.preview.body.addWidget(self.lines, 1)
        self.facts, self.split = TextFacts(self.look), SplitCard(self.look)
        self.facts.delete.clicked.connect(self.delete_text)
        self.facts.count_all.clicked.connect(self._count_all)
        self.split.share_changed.connect(self._share_changed)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.list)
        row.addWidget(self.preview, 1)
        self._side = SideColumn([self.facts, self.split], _SIDE)
        row.addWidget(self._side)
        return whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the columns beside the text leave it more room."""
        super().resizeEvent(event)
        roomy = self.width() >= _ROOMY_FROM
        self.list.setFixedWidth(_LIST if roomy else _NARROW_LIST)
        self._side.setFixedWidth(_SIDE if roomy else _NARROW_SIDE)

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if not what or what & {"project", "texts"}:
            project = self._session.project
            self._texts = project.texts() if project is not None else []
            self._shown = ""
        if "project" in what:
            self.banner.clear()
        if not what or what & {"project", "texts", "draft"}:
            self._show()

    @property
    def text(self) -> Text | None:
        """The text that is looked at: the chosen one, else the one in use, else the first."""
        names = [self._chosen, self._session.draft.data.text]
        found = [text for name in names for text in self._texts if text.name == name]
        return next(iter(found or self._texts), None)

    def _show(self) -> None:
        text, draft = self.text, self._session.draft
        self._stack.setCurrentIndex(0 if text is None else 1)
        self.primary.setVisible(text is not None)
        if text is None:
            return
        in_use = text.name == draft.data.text
        self.primary.setText(tr("Next: Tokenizer") if in_use else tr("Use this text"))
        self.list.set_texts(self._texts, text.name, draft.data.text)
        sample = sample_path(self._session.places.resources).name
        known = [Path(source).name for other in self._texts for source in other.sources]
        self.list.sample.setVisible(sample not in known)
        self._show_counts(text)
        if self._shown != text.name:
            self._shown = text.name
            self.preview.set_title(text.name)
            job = self._session.jobs.start(text.head, _LINES, lane="data.head")
            job.succeeded.connect(self._show_lines)
            job.failed.connect(self._refused)

    def _show_counts(self, text: Text) -> None:
        draft = self._session.draft
        counted = self._counts.want(text, draft.data.tokenizer)
        failure = self._counts.failure(text, draft.data.tokenizer)
        self.facts.set_text(text, draft.data.tokenizer, counted, str(failure) if failure else "")
        counting = self._counts.counting == text.name
        self.facts.count_all.setEnabled(not counting)
        self.facts.count_all.setText(tr("Counting all of it…") if counting else tr("Count all of it"))
        self.split.set_split(text, counted, draft)

    def _show_lines(self, lines: str) -> None:
        text = self.text
        shown = min(_LINES, text.lines) if text is not None else 0
        self.lines.set_text(lines)
        self.preview.set_note(tr("first {count} of {lines} lines", count=count(shown), lines=count(text.lines))
                              if text is not None and text.lines > shown else "")  # fmt: skip

    def _counted(self) -> None:
        if self.isVisible() and (text := self.text) is not None:
            self._show_counts(text)

    # --- texts come and go ----------------------------------------------------------------------------------------

    def add(self, paths: Sequence[Path]) -> None:
        """Import files or folders as one text; what is wrong with them is said on this page."""
        self.banner.clear()
        self.intake.add(paths)

    def add_sample(self) -> None:
        """Import the stories that come with Atelier."""
        self.add([sample_path(self._session.places.resources)])

    def delete_text(self) -> None:
        """Move the text to the trash, with a way back; not while a run still needs it."""
        text = self.text
        if text is None:
            return
        try:
            undo = self._session.delete_text(text.name)
        except StudioError as error:
            self._refused(error)
            return
        self._session.notices.post("info", undo.text, (tr("Undo"), partial(self._bring_back, text.name, undo)))

    def _bring_back(self, name: str, undo: Undo) -> None:
        self._chosen = name
        undo.undo()

    def _show_progress(self, name: str, done: int, total: int) -> None:
        self.list.show_progress(name, done, total)
        reading = tr("Reading {name}…", name=name)
        self.empty.set_words(reading if name else tr("No text yet"), tr(WHY_EMPTY))
        self.empty.button.setEnabled(not name)

    def _added(self, text: Text) -> None:
        self._chosen = text.name
        project, draft = self._session.project, self._session.draft
        names = [known.name for known in project.texts()] if project is not None else []
        if draft.data.text not in names:  # the first one is in use at once: one click less
            self._session.set_draft(draft.with_part(data=replace(draft.data, text=text.name)))
        if text.notes and text.notes[0] != text.encoding:
            self.banner.show_note(text.notes[0])
        self.refresh(frozenset({"texts"}))

    def _refused(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)

    # --- what a person does ---------------------------------------------------------------------------------------

    def _choose(self, name: str) -> None:
        if name != self._chosen:
            self._chosen = name
            self._show()

    def _share_changed(self, share: float) -> None:
        draft = self._session.draft
        self._session.set_draft(draft.with_part(data=replace(draft.data, validation_share=min(share, 0.5))))

    def _count_all(self) -> None:
        if (text := self.text) is not None:
            self._counts.want(text, self._session.draft.data.tokenizer, whole=True)
            self._show_counts(text)

    def _primary_pressed(self) -> None:
        if self.text is not None and self.text.name == self._session.draft.data.text:
            self._session.focus("tokenizer")
        else:
            self._use()

    def _use(self) -> None:
        if (text := self.text) is not None:
            draft = self._session.draft
            self._session.set_draft(draft.with_part(data=replace(draft.data, text=text.name)))

    def actions(self) -> list[Action]:  # type: ignore[override]
        """What the command palette offers for this page."""
        return [
            Action("data.folder", tr("Add a folder of texts…"), self.intake.ask_folder, "", "folder"),
            Action("data.delete", tr("Delete the chosen text"), self.delete_text, "", "trash", self._has_text),
            Action("data.use", tr("Use the chosen text"), self._use, "", "check", self._has_text),
        ]

    def focus_on(self, thing: object) -> None:
        """Show one text, by its name."""
        if isinstance(thing, str) and thing in [text.name for text in self._texts]:
            self._choose(thing)

    def _has_text(self) -> bool:
        return self.text is not None

    def _hovered(self, files: int) -> None:
        words = tr("Drop to add one file.") if files == 1 else tr("Drop to add {count} files.", count=files)
        self.set_purpose(words if files else tr(PURPOSE))
