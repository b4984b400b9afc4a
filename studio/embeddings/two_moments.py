"""The way between two moments of a run: the one that is held, and the one the slider stands at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.embeddings.way_tools import WayWish
from studio.live.looking import Looking
from studio.parts.wording import count
from studio.seeing.question import Question

if TYPE_CHECKING:
    from studio.insight.journey import Journey
    from studio.insight.reading import Floats

BETWEEN = "studio.insight.journey:moved_between"


class TwoMoments(QObject):
    """`journey` is one of two moments on the same fixed basis; None while nothing is held or nothing is known yet."""

    changed = Signal()

    def __init__(self, looking: Looking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looking = looking
        self._whole: Journey | None = None
        self.journey: Journey | None = None
        self.places: tuple[int, int] | None = None  # of the held moment and of the slider's, among the whole way's
        self._question = Question(looking, "embeddings between", self)
        self._question.answered.connect(self._answered)

    @property
    def error(self) -> StudioError | None:
        """Why the distances cannot be told."""
        return self._question.error

    def follow(self, whole: "Journey | None", place: int, wish: WayWish) -> None:
        """Subtract the held moment from the one at `place`, where one is held."""
        held = self._looking.moments[1]
        before, self._whole = (self._whole, self.places), whole
        if whole is None or held is None:
            self.places = self.journey = None
            self._question.forget()
        else:
            self.places = (nearest(whole.steps, held.step), place)
            if before[0] is not whole or before[1] != self.places:
                self.journey = None
                self._ask(whole, wish)
        if before[1] != self.places or (self.places is not None and before[0] is not whole):
            self.changed.emit()

    def _ask(self, whole: "Journey", wish: WayWish) -> None:
        assert self.places is not None
        first, last = self.places
        if whole.kept:  # all that is known of the vectors are these points
            self._show(np.linalg.norm(whole.points[last] - whole.points[first], axis=1).astype(np.float32))
            return
        steps, checkpoints = (whole.steps[first], whole.steps[last]), self._looking.scene.folder.parent
        key = (checkpoints, steps, wish.source, wish.turned and whole.steps[-1])
        if not self._question.ask(key, BETWEEN, checkpoints, steps, wish.source, wish.turned):
            self._answered()

    def _answered(self) -> None:
        if self._question.current is not None and self._whole is not None and self.places is not None:
            self._show(self._question.current)
        self.changed.emit()

    def _show(self, moved: "Floats") -> None:
        assert self._whole is not None
        assert self.places is not None
        both = list(self.places)
        self.journey = replace(
            self._whole, steps=tuple(self._whole.steps[place] for place in both), points=self._whole.points[both],
            legs=moved[None], moved=moved,
        )  # fmt: skip

    def words(self) -> str:
        """Which moments these are, and that a checkpoint stands in for a moment that has none of its own."""
        held, now = self._looking.moments[1], self._looking.snapshot
        if self.places is None or self._whole is None or held is None or now is None:
            return ""
        steps = [self._whole.steps[place] for place in reversed(self.places)]
        words = tr("step {step} − step {held}", step=count(steps[0]), held=count(steps[1]))
        if steps != [now.step, held.step]:
            words = tr("{words}, the moments nearest to {step} and {held}", words=words, step=count(now.step),
                       held=count(held.step))  # fmt: skip
        if self.journey is None:
            why = str(self.error) if self.error is not None else tr("being computed…")
            words = f"{words} · {why}"
        return words


def nearest(steps: Sequence[int], step: int) -> int:
    """The place of the moment that is nearest to a step."""
    return int(np.abs(np.array(steps) - step).argmin())
