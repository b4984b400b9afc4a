"""The configuration that the forms show: kept in memory at once, on disk shortly after the last change."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer

from studio.core.config import RunConfig
from studio.core.language import tr
from studio.live.jobs import Jobs
from studio.live.notices import Notices
from studio.store.project import Project
from studio.store.starts import parted, without_start

_QUIET = 600  # milliseconds without a change before it is written


class Draft(QObject):
    """Writes in the background, for a sync can take seconds while a run saves a large checkpoint.

    `wish` is how a change is asked for, so that one of ours can be taken back like any other.
    """

    def __init__(
        self, jobs: Jobs, notices: Notices, wish: Callable[[RunConfig], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.config = RunConfig()
        self._jobs, self._notices, self._wish = jobs, notices, wish
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
        """Take over a change; one of shape or tokenizer leaves the model whose weights the run would begin with."""
        if parted(self.config, config):
            words = tr("The next run begins with random weights again: its shape or tokenizer is not that of “{name}”.",
                       name=config.start_from)  # fmt: skip
            self._notices.post("info", words, (tr("Undo"), partial(self._wish, self.config)))
            config = without_start(config)
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
