"""The training that goes on beside the talk: paused to be talked to as it is, and let go on from here."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.talking.talk_words import training_words
from studio.widgets.button import Button
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look


class RunBar(QFrame):
    """Follows the run that computes while it is one that learns to write; hidden where there is none."""

    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.run: RunModel | None = None
        self.setProperty("kind", "card")
        self.words = ElidedLabel("", "quiet")
        self.talk = Button("", self._talk, look, icon="pause").set_small()
        self.proceed = Button(tr("Continue training"), self._proceed, look, icon="play").set_small()
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        row.addWidget(self.talk)
        row.addWidget(self.proceed)
        self.hide()

    def refresh(self) -> None:
        """Follow the session: which run computes, and whose weights are in memory."""
        running = self._session.running
        run = running if running is not None and running.writes else None
        if run is not self.run:
            if self.run is not None and self._session.runs.get(self.run.name) is self.run:
                self.run.changed.disconnect(self._run_changed)
            self.run = run
            if run is not None:
                run.changed.connect(self._run_changed)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Steps went by unseen."""
        super().showEvent(event)
        self._show()

    @property
    def talked_to(self) -> int:
        """The step of this run whose weights are in memory; -1 for none of its own."""
        model: Any = self._session.loaded
        path = getattr(model, "path", None)
        own = self.run is not None and path is not None and path.parent == self.run.record.checkpoints_folder
        return int(model.step) if own else -1

    def _run_changed(self, what: frozenset[str]) -> None:
        if self.isVisible() or "status" in what:
            self._show()

    def _show(self) -> None:
        run = self.run
        self.setVisible(run is not None and run.state in ("running", "paused"))
        if run is None:
            return
        waiting, talked_to = self._session.pausing_to_talk is run, self.talked_to
        paused, here = run.state == "paused", talked_to == run.step
        self.words.setText(training_words(run, waiting, talked_to))
        self.talk.setText(tr("Talk to it as it is") if paused else tr("Pause and talk to it"))
        self.talk.set_icon("chat" if paused else "pause")
        self.talk.setVisible(not (paused and here))
        self.talk.setEnabled(not waiting and run.wish == "")
        self.proceed.setVisible(paused and not waiting)
        self.proceed.setEnabled(run.wish == "")

    def _talk(self) -> None:
        if self.run is not None:
            try:
                self._session.talk_to_run(self.run)
            except StudioError as error:
                self.failed.emit(error)

    def _proceed(self) -> None:
        if self.run is not None:
            self._session.proceed_run(self.run)
