"""Python's search for forgotten cycles, kept to the GUI thread: freed in another one, a widget ends the process."""

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY = 250  # milliseconds between two looks at whether enough has gathered


class GarbageCollector(QObject):
    """From its making until `stop()`, cycles are collected here by a timer, not in any thread that allocates."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(collect_due)
        self._timer.start(_EVERY)

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.enable()


def collect_due() -> int:
    """Collect the oldest generation that is over Python's own threshold; returns which one, or -1."""
    reached = zip(gc.get_count(), gc.get_threshold(), strict=True)
    due = [place for place, (count, most) in enumerate(reached) if count > most]
    if not due:
        return -1
    gc.collect(due[-1])
    return due[-1]
