"""From nothing to a moving loss curve with one click: a project, the bundled stories, a small model, and go."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.live.first_run import PROJECT, RUN, estimated_config, first_config, sample_path
from studio.parts.opening import ensure_project

if TYPE_CHECKING:
    from studio.live.session import Session
    from studio.store.corpus import Text

ESTIMATE = "studio.engine.budget:estimate_seconds"


class FirstRun(QObject):
    """Carries the first run from click to curve; `changed` when `state` ("", "reading", "started") does.

    `seconds` is about how long it takes here, by the engine's probe; 0 while that is not known.
    """

    changed = Signal()

    def __init__(self, session: "Session", parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.state = ""
        self.seconds = 0.0
        self._asked = False
        session.changed.connect(self._session_changed)
        self._estimate()

    def _session_changed(self, what: frozenset[str]) -> None:
        if what & {"torch", "running"}:
            self._estimate()

    def _estimate(self) -> None:
        """Ask once, when torch is there and no run would be slowed down or would spoil the probe."""
        if self._asked or self._session.torch_state != "ready" or self._session.running is not None:
            return
        self._asked = True
        config = estimated_config()
        job = self._session.jobs.start(ESTIMATE, config, config.training.steps, lane="first run")
        job.succeeded.connect(self._estimated)
        job.failed.connect(self._not_estimated)

    def _estimated(self, seconds: float) -> None:
        self.seconds = float(seconds)
        self.changed.emit()

    def _not_estimated(self, _error: StudioError) -> None:
        self.seconds = 0.0  # the card goes on saying that it is not known

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
