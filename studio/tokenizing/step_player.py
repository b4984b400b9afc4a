"""Step by step through a replay: buttons, a slider, and playing by itself."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.slider import Slider
from studio.core.language import tr
from studio.widgets.button import Button, IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look

_REST = 900  # milliseconds between two steps while it plays


class StepPlayer(QWidget):
    """`moved` tells the step that a person, or the playing, has come to."""

    moved = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps, self._step = 1, 0
        self.back = IconButton("chevron-left", tr("One step back"), self._back, look)
        self.forward = IconButton("chevron-right", tr("One step on"), self._forward, look)
        self.play = Button(tr("Play"), self.toggle, look, "", "play").set_small()
        self.slider = Slider(look, tr("Step of the replay"))
        self.slider.moved.connect(self._slid)
        self.words = Label("", "small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.play, self.back, self.forward):
            row.addWidget(widget)
        row.addWidget(self.slider, 1)
        row.addWidget(self.words)
        self._timer = QTimer(self)
        self._timer.setInterval(_REST)
        self._timer.timeout.connect(self._tick)
        self._show()

    @property
    def step(self) -> int:
        """Where it is, from 0."""
        return self._step

    @property
    def playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._timer.isActive()

    def set_steps(self, steps: int) -> None:
        """Another replay of so many places, from its beginning."""
        self.pause()
        self._steps, self._step = max(1, steps), 0
        self.slider.step = 1 / max(1, self._steps - 1)
        self._show()

    def go(self, step: int) -> None:
        """Go there, as a person's wish."""
        self.pause()
        self._go(step)

    def toggle(self) -> None:
        """Play from here, or from the beginning when it is at the end; or stop playing."""
        if self.playing:
            self.pause()
        elif self._steps > 1:
            self._timer.start()
            self._go(0 if self._step == self._steps - 1 else self._step + 1)

    def pause(self) -> None:
        """Stay where it is."""
        self._timer.stop()
        self._show()

    def hideEvent(self, _event: object) -> None:
        """Nobody looks."""
        self.pause()

    def _go(self, step: int) -> None:
        step = min(max(step, 0), self._steps - 1)
        if step != self._step:
            self._step = step
            self.moved.emit(step)
        if self.playing and step == self._steps - 1:
            self._timer.stop()
        self._show()

    def _show(self) -> None:
        last = self._steps - 1
        self.slider.set_share(self._step / last if last else 0.0)
        self.words.setText(tr("{step} of {last} merges", step=self._step, last=last))
        self.back.setEnabled(self._step > 0)
        self.forward.setEnabled(self._step < last)
        for widget in (self.play, self.slider):
            widget.setEnabled(last > 0)
        self.play.setText(tr("Pause") if self.playing else tr("Play"))
        self.play.set_icon("pause" if self.playing else "play")

    def _slid(self, share: float) -> None:
        self.go(round(share * (self._steps - 1)))

    def _back(self) -> None:
        self.go(self._step - 1)

    def _forward(self) -> None:
        self.go(self._step + 1)

    def _tick(self) -> None:
        self._go(self._step + 1)
