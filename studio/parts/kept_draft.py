"""The configuration of a page's next run, kept with the project, apart from those of other pages."""

from collections.abc import Sequence

from studio.core.config import RunConfig, config_from_json, config_to_json
from studio.core.errors import StudioError
from studio.live.session import Session
from studio.store.files import read_json, write_json
from studio.store.project import Project


class KeptDraft:
    """A file of the project that is open; of `tasks` only, whatever else stands in it counts for nothing."""

    def __init__(self, session: Session, file: str, tasks: Sequence[str], lane: str) -> None:
        self._session, self._file, self._tasks, self._lane = session, file, tasks, lane
        self.project: Project | None = None  # the one that `follow` saw last

    def follow(self) -> bool:
        """Whether another project is open than the last time."""
        known, self.project = self.project, self._session.project
        return self.project is not known

    def read(self) -> RunConfig | None:
        """What the project keeps; None where there is none yet, or a newer Atelier wrote it."""
        if self.project is None:
            return None
        try:
            found = config_from_json(read_json(self.project.path / self._file))
        except StudioError:
            return None
        return found if found.objective in self._tasks else None

    def write(self, config: RunConfig) -> None:
        """Keep this, on another thread; without a project nothing is kept."""
        if self.project is not None:
            path, data = self.project.path / self._file, config_to_json(config)
            self._session.jobs.start(write_json, path, data, lane=self._lane)
