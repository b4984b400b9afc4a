"""From which probability on a class is guessed: a slider, the figures there, and the threshold that costs least."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.results import Against
from studio.controls.number_edit import NumberEdit
from studio.controls.slider import Slider
from studio.core.language import tr
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

_STEP = 0.01


class ThresholdBar(QWidget):
    """`moved` tells the threshold while the slider is dragged; every figure is looked up, none is counted anew."""

    moved = Signal(float)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._against: Against | None = None
        self._name = ""
        self.threshold = 0.5
        self.when = Label("", "small")
        self.slider = Slider(look, tr("Threshold"))
        self.slider.step = _STEP
        self.slider.set_share(self.threshold)
        self.figures = Label("", "small", wrap=True)
        self.false_alarm = self._cost(look, tr("Cost of a false alarm"))
        self.miss = self._cost(look, tr("Cost of a miss"))
        self.cheapest = Button("", self._take_cheapest, look, "link").set_small()
        self.half = Button(tr("back to 0.50"), self._back, look, "link").set_small()
        self._lay_out()
        self.slider.moved.connect(self._moved)

    def _cost(self, look: Look, name: str) -> NumberEdit:
        box = NumberEdit(look, False)
        box.minimum = 0.0
        box.set_value(1.0)
        box.setFixedWidth(56)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.changed.connect(self._price)
        return box

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(Label(tr("Threshold"), "strong"))
        top.addStretch(1)
        top.addWidget(self.half)
        top.addWidget(self.when)
        self._low = QWidget()
        low = QHBoxLayout(self._low)
        low.setContentsMargins(0, 0, 0, 0)
        low.setSpacing(6)
        for widget in (Label(tr("false alarm : miss"), "small"), self.false_alarm, Label(":", "small"), self.miss):
            low.addWidget(widget)
        low.addWidget(self.cheapest)
        low.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.slider)
        column.addWidget(self.figures)
        column.addWidget(self._low)

    def set_brief(self, brief: bool) -> None:
        """Without the costs, where there is little room."""
        self._low.setVisible(not brief)

    def set_against(self, against: Against | None, name: str) -> None:
        """Judge this class against the rest; the threshold stays where it is."""
        self._against, self._name = against, name
        self.setEnabled(against is not None)
        self._price()
        self._say()

    def set_threshold(self, threshold: float) -> None:
        """Move it silently."""
        self.threshold = threshold
        self.slider.set_share(threshold)
        self._say()

    def _moved(self, share: float) -> None:
        self.threshold = share
        self._say()
        self.moved.emit(share)

    def _say(self) -> None:
        self.half.setVisible(self.threshold != 0.5)
        self.when.setText(tr("{name} when p ≥ {threshold}", name=self._name, threshold=f"{self.threshold:.2f}"))
        if self._against is None:
            self.figures.setText(tr("All rows are on one side, so a threshold changes nothing."))
            return
        at = self._against.sweep.at(self.threshold)
        self.figures.setText(
            tr("precision {precision} · recall {recall} · F1 {f1} · accuracy {accuracy} %",
               precision=f"{at.precision:.3f}", recall=f"{at.recall:.3f}", f1=f"{at.f1:.3f}",
               accuracy=f"{100 * at.accuracy:.1f}")
        )  # fmt: skip

    def _best(self) -> float | None:
        if self._against is None or self.false_alarm.problem or self.miss.problem:
            return None
        alarm, miss = float(self.false_alarm.value()), float(self.miss.value())
        if alarm < 0 or miss < 0:
            return None
        return min(1.0, self._against.sweep.cheapest(alarm, miss))

    def _price(self) -> None:
        best = self._best()
        self.cheapest.setEnabled(best is not None)
        self.cheapest.setText("" if best is None else tr("cheapest at {threshold}", threshold=f"{best:.2f}"))

    def _take_cheapest(self) -> None:
        best = self._best()
        if best is not None:
            self.set_threshold(best)
            self.moved.emit(best)

    def _back(self) -> None:
        self.set_threshold(0.5)
        self.moved.emit(0.5)
