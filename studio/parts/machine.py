"""What this computer can do, measured once in the background and shared by every page of one session."""

import os
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
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
        affinity = getattr(os, "sched_getaffinity", None)  # Linux only
        return len(affinity(0)) if affinity else os.cpu_count() or 1

    @property
    def memory(self) -> int:
        """Bytes of memory this computer has."""
        if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):  # psutil takes 50 ms to import, before the first paint
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        import psutil

        return int(psutil.virtual_memory().total)

    def room(self, wanted: str = "auto") -> tuple[int, int, str]:
        """Free bytes, bytes in all, and whose they are: the GPU's where the device `wanted` is or may be it."""
        if self.facts and self.facts["device"] == "cuda" and wanted in ("auto", "cuda"):
            free = int(self.facts["largest_model"] * 16 / 0.75)  # how `largest_model` was computed
            return free, free, str(self.facts["gpu"])
        import psutil

        machine = psutil.virtual_memory()
        return int(machine.available), int(machine.total), tr("this computer")

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
