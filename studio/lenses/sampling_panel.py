"""The controls of the laboratory: sliders and the seed."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.number_edit import NumberEdit
from studio.core.config import Sampling
from studio.core.language import tr
from studio.parts.sampling_sliders import WIDE, SamplingSliders
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

PLAIN = Sampling(temperature=1.0)  # the model's own distribution


class SamplingPanel(Card):
    """`changed` comes while a slider moves and carries everything that is set."""

    changed = Signal(object)  # Sampling

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Controls"), look, parent)
        self.sliders = SamplingSliders(look, WIDE)
        self.sliders.set_value(PLAIN)
        self.sliders.changed.connect(self._moved)
        self.reset = Button(tr("The model's own"), self._reset, look, "link").set_small()
        self.reset.setToolTip(tr("Temperature 1, no control"))
        self.seed = NumberEdit(look, whole=True)
        self.seed.setFixedWidth(92)
        self.seed.minimum = 0
        self.seed.setAccessibleName(tr("Seed"))
        self.seed.set_value(PLAIN.seed)
        self.seed.changed.connect(self._seed_typed)
        self._lay_out()

    def _lay_out(self) -> None:
        self.header.addWidget(self.reset)
        line = QHBoxLayout()
        line.addWidget(Label(tr("Seed"), "quiet"))
        line.addStretch(1)
        line.addWidget(self.seed)
        self.body.addWidget(self.sliders)
        self.body.addLayout(line)
        self.body.addStretch(1)

    def value(self) -> Sampling:
        """What the sliders and the seed say."""
        seed = int(self.seed.value())
        return replace(self.sliders.value(), seed=max(0, seed))

    def set_value(self, sampling: Sampling) -> None:
        """Show other settings silently."""
        self.sliders.set_value(sampling)
        self.seed.set_value(sampling.seed)

    def _moved(self, _sampling: Sampling) -> None:
        self.changed.emit(self.value())

    def _reset(self) -> None:
        self.set_value(PLAIN)
        self.changed.emit(self.value())

    def _seed_typed(self) -> None:
        if not self.seed.problem:
            self.changed.emit(self.value())
