"""Where you left off: the newest runs of the open project, and the other projects of the folder."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.opening import Known, known_projects
from studio.parts.wording import count, loss, moment, state_role, state_word, task_word
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.views.record_table import Column, RecordTable

SHOWN = 5
_LONGEST_NAME = 20  # characters of a name on a button
RESUMABLE = ("interrupted", "stopped", "failed")


class RecentRuns(Card):
    """The newest five runs; each can be resumed or opened from here. The table is made for the first run."""

    open_requested = Signal(object)
    resume_requested = Signal(object)
    all_requested = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(tr("Where you left off"), look)
        self._look = look
        self.all = Button("", self.all_requested.emit, look, "link").set_small()
        self.header.addWidget(self.all)
        self.nothing = Label("", "quiet", wrap=True)
        self.body.addWidget(self.nothing)

    @cached_property
    def table(self) -> "RecordTable":
        """The runs as rows."""
        from studio.views.record_table import Column

        columns = [
            Column(tr("run"), _name, width=180),
            Column(tr("what"), _what, width=200, spare=True),
            Column(tr("state"), _state, dot=_dot),
            Column(tr("validation loss"), _best, _best_text, align="right", width=120),
            Column(tr("when"), when, _when_text, align="right", width=130, spare=True),
            Column(" ", _wish, link=True, width=90),
        ]
        table = _table(tr("Where you left off"), columns, self._look, _name)
        self.body.addWidget(table)
        table.link_clicked.connect(self._link_clicked)
        table.row_activated.connect(self.open_requested)
        return table

    def show_session(self, session: Session) -> None:
        """List the project's newest runs, or say why there are none."""
        runs = sorted(session.runs.values(), key=when, reverse=True)
        if runs or "table" in self.__dict__:
            _fill(self.table, runs[:SHOWN])
        self.all.setVisible(bool(runs))
        self.all.setText(tr("1 run") if len(runs) == 1 else tr("{count} runs", count=len(runs)))
        self.nothing.setVisible(not runs)
        if session.project is None:
            self.nothing.setText(tr("No project is open. The first run makes one, and so does the first text."))
        else:
            self.nothing.setText(tr("Nothing has been trained in this project yet. Its runs will be listed here."))

    def _link_clicked(self, run: RunModel, title: str) -> None:
        (self.resume_requested if can_resume(run) else self.open_requested).emit(run)


class OtherProjects(Card):
    """Projects beside the open one; away while there are none."""

    open_requested = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(tr("Other projects"), look)
        self._look = look

    @cached_property
    def table(self) -> "RecordTable":
        """The projects as rows."""
        from studio.views.record_table import Column

        columns = [
            Column(tr("project"), _project_name, width=180),
            Column(tr("where"), _project_folder),
            Column(tr("runs"), _project_runs, align="right", width=90),
            Column(tr("when"), _project_used, _project_when, align="right", width=130),
            Column(" ", _project_link, link=True, width=90),
        ]
        table = _table(tr("Other projects"), columns, self._look, _project_folder)
        self.body.addWidget(table)
        table.link_clicked.connect(self._open)
        table.row_activated.connect(self._open)
        return table

    def show_session(self, session: Session) -> None:
        """Look into the folder of projects again."""
        others = known_projects(session)
        if others or "table" in self.__dict__:
            _fill(self.table, others)
        self.setVisible(bool(others))

    def _open(self, project: Known, title: str = "") -> None:
        self.open_requested.emit(str(project.path))


def _table(name: str, columns: "Sequence[Column]", look: Look, key: Callable[[Any], str]) -> "RecordTable":
    """A table as high as its rows."""
    from studio.views.record_table import RecordTable

    table = RecordTable(columns, look, key=key)
    table.setAccessibleName(name)
    table.set_fit_height(True)
    return table


def _fill(table: "RecordTable", rows: Sequence[object]) -> None:
    """Rows, and exactly the height they need."""
    table.set_rows(rows)
    table.setVisible(bool(rows))


def can_resume(run: RunModel) -> bool:
    """Whether the run ended before its time and can go on."""
    return run.state in RESUMABLE and not run.living


def newest_run(session: Session) -> RunModel | None:
    """The run that something happened to last."""
    return max(session.runs.values(), key=when, default=None)


def waiting_run(session: Session) -> RunModel | None:
    """The run to go on with: the newest interrupted one, or the newest of all where a person stopped it."""
    newest = newest_run(session)
    interrupted = [run for run in session.runs.values() if run.state == "interrupted" and not run.living]
    if interrupted:
        return max(interrupted, key=when)
    return newest if newest is not None and newest.state == "stopped" and not newest.living else None


def waiting_words(run: RunModel) -> str:
    """How far a run came that can go on."""
    summary = run.record.summary
    step, total = max(run.step, summary.step), run.total_steps or summary.total_steps
    place = tr("step {step} of {total}", step=count(step), total=count(total)) if total else count(step)
    saved = run.record.checkpoints()
    if not saved:
        return tr("{name} stopped at {place} before its first checkpoint, so it begins again.",
                  name=run.name, place=place)  # fmt: skip
    return tr("{name} stopped at {place}. Step {saved} is saved; it goes on from there.",
              name=run.name, place=place, saved=count(saved[-1].step))  # fmt: skip


def short_name(name: str) -> str:
    """A run's name as far as a button can hold it."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def when(run: RunModel) -> float:
    """Seconds since 1970 of the last thing that happened to a run."""
    summary = run.record.summary
    return summary.ended or summary.started or summary.created


def _name(run: RunModel) -> str:
    return run.name


def _what(run: RunModel) -> str:
    return f"{task_word(run.config.objective)} · {Path(run.config.data.source).stem}"


def _state(run: RunModel) -> str:
    return state_word(run.state, run.step, run.total_steps)


def _dot(run: RunModel) -> str:
    return state_role(run.state)


def _best(run: RunModel) -> float | None:
    live = run.best_validation_loss
    return live if live is not None else run.record.summary.best_validation_loss


def _best_text(run: RunModel) -> str:
    return loss(_best(run))


def _when_text(run: RunModel) -> str:
    return tr("now") if run.living else moment(when(run))


def _wish(run: RunModel) -> str:
    return tr("Resume") if can_resume(run) else tr("Open")


def _project_name(project: Known) -> str:
    return project.name


def _project_folder(project: Known) -> str:
    return str(project.path)


def _project_runs(project: Known) -> int:
    return project.runs


def _project_used(project: Known) -> float:
    return project.used


def _project_when(project: Known) -> str:
    return moment(project.used)


def _project_link(project: Known) -> str:
    return tr("Open")
