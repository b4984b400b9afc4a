"""The rollout or the flow that is wanted: the newest wish counts, and a flow comes row by row."""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.looking import Looking

if TYPE_CHECKING:
    import numpy.typing as npt

ROLLOUT, KEPT = "studio.insight.rollout:rollouts", "studio.insight.rollout:of_snapshot"
FLOW = "studio.insight.flow:flows_between"
Way = tuple[str, int, int, bool]  # as the engine has it


class Spread(QObject):
    """`values` (time, time) is what is known: a flow is NaN where it was not worked out. `trouble` is why it is not."""

    changed = Signal()

    def __init__(self, looking: Looking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looking = looking
        self.layers: npt.NDArray[np.float64] | None = None  # of a rollout, (layers, time, time)
        self.flows: npt.NDArray[np.float64] | None = None
        self.rows: set[int] = set()  # whose flows are worked out
        self.trouble = ""
        self._job: Job | None = None

    @property
    def values(self) -> "npt.NDArray[np.float64] | None":
        """What the map shows."""
        if self.flows is not None:
            return self.flows
        return self.layers[-1] if self.layers is not None and len(self.layers) else None

    def ask_rollout(self, scenes: tuple[Any, ...], way: Way, snapshot: Any = None, less: Any = None) -> None:
        """Of a scene or a snapshot, or of one less another; a film shows the former moment meanwhile."""
        self.flows, self.trouble = None, ""
        if snapshot is not None:
            job = self._looking.ask(KEPT, snapshot, way, less, lane="rollout")
        else:
            self.layers = None
            job = self._looking.ask(ROLLOUT, _sides(scenes), way, lane="rollout")
        job.succeeded.connect(partial(self._rolled, job))
        self._follow(job)

    def ask_flow(self, scenes: tuple[Any, ...], way: Way, first: int | None) -> Job:
        """Of every row, the `first` one before the others."""
        time = scenes[0].time
        self.layers, self.trouble = None, ""
        self.flows, self.rows = np.full((time, time), np.nan), set()
        rows = sorted(range(time), key=lambda row: (row != first, -row))
        words = tr("Working out the flow between {count} tokens", count=time)
        job = self._looking.ask(FLOW, _sides(scenes), way, rows, lane="rollout", title=words)
        job.items.connect(partial(self._flowed, job))
        self._follow(job)
        return job

    def _follow(self, job: Job) -> None:
        self._job = job
        job.failed.connect(partial(self._failed, job))
        self.changed.emit()

    def _rolled(self, job: Job, found: "npt.NDArray[np.float64]") -> None:
        if job is self._job:
            self.layers = found
            self.changed.emit()

    def _flowed(self, job: Job, rows: list[Any]) -> None:
        if job is self._job and self.flows is not None:
            for row, values in rows:
                self.flows[row] = values
                self.rows.add(row)
            self.changed.emit()

    def _failed(self, job: Job, error: StudioError) -> None:
        if job is self._job:
            self.layers = self.flows = None
            self.trouble = f"{error.message} {error.hint}"
            self.changed.emit()


def _sides(scenes: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    return [(scene.model, scene.capture) for scene in scenes if scene is not None]
