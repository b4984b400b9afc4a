"""Rotary positions: move a query and a key along the text, and see what turns, and what does not change."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from studio.controls.segmented import Segmented
from studio.controls.slider_row import Scale, SliderRow
from studio.core.config import ModelConfig
from studio.core.language import tr
from studio.curves.line_chart import Line, LineChart
from studio.live.session import Session
from studio.teaching.clocks import Clocks
from studio.teaching.flow_row import FlowRow
from studio.teaching.lesson_view import LessonView
from studio.teaching.number_grid import NumberGrid
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.rotation import Turning

TURN = "studio.exercises.rotation:turn"
BASES = (("10000", "Llama 2: 10,000"), ("500000", "Llama 3: 500,000"), ("100", "100"))
PLACES = 63  # the furthest
_SHIFT, _PAUSE = 7, 160
_COLUMNS = ("x₁", "x₂", "x₃", "x₄", "y₁", "y₂", "y₃", "y₄")  # a pair is the x and y of its hand
VECTORS = ((1.0, 0.6, 0.4, 0.8, 0.3, -0.5, 0.7, 0.2), (0.9, 0.2, 0.6, 0.5, -0.2, 0.4, 0.8, 0.6))


class RotationView(LessonView):
    """Both vectors, both places and the base can be changed."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.found: Turning | None = None
        scale = Scale(0, PLACES, whole=True)
        self.query, self.key = SliderRow(tr("Query at place"), scale, look), SliderRow(tr("Key at place"), scale, look)
        self.query.set_value(5)
        self.key.set_value(2)
        for row in (self.query, self.key):
            row.slider.step = 1 / PLACES
            row.box.maximum = PLACES
            row.changed.connect(self._moved)
        self.base = Segmented(BASES, look, tr("Base"))
        self.base.changed.connect(self._moved)
        self.together = Button(tr("Move both"), self.toggle, look, icon="play").set_small()
        self.vectors = NumberGrid(look, "", editable=True)
        self.vectors.set_largest(60.0, 26.0)
        self.vectors.set_numbers(VECTORS)
        self.vectors.set_names((tr("query"), tr("key")), _COLUMNS)
        self.vectors.edited.connect(self._edited)
        self.clocks = Clocks(look)
        self.verdict = Label("", "strong", wrap=True)
        self.curve = LineChart(look, tr("Score by the key's place"), tr("place of the key"))
        self.curve.setMinimumHeight(76)
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._tick)
        self._lay_out()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(20)
        line.addWidget(self.query, 1)
        line.addWidget(self.key, 1)
        below = FlowRow()
        below.add(self.base, tr("Base of the turning"))
        below.add(self.together)
        self.body.addLayout(line)
        self.body.addWidget(below)
        self.body.addWidget(self.clocks, 2)
        self.vectors.setMinimumHeight(62)
        self.vectors.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.body.addWidget(self.vectors)
        self.body.addWidget(self.verdict)
        self.body.addWidget(self.curve, 1)

    # --- computing ------------------------------------------------------------------------------------------------

    @property
    def places(self) -> tuple[int, int]:
        """Where query and key stand."""
        return min(int(self.query.value()), PLACES), min(int(self.key.value()), PLACES)

    def compute(self) -> None:
        """Turn by the code of the models."""
        config = replace(ModelConfig(), family="llama", positions="rotary", rope_base=float(self.base.value()))
        query, key = (row.tolist() for row in self.vectors.values)
        self.ask(TURN, config, query, key, self.places, _SHIFT, PLACES + 1, lane="rotation", heard=self._came)

    def _came(self, found: "Turning") -> None:
        self.found = found
        self.clocks.show_turning(found)
        here, there = self.places
        self.verdict.setText(
            tr("Distance {distance}: the score is {score}. Both {shift} tokens further on it is {moved}.",
               distance=here - there, score=_words(found.score), shift=_SHIFT, moved=_words(found.moved))
        )  # fmt: skip
        places = np.arange(float(len(found.scores)))
        self.curve.set_lines([Line(tr("score"), places, found.scores)])
        self.curve.set_marker(there)

    # --- what a person does ---------------------------------------------------------------------------------------

    def _moved(self, _value: object = None) -> None:
        self.recompute()

    def _edited(self, row: int, column: int, value: float) -> None:
        values = self.vectors.values.copy()
        values[row, column] = value
        self.vectors.set_numbers(values)
        self.recompute()

    @property
    def playing(self) -> bool:
        """Whether both move along."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Move both along the text, or stand still."""
        if self.playing:
            self._timer.stop()
        else:
            if max(self.places) >= PLACES:
                back = min(self.places)
                self.query.set_value(self.places[0] - back)
                self.key.set_value(self.places[1] - back)
            self._timer.start()
        self._show_playing()

    def _tick(self) -> None:
        here, there = self.places
        if max(here, there) >= PLACES:
            self._timer.stop()
            self._show_playing()
            return
        self.query.set_value(here + 1)
        self.key.set_value(there + 1)
        self.recompute()

    def _show_playing(self) -> None:
        self.together.setText(tr("Stand still") if self.playing else tr("Move both"))
        self.together.set_icon("pause" if self.playing else "play")

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing moves where nobody looks."""
        super().hideEvent(event)
        self._timer.stop()
        self._show_playing()


def _words(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")
