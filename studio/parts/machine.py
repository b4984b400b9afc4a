"""What this computer can do, measured once in the background and shared by every page of one session."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.live.session import Session

DESCRIBE = "studio.engine.device:describe"


class Machine(QObject):
    """`facts` is empty until torch is ready and the measurement is done; `error` says why it failed."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.facts: Mapping[str, Any] = {}
        self.error = ""
        self._asked = False
        session.changed.connect(self._session_changed)
        self._begin()

    @classmethod
    def of(cls, session: Session) -> "Machine":
        """The one of this session."""
        found = session.findChild(cls)
        return found if isinstance(found, cls) else cls(session)

    @property
    def cores(self) -> int:
        """Cores this process may use."""
        import psutil

        try:
            return len(psutil.Process().cpu_affinity())
        except (AttributeError, psutil.Error):  # macOS has no affinity
            return psutil.cpu_count() or 1

    @property
    def memory(self) -> int:
        """Bytes of memory this computer has."""
        import psutil

        return int(psutil.virtual_memory().total)

    def measure_again(self) -> None:
        """Measure anew, as the doctor does when asked."""
        self.facts, self.error, self._asked = {}, "", False
        self.changed.emit()
        self._begin()

    def _session_changed(self, what: frozenset[str]) -> None:
        if "torch" in what:
            self._begin()

    def _begin(self) -> None:
        if self._asked or self._session.torch_state != "ready":
            return
        self._asked = True
        job = self._session.jobs.start(DESCRIBE, lane="describe the machine")
        job.succeeded.connect(self._described)
        job.failed.connect(self._failed)

    def _described(self, facts: Mapping[str, Any]) -> None:
        self.facts = facts
        self.changed.emit()

    def _failed(self, error: StudioError) -> None:
        self.error = str(error)
        self.changed.emit()
