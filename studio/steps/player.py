"""Going through the stations: one at a time, by itself, or anywhere between; every movement can be skipped."""

from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QObject, QTimer, QVariantAnimation, Signal

from studio.widgets.look import Look

_MOVE, _REST = 450, 2_200  # milliseconds of a movement, and of the pause to read after it


class Player(QObject):
    """`position` is a whole number at rest; `moved` says that it is another, `changed` that playing began or ended."""

    moved = Signal()
    changed = Signal()

    def __init__(self, look: Look, stations: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look, self.stations = look, stations
        self.position, self.playing = 0.0, False
        self._motion = QVariantAnimation(self)
        self._motion.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._motion.valueChanged.connect(self._set)
        self._motion.finished.connect(self._arrived)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._go_on)

    @property
    def station(self) -> int:
        """The one where it is, or where it goes."""
        moving = self._motion.state() == QAbstractAnimation.State.Running
        return round(float(self._motion.endValue())) if moving else round(self.position)

    def go(self, station: int) -> None:
        """Move to a station; to one that is not the next, and while it still moves, at once."""
        station = min(max(station, 0), self.stations - 1)
        moving = self._motion.state() == QAbstractAnimation.State.Running
        self._motion.stop()
        length = self._look.motion(_MOVE)
        if moving or not length or abs(station - self.position) > 1:
            self._set(float(station))
            self._arrived()
            return
        self._motion.setDuration(length)
        self._motion.setStartValue(self.position)
        self._motion.setEndValue(float(station))
        self._motion.start()

    def scrub(self, position: float) -> None:
        """Be anywhere, as long as a hand holds the thumb."""
        self.pause()
        self._motion.stop()
        self._set(position)

    def play(self) -> None:
        """From here to the end, or from the start when it is at the end."""
        if self.playing:
            return
        self.playing = True
        self.changed.emit()
        if self.station == self.stations - 1:
            self._motion.stop()
            self._set(0.0)
            self._arrived()
        else:
            self._go_on()

    def pause(self) -> None:
        """Stay where it is; a movement that has begun ends at its station at once."""
        self._rest.stop()
        if self.playing:
            self.playing = False
            self.changed.emit()
        if self._motion.state() == QAbstractAnimation.State.Running:
            self._motion.stop()
            self._set(float(self._motion.endValue()))

    def _set(self, position: float) -> None:
        if position != self.position:
            self.position = float(position)
            self.moved.emit()

    def _arrived(self) -> None:
        if self.playing and self.station < self.stations - 1:
            self._rest.start(_REST)
        elif self.playing:
            self.pause()

    def _go_on(self) -> None:
        self.go(self.station + 1)
