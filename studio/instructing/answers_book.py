"""The answers of the project's runs: those on the disk, those that are being given, and what they are worth."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import resolve
from studio.instructing.answer_scores import Measured, measured
from studio.instructing.draft import TASKS
from studio.live.jobs import Job
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.store.answers import Answers, beginning, list_answers
from studio.store.checkpoints import choose
from studio.store.project import Project
from studio.store.starts import find_start

ANSWERED, ANSWERED_LIKE = "studio.engine.answering:answered", "studio.engine.answering:answered_like"
LEAST_TOKENS = 64  # that an answer may have, however short the run's samples are

Key = tuple[str, str, bool]  # run, split, whether the model that it began as is asked instead


class AnswersBook(QObject):
    """`known` answers at once; `want` looks on the disk, `give` lets the model answer. `changed` says that more is."""

    changed = Signal()
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._known: dict[Key, Measured | None] = {}
        self._asked: set[Key] = set()
        self.job: Job | None = None
        self.giving: Key | None = None

    def forget(self) -> None:
        """Another project."""
        self._known.clear()
        self._asked.clear()
        self.giving = None

    def runs(self) -> list[RunModel]:
        """Runs of this page's tasks that have saved a model, the newest first."""
        able = [run for run in self._session.runs.values() if run.config.objective in TASKS and run.checkpoints]
        return list(reversed(able))

    def known(self, run: RunModel, split: str, base: bool = False) -> Measured | None:
        """What is known of these answers by now; with `base` those of the model that the run began as."""
        return self._known.get((run.name, split, base))

    def looked(self, run: RunModel, split: str, base: bool = False) -> bool:
        """Whether the disk has been asked for them."""
        return (run.name, split, base) in self._known

    def want(self, run: RunModel, split: str, base: bool = False) -> None:
        """Look on the disk for what was answered, once."""
        key = (run.name, split, base)
        if key in self._asked or self._session.project is None:
            return
        self._asked.add(key)
        work = Work(self._session.project, run, split, base)
        job = self._session.jobs.start(work.look, lane=f"instruct.look.{run.name}.{split}.{base}")
        job.succeeded.connect(self._found)
        job.failed.connect(self._failed)

    def give(self, run: RunModel, split: str, base: bool = False) -> None:
        """Let the best checkpoint, or the model it began as, answer every row of this side, then measure.

        It goes on where it stopped before.
        """
        if self._session.project is None or self.giving is not None:
            return
        self.giving = (run.name, split, base)
        work = Work(self._session.project, run, split, base)
        name = base_name(run) if base else run.name
        title = tr("“{name}” answers the {split} rows", name=name, split=tr(split))
        self.job = self._session.jobs.start(work.give, title=title, lane="instruct.give")
        self.job.succeeded.connect(self._found)
        self.job.failed.connect(self._failed)
        self.job.ended.connect(self._ended)
        self.changed.emit()

    def _found(self, found: "Looked") -> None:
        self._asked.add(found.key)
        self._known[found.key] = found.measured
        self.changed.emit()

    def _failed(self, error: StudioError) -> None:
        self.failed.emit(error)

    def _ended(self) -> None:
        key, self.giving, self.job = self.giving, None, None
        if key is not None and self._known.get(key) is None:
            self._asked.discard(key)  # part of it may lie on the disk
        self.changed.emit()


class Looked:
    """What a look brought: the key it was for, and the measured answers or None."""

    def __init__(self, key: Key, found: Measured | None) -> None:
        self.key, self.measured = key, found


class Work:
    """One side of a run's dataset, looked at or answered; its methods run on a worker."""

    def __init__(self, project: Project, run: RunModel, split: str, base: bool) -> None:
        self._project, self._record, self._split, self._base = project, run.record, split, base
        self._config = run.config
        self._key = (run.name, split, base)

    def look(self, progress: Any = None, keep_going: Any = None) -> Looked:
        """The answers that lie on the disk, of the best checkpoint or of its base, measured; the fullest of several."""
        checkpoint = self._checkpoint()
        own = [one for one in list_answers(self._record.folder) if self._fits(one, checkpoint)]
        found = max(own, key=lambda one: len(one.answers), default=None)
        if found is None or not found.answers:
            return Looked(self._key, None)
        return Looked(self._key, measured(self._project, self._config, checkpoint, found, progress=progress,
                                          keep_going=keep_going))  # fmt: skip

    def give(self, progress: Any, keep_going: Any) -> Looked:
        """Every answer, from the disk or from the model, measured."""
        checkpoint = self._checkpoint()
        dataset, sampling = self._config.data.dataset, sampling_for(self._config.sampling)
        if self._base:
            start, watching = find_start(self._project.path, self._config.start_from), (progress, keep_going)
            answers = resolve(ANSWERED_LIKE)(start.folder, checkpoint, dataset, self._split, sampling, watching)
        else:
            answers = resolve(ANSWERED)(checkpoint, dataset, self._split, sampling, progress, keep_going)
        return Looked(self._key, measured(self._project, self._config, checkpoint, answers, keep_going=keep_going))

    def _checkpoint(self) -> Path:
        return choose(self._record, "best").folder

    def _fits(self, answers: Answers, checkpoint: Path) -> bool:
        return answers.split == self._split and answers.path.name.startswith(beginning(checkpoint, self._base))


def base_name(run: RunModel) -> str:
    """What the model that a run began as is called beside it; empty where it began with random weights."""
    start = run.config.start_from
    return tr("{name}, untuned", name=start) if start else ""


def sampling_for(sampling: Sampling) -> Sampling:
    """How answers are drawn to be judged: always the likeliest token, and room to finish a sentence."""
    plain = replace(sampling, prompt="", temperature=0.0, top_k=0, top_p=1.0, min_p=0.0, samples=1, beams=1)
    return replace(plain, tokens=max(LEAST_TOKENS, sampling.tokens))
