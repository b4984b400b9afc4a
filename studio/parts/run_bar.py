"""Which run is judged, and by which of its rows: the line above what came of it, and the page around both."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.widgets.empty_state import EmptyState
from studio.widgets.label import Label
from studio.widgets.look import Look

SPLITS = (("validation", "Validation rows"), ("test", "Test rows"))


class JudgedPage(QWidget):
    """The bar above a stack: what to do without a run, why there is nothing yet, and what came of it.

    Whoever is one has made its `bar` and says it to `lay_out` with the pages of the stack.
    """

    configure_requested = Signal()
    said = Signal()  # purpose or press are others
    bar: "RunBar"

    def lay_out(self, icon: str, empty: tuple[str, str], pages: Sequence[QWidget], look: Look) -> None:
        """`empty` is what stands there without a run; `pages` come after it and the words to wait by."""
        self.empty = EmptyState(*empty, tr("Configure one"), self.configure_requested.emit, look, icon)
        self.wait = EmptyState("", "", "", None, look, icon)
        self.stack = QStackedWidget()
        for page in (self.empty, self.wait, *pages):
            self.stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.bar)
        column.addWidget(self.stack, 1)

    @property
    def run(self) -> RunModel | None:
        """The run that is looked at."""
        return self.bar.run

    @property
    def split(self) -> str:
        """Which of its rows are looked at."""
        return self.bar.split

    def show_bar(self, runs: Sequence[RunModel]) -> bool:
        """Offer these; False without any, when the page says so."""
        self.bar.show_runs(runs)
        if self.run is None:
            self.stack.setCurrentWidget(self.empty)
            self.said.emit()
        return self.run is not None


class RunBar(QWidget):
    """Knows `run` and `split`; a wish for another run is answered with `set_run`. `between` stands after the run."""

    run_chosen = Signal(object)  # RunModel
    split_chosen = Signal(str)

    def __init__(self, session: Session, look: Look, progress: str, between: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self._session = session
        self.run: RunModel | None = None
        self.choice = ChoiceEdit([("", tr("no run yet"))], look)
        self.choice.setAccessibleName(tr("Run"))
        self.splits = Segmented([(name, tr(words)) for name, words in SPLITS], look, tr("Which rows"))
        self.note, self.progress = Label("", "small"), Progress(look, progress)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        for widget in (self.choice, *between, self.splits, self.note):
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.progress)
        self.choice.changed.connect(self._run_chosen)
        self.splits.changed.connect(self.split_chosen)

    @property
    def split(self) -> str:
        """Rows of which side are looked at."""
        return self.splits.value()

    def show_runs(self, runs: Sequence[RunModel]) -> None:
        """Offer these; a run that is gone gives way to the first of them."""
        if self.run is None or self._session.runs.get(self.run.name) is not self.run:
            self.run = runs[0] if runs else None
        self.setVisible(bool(runs))
        if self.run is not None:
            self.choice.set_choices([(run.name, run.name) for run in runs])
            self.choice.set_value(self.run.name)

    def set_run(self, run: RunModel) -> bool:
        """Look at another run, its validation rows first; whether it is another one."""
        if run is self.run:
            return False
        self.run = run
        self.splits.set_value(SPLITS[0][0])
        return True

    def _run_chosen(self) -> None:
        run = self._session.runs.get(str(self.choice.value()))
        if run is not None:
            self.run_chosen.emit(run)
