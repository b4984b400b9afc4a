"""Knowing a scene again without keeping its model in memory."""

import weakref
from typing import Any


class Seen:
    """The scene that was last looked at; whoever owns it may free it."""

    def __init__(self) -> None:
        self._last: weakref.ref[Any] | None = None

    def same(self, scene: Any) -> bool:
        """Whether it is this very one."""
        return self._last is not None and self._last() is scene

    def keep(self, scene: Any) -> None:
        """From now on it is this one."""
        self._last = weakref.ref(scene)

    def forget(self) -> None:
        """None is known."""
        self._last = None
