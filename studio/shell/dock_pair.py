"""The two docks of the window, side by side at its foot: shown, hidden and sized together."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMainWindow, QWidget

from studio.core.language import tr
from studio.shell.docks import Dock, LogFeed
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.live.session import Session

HEIGHT = 220


class DockPair(QObject):
    """Jobs and log. `sized` is set once a person's own sizes are known; they are not touched any more then."""

    shown = Signal()  # a dock now lies above what was there before

    def __init__(self, window: QMainWindow, session: "Session", feed: LogFeed, look: Look) -> None:
        super().__init__(window)
        self._window, self._session, self._feed, self._look = window, session, feed, look
        self.sized = False
        self.jobs = Dock("jobs", tr("Jobs"), self._make_jobs, look)
        self.log = Dock("log", tr("Log"), self._make_log, look)
        self.place()

    def place(self) -> None:
        """Side by side at the foot, hidden until asked for, as on the first day."""
        for dock in (self.jobs, self.log):
            dock.setFloating(False)
            self._window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
            dock.hide()
        self.sized = False

    def show_log(self) -> None:
        """Open the log."""
        self.log.show()
        self.log.raise_()
        self.shown.emit()
        QTimer.singleShot(0, self._size)

    def toggle_jobs(self) -> None:
        """Show or hide the jobs."""
        self._toggle(self.jobs)

    def toggle_log(self) -> None:
        """Show or hide the log."""
        self._toggle(self.log)

    def _toggle(self, dock: Dock) -> None:
        """A dock behind another one comes to the front; only one that is seen is hidden."""
        if dock.isVisible() and not dock.visibleRegion().isEmpty():
            dock.hide()
        else:
            dock.show()
            dock.raise_()
            self.shown.emit()
            QTimer.singleShot(0, self._size)

    def _size(self) -> None:
        """The log gets more of the width than the jobs, once, when the layout knows both."""
        both = [self.jobs, self.log]
        if not self.sized and all(dock.isVisible() for dock in both):
            self.sized = True
            width = self._window.width()
            self._window.resizeDocks(both, [width * 2 // 5, width * 3 // 5], Qt.Orientation.Horizontal)
            self._window.resizeDocks(both, [HEIGHT, HEIGHT], Qt.Orientation.Vertical)

    def _make_jobs(self) -> QWidget:
        from studio.shell.job_list import JobList

        return JobList(self._session, self._look)

    def _make_log(self) -> QWidget:
        from studio.shell.log_list import LogList

        return LogList(self._feed, self._look)
