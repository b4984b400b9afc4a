"""Ctrl+C in the terminal, brought to the event loop."""

import signal
import socket
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal


class Interrupt(QObject):
    """Ctrl+C in the terminal closes the window in order; a second one ends the process as usual."""

    pressed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.setblocking(False)
        self._old_wakeup = signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        self._old_handler = signal.signal(signal.SIGINT, _noted)
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._arrived)

    def _arrived(self) -> None:
        numbers = self._near.recv(64)
        if signal.SIGINT in numbers:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            self.pressed.emit()

    def close(self) -> None:
        """Give the signal back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_wakeup)
        signal.signal(signal.SIGINT, self._old_handler)
        self._near.close()
        self._far.close()


def _noted(number: int, frame: Any) -> None:
    """Python needs a handler of its own for the byte to be written."""
