"""Keeps what is known of a draft's rows fresh: asks a worker when what decides it changes, never twice for the same."""

from PySide6.QtCore import QObject, Signal

from studio.classifying.rows_seen import RowsSeen, look_at_rows
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.live.session import Session


class RowsKeeper(QObject):
    """`want` answers with what is known; `changed` says when more is. `trouble` is why rows cannot be learned from."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._asked: object = None
        self._dataset: object = None
        self.seen: RowsSeen | None = None
        self.trouble: StudioError | None = None

    def want(self, config: RunConfig) -> RowsSeen | None:
        """What is known about the rows of `config`; None while that is read, or where nothing is chosen."""
        project = self._session.project
        key = (project and project.path, deciding(config))
        if key == self._asked:
            return self.seen
        if self._dataset != (project and project.path, config.data.dataset, config.objective):
            self.seen = None  # of the same rows the last look stays until the next one has come
        self._dataset = (project and project.path, config.data.dataset, config.objective)
        self._asked, self.trouble = key, None
        if project is None or not config.data.dataset:
            self._session.jobs.cancel_lane("classify.rows")
            self.seen = None
            return None
        job = self._session.jobs.start(look_at_rows, project, config, lane="classify.rows")
        job.succeeded.connect(self._take)
        job.failed.connect(self._failed)
        return self.seen

    def _take(self, seen: RowsSeen) -> None:
        self.seen = seen
        self.changed.emit()

    def _failed(self, error: StudioError) -> None:
        self.seen, self.trouble = None, error
        self.changed.emit()


def deciding(config: RunConfig) -> tuple[object, ...]:
    """The settings that decide what a look at the rows finds; all others may change without another look."""
    classify = config.classify
    rows = (classify.balance, classify.part, classify.multi_label, classify.labels, classify.longest)
    model = (config.start_from, config.model.context_length)
    return (config.objective, config.data, rows, config.regress.longest, model, config.compute.seed)
