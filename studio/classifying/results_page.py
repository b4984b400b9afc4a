"""Results of one run: which run and which rows, the views of them, and the jobs behind."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from studio.classifying.depth import depth_words
from studio.classifying.file_dialog import FileDialog
from studio.classifying.numbers import NumberResults
from studio.classifying.parts_of_rows import points, siblings, smaller
from studio.classifying.regression_view import RegressionView
from studio.classifying.results import Beside, Results
from studio.classifying.results_book import ResultsBook
from studio.classifying.results_view import ResultsView
from studio.classifying.row_jobs import RowJobs
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.rows_asked import RowsAsked
from studio.parts.run_bar import JudgedPage, RunBar
from studio.widgets.look import Look
from studio.widgets.primary_button import Press


class ResultsPage(JudgedPage):
    """Knows which run and split are looked at; the test rows are scored only when a person asks for it."""

    def __init__(self, session: Session, book: ResultsBook, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.book, self._look = session, book, look
        self._earlier = ""
        self._shown: object = None
        self.bar = RunBar(session, look, tr("Rows scored"))
        self.classes, self.numbers = ResultsView(look), RegressionView(look)
        self.row_jobs = RowJobs(session, self.classes, self.numbers)
        words = tr("Train a classifier: its accuracy, the rows it gets wrong and why stand here.")
        self.lay_out("classify", (tr("Nothing to judge yet"), words), (self.classes, self.numbers), look)
        self._connect()

    def _connect(self) -> None:
        self.bar.run_chosen.connect(self.choose)
        self.bar.split_chosen.connect(self._split_chosen)
        self.book.changed.connect(self.refresh)
        self.numbers.texts_wanted.connect(self.row_jobs.read_texts)
        self.classes.rows.data_requested.connect(self._show_data)
        self.classes.compare.earlier_wanted.connect(self._earlier_chosen)
        self.classes.learning.measure_wanted.connect(self._measure)
        self.classes.learning.parts_wanted.connect(self._train_parts)

    # --- what is looked at ------------------------------------------------------------------------------------------

    def choose(self, run: RunModel) -> None:
        """Look at another run, its validation rows first."""
        if self.bar.set_run(run):
            self._earlier = ""
        self.refresh()

    def _split_chosen(self, _split: str) -> None:
        self._earlier = ""
        self.refresh()

    def refresh(self) -> None:
        """Show what is known; validation rows are scored by themselves, test rows never."""
        if not self.show_bar(self.book.runs()) or self.run is None:
            return
        known = self.book.known(self.run, self.split)
        if known is None and self.split == "validation" and self.isVisible():
            known = self.book.want(self.run, self.split)
        if self.book.job is not None and self.bar.progress.job is not self.book.job:
            self.bar.progress.follow(self.book.job, tr("Scoring the rows"))
        self._show(known)
        self.said.emit()

    def _show(self, known: Results | NumberResults | None) -> None:
        assert self.run is not None
        self.bar.note.setText(self._note())
        self.row_jobs.look_at(self.run.record.folder, known)
        if known is None:
            self._say_why()
            self.stack.setCurrentWidget(self.wait)
        elif isinstance(known, Results):
            if self._shown is not known:
                self.classes.set_results(known)
                self.classes.trial.set_adapter(self.run.config.adapter.kind != "none")
                self.classes.trial.clear()
            beside = self.book.beside(self.run, self.split)
            if beside is not None:
                self.classes.set_beside(beside, points(self.book, self.run, self.split, beside))
                self._score_siblings()
            self.classes.compare.set_runs(self._rivals())
            self._compare()
            self.stack.setCurrentWidget(self.classes)
        else:
            if self._shown is not known:
                self.numbers.trial.ask()
            if self._shown is not known or self.book.beside(self.run, self.split) is not None:
                self.numbers.set_results(known, self.book.beside(self.run, self.split) or ())
            self.stack.setCurrentWidget(self.numbers)
        if known is not None and self._shown is not known and self.book.beside(self.run, self.split) is None:
            self._measure()
        self._shown = known if known is not None else self._shown

    def _say_why(self) -> None:
        assert self.run is not None
        failure = self.book.failure(self.run, self.split)
        if failure is not None:
            self.wait.set_words(tr("These rows could not be scored"), f"{failure.message} {failure.hint}".strip())
        elif self.book.working:
            self.wait.set_words(tr("The model reads the rows…"), tr("Its best checkpoint guesses every one of them."))
        elif self.split == "test":
            self.wait.set_words(
                tr("The test rows have not been looked at in this window"),
                tr("Score them once, when nothing is left to choose. Whoever chooses by them has no test any more."),
            )
        else:
            self.wait.set_words(tr("Not scored yet"), "")

    def _note(self) -> str:
        """How honest the figures are."""
        assert self.run is not None
        if self.split == "validation":
            return tr("The best checkpoint was chosen by these rows, which flatters it a little.")
        return tr("Never learned from, never chosen by.")

    @property
    def purpose(self) -> str:
        """The line under the page's title: which run, what it trained, which step."""
        run = self.run
        if run is None:
            return tr("How well a classifier does, row by row.")
        known = self.book.known(run, self.split)
        step = known.run.step if known is not None else run.step
        parts = [run.name, run.config.data.dataset, _trained_words(run)]
        parts.append(tr("best at step {step}", step=f"{step:,}") if step else "")
        return " · ".join(part for part in parts if part)

    @property
    def press(self) -> Press:
        """What the page's primary button says, does, and whether it can be pressed."""
        if self.run is None:
            return "", self.refresh, False
        if self.split == "test" and self.book.known(self.run, "test") is None:
            return self._score_words(), partial(self.score, "test"), not self.book.working
        if self.book.failure(self.run, self.split) is not None:
            return tr("Try again"), partial(self.score, self.split), True
        if isinstance(self.book.known(self.run, self.split), Results):
            return tr("Try it on a file…"), self.try_file, True
        return "", self.refresh, False

    def _score_words(self) -> str:
        beside = self.book.beside(self.run, "validation") if self.run is not None else None
        if beside is None or not isinstance(beside, Beside):
            return tr("Score the test rows")
        return tr("Score the {count} test rows", count=f"{beside.tested:,}")

    def try_file(self) -> None:
        """Open the window in which a table is classified."""
        if self.run is not None:
            dialog = FileDialog(self._session, self.run.record.folder, self.run.name, self._look, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.show()

    def score(self, split: str) -> None:
        """Let the run's best checkpoint read these rows now."""
        if self.run is not None:
            self.book.again(self.run, split)
            self.book.want(self.run, split)
            self.refresh()

    # --- what the views ask for -------------------------------------------------------------------------------------

    def _show_data(self, words: str, numbers: tuple[int, ...]) -> None:
        if (results := self.classes.results) is not None:
            self._session.focus("data", RowsAsked(results.run.dataset, words, numbers))

    def _measure(self) -> None:
        if self.run is not None:
            self.book.measure_beside(self.run, self.split)

    def _train_parts(self) -> None:
        """Queue the same run on smaller parts of its rows."""
        if self.run is None:
            return
        try:
            for share, config in smaller(self.run.config):
                self._session.start_run(config, f"{self.run.name} {100 * share:g} %")
        except StudioError as error:
            self._session.notices.post_error(error)

    def _score_siblings(self) -> None:
        """Validation rows of one sibling after the other; test rows only where a person asked for them."""
        assert self.run is not None
        if self.split == "validation" and not self.book.working:
            unknown = (one for one in siblings(self.run, self.book.runs()) if not one.living)
            nearest = next((one for one in unknown if self.book.known(one, self.split) is None), None)
            if nearest is not None and self.book.failure(nearest, self.split) is None:
                self.book.want(nearest, self.split)

    def _rivals(self) -> list[str]:
        """Other runs on the same dataset and task."""
        run = self.run
        assert run is not None
        same = (run.config.data.dataset.partition("@")[0], run.config.objective)
        others = [one for one in self.book.runs() if one is not run]
        return [one.name for one in others if (one.config.data.dataset.partition("@")[0], one.config.objective) == same]

    def _earlier_chosen(self, name: str) -> None:
        self._earlier = name
        other = self._session.runs.get(name)
        if other is None:
            self.classes.set_earlier(None)
        else:
            self.book.want(other, self.split)
            self._compare()

    def _compare(self) -> None:
        other = self._session.runs.get(self._earlier)
        known = self.book.known(other, self.split) if other is not None else None
        if isinstance(known, Results):
            self.classes.set_earlier(known)
            self.classes.compare.choice.set_value(self._earlier)


def _trained_words(run: RunModel) -> str:
    """What of the network the run has trained."""
    adapter = run.config.adapter
    if adapter.kind != "none":
        return tr("{kind} rank {rank}", kind={"lora": "LoRA"}.get(adapter.kind, "QLoRA"), rank=adapter.rank)
    return depth_words(run.config.classify.trained_blocks).lower() if run.config.objective == "classify" else ""
