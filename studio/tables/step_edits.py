"""The list of cleaning steps while a person works on it; everything can be taken back."""

from typing import Any

Steps = tuple[Any, ...]


class StepEdits:
    """`steps` are frozen dataclasses of `studio.rows.steps`; typing into one step is taken back at once."""

    def __init__(self, steps: Steps = ()) -> None:
        self.steps = steps
        self._done: list[Steps] = []
        self._undone: list[Steps] = []
        self._typing = -1  # the step that is being edited; further edits of it are the same change

    @property
    def can_undo(self) -> bool:
        """Whether something can be taken back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether something taken back can be done again."""
        return bool(self._undone)

    def add(self, step: Any) -> int:
        """Put a step at the end; its place."""
        self._become((*self.steps, step))
        return len(self.steps) - 1

    def replace(self, place: int, step: Any) -> None:
        """Give a step other settings."""
        if step == self.steps[place]:
            return
        steps = (*self.steps[:place], step, *self.steps[place + 1 :])
        if self._typing == place:
            self.steps = steps
            return
        self._become(steps)
        self._typing = place

    def move(self, place: int, to: int) -> int:
        """Put the step at `place` at another one; where it is now."""
        to = min(max(to, 0), len(self.steps) - 1)
        if to != place:
            others = (*self.steps[:place], *self.steps[place + 1 :])
            self._become((*others[:to], self.steps[place], *others[to:]))
        return to

    def remove(self, place: int) -> None:
        """Leave a step out."""
        self._become((*self.steps[:place], *self.steps[place + 1 :]))

    def clear(self) -> None:
        """Leave all out."""
        if self.steps:
            self._become(())

    def rest(self) -> None:
        """What is typed from now on is a new change."""
        self._typing = -1

    def undo(self) -> None:
        """Take the last change back."""
        if self._done:
            self._undone.append(self.steps)
            self.steps = self._done.pop()
            self._typing = -1

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._undone:
            self._done.append(self.steps)
            self.steps = self._undone.pop()
            self._typing = -1

    def _become(self, steps: Steps) -> None:
        self._done.append(self.steps)
        self._undone.clear()
        self.steps = steps
        self._typing = -1
