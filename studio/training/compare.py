"""Several runs over one another: one plot with a colour for each, and the settings in which they differ."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.curves.plot import CurvePlot
from studio.live.run_model import RunModel
from studio.training.view import unfollow
from studio.widgets.card import Card
from studio.widgets.look import Look

_MARGIN = 16  # of the card
METRICS = (
    ("validation_loss", "Validation loss", "validation"),
    ("training_loss", "Training loss", "training"),
    ("learning_rate", "Learning rate", "learning rate"),
    ("gradient_norm", "Gradient norm", "gradient"),
    ("tokens_per_second", "Tokens per second", "tokens/s"),
)


class Colors:
    """A series colour for each run that stays with it while others come and go."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def of(self, name: str) -> int:
        """The run's colour; the lowest free one for a new run."""
        if name not in self._given:
            taken = set(self._given.values())
            self._given[name] = next(index for index in range(len(taken) + 1) if index not in taken)
        return self._given[name]

    def keep(self, names: Sequence[str]) -> None:
        """Give back the colours of runs that are no longer shown."""
        self._given = {name: color for name, color in self._given.items() if name in names}


class RunCompare(Card):
    """The curves of one or several runs; a run whose past is still being read fills up while it is looked at."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("", look, parent)
        self._runs: list[RunModel] = []
        self._colors = Colors()
        self.plot = CurvePlot(look, tr(METRICS[0][1]))
        self.plot.setAccessibleName(tr("Curves of the chosen runs"))
        self.choice = Segmented([(name, tr(short)) for name, _, short in METRICS], look, tr("Curve"))
        self.choice.changed.connect(self._chosen)
        self.list = ChoiceEdit([(name, title) for name, title, _ in METRICS], look)
        self.list.setAccessibleName(tr("Curve"))
        self.list.changed.connect(self._listed)
        self.body.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.list, 0, Qt.AlignmentFlag.AlignLeft)
        self._fold(False)
        self.body.addWidget(self.plot, 1)
        self._redraw()

    def set_runs(self, runs: Sequence[RunModel]) -> None:
        """Show these, in this order."""
        if list(runs) == self._runs:
            return
        for run in self._runs:
            if run not in runs:
                unfollow(run, self._grown)
        for run in runs:
            if run not in self._runs:
                run.changed.connect(self._grown)
        self._runs = list(runs)
        self._colors.keep([run.name for run in runs])
        self._redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The curves' names side by side where they have room, in a closed list where they would be cut."""
        super().resizeEvent(event)
        room = self.contentsRect().width() - 2 * _MARGIN
        self._fold(self.choice.sizeHint().width() > room)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.list.sizeHint().width() + 2 * _MARGIN, super().minimumSizeHint().height())

    def _fold(self, folded: bool) -> None:
        self.choice.setVisible(not folded)
        self.list.setVisible(folded)

    def _chosen(self, name: str) -> None:
        self.list.set_value(name)
        self._redraw()

    def _listed(self) -> None:
        self.choice.set_value(str(self.list.value()))
        self._redraw()

    def _redraw(self) -> None:
        name = self.choice.value()
        self.plot.clear()
        self.plot.set_title(tr(next(title for metric, title, _ in METRICS if metric == name)))
        self.plot.set_value_format({"validation_loss": ".3f", "training_loss": ".3f"}.get(name, ""))
        for run in self._runs:
            smoothed = name not in ("validation_loss", "learning_rate")
            self.plot.add_series(run.name, run.name, self._colors.of(run.name), smoothed=smoothed)
            self.plot.set_history(run.name, run.history[name])
        self.plot.set_empty_text(tr("There is nothing to draw yet.") if self._runs else tr("Choose a run above."))
        self.plot.set_total(max((run.total_steps for run in self._runs), default=0))
        self.plot.refresh()

    def _grown(self, what: frozenset[str]) -> None:
        if self.isVisible() and "metrics" in what:
            self.plot.refresh()
