"""The configuration of the next classifier: the page's own, apart from that of pretraining, kept with the project."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from studio.core.config import ClassifyConfig, RunConfig, config_from_json, config_to_json
from studio.core.errors import StudioError
from studio.core.shelf import OBJECTIVES
from studio.live.session import Session
from studio.parts.fine_tuning import fine_tuned
from studio.store.files import read_json, write_json
from studio.store.project import Project
from studio.store.starts import find_start, without_start

FILE = "classify-draft.json"


class ClassifyDraft(QObject):
    """`config` is what the form shows; `changed` says that it is another one."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._project: Project | None = None
        self.config = default_config("classify")

    def follow(self) -> None:
        """Read the draft of the project that is open now."""
        project = self._session.project
        if project is self._project:
            return
        self._project = project
        self.config = default_config("classify")
        if project is not None:
            try:
                found = config_from_json(read_json(project.path / FILE))
                self.config = found if found.objective in ("classify", "regress") else self.config
            except StudioError:  # there is none yet, or a newer Atelier wrote it
                pass

    def set(self, config: RunConfig) -> None:
        """Take over a change; another task begins with its own defaults, rows and model stay."""
        if config == self.config:
            return
        if config.objective != self.config.objective:
            fresh = default_config(config.objective)
            data = replace(fresh.data, dataset=config.data.dataset)
            config = fresh.with_part(data=data, model=config.model, start_from=config.start_from)
        self.config = config
        self._save()
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
        elif self._project is not None:
            start = find_start(self._project.path, name)
            objective = self.config.objective
            self.set(replace(fine_tuned(self.config, start), objective=objective, start_from=name))

    def _save(self) -> None:
        if self._project is not None:
            path, data = self._project.path / FILE, config_to_json(self.config)
            self._session.jobs.start(write_json, path, data, lane="classify.draft")


def default_config(objective: str) -> RunConfig:
    """What the objective itself thinks of as a good beginning."""
    config: RunConfig = OBJECTIVES.load(objective).default
    return replace(config, objective=objective, classify=replace(config.classify, labels=ClassifyConfig().labels))
