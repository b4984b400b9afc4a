"""Builds the objects of the window once, in their order, and ties their lives together."""

import locale
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import PySide6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from studio.core.errors import StudioError
from studio.core.language import set_language
from studio.live.garbage import GarbageCollector
from studio.panels import PANELS
from studio.shell.crash import CrashWatch, log
from studio.shell.theme import ThemeKeeper, theme_for
from studio.shell.window import StudioWindow
from studio.store.places import Places, places
from studio.store.preferences import Preferences, load_preferences, load_session, save_session
from studio.widgets.look import Look, load_fonts

if TYPE_CHECKING:
    from studio.live.session import Session
    from studio.live.stream import Engine
    from studio.shell.docks import LogFeed

FIRST_FONTS, LATER_FONTS = ("Inter-*",), ("JetBrainsMono-*", "Pretendard-*")  # of the frame, and of what it frames
PATIENCE = 0.5  # seconds that a display may take to show the window before the start goes on regardless


def check_versions(qt: tuple[int | str, ...], python: tuple[int, ...]) -> None:
    """Refuse the build of PySide6 that loses references to `None` and `True` before Python 3.12 and then aborts."""
    if tuple(qt[:2]) == (6, 12) and python < (3, 12):
        raise StudioError(
            f"PySide6 {'.'.join(map(str, qt[:3]))} crashes on Python {python[0]}.{python[1]} within minutes.",
            "Install PySide6-Essentials 6.11.3 (`python3 main.py` does), or use Python 3.12 or newer.",
        )


def make_application(arguments: list[str] | None = None) -> QApplication:
    """The QApplication as Atelier needs it: Fusion under the style sheet, and numbers still written with a point."""
    check_versions(PySide6.__version_info__, sys.version_info[:2])
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(arguments or ["atelier"])
    locale.setlocale(locale.LC_NUMERIC, "C")  # QApplication takes the person's, and numbers in files need a point
    application.setApplicationName("atelier")
    application.setApplicationDisplayName("Atelier")
    application.setDesktopFileName("atelier")
    application.setStyle("Fusion")  # by name: a style object made here would be freed under Qt when Python lets it go
    return application


@dataclass
class Studio:
    """Everything that lives as long as the window."""

    places: Places
    session: "Session"
    look: Look
    themes: ThemeKeeper
    window: StudioWindow
    crashes: CrashWatch
    feed: "LogFeed"


@dataclass
class Beginning:
    """What is there before anything of the session is imported: the window can be shown already."""

    places: Places
    look: Look
    themes: ThemeKeeper
    window: StudioWindow
    crashes: CrashWatch
    page: str  # that opens first


class Keeper(QObject):
    """What happens between the objects: preferences reach the look, crashes a dialog, the layout its file."""

    def __init__(self, studio: Studio, page: str) -> None:
        super().__init__(studio.window)
        self._studio, self._page = studio, page
        self._warmed = False
        self._dialogs: list[QObject] = []
        self._garbage = GarbageCollector(self)
        studio.session.changed.connect(self._session_changed)
        studio.crashes.crashed.connect(self.show_crash, Qt.ConnectionType.QueuedConnection)
        studio.crashes.refused.connect(self._refused, Qt.ConnectionType.QueuedConnection)
        studio.window.closed.connect(self._closed)

    def wait_for_paint(self) -> None:
        """Go on once the window has been painted."""
        self._studio.window.installEventFilter(self)

    def _session_changed(self, what: frozenset[str]) -> None:
        if "preferences" in what:
            preferences = self._studio.session.preferences
            self._studio.look.reduce_motion = preferences.reduce_motion
            self._studio.themes.set_preference(preferences.theme)
            set_language(preferences.language)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """After the first paint, when the window is there to be looked at, the page and torch may begin to load."""
        if event.type() == QEvent.Type.Paint and not self._warmed:
            self._warmed = True
            QTimer.singleShot(0, self.go_on)
        return False

    def go_on(self) -> None:
        """The project, the page and torch, and what an earlier start left behind."""
        studio = self._studio
        studio.crashes.write_log()
        _open_last_project(studio.session)
        if not studio.window.pages.name:  # else somebody was faster
            studio.window.pages.open(self._page)
        studio.session.warm_torch()
        left = studio.crashes.watch_faults()
        if left:
            self.show_crash(left, earlier=True)

    def show_crash(self, details: str, *, earlier: bool = False) -> None:
        """One dialog that blocks nothing."""
        from studio.shell.crash_dialog import CrashDialog

        file = self._studio.places.logs / "atelier.log"
        dialog = CrashDialog(details, file, self._studio.look, self._studio.window, earlier=earlier)
        self._dialogs.append(dialog)
        dialog.finished.connect(self._dialogs.clear)
        dialog.show()

    def _refused(self, error: StudioError) -> None:
        self._studio.session.notices.post_error(error)

    def _closed(self) -> None:
        studio = self._studio
        try:
            save_session(studio.places.session, studio.window.layout_state())
        except StudioError as error:
            log.warning("the layout could not be kept: %s", error)
        studio.feed.close()
        studio.crashes.uninstall()
        self._garbage.stop()


def _open_last_project(session: "Session") -> None:
    """Go back to where the person left off; a project that is gone or taken is said, not shown as a failure."""
    path = session.preferences.last_project
    if not path or session.project is not None:
        return
    if not (Path(path) / "project.json").is_file():
        session.set_preferences(replace(session.preferences, last_project=""))
        return
    try:
        session.open_project(Path(path))
    except StudioError as error:
        session.notices.post_error(error)


def last_page(layout: dict[str, Any], preferences: Preferences) -> str:
    """The page that was left, where the project that it showed opens again; else Home."""
    name, project = layout.get("page"), preferences.last_project
    opens = bool(project) and (Path(project) / "project.json").is_file()
    return str(name) if opens and name in [entry.name for entry in PANELS] else "home"


def begin(application: QApplication, page: str = "") -> Beginning:
    """The frame of the window in its look, and the watch over what goes wrong; `page` is marked, "": the last one."""
    here = places()
    crashes = CrashWatch(here.logs)
    crashes.install()
    preferences = load_preferences(here.preferences)  # what is wrong with them is told by the session, which reads them
    set_language(preferences.language)
    scheme = application.styleHints().colorScheme()
    look = Look(here.resources, theme_for(preferences.theme, scheme), reduce_motion=preferences.reduce_motion)
    load_fonts(here.resources / "fonts", FIRST_FONTS)
    themes = ThemeKeeper(application, look, preferences.theme)
    application.setWindowIcon(QIcon(str(here.resources / "icons" / "atelier.svg")))
    layout = load_session(here.session)
    window, page = StudioWindow(look, layout), page or last_page(layout, preferences)
    themes.dress(window)
    window.rail.set_page(page)
    return Beginning(here, look, themes, window, crashes, page)


def furnish(begun: Beginning, engine: "Engine | None" = None) -> tuple[Studio, Keeper]:
    """The session and everything that needs it, and who goes on once the window has been painted."""
    from studio.live.session import Session
    from studio.live.stream import ENGINE
    from studio.shell.docks import LogFeed

    load_fonts(begun.places.resources / "fonts", LATER_FONTS)
    feed = LogFeed(log)
    session = Session(begun.places, engine=ENGINE if engine is None else engine)
    begun.window.furnish(session, feed)
    studio = Studio(begun.places, session, begun.look, begun.themes, begun.window, begun.crashes, feed)
    return studio, Keeper(studio, begun.page)


def build(application: QApplication, engine: "Engine | None" = None, page: str = "") -> Studio:
    """All objects of the window, not yet shown; the page is imported and opened once it has been painted."""
    studio, keeper = furnish(begin(application, page), engine)
    keeper.wait_for_paint()
    return studio


def _let_it_paint(application: QApplication, window: StudioWindow) -> None:
    """Let the frame reach the screen; a display that is slow to show it is not waited for long."""
    end = time.monotonic() + PATIENCE
    while not window.painted and time.monotonic() < end:
        application.processEvents()
    application.processEvents()


def run(page: str = "") -> int:
    """The whole life of the window; returns when it has been closed and everything is saved."""
    application = make_application(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    begun = begin(application, page)
    begun.window.show()
    _let_it_paint(application, begun.window)  # the rest of the start is not waited for
    studio, keeper = furnish(begun)
    studio.window.closed.connect(application.quit)
    studio.window.pages.setFocus()  # not the first chip, whose ring would be the first thing to meet the eye
    application.processEvents()  # the strips
    QTimer.singleShot(0, keeper.go_on)

    from studio.shell.interrupt import Interrupt

    interrupt = Interrupt(application)
    interrupt.pressed.connect(studio.window.way_out.leave)
    code = application.exec()
    interrupt.close()
    return code
