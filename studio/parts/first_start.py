"""From nothing to a moving loss curve with one click: a project, the bundled stories, a small model, and go."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.live.first_run import PROJECT, RUN, first_config, sample_path
from studio.parts.opening import ensure_project

if TYPE_CHECKING:
    from studio.live.session import Session
    from studio.store.corpus import Text


class FirstRun(QObject):
    """Carries the first run from click to curve; `changed` when `state` ("", "reading", "started") does."""

    changed = Signal()

    def __init__(self, session: "Session", parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.state = ""

    def start(self) -> None:
        """Import the stories if they are not there yet, then train and open Pretrain."""
        if self.state == "reading":
            return
        ensure_project(self._session, PROJECT)
        path = sample_path(self._session.places.resources)
        project = self._session.project
        assert project is not None
        known = [text.name for text in project.texts() if path.name in [Path(source).name for source in text.sources]]
        if known:
            self._train(known[0])
            return
        self._set_state("reading")
        job = self._session.add_texts([path], path.stem)
        job.succeeded.connect(self._read)
        job.failed.connect(self._refused)

    def _read(self, text: "Text") -> None:
        self._train(text.name)

    def _refused(self, error: StudioError) -> None:
        self._set_state("")
        self._session.notices.post_error(error)

    def _train(self, text: str) -> None:
        config = first_config(text)
        self._set_state("started")
        self._session.set_draft(config)
        run = self._session.start_run(config, RUN)
        self._session.focus("pretrain", run)
        self._set_state("")

    def _set_state(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit()
