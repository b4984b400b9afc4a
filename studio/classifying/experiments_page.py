"""The experiments of the open project: which weights are here, which runs there are, what they came to."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.classifying.experiments import EXPERIMENTS, WEIGHTS, Experiment, config_of, is_published, run_name
from studio.classifying.experiments_view import ExperimentsView, Outcome, rows_of
from studio.classifying.results import Results
from studio.classifying.results_book import ResultsBook
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.wording import state_word
from studio.store.models import list_models
from studio.store.starts import Start, find_start
from studio.widgets.look import Look
from studio.widgets.primary_button import Press


class ExperimentsPage(QWidget):
    """Queues runs by the book's recipe, and scores those that are finished one after the other."""

    said = Signal()

    def __init__(self, session: Session, book: ResultsBook, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.book = session, book
        self._starts: dict[str, Start] = {}  # weights to the model that has them
        self._pending: list[tuple[RunModel, str]] = []
        self.view = ExperimentsView(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.view.run_wanted.connect(self.run)
        self.view.score_wanted.connect(self.score)
        self.view.changed.connect(self.said)
        book.changed.connect(self._score_next)

    def refresh(self) -> None:
        """Look which weights, datasets and runs there are."""
        project = self._session.project
        if project is None:
            self._starts = {}
            self.view.set_choices([], [])
        else:
            names = [one.name for one in list_models(project.path)]
            self._starts = published_starts(project.path, names)
            runs = [one.name for one in self._session.runs.values() if one.writes and self.book.newest_step(one)]
            datasets = [one.name for one in project.datasets() if one.reading.kind == "labelled"]
            self.view.set_choices(datasets, [(name, name) for name in [*names, *runs]])
        self._show()

    def _show(self) -> None:
        self.view.set_rows(rows_of(self._missing, self._outcome))
        self.said.emit()

    def _missing(self, one: Experiment) -> str:
        return "" if one.weights in self._starts else one.weights

    def _outcome(self, one: Experiment, own: bool) -> Outcome:
        run = self._newest(run_name(one, own))
        if run is None:
            return Outcome()
        known = (self.book.known(run, "validation"), self.book.known(run, "test"))
        found = [100 * one.accuracy if isinstance(one, Results) else None for one in known]
        return Outcome(state_word(run.state, run.step, run.total_steps), *found)

    def _newest(self, name: str) -> RunModel | None:
        """The newest run of that name; a later try of it has a number behind."""
        found = [run for run in self._session.runs.values() if run.name == name or _numbered(run.name, name)]
        return found[-1] if found else None

    @property
    def press(self) -> Press:
        """What the page's primary button says, does, and whether it can be pressed."""
        chosen = self.view.chosen(False)
        ready = bool(chosen) and bool(self.view.dataset.value())
        if not self._starts:
            return tr("Import GPT-2 first"), self._go_to_models, True
        return tr("Run these {count}", count=f"{len(chosen)}"), self._run_published, ready

    def _run_published(self) -> None:
        self.run(self.view.chosen(False), False)

    def _go_to_models(self) -> None:
        self._session.focus("models")

    def run(self, chosen: list[Experiment], own: bool) -> None:
        """Queue these experiments; the first that is refused says why and ends the list."""
        project, dataset = self._session.project, str(self.view.dataset.value())
        if project is None or not dataset:
            return
        try:
            for one in chosen:
                start = find_start(project.path, str(self.view.own.value())) if own else self._starts[one.weights]
                self._session.start_run(config_of(one, dataset, start), run_name(one, own))
        except StudioError as error:
            self._session.notices.post_error(error)
        self._show()

    def score(self) -> None:
        """Score validation and test rows of every finished experiment that is not scored yet."""
        names = [run_name(one, own) for one in EXPERIMENTS for own in (False, True)]
        runs = [run for run in map(self._newest, names) if run is not None and run.state == "finished"]
        self._pending = [(run, split) for run in runs for split in ("validation", "test")]
        self._score_next()

    def _score_next(self) -> None:
        while self._pending and not self.book.working:
            run, split = self._pending.pop(0)
            self.book.want(run, split)
        if self.isVisible():
            self._show()


def published_starts(project: Path, names: list[str]) -> dict[str, Start]:
    """Models of the project that have the shape of published weights, by the name of those."""
    found: dict[str, Start] = {}
    for name in names:
        try:
            start = find_start(project, name)
        except StudioError:
            continue  # it came without a tokenizer: nothing can begin with it
        for weights in WEIGHTS:
            if is_published(start.config.model, weights):
                found.setdefault(weights, start)
    return found


def _numbered(name: str, wanted: str) -> bool:
    head, _, tail = name.rpartition(" ")
    return head == wanted and tail.isdecimal()
