"""What the step-through goes through: one head of the model on its text, or one of the course's examples."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.live.jobs import Job
from studio.live.session import Session
from studio.seeing.seen import Seen
from studio.steps.stages import Matrix, Stage, apart, differences_of, matrices_of, stages_of

if TYPE_CHECKING:
    from studio.insight.attention import Walk
    from studio.insight.course import Example

COURSE = "studio.insight.course:steps"
TEXT = "studio.insight.attention:step_throughs"
ROWS = 64  # queries that are walked through at once

# The course's examples in the order in which they build upon one another, as they are called here.
EXAMPLES = (
    ("without weights", "Your journey, nothing learned"),
    ("trainable", "Your journey, trainable weights"),
    ("linear", "Your journey, linear layers"),
    ("causal", "Your journey, causal mask"),
    ("causal module", "Your journey, causal module"),
    ("two heads", "Your journey, two heads"),
    ("hello", "Hello shiny sun!"),
)


@dataclass(frozen=True)
class Wish:
    """An example by its name, else a head of the scene from query `first` on."""

    example: str = ""
    layer: int = 0
    head: int = 0
    first: int = 0


class Walker(QObject):
    """Asks for walks and keeps the newest. `changed` says that `walk`, `trouble` or `busy` is another."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.wish = Wish()
        self.edits: npt.NDArray[np.float64] | None = None  # an example's vectors, where some were changed
        self.walk: Walk | None = None
        self.beside: Walk | None = None  # the same walk in another model, which is subtracted
        self.words: tuple[str, ...] = ()
        self.example: Example | None = None  # None where a model's head is shown
        self.trouble: StudioError | None = None
        self._job: Job | None = None
        self._seen, self._other = Seen(), Seen()
        self._asked_edits: npt.NDArray[np.float64] | None = None

    @property
    def busy(self) -> bool:
        """Whether a newer walk is under way."""
        return self._job is not None

    @property
    def pictures(self) -> tuple[tuple[Stage, ...], dict[str, Matrix]]:
        """The stations and matrices of what is walked through, or of its difference to what is beside it."""
        if self.walk is None:
            return (), {}
        course = self.example is not None
        stages = stages_of(self.walk, course)
        if self.beside is not None:
            return apart(stages), differences_of(self.walk, self.beside, self.words)
        return stages, matrices_of(self.walk, self.words, course)

    def want_example(self, name: str, head: int = 0) -> None:
        """Go through one of the course's examples, with what was changed in it; waits until PyTorch is there."""
        if self._session.torch_state != "ready":
            return
        if name != self.wish.example:
            self.edits = None
        wish = Wish(name, head=head if name == "two heads" else 0)
        if wish == self.wish and self.edits is self._asked_edits and (self.walk is not None or self.busy):
            return
        self.wish, self._asked_edits = wish, self.edits
        self._seen.forget()
        job = self._session.jobs.start(COURSE, name, self.edits, wish.head, lane="course example")
        self._follow(job, ())

    def want_text(self, scene: Any, layer: int, head: int, first: int, other: Any = None) -> None:
        """Go through a head of the scene, `ROWS` queries of it, and through that of another one beside it."""
        wish = Wish("", layer, head, first)
        same = self._seen.same(scene) and self._other.same(other) and wish == self.wish
        if same and (self.walk is not None or self.busy):
            return
        self.wish = wish
        self._seen.keep(scene)
        self._other.keep(other)
        sides = [(one.model, one.capture) for one in (scene, other) if one is not None]
        job = self._session.looking.ask(TEXT, sides, layer, head, first, ROWS, lane="step through")
        self._follow(job, tuple(scene.tokens))

    def edit(self, row: int, column: int, value: float) -> None:
        """Put another number into one of the example's vectors; everything after it follows."""
        if self.walk is None or self.example is None:
            return
        vectors = np.array(self.walk.operands.inputs if self.edits is None else self.edits, np.float64)
        vectors[row, column] = value
        self.edits = vectors
        self.want_example(self.wish.example, self.wish.head)

    def reset(self) -> None:
        """The example as the course has it."""
        self.edits = None
        self.want_example(self.wish.example, self.wish.head)

    def _follow(self, job: Job, words: tuple[str, ...]) -> None:
        self._job, self.trouble = job, None
        job.succeeded.connect(partial(self._found, job, words))
        job.failed.connect(partial(self._failed, job))
        job.ended.connect(partial(self._ended, job))
        self.changed.emit()

    def _found(self, job: Job, words: tuple[str, ...], found: Any) -> None:
        if job is not self._job:
            return
        self._job = None
        if self.wish.example:
            (self.example, self.walk), self.beside = found, None
        else:
            self.example, self.walk, self.beside = None, found[0], found[1] if len(found) > 1 else None
        self.words = self.example.words if self.example is not None else words
        self.changed.emit()

    def _failed(self, job: Job, error: StudioError) -> None:
        if job is self._job:
            self._job, self.walk, self.beside, self.trouble = None, None, None, error
            self.changed.emit()

    def _ended(self, job: Job) -> None:
        """A job that was called off for another model is asked for again with the next wish."""
        if job is self._job:
            self._job, self.walk, self.beside = None, None, None
            self.changed.emit()
