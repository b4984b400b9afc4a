"""The choices above the ways of tokens, and the slider over the moments they go through."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import Switch
from studio.controls.segmented import Segmented
from studio.controls.slider import Slider
from studio.core.language import tr
from studio.parts.wording import count
from studio.widgets.button import IconButton
from studio.widgets.flow_layout import FlowLayout
from studio.widgets.label import Label
from studio.widgets.look import Look

FRAME = 400  # milliseconds that each moment is shown while it plays


@dataclass(frozen=True)
class WayWish:
    """Which moments (those that snapshots `kept`, or checkpoints), which table, on which basis, turned or not."""

    kept: bool = False
    source: str = "tokens"
    basis: str = "last"
    turned: bool = False
    dimensions: int = 2


class WayTools(QWidget):
    """`changed` says that other ways are wanted, `drawn_anew` that the same are to be shown in another way."""

    changed = Signal()
    drawn_anew = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.moments = Segmented(
            [("checkpoints", tr("checkpoints")), ("snapshots", tr("snapshots"))], look, tr("Moments")
        )
        self.source = Segmented([("tokens", tr("tokens")), ("head", tr("output head"))], look, tr("Vectors"))
        self.basis = Segmented(
            [("last", tr("last")), ("first", tr("first")), ("joint", tr("joint"))], look, tr("Basis of")
        )
        self.turn = Switch(look)
        self.turn.setAccessibleName(tr("Procrustes"))
        self.turn.setToolTip(
            tr("First turns each table as a whole onto the last one, so that a common turning is no movement")
        )
        self.dimensions = Segmented([("2", tr("2-D")), ("3", tr("3-D"))], look, tr("Dimensions"))
        row = FlowLayout(self, 8, 8)
        basis, turn = Label(tr("basis"), "small"), Label(tr("Procrustes"), "small")
        for widget in (self.moments, self.source, basis, self.basis, turn, self.turn, self.dimensions):
            row.addWidget(widget)
        for choice in (self.moments, self.source, self.basis, self.turn):
            choice.changed.connect(self._changed)
        self.dimensions.changed.connect(self._anew)

    def wish(self) -> WayWish:
        """What is chosen; snapshots keep one basis of their own."""
        kept = self.moments.value() == "snapshots"
        dimensions = int(self.dimensions.value())
        if kept:
            return WayWish(True, dimensions=dimensions)
        return WayWish(False, self.source.value(), self.basis.value(), self.turn.value(), dimensions)

    def _changed(self, *_value: object) -> None:
        kept = self.moments.value() == "snapshots"
        for choice in (self.source, self.basis, self.turn):
            choice.setEnabled(not kept)
        self.changed.emit()

    def _anew(self, *_value: object) -> None:
        self.drawn_anew.emit()


class MomentBar(QWidget):
    """A slider over moments, by their number; `moved` when a person or the play button goes to another one."""

    moved = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps: tuple[int, ...] = ()
        self.place = 0
        self.where = Label("", "strong")
        self.where.setMinimumWidth(96)
        self.slider = Slider(look, tr("Moment"))
        self.slider.moved.connect(self._slid)
        self.play = IconButton("play", tr("Play"), self.play_or_pause, look)
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME)
        self._timer.timeout.connect(self._next)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.play, self.where):
            row.addWidget(widget)
        row.addWidget(self.slider, 1)

    def set_steps(self, steps: Sequence[int]) -> None:
        """The moments there are; at most one hides the bar."""
        self.steps = tuple(steps)
        self._timer.stop()
        self.setVisible(len(self.steps) > 1)
        self.slider.step = 1 / max(1, len(self.steps) - 1)
        self.set_place(min(self.place, max(0, len(self.steps) - 1)))

    def set_place(self, place: int) -> None:
        """Stand at a moment, silently."""
        self.place = place
        if self.steps:
            self.where.setText(tr("Step {step}", step=count(self.steps[place])))
            self.slider.set_share(place / max(1, len(self.steps) - 1))

    def play_or_pause(self) -> None:
        """Go through the moments by itself, from the beginning where it stands at the end."""
        if self._timer.isActive():
            self._stop()
            return
        if self.place >= len(self.steps) - 1:
            self._tell(0)
        self._timer.start()
        self.play.set_icon("pause")

    def _next(self) -> None:
        if self.place >= len(self.steps) - 1 or not self.isVisible():
            self._stop()
        else:
            self._tell(self.place + 1)

    def _stop(self) -> None:
        self._timer.stop()
        self.play.set_icon("play")

    def _slid(self, share: float) -> None:
        place = round(share * (len(self.steps) - 1))
        if place != self.place:
            self._tell(place)
        else:
            self.set_place(place)

    def _tell(self, place: int) -> None:
        self.set_place(place)
        self.moved.emit(place)
