"""What can be done with the run that computes, from every page: pause, go on, stop, save, write a sample."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.panels import Action

if TYPE_CHECKING:
    from studio.live.run_model import RunModel
    from studio.live.session import Session


class RunActions(QObject):
    """Rows for the palette that act on `session.running`; each is possible only when it means something."""

    def __init__(self, session: "Session", parent: QObject) -> None:
        super().__init__(parent)
        self._session = session

    def actions(self) -> list[Action]:
        """Every action on the living run, and unloading the model."""
        computes, paused = self._is("running"), self._is("paused")
        living = self._is("running", "paused", "starting", "queued")
        return [
            Action("run.pause", tr("Pause the run"), self._does("pause_run"), "Ctrl+Shift+P", "pause", computes),
            Action("run.proceed", tr("Continue the run"), self._does("proceed_run"), "Ctrl+Shift+R", "play", paused),
            Action("run.stop", tr("Stop the run and save it"), self._does("stop_run"), "", "stop", living),
            Action("run.sample", tr("Write a sample now"), self._does("sample_now"), "", "sample",
                   self._is("running", "paused")),
            Action("run.talk", tr("Pause the run and talk to it as it is"), self._does("talk_to_run"), "", "chat",
                   self._writes),
            Action("run.save", tr("Save a checkpoint now"), self._does("save_now"), "Ctrl+S", "save",
                   self._is("running", "paused")),
            Action("run.show", tr("Show the running run"), self.show, "", "pretrain", living),
            Action("model.unload", tr("Unload the model from memory"), self.unload, "", "close", self._loaded),
        ]  # fmt: skip

    def show(self) -> None:
        """Open the page on which the living run is drawn."""
        run = self._session.running
        self._session.focus(run.page if run is not None else "pretrain", run)

    def unload(self) -> None:
        """Let go of the model in memory."""
        self._session.unload_model()

    def _loaded(self) -> bool:
        return self._session.loaded is not None

    def _writes(self) -> bool:
        run = self._session.running
        return run is not None and run.state in ("running", "paused") and run.writes

    def _is(self, *states: str) -> Callable[[], bool]:
        return lambda: self._session.running is not None and self._session.running.state in states

    def _does(self, method: str) -> Callable[[], None]:
        def do() -> None:
            run: RunModel | None = self._session.running
            if run is None:
                return
            try:
                getattr(self._session, method)(run)
            except StudioError as error:
                self._session.notices.post_error(error)

        return do
