"""Which run is judged, and by which of its rows: the line above what came of it."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.widgets.label import Label
from studio.widgets.look import Look

SPLITS = (("validation", "Validation rows"), ("test", "Test rows"))


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
