"""The results of the open project's runs: computed by jobs when they are asked for, and kept while the window lives."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.classifying.beside import beside_numbers, beside_of
from studio.classifying.numbers import NumberResults, read_numbers
from studio.classifying.results import Results, results_of
from studio.classifying.scored import ScoredRun, read_scored
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.run_model import RunModel
from studio.live.session import Session

KINDS = ("classify", "regress")
Key = tuple[str, str, int]  # run, split, newest step that was saved: a run that went on is scored anew


class ResultsBook(QObject):
    """`want` answers with what is known and asks for the rest; `changed` says when more is known."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._known: dict[Key, Results | NumberResults] = {}
        self._beside: dict[Key, Any] = {}
        self._failed: dict[Key, StudioError] = {}
        self._steps: dict[tuple[str, str, int], int] = {}
        self.job: Job | None = None
        self._asked: Key | None = None

    def runs(self) -> list[RunModel]:
        """Runs that have something to score, the newest first."""
        every = [run for run in self._session.runs.values() if run.config.objective in KINDS]
        return [run for run in every if self.newest_step(run)][::-1]

    def newest_step(self, run: RunModel) -> int:
        """The step of a run's newest checkpoint, 0 without any; the disk is asked again when the run has changed."""
        state = (run.name, run.state, len(run.checkpoints))
        if state not in self._steps:
            told, there = (one.step for one in run.checkpoints), (info.step for info in run.record.checkpoints())
            self._steps[state] = max([*told, *there], default=0)
        return self._steps[state]

    def _key(self, run: RunModel, split: str) -> Key:
        return run.name, split, self.newest_step(run)

    def forget(self) -> None:
        """Another project is open."""
        for kept in (self._known, self._beside, self._failed, self._steps):
            kept.clear()

    def known(self, run: RunModel, split: str) -> Results | NumberResults | None:
        """What was computed already; nothing is asked for."""
        return self._known.get(self._key(run, split))

    def beside(self, run: RunModel, split: str) -> Any:
        """The baselines of a run's rows, if they were measured."""
        return self._beside.get(self._key(run, split))

    def failure(self, run: RunModel, split: str) -> StudioError | None:
        """Why there is no result."""
        return self._failed.get(self._key(run, split))

    @property
    def working(self) -> bool:
        """Whether rows are being scored now."""
        return self.job is not None

    def want(self, run: RunModel, split: str) -> Results | NumberResults | None:
        """The result of a run on a split; when it is not known it is computed, once."""
        key = self._key(run, split)
        if key not in self._known and key not in self._failed and self._asked != key:
            self._asked = key
            title = tr("Scoring “{name}”", name=run.name)
            if run.config.objective == "regress":
                job = self._session.jobs.start(read_numbers, run.record.folder, split, title=title, lane="classify")
            else:
                known = self.known(run, "validation")
                fitting = known.run if isinstance(known, Results) else None
                job = self._session.jobs.start(score, run.record.folder, split, fitting, title=title, lane="classify")
            self._follow(job, key)
        return self._known.get(key)

    def again(self, run: RunModel, split: str) -> None:
        """What failed may be tried once more."""
        self._failed.pop(self._key(run, split), None)

    def measure_beside(self, run: RunModel, split: str) -> Job | None:
        """Measure the baselines on the rows of a known result."""
        key, project = self._key(run, split), self._session.project
        known = self._known.get(key)
        if known is None or project is None:
            return None
        target = beside_of if isinstance(known, Results) else beside_numbers
        job = self._session.jobs.start(
            target, project, run.config, known.run, title=tr("Measuring the baselines"), lane="classify.beside"
        )
        job.succeeded.connect(_Taker(partial(self._take_beside, key), job).take)
        return job

    def _follow(self, job: Job, key: Key) -> None:
        self.job = job
        job.succeeded.connect(_Taker(partial(self._take, key), job).take)
        job.failed.connect(_Taker(partial(self._take_failure, key), job).take)
        job.ended.connect(self._ended)

    def _take(self, key: Key, found: Results | NumberResults) -> None:
        self._known[key] = found

    def _take_failure(self, key: Key, error: StudioError) -> None:
        self._failed[key] = error

    def _take_beside(self, key: Key, found: Any) -> None:
        self._beside[key] = found
        self.changed.emit()

    def _ended(self) -> None:
        """An older job that was called off for a newer one ends unnoticed."""
        if self.job is not None and self.job.state in ("done", "failed", "cancelled"):
            self.job = self._asked = None
            self.changed.emit()


class _Taker(QObject):
    """Brings a job's news to a function with more to say; lives and dies with the job."""

    def __init__(self, function: Callable[[Any], None], job: Job) -> None:
        super().__init__(job)
        self._function = function

    def take(self, value: object) -> None:
        """The job's news."""
        self._function(value)


def score(
    folder: Path, split: str, fitting: ScoredRun | None, *,
    progress: Callable[[int, int], None] | None = None, keep_going: Callable[[], bool] | None = None,
) -> Results:  # fmt: skip
    """Score a split; the temperature of the test is fitted on the validation rows, which are read for that too."""
    if split != "validation" and fitting is None:
        fitting = read_scored(folder, "validation", keep_going=keep_going)
    run = read_scored(folder, split, progress=progress, keep_going=keep_going)
    return results_of(run, fitting if split != "validation" else None)
