"""The work of a judge: jobs that ask it, and what came of them, for the view and the table of answers."""

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.hub.local_judge import judge_models
from studio.instructing.answer_scores import Measured
from studio.instructing.judge_view import JudgeView, Models
from studio.instructing.judged_file import KeptJudgement, read_judged, write_judged
from studio.instructing.judging_work import (
    Comparison,
    Judge,
    Judgement,
    RowJudged,
    compare_rows,
    judge_rows,
    rubric_named,
    sample_of,
    summed,
)
from studio.live.jobs import Job
from studio.live.session import Session
from studio.scores.judging import Rubric
from studio.store.models import list_models

if TYPE_CHECKING:
    from studio.instructing.answers_book import AnswersBook

_LANE = "instruct.judge"


class JudgeDesk(QObject):
    """`judged` carries what stands in the table: row number to score, as far as it is known."""

    judged = Signal(object)

    def __init__(self, session: Session, view: JudgeView) -> None:
        super().__init__(view)
        self._session, self._view = session, view
        self._known: Measured | None = None
        self._rows: list[RowJudged] = []
        self._job: Job | None = None  # that judges
        self._asked: tuple[Judge, Rubric] | None = None
        self.judgement: Judgement | None = None
        view.judge_wanted.connect(self.judge)
        view.models_wanted.connect(self._list)

    def look_at(self, known: Measured, book: "AnswersBook", beside: str = "") -> None:
        """From now on these answers; `beside` names whoever else has been asked the same, before or after tuning."""
        if self._job is not None:
            self._keep()
        self._job = None
        self._session.jobs.cancel_lane(_LANE)
        self._known, self._rows, self._asked, self.judgement = known, [], None, None
        self._view.set_judgement(None)
        self._view.set_comparison(None)
        kept = self._session.jobs.start(read_judged, known.answers, lane="instruct.judged")
        kept.succeeded.connect(self._recalled)
        project = self._session.project
        models = [(str(one.folder), one.name) for one in list_models(project.path)] if project is not None else []
        runs = [(str(run.record.checkpoints()[-1].folder), tr("run {name}", name=run.name))
                for run in book.runs() if run.record.checkpoints()]  # fmt: skip
        same = known.answers.dataset.partition("@")[0]
        others = [run.name for run in book.runs() if run.config.data.dataset.partition("@")[0] == same]
        own = known.answers.path.parents[1].name
        others = [*([beside] if beside else []), *(name for name in others if name not in (own, beside))]
        self._view.set_choices(Models((*models, *runs)), others)

    def judge(self, judge: Judge, rubric: Rubric, most: int) -> None:
        """Ask about the first rows, spread evenly over all."""
        if self._known is None:
            return
        rows = sample_of(self._known.rows, most)
        self._rows, self._asked = [], (judge, rubric)
        self._view.problem.hide()
        title = tr("“{judge}” judges {count} answers", judge=judge.name, count=f"{len(rows):,}")
        self._job = job = self._session.jobs.start(judge_rows, judge, rubric, rows, lane=_LANE, title=title)
        job.items.connect(self._some)
        job.failed.connect(self._failed)
        job.ended.connect(partial(self._ended, job))
        self._view.progress.follow(job, title)

    def compare(self, judge: Any, first: tuple[str, Measured], second: tuple[str, Measured], most: int) -> None:
        """Compare two runs' answers, each pair in both orders."""
        sides = [(name, sample_of(found.rows, len(found.rows))) for name, found in (first, second)]
        sides[0] = (sides[0][0], sample_of(first[1].rows, most))
        title = tr("“{judge}” compares two runs", judge=judge.name)
        job = self._session.jobs.start(compare_rows, judge, sides[0], sides[1], lane=_LANE, title=title)
        job.succeeded.connect(self._compared)
        job.failed.connect(self._failed)
        self._view.progress.follow(job, title)

    def _some(self, rows: list[RowJudged]) -> None:
        self._rows += rows
        self._show()

    def _show(self) -> None:
        if self._asked is not None and self._rows:
            self.judgement = summed(*self._asked, self._rows)
            self._view.set_judgement(self.judgement)
            self.judged.emit(self.judgement.scores)

    def _ended(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self._keep()

    def _keep(self) -> None:
        """What was judged stays with the answers, all of it or as far as the judge came."""
        if self._known is not None and self._asked is not None and self._rows:
            judge, rubric = self._asked
            job = self._session.jobs.start(
                write_judged,
                self._known.answers,
                judge.name,
                rubric.name,
                list(self._rows),
                lane="instruct.judged.kept",
            )
            job.failed.connect(self._failed)

    def _recalled(self, kept: KeptJudgement | None) -> None:
        if kept is not None and self._asked is None:
            self._asked, self._rows = (Judge(kept.judge), rubric_named(kept.rubric)), list(kept.rows)
            self._show()

    def _failed(self, error: StudioError) -> None:
        self._view.set_trouble(error)

    def _compared(self, found: Comparison) -> None:
        self._view.set_comparison(found)

    def _list(self, server: Any) -> None:
        job = self._session.jobs.start(judge_models, server, lane="instruct.models")
        job.succeeded.connect(self._view.set_models)
        job.failed.connect(self._failed)
