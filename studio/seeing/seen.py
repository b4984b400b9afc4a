"""Knowing a scene again without keeping its model in memory."""

import weakref
from typing import Any


class Seen:
    """The scene that was last looked at, or that there was none; whoever owns it may free it."""

    def __init__(self) -> None:
        self._last: weakref.ref[Any] | None = None
        self._none = False

    def same(self, scene: Any) -> bool:
        """Whether it is this very one; None where it was kept that there is none."""
        if scene is None:
            return self._none
        return self._last is not None and self._last() is scene

    def keep(self, scene: Any) -> None:
        """From now on it is this one."""
        self._last, self._none = (None, True) if scene is None else (weakref.ref(scene), False)

    def forget(self) -> None:
        """Nothing is known."""
        self._last, self._none = None, False
