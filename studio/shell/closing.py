"""The way out: asks when a run would be ended, stops and saves it, lets the window go when all threads have ended."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.shell.curtain import Curtain
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.live.session import Session
    from studio.shell.close_question import CloseQuestion

SLICE_MS, BREATH_MS = 60, 20  # waiting for the threads, and letting the window paint in between
LONG_MS = 20_000


class WayOut(QObject):
    """Leads the window from the wish to close it to `left`, without ever blocking it for long."""

    left = Signal()
    kept = Signal()  # the person would rather go on; the window may step aside

    def __init__(
        self, session: "Session", look: Look, curtain: Curtain, force: Callable[[], object] | None = None
    ) -> None:
        super().__init__(curtain)
        self._session, self._look, self._curtain = session, look, curtain
        self._force = force or _end_at_once
        self.question: CloseQuestion | None = None
        self.leaving = False
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(BREATH_MS)
        self._timer.timeout.connect(self._wait_a_little)

    def ask(self, window: QWidget) -> None:
        """Begin to leave, asking first if a run would be ended and the person wants to be asked."""
        run = self._session.running
        if self.leaving or self.question is not None:
            return
        if run is None or not run.living or not self._session.preferences.ask_before_closing:
            self.leave()
            return
        from studio.shell.close_question import CloseQuestion

        self.question = CloseQuestion(run, self._look, window)
        self.question.answered.connect(self._answered)
        self.question.open()

    def leave(self) -> None:
        """Stop what runs, wait for it under a visible "Saving…", then say `left`."""
        if self.leaving:
            return
        self.leaving = True
        self._session.stop_all()
        run = self._session.running
        if run is not None and run.living:
            line = tr("The run “{run}” is being saved so that it can go on from here.", run=run.name)
            self._curtain.show_words(tr("Saving…"), line, busy=True)
        self._clock.start()
        self._timer.start()

    def _answered(self, answer: str) -> None:
        self.question = None
        if answer == "stop":
            self.leave()
        elif answer == "keep":
            self.kept.emit()

    def _wait_a_little(self) -> None:
        """Runs end by themselves while the window paints; only when none computes is the rest waited for."""
        computing = self._session.running is not None or self._session.queued
        if not computing and self._session.close(SLICE_MS):
            self._timer.stop()
            self.left.emit()
        elif self._clock.hasExpired(LONG_MS) and not self._curtain.button.isVisible():
            self._offer_force()

    def _offer_force(self) -> None:
        self._curtain.show_words(
            tr("Still saving…"),
            tr("This takes longer than it should. Closing now loses only the steps since the last checkpoint."),
            busy=True,
        )
        self._curtain.button.setText(tr("Close without waiting"))
        self._curtain.button.clicked.connect(self._force)
        self._curtain.button.show()
        self._curtain.card.adjustSize()


def _end_at_once() -> None:
    os._exit(1)
