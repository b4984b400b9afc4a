"""The run that a page shows: its view, what a person may want of it, and what the header says of it meanwhile."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from studio.core.config import RunConfig
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.wording import count
from studio.training.commands import RunCommands
from studio.training.published import published_for, published_runs
from studio.training.view import RunView, unfollow
from studio.widgets.page import Page
from studio.widgets.primary_button import Press


class FollowedRun(QObject):
    """`changed` says that the page's header may say something else now; nothing is said while nobody looks."""

    changed = Signal()

    def __init__(self, session: Session, page: Page) -> None:
        super().__init__(page)
        self._session, self._page = session, page
        self._published = published_runs(page.look.resources)
        self.commands, self.view = RunCommands(session, page), RunView(page.look)
        self.commands.watch_chart(self.view.charts.plot)

    @property
    def run(self) -> RunModel | None:
        """The one that is shown."""
        return self.commands.run

    def keep_up(self, belongs: Callable[[RunModel], bool]) -> bool:
        """Let go of a run that was deleted; a run of the page that has begun takes over, and True is returned."""
        running = self._session.running
        if running is not None and belongs(running) and running is not self.run and running.living:
            self.show(running)
            return True
        if self.run is not None and self._session.runs.get(self.run.name) is not self.run:
            self.show(None)
        return False

    def show(self, run: RunModel | None) -> None:
        """Follow another run; None follows nothing."""
        if run is self.run:
            return
        if self.run is not None:
            unfollow(self.run, self._run_changed)
        self.commands.run = run
        published = published_for(self._published, run.config, self._session.project) if run is not None else None
        self.view.set_run(run, published)
        if run is not None:
            run.changed.connect(self._run_changed)

    def start(self, config: RunConfig) -> RunModel | None:
        """Begin a run and follow it; a refusal is said on the page and returns None."""
        run: RunModel | None = self.commands.attempt(self._session.start_run, config)
        if run is not None:
            self.show(run)
        return run

    def press(self, run: RunModel, step: int) -> Press | None:
        """What the page's button does for a run that is not over, `step` its newest checkpoint; else None."""
        if run.wish or run.state in ("queued", "starting"):
            return tr("Waiting") if run.state == "queued" else tr("One moment…"), self.commands.pause, False
        if run.state == "running":
            return tr("Pause"), self.commands.pause, True
        if run.state == "paused":
            return tr("Continue"), self.commands.proceed, True
        if run.state != "finished" and step:
            return tr("Resume from step {step}", step=count(step)), self.commands.resume, True
        return None

    def _run_changed(self, what: frozenset[str]) -> None:
        if self._page.isVisible() and what & {"status", "checkpoints"}:
            self.changed.emit()
