"""Short messages that come from below at the right, stay as long as they need to be read, and go."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPoint, QPropertyAnimation, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTextEdit,
    QWidget,
)

from studio.core.language import tr
from studio.widgets.button import Button, IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look

_ICONS = {"info": ("info", "accent"), "good": ("check", "good"), "warning": ("warning", "warning"),
          "danger": ("danger", "danger")}  # fmt: skip
_WIDTH, _MARGIN, _GAP, _MOST = 360, 16, 8, 4
_CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QSlider)

Action = tuple[str, Callable[[], object]]


class Toast(QFrame):
    """One message. It waits while the mouse rests on it; dangers stay until they are closed."""

    left = Signal()

    def __init__(self, level: str, text: str, action: Action | None, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.text, self._look, self._level, self._action = text, look, level, action
        self.setProperty("kind", "popover")
        self.setFixedWidth(_WIDTH)
        self.setAccessibleName(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        self._picture = QLabel()
        self._picture.setContentsMargins(0, 6, 0, 0)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        words = Label(text, "", wrap=True)
        words.setContentsMargins(0, 5, 0, 5)
        row.addWidget(words, 1)
        if action is not None:
            row.addWidget(Button(action[0], self._act, look, "link"), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(IconButton("close", tr("Dismiss"), self.leave, look), 0, Qt.AlignmentFlag.AlignTop)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self.leave)
        self._glide = QPropertyAnimation(self, b"pos", self)
        self._glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        look.changed.connect(self._tint)
        self._tint()
        self.adjustSize()
        self.setFixedHeight(max(self.heightForWidth(_WIDTH), 44))
        self._start()

    def glide_to(self, target: QPoint) -> None:
        """Move there in 160 ms, or at once under "reduce motion"."""
        if self._look.motion(160) == 0 or not self.isVisible():
            self.move(target)
            return
        self._glide.stop()
        self._glide.setDuration(self._look.motion(160))
        self._glide.setStartValue(self.pos())
        self._glide.setEndValue(target)
        self._glide.start()

    def leave(self) -> None:
        """Go away."""
        self._clock.stop()
        self._glide.stop()
        self.hide()
        self.left.emit()
        self.deleteLater()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Being read: wait."""
        self._clock.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Read: the time starts again."""
        self._start()
        super().leaveEvent(event)

    def _start(self) -> None:
        if self._level != "danger":
            self._clock.start(4_000 + 45 * len(self.text) + (3_000 if self._action else 0))

    def _act(self) -> None:
        action = self._action
        self.leave()
        if action is not None:
            action[1]()

    def _tint(self) -> None:
        name, role = _ICONS.get(self._level, _ICONS["info"])
        self._picture.setPixmap(self._look.pixmap(name, 16, role, self.devicePixelRatioF()))


class Toasts(QObject):
    """Piles toasts up from the lower right corner of `host`, the newest lowest, at most four at a time.

    Where controls stand in that corner the pile stands above them, or at least above the buttons among them, if the
    lower half has room for that.
    """

    def __init__(self, host: QWidget, look: Look, bottom: int = 0) -> None:
        super().__init__(host)
        self._host, self._look = host, look
        self.bottom = bottom  # pixels to keep free below, such as the status bar's height
        self.toasts: list[Toast] = []
        self._rest = QTimer(self)  # what is in the corner has moved only once the event is over
        self._rest.setSingleShot(True)
        self._rest.setInterval(0)
        self._rest.timeout.connect(self._arrange)
        host.installEventFilter(self)

    def post(self, level: str, text: str, action: Action | None = None) -> Toast:
        """Say something; the same words already on the screen are not said twice."""
        for toast in self.toasts:
            if toast.text == text:
                return toast
        if len(self.toasts) == _MOST:
            self.toasts[0].leave()
        toast = Toast(level, text, action, self._look, self._host)
        toast.left.connect(self._arrange_living)
        self.toasts.append(toast)
        spot = self._spots()[-1]
        toast.move(spot + QPoint(0, 12 if self._look.motion(160) else 0))
        toast.show()
        toast.raise_()
        self._arrange()
        return toast

    def clear(self) -> None:
        """Take all away."""
        for toast in list(self.toasts):
            toast.leave()

    def make_way(self) -> None:
        """Something else may stand in the corner now: above all of it, and off its controls."""
        for toast in self.toasts:
            toast.raise_()
        if self.toasts:
            self._rest.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the window changes its size."""
        if watched is self._host and event.type() == QEvent.Type.Resize:
            for toast, spot in zip(self.toasts, self._spots(), strict=True):
                toast.move(spot)
            self.make_way()
        return super().eventFilter(watched, event)

    def _arrange_living(self) -> None:
        self.toasts = [toast for toast in self.toasts if not toast.isHidden()]
        self._arrange()

    def _arrange(self) -> None:
        for toast, spot in zip(self.toasts, self._spots(), strict=True):
            toast.glide_to(spot)

    def _spots(self) -> list[QPoint]:
        """Where each toast belongs, oldest (highest) first."""
        spots: list[QPoint] = []
        y = self._floor()
        for toast in reversed(self.toasts):
            y -= toast.height()
            spots.append(QPoint(self._host.width() - _WIDTH - _MARGIN, y))
            y -= _GAP
        return spots[::-1]

    def _floor(self) -> int:
        """Where the pile begins: the corner, or above the controls that stand there, at least above the buttons."""
        corner = self._host.height() - self.bottom - _MARGIN
        controls = self._controls()
        buttons = [area for area, pressed in controls if pressed]
        above = self._above([area for area, _ in controls], corner) or self._above(buttons, corner)
        return above if above is not None else corner

    def _above(self, taken: Sequence[QRect], floor: int) -> int | None:
        """The lowest floor up from this one on which the pile covers none of these; None in the upper half."""
        high = sum(toast.height() + _GAP for toast in self.toasts) - _GAP
        while floor - high > self._host.height() // 2:
            pile = QRect(self._host.width() - _WIDTH - _MARGIN, floor - high, _WIDTH, high)
            met = [area.top() for area in taken if area.intersects(pile)]
            if not met:
                return floor
            floor = min(met) - _GAP
        return None

    def _controls(self) -> list[tuple[QRect, bool]]:
        """What can be written into or pressed (True), as far as it is seen where a pile may stand: places in the host.

        A window has thousands of widgets; what lies elsewhere, or in something hidden, is not looked at one by one.
        """
        half = self._host.height() // 2
        corner = QRect(self._host.width() - _WIDTH - _MARGIN, half, _WIDTH, self._host.height() - half)
        found: list[tuple[QRect, bool]] = []
        around: list[tuple[QWidget, QPoint, QRect]] = [(self._host, QPoint(), corner)]
        while around:
            widget, origin, seen = around.pop()
            for child in widget.children():
                if not isinstance(child, QWidget) or child.isWindow() or not child.isVisible() or child in self.toasts:
                    continue
                place = origin + child.pos()
                area = seen & QRect(place, child.size())
                if not area.isEmpty():
                    around.append((child, place, area))
                    writes = isinstance(child, QPlainTextEdit | QTextEdit) and not child.isReadOnly()
                    if writes or isinstance(child, _CONTROLS):
                        found.append((area, isinstance(child, QAbstractButton)))
        return found
