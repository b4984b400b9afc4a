"""Pictures of the window, taken once all that was asked for has arrived."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from studio.core.errors import StudioError
from studio.shell.window import StudioWindow

LIMIT = 900.0  # seconds that any one thing may take
THEMES = ("dark", "light")
_REST = 0.35  # seconds for layouts, short animations and small jobs


class Camera:
    """`pictures` are the files in the order in which they were taken."""

    def __init__(self, window: StudioWindow, folder: Path) -> None:
        self.pictures: list[Path] = []
        self._window, self._folder = window, folder
        folder.mkdir(parents=True, exist_ok=True)

    def shoot(self, name: str, sizes: Sequence[tuple[int, int]]) -> None:
        """The window in both themes at each size."""
        for width, height in sizes:
            self._window.resize(width, height)
            for theme in THEMES:
                self._window.toasts.clear()
                self._window.look.set_theme(theme)
                self.settle()
                path = self._folder / f"{name}-{theme}-{width}x{height}.png"
                if not self._window.grab().save(str(path)):
                    raise StudioError(f"The picture “{path}” could not be written.", "Choose another folder.")
                self.pictures.append(path)

    def until(self, what: str, done: Callable[[], bool]) -> None:
        """Let the window live until `done`; a StudioError that names `what` after a quarter of an hour."""
        end = time.monotonic() + LIMIT
        while not done():
            _live()
            if time.monotonic() > end:
                raise StudioError(f"The tour waited {LIMIT / 60:.0f} minutes for {what} and gave up.")
        self.settle()

    def until_idle(self, what: str) -> None:
        """Let a page ask for what it lacks, and wait until that has come."""
        self.settle()
        self.until(what, lambda: not self._window.session.jobs.jobs)

    def settle(self, seconds: float = 0.0) -> None:
        """Let what is under way arrive."""
        end = time.monotonic() + (seconds or _REST)
        while time.monotonic() < end:
            _live()


def _live() -> None:
    QApplication.processEvents()
    time.sleep(0.005)
