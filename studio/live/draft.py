"""The configuration that the forms show: kept in memory at once, on disk shortly after the last change."""

from PySide6.QtCore import QObject, QTimer

from studio.core.config import RunConfig
from studio.live.jobs import Jobs
from studio.store.project import Project

_QUIET = 600  # milliseconds without a change before it is written


class Draft(QObject):
    """Writes in the background, for a sync can take seconds while a run saves a large checkpoint."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.config = RunConfig()
        self._jobs = jobs
        self._project: Project | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self._save)

    def open(self, project: Project | None) -> None:
        """Show a project's draft; None shows the defaults and keeps nothing."""
        self.flush()
        self._project = project
        self.config = project.draft if project is not None else RunConfig()

    def set(self, config: RunConfig) -> None:
        """Take over a change."""
        self.config = config
        if self._project is not None:
            self._timer.start()

    def flush(self) -> None:
        """Write now what waits, as before the project or the window closes."""
        if self._timer.isActive() and self._project is not None:
            self._timer.stop()
            self._project.save_draft(self.config)

    def _save(self) -> None:
        if self._project is not None:
            self._jobs.start(self._project.save_draft, self.config, lane="draft")
