"""How a model knows the order of words: a learned table of places, or angles by which queries and keys turn."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.embeddings.learned_places import LearnedPlaces
from studio.embeddings.turned_places import TurnedPlaces
from studio.live.jobs import Job
from studio.live.session import Session
from studio.seeing.view import SceneView
from studio.widgets.empty_state import EmptyState
from studio.widgets.look import Look

POSITIONS = "studio.insight.embeddings:positions"


class PositionsView(SceneView):
    """Shows what the family has: `found` is the engine's answer for the scene that is shown."""

    name, label = "positions", "Positions"

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.found: Any = None
        self._scene: Any = None
        self._job: Job | None = None
        self.learned, self.turned = LearnedPlaces(look), TurnedPlaces(look)
        self.empty = EmptyState(tr("Reading the positions…"), "", look=look, icon="embeddings")
        self.stack = QStackedWidget()
        for widget in (self.empty, self.learned, self.turned):
            self.stack.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        for part in (self.learned, self.turned):
            part.pointed.connect(self._pointed_at)
        self.learned.chosen.connect(self._chosen)

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Ask for another model's positions; point at what is selected."""
        scene, _ = self.looking.shown
        if scene is not self._scene:
            same = scene is not None and self._scene is not None and scene.model is self._scene.model
            self._scene = scene
            if scene is not None and not (same and self.found is not None):
                self._ask()
        if not what and self.found is not None:
            self._draw()
        if not what or "selection" in what:
            self._point()

    def _ask(self) -> None:
        self.found = None
        self.empty.set_words(tr("Reading the positions…"), "")
        self.stack.setCurrentWidget(self.empty)
        self._job = job = self.looking.ask(POSITIONS, self._scene.model, lane="positions")
        job.succeeded.connect(self._there)
        job.failed.connect(self._failed)

    def _there(self, found: Any) -> None:
        if self.sender() is self._job:
            self.found = found
            self._draw()
            self._point()
            self.told.emit()

    def _failed(self, error: StudioError) -> None:
        if self.sender() is self._job:
            self.empty.set_words(error.message, error.hint)
            self.stack.setCurrentWidget(self.empty)

    def _draw(self) -> None:
        if hasattr(self.found, "cosines"):
            self.learned.show_places(self.found.cosines, self.found.lengths, self.found.points, self.found.share)
            self.stack.setCurrentWidget(self.learned)
        else:
            self.turned.show_angles(self.found.radians, self.found.by_distance)
            self.stack.setCurrentWidget(self.turned)

    # --- pointing ----------------------------------------------------------------------------------------------

    def _time(self) -> int:
        return len(self._scene.tokens) if self._scene is not None else 0

    def _pointed_at(self, row: int, column: int) -> None:
        """Places that the text has are pointed at on every page; further ones only here."""
        if self.stack.currentWidget() is self.learned and 0 <= row < self._time() and column < self._time():
            self.selection.hover(row=row, column=column if column >= 0 else None)
        elif row < 0:
            self.selection.leave()
        self.told.emit()

    def _chosen(self, row: int, column: int) -> None:
        if self.stack.currentWidget() is self.learned and 0 <= row < self._time() and column < self._time():
            self.selection.lock(row=row, column=column if column >= 0 else None)

    def _point(self) -> None:
        if self.found is not None and self.stack.currentWidget() is self.learned:
            row, column = self.selection.value("row"), self.selection.value("column")
            self.learned.mark(row, column)

    # --- what it says and gives out ----------------------------------------------------------------------------

    def explanation(self) -> str:
        """What the picture holds, with the numbers that are pointed at."""
        current = self.stack.currentWidget()
        if isinstance(current, LearnedPlaces | TurnedPlaces):
            return current.explanation()
        return ""

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """The table's cosines, norms and components, or the angles and the scores by distance."""
        if self.found is None:
            return {}
        names = ("cosines", "lengths", "points", "share", "radians", "by_distance")
        return {name: np.asarray(getattr(self.found, name)) for name in names if hasattr(self.found, name)}
