"""The first page: three ways to begin, where you left off, the stages of the way, and what this computer can do."""

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.first_run import describe_first_run, first_config, is_first_run
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.first_start import FirstRun
from studio.parts.latest_run import LatestRun
from studio.parts.machine import Machine
from studio.parts.opening import Opening
from studio.parts.recent import OtherProjects, RecentRuns, newest_run, short_name, waiting_run, waiting_words
from studio.parts.stages import Stages
from studio.parts.wording import disk_size, short_count
from studio.training.survey import measured_speed
from studio.training.view import progress_text
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

COLUMN_WIDTH, _MARGIN = 1080, 24
PROMISE = "Nothing leaves it. A small one learns to write within minutes; everything it learns can be looked at."
BRING = "Drop a text or a table anywhere on this window: txt, md, csv, json, parquet, or a folder. It is copied."
PROJECTS = "A project is a folder that keeps texts, runs and models together. Make one or go back to one."


class HomePanel(Scroll):
    """One column in the middle of the window; every number on it is read from disk or measured."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self.setAccessibleName(tr("Home"))
        self._session, self._look = session, look
        self._opening = Opening(session, self)
        self.first_run = FirstRun(session, self)
        self.first_run.changed.connect(self._show_way_in)
        self._machine = Machine.of(session)
        self._machine.changed.connect(self._show_machine)
        self._watched: RunModel | None = None
        self._recalling = ""  # the run whose long past is being read
        column = self._column()
        column.addWidget(Label(tr("Build a language model on this computer"), "title"))
        column.addSpacing(4)
        column.addWidget(Label(tr(PROMISE), "quiet", wrap=True))
        column.addSpacing(20)
        column.addLayout(self._beginnings())
        column.addSpacing(16)
        column.addLayout(self._lists())
        column.addWidget(self._space)
        column.addWidget(self.latest, 10)
        column.addSpacing(16)
        column.addLayout(self._last_row())
        column.addStretch(1)

    # --- building -------------------------------------------------------------------------------------------------

    def _column(self) -> QVBoxLayout:
        """A column of at most 1,080 px in the middle."""
        inside = QWidget()
        inside.setMaximumWidth(COLUMN_WIDTH)
        inside.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setContentsMargins(_MARGIN, 40, _MARGIN, _MARGIN)
        row.addStretch(1)
        row.addWidget(inside, 100)
        row.addStretch(1)
        self.body.addLayout(row, 1)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        return column

    def _beginnings(self) -> QHBoxLayout:
        self.watch_title, self.watch_text = Label("", "large"), Label("", "quiet", wrap=True)
        self.go_on = Button("", self._go_on, self._look, "primary")
        self.start = Button(tr("Start the first run"), self.start_first_run, self._look, "primary")
        self.choose = Button(tr("Choose files…"), self._opening.ask_texts, self._look)
        self.open = Button(tr("Open…"), self._opening.ask_open, self._look)
        self.new = Button(tr("New…"), self._opening.ask_new, self._look)
        row = QHBoxLayout()
        row.setSpacing(16)
        bring, projects = Label(tr("Bring your own text"), "large"), Label(tr("Open a project"), "large")
        self._watch_card = _way_in(self.watch_title, self.watch_text, [self.go_on, self.start])
        row.addWidget(self._watch_card, 1)
        row.addWidget(_way_in(bring, Label(tr(BRING), "quiet", wrap=True), [self.choose]), 1)
        row.addWidget(_way_in(projects, Label(tr(PROJECTS), "quiet", wrap=True), [self.open, self.new]), 1)
        return row

    def _lists(self) -> QVBoxLayout:
        self.runs, self.others = RecentRuns(self._look), OtherProjects(self._look)
        self.runs.open_requested.connect(self._open_run)
        self.runs.resume_requested.connect(self._resume_run)
        self.runs.all_requested.connect(self._show_runs)
        self.others.open_requested.connect(self._opening.open_folder)
        self.latest = LatestRun(self._look)
        self.latest.open_requested.connect(self._open_run)
        self._space = QWidget()
        self._space.setFixedHeight(16)
        column = QVBoxLayout()
        column.setSpacing(16)
        column.addWidget(self.runs)
        column.addWidget(self.others)
        return column

    def _last_row(self) -> QHBoxLayout:
        way = Card(tr("The way"), self._look)
        way.header.addWidget(Label(tr("each stage opens on your own data"), "small"))
        self.stages = Stages(self._look)
        self.stages.page_requested.connect(self._session.focus)
        way.body.addWidget(self.stages)
        way.body.addStretch(1)
        self.next = Label("", "small", wrap=True)
        way.body.addWidget(self.next)
        computer = Card(tr("This computer"), self._look)
        self.compute, self.checked = _line(computer, "")
        _, self.memory = _line(computer, tr("Memory"))
        _, self.largest = _line(computer, tr("Largest model to train"))
        self.largest.setToolTip(
            tr("Parameters that fit into the memory that is free now, with gradients and AdamW in fp32.")
        )
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(way, 8)
        row.addWidget(computer, 3)
        return row

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if not what or what & {"project", "runs", "running"}:
            self._watch_run()
            self.runs.show_session(self._session)
        if not what or "project" in what:
            self.others.show_session(self._session)
        if not what or what & {"project", "texts", "runs", "running", "loaded"}:
            self.stages.show_session(self._session)
            self.next.setText(self.stages.next_words(self._session))
            self._show_latest()
        if not what:
            QTimer.singleShot(0, self._show_machine)  # after the paint: psutil is not waited for
        self._show_way_in()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A text that has become longer takes room too."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """The newest run only where the rest of the page leaves it room: nothing is pushed out of sight by it."""
        column = min(COLUMN_WIDTH, self.viewport().width() - 2 * _MARGIN)
        own = self.latest.least_height(column) + self._space.height()
        whole = self.body.totalHeightForWidth(self.viewport().width()) + (own if self.latest.isHidden() else 0)
        for widget in (self.latest, self._space):
            widget.setVisible(whole <= self.viewport().height())

    def _show_latest(self) -> None:
        """The run that something happened to last; its past is read from disk if nobody has yet."""
        newest = newest_run(self._session)
        if newest is not None and not newest.replayed and not newest.living:
            self._opening.attempt(lambda: self._session.open_run(newest.name))
            if not newest.replayed and self._recalling != newest.name:
                self._recalling = newest.name
                newest.changed.connect(self._recalled)
        self.latest.show_run(newest)

    def _recalled(self, what: frozenset[str]) -> None:
        """A run's past has been read."""
        if self.isVisible() and self.latest.run is newest_run(self._session):
            self.latest.show_run(self.latest.run)

    def _watch_run(self) -> None:
        """Follow the living run: its row moves."""
        running = self._session.running
        if running is self._watched:
            return
        if self._watched is not None:
            self._watched.changed.disconnect(self._run_changed)
        if running is not None:
            running.changed.connect(self._run_changed)
        self._watched = running

    def _run_changed(self, what: frozenset[str]) -> None:
        if self.isVisible() and "status" in what:
            self.runs.show_session(self._session)
            self._show_way_in()
            self._show_latest()

    def _show_way_in(self) -> None:
        """The first card: watch what goes on, go on with what was interrupted, or begin."""
        reading, running = self.first_run.state == "reading", self._session.running
        waiting = None if running is not None else waiting_run(self._session)
        begun = any(is_first_run(run.config) for run in self._session.runs.values())
        words = tr("Start another one") if begun else tr("Start the first run")
        self.start.setText(tr("Reading the stories…") if reading else words)
        self.start.setEnabled(not reading and running is None)
        self.start.setVisible(running is None)
        self.start.set_kind("primary" if waiting is None else "")
        self.go_on.setVisible(running is not None or waiting is not None)
        if running is not None:
            self.watch_title.setText(tr("One is learning"))
            self.watch_text.setText(progress_text(running))
            self.go_on.setText(tr("Watch {run}", run=short_name(running.name)))
        elif waiting is not None:
            self.watch_title.setText(tr("Go on where it stopped"))
            self.watch_text.setText(waiting_words(waiting))
            self.go_on.setText(tr("Go on with {run}", run=short_name(waiting.name)))
        else:
            self.watch_title.setText(tr("Watch one learn"))
            self.watch_text.setText(describe_first_run(self._first_seconds()))
        self.go_on.setToolTip(running.name if running else waiting.name if waiting else "")
        self._watch_card.setAccessibleName(self.watch_title.text())

    def _first_seconds(self) -> float:
        """How long the first run takes here: as an earlier one showed, else by the engine's probe; 0 while unknown."""
        texts = self._session.project.texts() if self._session.project is not None else []
        config = first_config(next((text.name for text in texts), ""))
        speed = measured_speed(config, list(self._session.runs.values()))
        training = config.training
        tokens = training.steps * training.batch_size * config.model.context_length
        return tokens / speed if speed else self.first_run.seconds

    def _show_machine(self) -> None:
        facts, machine = self._machine.facts, self._machine
        cores = tr("1 core") if machine.cores == 1 else tr("{count} cores", count=machine.cores)
        precision = f" · {facts['precision']}" if facts else ""
        self.compute.setText((facts["gpu"] if facts and facts["gpu"] else cores) + precision)
        self.checked.set_role("good" if facts else "danger" if machine.error else "quiet")
        self.checked.setText(tr("checked") if facts else tr("not checked") if machine.error else tr("measuring…"))
        self.checked.setToolTip(machine.error)
        self.memory.setText(disk_size(machine.memory))
        self.largest.setText(f"≈ {short_count(facts['largest_model'])}" if facts else "–")

    # --- wishes ---------------------------------------------------------------------------------------------------

    def start_first_run(self) -> None:
        """One click: project, stories, small model, and the curve."""
        self._opening.attempt(self.first_run.start)

    def _go_on(self) -> None:
        running, waiting = self._session.running, waiting_run(self._session)
        if running is not None:
            self._session.focus(running.page, running)
        elif waiting is not None:
            self._resume_run(waiting)

    def _show_runs(self) -> None:
        self._session.focus("runs")

    def _resume_run(self, run: RunModel) -> None:
        if self._opening.attempt(lambda: self._session.resume_run(run.name)):
            self._session.focus(run.page, run)

    def _open_run(self, run: RunModel) -> None:
        self._session.focus(run.page, self._session.open_run(run.name))


def _way_in(title: Label, words: QWidget, buttons: list[Button]) -> Card:
    """A card that says what happens and has one or two buttons at its foot."""
    card = Card()
    card.setAccessibleName(title.text())
    card.setMinimumHeight(172)
    card.body.setContentsMargins(4, 4, 4, 4)
    card.body.addWidget(title)
    card.body.addWidget(words)
    card.body.addStretch(1)
    card.body.addSpacing(8)
    row = QHBoxLayout()
    row.setSpacing(8)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    card.body.addLayout(row)
    return card


def _line(card: Card, name: str) -> tuple[Label, Label]:
    """A quiet name at the left and a value at the right."""
    left, right = Label(name, "quiet"), Label("")
    line = QHBoxLayout()
    line.addWidget(left)
    line.addStretch(1)
    line.addWidget(right)
    card.body.addLayout(line)
    return left, right
