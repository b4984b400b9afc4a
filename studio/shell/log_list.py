"""The newest lines of the log, in its dock."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.shell.docks import LogFeed
from studio.widgets.log_view import LogView
from studio.widgets.look import Look


class LogList(QWidget):
    """The newest lines of the log; nothing is drawn while the dock is closed."""

    def __init__(self, feed: LogFeed, look: Look) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 8, 8)
        self.view = LogView(look)
        column.addWidget(self.view)
        for level, line in feed.lines:
            self.view.append(line, level)
        feed.line_added.connect(self._append)

    def _append(self, level: str, line: str) -> None:
        self.view.append(line, level)
