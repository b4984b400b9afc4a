"""The modes of a page that trains: its settings, the run, what the page adds; the header follows the one shown."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.training.followed_run import FollowedRun
from studio.widgets.action import Action
from studio.widgets.empty_state import EmptyState
from studio.widgets.page import Page
from studio.widgets.primary_button import PRIMARY_KEYS, Press

RUN = "current"  # the mode in which the run is shown, or `idle` while there is none


class RunModes(QObject):
    """`modes` are (name, words), `RUN` among them; the page answers `switch.changed` and adds its own buttons first."""

    def __init__(self, page: Page, followed: FollowedRun, modes: Sequence[tuple[str, str]], idle: EmptyState) -> None:
        super().__init__(page)
        self._page, self._followed, self._modes, self._idle = page, followed, modes, idle
        self.switch = Segmented([(name, tr(words)) for name, words in modes], page.look, tr("What the page shows"))
        page.tools.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignBottom)
        self._stack = QStackedWidget()
        page.body.addWidget(self._stack)

    def add_buttons(self) -> None:
        """Stop, and the next thing to do."""
        self.stop = self._page.add_action(tr("Stop…"), self._followed.commands.ask_to_stop)
        self.primary = self._page.add_primary()

    def join(self, *views: QWidget) -> None:
        """Let the stack hold these as well."""
        for view in views:
            self._stack.addWidget(view)

    def show(self, view: QWidget | None, purpose: str, press: Press) -> None:
        """Bring a view of the page's own to the front; None stands for the run, or for its absence."""
        run = self._followed.run
        self._stack.setCurrentWidget(view or (self._followed.view if run is not None else self._idle))
        self._page.set_purpose(purpose)
        self.primary.offer(press)
        shows_run = view is None and run is not None
        self.stop.setVisible(shows_run and run is not None and run.living)
        self.stop.setEnabled(run is not None and run.wish != "stop")
        if shows_run:
            self._followed.commands.show_trouble()

    def actions(self, page: str, words: str, show_mode: Callable[[str], None]) -> list[Action]:
        """What the palette offers; `words` hold a {mode}, `page` names the actions and their icon."""
        return [
            Action(f"{page}.primary", self.primary.text(), self.primary.press, PRIMARY_KEYS, "play",
                   self.primary.isEnabled),
            *(Action(f"{page}.{name}", tr(words, mode=tr(mode)), partial(show_mode, name), "", page)
              for name, mode in self._modes),
            Action(f"{page}.stop", tr("Stop the run…"), self._followed.commands.ask_to_stop, "", "stop",
                   self.stop.isVisible),
        ]  # fmt: skip
