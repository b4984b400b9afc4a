"""The configuration of the next classifier: the page's own, apart from that of pretraining, kept with the project."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from studio.core.config import ClassifyConfig, RunConfig
from studio.core.shelf import OBJECTIVES
from studio.live.session import Session
from studio.parts.fine_tuning import fine_tuned
from studio.parts.kept_draft import KeptDraft
from studio.store.starts import find_start, without_start

FILE = "classify-draft.json"
TASKS = ("classify", "regress")


class ClassifyDraft(QObject):
    """`config` is what the form shows; `changed` says that it is another one."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._kept = KeptDraft(session, FILE, TASKS, "classify.draft")
        self.config = default_config(TASKS[0])

    def follow(self) -> None:
        """Read the draft of the project that is open now."""
        if self._kept.follow():
            self.config = self._kept.read() or default_config(TASKS[0])

    def set(self, config: RunConfig) -> None:
        """Take over a change; another task begins with its own defaults, rows and model stay."""
        if config == self.config:
            return
        if config.objective != self.config.objective:
            fresh = default_config(config.objective)
            data = replace(fresh.data, dataset=config.data.dataset)
            config = fresh.with_part(data=data, model=config.model, start_from=config.start_from)
        self.config = config
        self._kept.write(config)
        self.changed.emit()

    def fitting(self) -> list[str]:
        """The project's datasets that the chosen task can learn from; the first is taken where none was chosen."""
        project, kinds = self._session.project, OBJECTIVES.load(self.config.objective).rows.kinds
        names = [one.name for one in project.datasets() if one.reading.kind in kinds] if project is not None else []
        if names and not self.config.data.dataset:
            self.config = self.config.with_part(data=replace(self.config.data, dataset=names[0]))
        return names

    def start_from(self, name: str) -> None:
        """Begin with a model of the project, or with random weights; an unknown one is a `StudioError`."""
        if not name:
            self.set(without_start(self.config))
        elif self._kept.project is not None:
            start = find_start(self._kept.project.path, name)
            objective = self.config.objective
            self.set(replace(fine_tuned(self.config, start), objective=objective, start_from=name))


def default_config(objective: str) -> RunConfig:
    """What the objective itself thinks of as a good beginning."""
    config: RunConfig = OBJECTIVES.load(objective).default
    return replace(config, objective=objective, classify=replace(config.classify, labels=ClassifyConfig().labels))
