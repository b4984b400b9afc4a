"""What every lesson's picture is: a widget that asks for numbers by name, and shows them when they come."""

from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.widgets.label import Label
from studio.widgets.look import Look


class LessonView(QWidget):
    """A lesson fills `body`, and overrides `compute`, which is called when it can be seen and PyTorch is there."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.look = session, look
        self.notice = Label("", "quiet", wrap=True)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(8)
        column.addWidget(self.notice)
        column.addLayout(self.body, 1)
        self.notice.hide()
        session.changed.connect(self._session_changed)

    def compute(self) -> None:
        """Ask for the numbers of what is wanted now."""

    def refresh(self, what: frozenset[str]) -> None:
        """Something changed in the session."""

    def ask(self, target: str, *args: Any, lane: str, heard: Callable[[Any], None]) -> None:
        """Compute on a worker; a newer question on the same lane silences the older one. `heard` is a bound method."""
        job = self.session.jobs.start(target, *args, lane=f"lesson {lane}")
        job.succeeded.connect(heard)
        job.succeeded.connect(self._calm)
        job.failed.connect(self.complain)

    def complain(self, error: StudioError) -> None:
        """Say why there is no number."""
        self.notice.set_role("warning")
        self.notice.setText(str(error))
        self.notice.show()

    def _calm(self, _result: object) -> None:
        self.notice.hide()

    @property
    def ready(self) -> bool:
        """Whether torch can compute; else the view says what it waits for."""
        if self.session.torch_state == "ready":
            return True
        failed = self.session.torch_state == "failed"
        self.notice.set_role("warning" if failed else "quiet")
        self.notice.setText(
            tr("PyTorch could not be loaded, so nothing can be computed. The doctor in Settings says more.")
            if failed
            else tr("One moment: PyTorch is being loaded, then the numbers are computed.")
        )
        self.notice.show()
        return False

    def recompute(self) -> None:
        """Compute now, if somebody looks and torch is there."""
        if self.isVisible() and self.ready:
            self.compute()

    def showEvent(self, event: QShowEvent) -> None:
        """Nothing is computed before somebody looks."""
        super().showEvent(event)
        self.recompute()

    def _session_changed(self, what: frozenset[str]) -> None:
        if "torch" in what:
            self.recompute()
        if self.isVisible():
            self.refresh(what)
