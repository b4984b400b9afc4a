"""The docks at the foot of the window: jobs and log. Hidden until asked for, remembered where they were put."""

import logging
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QWidget

from studio.core.language import tr
from studio.widgets.button import IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look

KEPT_LINES = 5_000


class _Tap(logging.Handler):
    """Hands every record to its feed, in the thread that wrote it."""

    def __init__(self, feed: "LogFeed") -> None:
        super().__init__(logging.INFO)
        self._feed = feed
        self.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        self._feed.add(record.levelname.lower(), self.format(record))


class LogFeed(QObject):
    """The newest lines of the log, for whoever shows them; written from any thread, announced on the GUI thread."""

    line_added = Signal(str, str)  # level name, line

    def __init__(self, logger: logging.Logger, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: deque[tuple[str, str]] = deque(maxlen=KEPT_LINES)
        self._logger, self._tap = logger, _Tap(self)
        logger.addHandler(self._tap)

    def add(self, level: str, line: str) -> None:
        """Keep one line and announce it."""
        self.lines.append((level, line))
        self.line_added.emit(level, line)

    def close(self) -> None:
        """Stop listening."""
        self._logger.removeHandler(self._tap)


class DockTitle(QFrame):
    """The head of a dock: its name, and a way to put it away; it can be dragged."""

    def __init__(self, title: str, dock: QDockWidget, look: Look) -> None:
        super().__init__(dock)
        self.setObjectName("dockTitle")
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 4, 8, 4)
        line.addWidget(Label(title, "strong"))
        line.addStretch(1)
        line.addWidget(IconButton("close", tr("Hide: {title}", title=title), dock.close, look))


class Dock(QDockWidget):
    """A dock that can be moved, torn off and closed; its content is made when it is first seen.

    `name` is what the layout file calls it.
    """

    def __init__(self, name: str, title: str, make: Callable[[], QWidget], look: Look) -> None:
        super().__init__(title)
        self._make: Callable[[], QWidget] | None = make
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setTitleBarWidget(DockTitle(title, self, look))
        self.setAllowedAreas(Qt.DockWidgetArea.BottomDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)

    def showEvent(self, event: QShowEvent) -> None:
        if self._make is not None:
            self.setWidget(self._make())
            self._make = None
        super().showEvent(event)
