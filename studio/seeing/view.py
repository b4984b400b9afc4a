"""What every picture of the inside is: a widget that draws the scene, explains itself and gives out its numbers."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.widgets.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt

EVERYTHING: frozenset[str] = frozenset()


class SceneView(QWidget):
    """A view overrides `refresh` and the four answers below it; it is told only while it can be seen.

    What happened meanwhile is told at once when it is seen again. Every hover and click goes through `selection`.
    """

    name = ""
    label = ""
    scrubs = False  # whether it draws `looking.film.snapshot` while the film is not at rest
    needs_model = True  # whether there is nothing to show without one
    vector = False  # whether it is lines and letters, so that a drawing (SVG) of it is worth having

    compares = False  # whether it draws the difference of two models; else it shows the first of them alone
    needs_words = False  # whether it is about what a model says, so that a classifier has nothing to show
    needs_two = False  # whether it compares, so that there is nothing to show of one model

    told = Signal()  # the explanation, the numbers or what is missing may be another: the page asks again

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self.session, self.look = session, look
        self.looking, self.selection = session.looking, session.selection
        self._missed: set[str] | None = None  # None: it was never drawn
        self.looking.changed.connect(self._news)
        self.selection.changed.connect(self._pointed)
        look.changed.connect(self._tinted)

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Draw what changed: names of `Looking.changed`, or "selection"; an empty set means everything."""

    def explanation(self) -> str:
        """What one is looking at, with the formula filled with the numbers that are pointed at."""
        return ""

    def numbers(self) -> "dict[str, npt.NDArray[Any]]":
        """The numbers behind the picture, by name, as they were computed; empty when nothing is shown."""
        return {}

    def start_measuring(self) -> None:
        """Begin what waits for a person to press a button; whoever writes the view without a window wants all of it."""

    def drawing(self) -> QWidget:
        """What a picture of the view shows."""
        return self

    def missing(self) -> str:
        """Why there is nothing to show for this model, as a sentence; empty where there is something."""
        return ""

    def why_nothing(self) -> str:
        """What is missing, or that the model tells classes apart where the view is about words."""
        drawn = self.looking.shown if self.compares or self.needs_two else self.looking.shown[:1]
        for scene in drawn:
            if self.needs_words and scene is not None and scene.config.model.outputs:
                return tr(
                    "“{name}” tells {count} classes apart and expects no words any more. Look at the model that it was "
                    "made of, or see on the Classify page why it chose a class.",
                    name=scene.title, count=scene.config.model.outputs,
                )  # fmt: skip
        return self.missing()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while nobody looked."""
        super().showEvent(event)
        missed, self._missed = self._missed, set()
        if missed is None or missed:
            self.refresh(EVERYTHING if missed is None else frozenset(missed))
            self.told.emit()

    def _news(self, what: frozenset[str]) -> None:
        if self.isVisible():
            self.refresh(what)
            self.told.emit()
        elif self._missed is not None:
            self._missed |= what

    def _pointed(self, _fields: frozenset[str]) -> None:
        self._news(frozenset({"selection"}))

    def _tinted(self) -> None:
        if self.isVisible():
            self.refresh(EVERYTHING)
        else:
            self._missed = None
