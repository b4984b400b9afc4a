"""A training that is paused to be talked to: it saves where it stands, and that checkpoint is what one talks to."""

from PySide6.QtCore import QObject, Signal

from studio.core.channel import Ask
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.run_model import Ending, RunModel
from studio.live.run_queue import RunQueue


class PausedTalk(QObject):
    """One wish at a time. It is granted once the run is paused at a step of which a checkpoint lies on the disk."""

    ready = Signal(str, int)  # run name, step
    failed = Signal(object)  # StudioError
    changed = Signal()  # another run is waited for, or none

    def __init__(self, queue: RunQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self.run: RunModel | None = None  # the one that is waited for
        self._before = Ending()  # why it was paused already

    def begin(self, run: RunModel) -> None:
        """Pause a run at its next step and have it saved there; one that cannot be talked to is a `StudioError`."""
        if not run.writes:
            raise StudioError(tr("What “{name}” trains does not write, so nobody can talk to it.", name=run.name))
        if run not in self._queue.running or run.state not in ("running", "paused") or run.wish == "stop":
            raise StudioError(
                tr("“{name}” is not training at this moment.", name=run.name),
                tr("Wait for its first step, or talk to one of its checkpoints."),
            )
        self.forget()
        self.run, self._before = run, run.ending
        run.changed.connect(self._look)
        if run.state == "running":
            self._queue.pause(run)
        self._queue.ask(run, Ask("save"))
        self.changed.emit()
        self._look(frozenset({"status"}))

    def forget(self) -> None:
        """Wait for nothing any more; the run stays as it is."""
        run, self.run = self.run, None
        if run is not None:
            run.changed.disconnect(self._look)
            self.changed.emit()

    def _look(self, what: frozenset[str]) -> None:
        run = self.run
        if run is None or not what & {"status", "checkpoints"}:
            return
        if run.state == "finished":  # the next step was its last one
            self._grant(run)
        elif not run.living or run.wish == "stop" or (run.state == "running" and not run.wish):
            self.forget()  # somebody stopped it, or let it go on
        elif run.state == "paused" and _lies_there(run):
            self._grant(run)
        elif run.state == "paused" and run.ending.reason == "disk" and run.ending is not self._before:
            self.forget()
            self.failed.emit(StudioError(run.ending.message, run.ending.hint))

    def _grant(self, run: RunModel) -> None:
        self.forget()
        self.ready.emit(run.name, run.step)


def _lies_there(run: RunModel) -> bool:
    """Whether this very step is saved: by now, or it is the one that the run went on from, which no event tells."""
    began = run.started.resumed_from if run.started is not None else -1
    return run.step == began or any(saved.step == run.step for saved in run.checkpoints)
