"""Some builds of PySide6 lose a reference to `True` or `None` at every step and abort within minutes: never again."""

import sys
from typing import Any

import pytest

pytestmark = pytest.mark.gui

ROUNDS = 100
MORTAL = sys.version_info < (3, 12)  # from 3.12 on these objects cannot die, and are not counted


@pytest.mark.skipif(not MORTAL, reason="None and True are immortal on this Python")
def test_signals_and_repaints_leave_the_reference_counts_alone(qtbot: Any) -> None:
    from PySide6.QtCore import QObject, Signal
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

    class Painted(QWidget):
        count = 0

        def paintEvent(self, event: QPaintEvent) -> None:
            self.count += 1

    class Sender(QObject):
        told = Signal(object)

    widget, sender, heard = Painted(), Sender(), []
    sender.told.connect(heard.append)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitUntil(lambda: widget.count > 0)
    before = sys.getrefcount(None), sys.getrefcount(True)
    for number in range(ROUNDS):
        sender.told.emit(number)
        widget.repaint()
    lost = before[0] - sys.getrefcount(None), before[1] - sys.getrefcount(True)
    assert widget.count > ROUNDS
    assert len(heard) == ROUNDS
    assert max(lost) < ROUNDS // 2, f"None and True lost {lost} references in {ROUNDS} rounds"


def test_the_crashing_pair_is_refused_in_words() -> None:
    from studio.app import check_versions
    from studio.core.errors import StudioError

    with pytest.raises(StudioError, match="crashes"):
        check_versions((6, 12, 0), (3, 11))
    check_versions((6, 12, 0), (3, 12))
    check_versions((6, 11, 3), (3, 11))
