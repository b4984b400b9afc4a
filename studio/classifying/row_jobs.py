"""What the views of results ask for row by row: texts from the disk, why a row was read so, new labels to keep."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from studio.classifying.attributed import Question, Why, explain
from studio.classifying.number_try import Guess, guess_for
from studio.classifying.numbers import NumberResults
from studio.classifying.regression_view import RegressionView
from studio.classifying.relabels import save_relabelled
from studio.classifying.results import Results
from studio.classifying.results_view import ResultsView
from studio.classifying.row_list import Row
from studio.classifying.scored import Texts
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session


class RowJobs(QObject):
    """Answers the wishes of both views for the run that is looked at; each answer is a job."""

    def __init__(self, session: Session, classes: ResultsView, numbers: RegressionView) -> None:
        super().__init__(classes)
        self._session, self._classes, self._numbers = session, classes, numbers
        self._folder: Path | None = None
        self._known: Results | NumberResults | None = None
        classes.texts_wanted.connect(self.read_texts)
        classes.why_wanted.connect(self._explain)
        classes.trial.asked.connect(self._try)
        numbers.trial.asked.connect(self._guess)
        classes.rows.save_requested.connect(self._save)

    def look_at(self, folder: Path, known: Results | NumberResults | None) -> None:
        """From now on this run, and this result of it."""
        self._folder, self._known = folder, known

    def read_texts(self, numbers: list[int]) -> None:
        """Texts of these rows, for whichever view is shown."""
        if self._known is not None:
            job = self._session.jobs.start(read_texts, self._known.run.texts, list(numbers), lane="classify.texts")
            job.succeeded.connect(self._take_texts)

    def _take_texts(self, texts: dict[int, str]) -> None:
        if isinstance(self._known, Results):
            self._classes.rows.set_texts(texts)
        else:
            self._numbers.set_texts(texts)

    def _explain(self, row: Row, method: str) -> None:
        if self._folder is not None:
            question = Question(self._folder, row.text, row.guess.partition(", ")[0], method)
            job = self._session.jobs.start(explain, question, lane="classify.why")
            job.succeeded.connect(self._take_why)
            job.failed.connect(self._no_why)

    def _take_why(self, why: Why) -> None:
        self._classes.why.set_why(why)

    def _no_why(self, error: StudioError) -> None:
        self._classes.why.set_words(error.message)

    def _try(self, text: str, label: str, method: str, strength: float | None) -> None:
        if self._folder is not None:
            question = Question(self._folder, text, label, method, strength=strength)
            job = self._session.jobs.start(explain, question, lane="classify.try")
            job.succeeded.connect(self._take_trial)
            job.failed.connect(self._no_trial)

    def _take_trial(self, why: Why) -> None:
        self._classes.trial.set_why(why)

    def _no_trial(self, error: StudioError) -> None:
        self._classes.trial.set_trouble(error.message)

    def _guess(self, text: str) -> None:
        if self._folder is not None:
            job = self._session.jobs.start(guess_for, self._folder, text, lane="classify.try")
            job.succeeded.connect(self._take_guess)
            job.failed.connect(self._no_guess)

    def _take_guess(self, guess: Guess) -> None:
        self._numbers.trial.set_guess(guess)

    def _no_guess(self, error: StudioError) -> None:
        self._numbers.trial.set_trouble(error.message)

    def _save(self) -> None:
        project, known = self._session.project, self._known
        if project is None or not isinstance(known, Results):
            return
        labels = dict(self._classes.relabels.labels)
        title = tr("Saving the next version of “{name}”", name=known.run.dataset)
        job = self._session.jobs.start(save_relabelled, project, known.run.dataset, labels, title=title)
        job.succeeded.connect(self._saved)
        job.failed.connect(self._session.notices.post_error)

    def _saved(self, dataset: Any) -> None:
        self._classes.relabels.clear()
        self._session.datasets.made()
        words = tr("“{title}” has the new labels; the next run can learn from it.", title=dataset.title)
        self._session.notices.post("good", words)


def read_texts(texts: Texts, numbers: list[int]) -> dict[int, str]:
    """The texts of these rows by their numbers; for a worker thread."""
    return dict(zip(numbers, texts(numbers), strict=True))
