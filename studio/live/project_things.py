"""What texts, datasets, tokenizers and models of a project have in common as wishes: news, and the way back."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.live.jobs import Job, Jobs
from studio.live.notices import Notices
from studio.store.project import Project
from studio.store.trash import Trashed


class ProjectThings(QObject):
    """Everything slow is a job of its own; `here` is the open project, or refuses."""

    changed = Signal(object)  # frozenset of what changed: `kind`, mostly
    kind = ""

    def __init__(self, jobs: Jobs, notices: Notices, here: Callable[[], Project], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._notices, self._here = jobs, notices, here

    def _restore(self, trashed: Trashed) -> None:
        try:
            trashed.restore()
        except StudioError as error:
            self._notices.post_error(error)
        self._tell()

    def _told(self, job: Job) -> Job:
        job.succeeded.connect(self._tell)
        return job

    def _tell(self, _thing: object = None) -> None:
        self.changed.emit(frozenset({self.kind}))
