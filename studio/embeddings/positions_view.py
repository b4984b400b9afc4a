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
LESS = "studio.insight.two_places:positions_less"
_NAMES = ("cosines", "lengths", "points", "share", "turned", "apart", "radians", "by_distance")


class PositionsView(SceneView):
    """Shows what the family has: `found` is the engine's answer for the scenes that are shown."""

    name, label = "positions", "Positions"
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.found: Any = None
        self._scenes: tuple[Any, Any] = (None, None)
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
        before, self._scenes = self._scenes, self.looking.shown
        if any(now is not was for now, was in zip(self._scenes, before, strict=True)):
            same = [_model(scene) for scene in self._scenes] == [_model(scene) for scene in before]
            if self._scenes[0] is not None and not (same and self.found is not None):
                self._ask()
        if not what and self.found is not None:
            self._draw()
        if not what or "selection" in what:
            self._point()

    def _ask(self) -> None:
        self.found = None
        self.empty.set_words(tr("Reading the positions…"), "")
        self.stack.setCurrentWidget(self.empty)
        models = [scene.model for scene in self._scenes if scene is not None]
        self._job = job = self.looking.ask(POSITIONS if len(models) == 1 else LESS, *models, lane="positions")
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
        if hasattr(self.found, "a"):
            part = self.learned if hasattr(self.found, "cosines") else self.turned
            part.show_difference(self.found)
            self.stack.setCurrentWidget(part)
        elif hasattr(self.found, "cosines"):
            self.learned.show_places(self.found.cosines, self.found.lengths, self.found.points, self.found.share)
            self.stack.setCurrentWidget(self.learned)
        else:
            self.turned.show_angles(self.found.radians, self.found.by_distance)
            self.stack.setCurrentWidget(self.turned)

    # --- pointing ----------------------------------------------------------------------------------------------

    def _time(self) -> int:
        scene = self._scenes[0]
        return len(scene.tokens) if scene is not None else 0

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
        """The table's cosines, norms and components, or the angles and the scores by distance; of two models both."""
        numbers = _arrays(self.found, "")
        for end in ("a", "b"):
            numbers |= _arrays(getattr(self.found, end, None), f"_{end}")
        return numbers


def _model(scene: Any) -> Any:
    """The network of a scene: another text of the same one has the same places."""
    return scene.model if scene is not None else None


def _arrays(found: Any, end: str) -> dict[str, npt.NDArray[Any]]:
    """What an answer holds, by name."""
    held = {name: getattr(found, name, None) for name in _NAMES}
    return {f"{name}{end}": np.asarray(array) for name, array in held.items() if array is not None}
