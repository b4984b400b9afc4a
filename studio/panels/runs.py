"""Every run of the project: what it was, what it reached, and what can still be done with it."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.panels import Action
from studio.training.checkpoint_list import CheckpointList
from studio.training.commands import RunCommands
from studio.training.compare import RunCompare
from studio.training.learning import no_chat_words
from studio.training.notes import RunNotes
from studio.training.published import published_for, published_runs
from studio.training.table import RunRow, columns, rows_of
from studio.training.view import RunView, progress_text
from studio.views.diff_table import DiffTable
from studio.views.record_table import RecordTable
from studio.widgets.empty_state import EmptyState
from studio.widgets.look import Look
from studio.widgets.page import Card, Page

PURPOSE = "Everything you trained here. Choose a run to look at it, add several to lay their curves over one another."
IDEA = (
    "A run keeps everything that decided it: the text, the model's shape, the learning rate and the seed, and every "
    "number it measured. That is why two runs can be compared fairly: lay their validation curves over one another and "
    "look at the settings in which they differ.\n\n"
    "Change one thing at a time. A lower curve after many changes does not tell which of them helped.\n\n"
    "The best checkpoint is the one with the lowest validation loss, not the last one: after it a model may only have "
    "learned its text by heart."
)
TABS = (("checkpoints", "Checkpoints"), ("notes", "Notes"), ("differences", "Settings"))
_ROWS = 6  # of the table that are seen without scrolling; what is below needs the room more
_LATER_MS = 1_000  # between two looks at a living run's row


class RunsPanel(Page):
    """A table with what belongs to the chosen run below it, or one run opened over the whole page."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Runs"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._ticked: list[str] = []
        self._open = False
        self._published = published_runs(look.resources)
        self.commands = RunCommands(session, self)
        self.table = RecordTable(columns(), look, key=lambda row: row.name)
        self.compare, self.view = RunCompare(look), RunView(look)
        for plot in (self.compare.plot, self.view.charts.plot):
            self.commands.watch_chart(plot)
        self.checkpoints, self.notes, self.differences = CheckpointList(look), RunNotes(look), DiffTable(look)
        self.empty = EmptyState(
            tr("No run yet"), tr("Every training you start is kept here, with its curve, its texts and its settings."),
            tr("Set up the first run"), self._go_to_pretrain, look, "runs",
        )  # fmt: skip
        self._stack = QStackedWidget()
        for widget in (self.empty, self._list_page(look), self.view):
            self._stack.addWidget(widget)
        self.body.addWidget(self._stack)
        self._add_buttons()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self._refresh_table)

    def _list_page(self, look: Look) -> QWidget:
        self.table.set_empty_text(tr("No run yet"))
        self.table.setAccessibleName(tr("Runs of the project"))
        self.table.selection_changed.connect(self._selected)
        self.table.row_activated.connect(self._row_activated)
        self.table.link_clicked.connect(self._tick)
        self.checkpoints.chat_requested.connect(self._chat)
        self.checkpoints.resume_requested.connect(self._resume)
        self.checkpoints.inside_requested.connect(self._look_inside)
        top = Card("", look)
        top.body.addWidget(self.table)
        self._card = Card(tr("This run"), look)
        self.tabs = Segmented([(name, tr(words)) for name, words in TABS], look, tr("Of this run"))
        self.tabs.changed.connect(self._show_tab)
        self._card.header.addWidget(self.tabs)
        self._tab_stack = QStackedWidget()
        for widget in (self.checkpoints, self.notes, self.differences):
            self._tab_stack.addWidget(widget)
        self._card.body.addWidget(self._tab_stack)
        self._card.setMinimumWidth(400)
        lower = QHBoxLayout()
        lower.setSpacing(16)
        lower.addWidget(self.compare, 3)
        lower.addWidget(self._card, 2)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(top)
        column.addLayout(lower, 1)
        return page

    def _add_buttons(self) -> None:
        self.back = self.add_action(tr("All runs"), self._close_run, icon="chevron-left")
        self.delete = self.add_action(tr("Delete"), self._delete, icon="trash")
        self.resume = self.add_action(tr("Resume"), self._resume_newest)
        self.chat = self.add_action(tr("Chat"), self._chat_best)
        self.inside = self.add_action(tr("Look inside"), self._look_inside_best)
        self.open = self.add_action(tr("Open"), self._open_run, primary=True)

    # What is shown

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session; news of a living run reach the table at most once a second."""
        if not what or what & {"project", "runs", "running"}:
            self._refresh_table()
        elif what & {"status", "checkpoints"} and not self._later.isActive():
            self._later.start()

    def focus_on(self, thing: object) -> None:
        """Open one run: a `RunModel` or its name."""
        name = thing.name if isinstance(thing, RunModel) else str(thing)
        if name in self._session.runs:
            self._choose(name)
            self._open_run()

    @property
    def run(self) -> RunModel | None:
        """The chosen run."""
        return self.commands.run

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        return [
            Action("runs.open", tr("Open the chosen run"), self._open_run, "", "runs", self._has_run),
            Action("runs.resume", tr("Resume the chosen run"), self._resume_newest, "", "play", self.resume.isEnabled),
            Action("runs.chat", tr("Chat with the chosen run"), self._chat_best, "", "chat", self.chat.isEnabled),
            Action(
                "runs.inside",
                tr("Look inside the chosen run"),
                self._look_inside_best,
                "",
                "attention",
                self.inside.isEnabled,
            ),
            Action("runs.delete", tr("Delete the chosen run"), self._delete, "", "trash", self.delete.isEnabled),
        ]

    def _has_run(self) -> bool:
        return self.run is not None

    def _refresh_table(self) -> None:
        runs = self._session.runs
        self._ticked = [name for name in self._ticked if name in runs]
        rows = rows_of(list(runs.values()), self._ticked)
        if self.run is not None and runs.get(self.run.name) is not self.run:
            self._forget()
        self.table.set_rows(rows)
        head, row = self.table.horizontalHeader().height(), self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(head + row * min(max(len(rows), 2), _ROWS) + 2)
        if self.run is None and rows:
            self._choose(rows[0].name)
        self._refresh_page()

    def _forget(self) -> None:
        """The chosen run is gone."""
        self._open = False
        self.commands.run = None
        self.notes.set_record(None)
        self.view.set_run(None)
        self.compare.set_runs([])

    def _refresh_page(self) -> None:
        run, some = self.run, bool(self._session.runs)
        self._stack.setCurrentIndex(0 if not some else 2 if self._open and run is not None else 1)
        opened = self._open and run is not None
        self.set_purpose(progress_text(run) if opened and run is not None else tr(PURPOSE))
        self.back.setVisible(opened)
        for button in (self.delete, self.resume, self.chat, self.inside):
            button.setVisible(some)
        self.open.setVisible(some and not opened)
        at_rest = run is not None and not run.living
        self.delete.setEnabled(at_rest)
        self.resume.setEnabled(at_rest and run is not None and run.state != "finished")
        trains = run is not None and run.state in ("running", "paused")
        self.chat.setText(tr("Pause and talk") if trains else tr("Chat"))
        self.chat.setEnabled(run is not None and run.writes and not run.wish)
        self.chat.setToolTip(no_chat_words(run))
        self.inside.setEnabled(run is not None and bool(run.record.checkpoints()))
        self._refresh_lower()

    def _refresh_lower(self) -> None:
        run = self.run
        if run is None:
            return
        names = self._ticked or [run.name]
        shown = [self._session.runs[name] for name in names if name in self._session.runs]
        self.compare.set_runs(shown)
        self._card.set_title(run.name)
        self.checkpoints.set_checkpoints(run.record.checkpoints(), not run.living, run.writes)
        self.notes.set_record(run.record)
        compared = shown if len(shown) > 1 else [run]
        self.differences.set_items([item.name for item in compared], [item.config for item in compared])

    def _show_tab(self, name: str) -> None:
        self._tab_stack.setCurrentIndex([tab for tab, _ in TABS].index(name))

    # What a person does

    def _selected(self, rows: list[RunRow]) -> None:
        if rows and (self.run is None or rows[0].name != self.run.name):
            self._choose(rows[0].name)
            self._refresh_page()

    def _choose(self, name: str) -> None:
        run = self._session.open_run(name)
        self.commands.run = run
        for row in self.table.rows():
            if row.name == name:
                self.table.select(row)

    def _tick(self, row: RunRow, _title: str) -> None:
        if row.name in self._ticked:
            self._ticked.remove(row.name)
        else:
            if not self._ticked and self.run is not None and self.run.name != row.name:
                self._ticked.append(self.run.name)
            self._ticked.append(row.name)
            self._session.open_run(row.name)
        if len(self._ticked) > 1:
            self.tabs.set_value("differences")
            self._show_tab("differences")
        self._refresh_table()

    def _row_activated(self, row: RunRow) -> None:
        self._choose(row.name)
        self._open_run()

    def _open_run(self) -> None:
        run = self.run
        if run is not None:
            self._open = True
            self.view.set_run(run, published_for(self._published, run.config, self._session.project))
            self._refresh_page()

    def _close_run(self) -> None:
        self._open = False
        self._refresh_page()

    def _delete(self) -> None:
        run = self.run
        if run is not None and self.delete.isEnabled():
            self.notes.save()
            undo = self.commands.attempt(self._session.delete_run, run.name)
            if undo is not None:
                self._session.notices.post("info", undo.text, (tr("Undo"), undo.undo))

    def _resume_newest(self) -> None:
        if self.run is not None and self.resume.isEnabled() and self.commands.resume():
            self._session.focus(self.run.page, self.run)

    def _resume(self, step: int) -> None:
        if self.run is not None and self.commands.resume(step):
            self._session.focus(self.run.page, self.run)

    def _chat(self, step: int) -> None:
        if self.run is not None:
            self._session.focus("chat", (self.run.name, step))

    def _look_inside(self, step: int) -> None:
        if self.run is not None:
            self._session.focus("attention", (self.run.name, step))

    def _look_inside_best(self) -> None:
        if self.run is not None and self.inside.isEnabled():
            self._session.focus("attention", self.run)

    def _chat_best(self) -> None:
        self.commands.chat()

    def _go_to_pretrain(self) -> None:
        self._session.focus("pretrain")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves an opened run."""
        if self._open and event.key() == Qt.Key.Key_Escape:
            self._close_run()
        else:
            super().keyPressEvent(event)
