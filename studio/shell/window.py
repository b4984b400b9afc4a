"""The window: strips above and below, rail, pages, docks, and everything that is reached from all of them."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeySequence, QShortcut

from studio.core.language import tr
from studio.panels import PANELS, Action, PanelEntry
from studio.shell.frame import FIRST_SIZE, FOOT, Frame
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.live.notices import Notice
    from studio.live.session import Session
    from studio.shell.docks import LogFeed
    from studio.shell.palette import CommandPalette
    from studio.widgets.toast import Toasts

LAYOUT_VERSION = 1


class StudioWindow(Frame):
    """Owns the frame; what it shows is read from the session, what people want is asked of it.

    It is made without a session, so that it can be painted first; `furnish` puts in what needs one.
    """

    closed = Signal()

    def __init__(self, look: Look, layout: dict[str, Any], entries: Sequence[PanelEntry] = PANELS) -> None:
        super().__init__(look, layout, entries)
        self._layout = layout
        self._may_close = self._furnished = False
        self._run: Any = None

    # --- building -------------------------------------------------------------------------------------------------

    def furnish(self, session: "Session", feed: "LogFeed") -> None:
        """Strips, pages, docks and actions; what they need is imported here and not before the first paint."""
        from studio.parts.machine import Machine
        from studio.shell.actions import ActionList
        from studio.shell.closing import WayOut
        from studio.shell.curtain import Curtain
        from studio.shell.projects import Projects
        from studio.shell.run_actions import RunActions

        self.session, self.feed = session, feed
        self.setAcceptDrops(True)
        self.actions_list = ActionList(self)
        self.projects = Projects(session, self, list(self._layout.get("recent", [])))
        self.run_actions = RunActions(session, self)
        self._build()
        self._collect_actions()
        self.curtain = Curtain(self.look, self)
        self.way_out = WayOut(session, self.look, self.curtain)
        self.machine = Machine.of(session)
        self._connect()
        self._restore_docks()
        self._furnished = True

    def _build(self) -> None:
        from studio.shell.dock_pair import DockPair
        from studio.shell.pages import PageStack
        from studio.shell.status_strip import StatusHost, StatusStrip
        from studio.shell.top_strip import TopStrip

        self.top = TopStrip(self.session, self.look, self.projects.menu)
        self.setMenuWidget(self.top)
        self.pages = PageStack(self.session, self.look, self.entries)
        self.pages.setObjectName("pages")
        self.replace_page(self.pages)
        self.status = StatusStrip(self.session, self.look)
        self.setStatusBar(StatusHost(self.status))
        self.docks = DockPair(self, self.session, self.feed, self.look)

    @cached_property
    def palette_view(self) -> "CommandPalette":
        """The command palette, made when it is first wanted."""
        from studio.shell.palette import CommandPalette

        return CommandPalette(self.actions_list, self.look, self)

    @cached_property
    def toasts(self) -> "Toasts":
        """What notices become, made for the first one."""
        from studio.widgets.toast import Toasts

        return Toasts(self, self.look, bottom=FOOT)

    def _connect(self) -> None:
        self.top.palette_requested.connect(self._open_palette)
        self.top.unload_requested.connect(self.run_actions.unload)
        self.top.model_requested.connect(self._show_model)
        self.rail.page_requested.connect(self.pages.open)
        self.pages.opened.connect(self.rail.set_page)
        self.pages.log_requested.connect(self.docks.show_log)
        self.status.run_requested.connect(self.run_actions.show)
        self.session.notices.posted.connect(self._show_notice)
        self.docks.shown.connect(self._raise_toasts)
        self.pages.opened.connect(self._raise_toasts)
        self.session.changed.connect(self.refresh)
        self.session.jobs.job_added.connect(self._jobs_changed)
        self.session.jobs.job_removed.connect(self._jobs_changed)
        self.way_out.left.connect(self._leave)
        self.way_out.kept.connect(self.showMinimized)
        self.machine.changed.connect(self._machine_changed)
        self._follow_run()
        self.refresh(frozenset())

    def _collect_actions(self) -> None:
        for number, entry in enumerate(self.entries, start=1):
            keys = "Ctrl+," if entry.name == "settings" else f"Ctrl+{number}" if number <= 9 else ""
            text = tr("Go to {page}", page=tr(entry.label))
            self.actions_list.add(Action(f"go.{entry.name}", text, self._opener(entry.name), keys, entry.name))
        self.actions_list.add(
            Action("text.add", tr("Add texts…"), self.projects.ask_texts, "Ctrl+Shift+O", "data"),
            Action("text.sample", tr("Add the bundled stories"), self.add_sample, "", "data"),
            *self.run_actions.actions(),
            *self.projects.actions()[:4],
            Action("theme.toggle", tr("Switch between dark and light"), self.switch_theme, "Ctrl+Shift+L", "moon"),
            Action("dock.jobs", tr("Show or hide the jobs"), self.docks.toggle_jobs, "Ctrl+J", "more"),
            Action("dock.log", tr("Show or hide the log"), self.docks.toggle_log, "Ctrl+L", "more"),
            Action("layout.reset", tr("Put the window back in order"), self.reset_layout, "", "undo"),
            Action("quit", tr("Close Atelier"), self._close_it, "Ctrl+Q", "close"),
        )
        QShortcut(QKeySequence("Ctrl+K"), self, self._open_palette)
        self.actions_list.add_source(self.pages.actions_of_page)
        self.actions_list.add_source(self.projects.recent_actions)

    def _opener(self, name: str) -> Any:
        return lambda: self.pages.open(name)

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str]) -> None:
        """Bring the frame up to date with the session."""
        if "running" in what:
            self._follow_run()
        self.top.refresh()
        self.status.refresh()
        self._show_title()

    def _follow_run(self) -> None:
        run = self.session.running
        if run is self._run:
            return
        if self._run is not None:
            self._run.changed.disconnect(self._run_changed)
        if run is not None:
            run.changed.connect(self._run_changed)
        self._run = run

    def _run_changed(self, what: frozenset[str]) -> None:
        self.status.refresh()
        self._show_title()

    def _jobs_changed(self, job: object) -> None:
        self.status.refresh()

    def _machine_changed(self) -> None:
        facts = self.machine.facts
        if facts:
            threads = self.session.preferences.threads or facts["cores"]
            self.status.set_machine(facts["device"], threads, facts["precision"])

    def _show_title(self) -> None:
        """The running run first, so that the taskbar tells how far it is; then the project."""
        run, project = self.session.running, self.session.project
        parts = ["Atelier"]
        if project is not None:
            parts.insert(0, project.name)
        if run is not None and run.living and run.total_steps:
            parts.insert(0, tr("{share} % · {run}", share=int(100 * run.step / run.total_steps), run=run.name))
        title = " – ".join(parts)
        if title != self.windowTitle():
            self.setWindowTitle(title)

    def _show_notice(self, notice: "Notice") -> None:
        self.toasts.post(notice.level, notice.text, notice.action)

    def _raise_toasts(self) -> None:
        """What is said stays above a dock that was opened after it, and beside what another page has in its corner."""
        if "toasts" in vars(self):
            self.toasts.make_way()

    def _open_palette(self) -> None:
        self.palette_view.open()

    def _show_model(self) -> None:
        self.session.focus("chat", None)

    def switch_theme(self) -> None:
        """The other theme, at once and remembered."""
        from dataclasses import replace

        wanted = "light" if self.look.theme.dark else "dark"
        self.session.set_preferences(replace(self.session.preferences, theme=wanted))

    # --- texts ----------------------------------------------------------------------------------------------------

    def add_sample(self) -> None:
        """Add the bundled stories to the project."""
        from studio.live.first_run import sample_path

        self.projects.bring([str(sample_path(self.session.places.resources))])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _local_files(event):
            event.acceptProposedAction()
            self.curtain.show_words(
                tr("Drop to add"), tr("Texts, tables and folders of texts become part of the project.")
            )

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.curtain.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.curtain.hide()
        files = _local_files(event)
        if files:
            event.acceptProposedAction()
            self.projects.bring(files)

    # --- layout and leaving ---------------------------------------------------------------------------------------

    def layout_state(self) -> dict[str, Any]:
        """Everything about the window that is worth remembering, as plain values."""
        return {
            "geometry": bytes(self.saveGeometry().toBase64().data()).decode(),
            "docks": bytes(self.saveState(LAYOUT_VERSION).toBase64().data()).decode(),
            "page": self.pages.name,
            "recent": self.projects.recent,
        }

    def _restore_docks(self) -> None:
        """Where the docks were; without a memory, hidden at the foot."""
        docks = self._layout.get("docks")
        if isinstance(docks, str):
            self.docks.sized = True
            self.restoreState(QByteArray.fromBase64(docks.encode()), LAYOUT_VERSION)

    def reset_layout(self) -> None:
        """Docks away, a good size, as on the first day."""
        self.docks.place()
        self.showNormal()
        self.resize(FIRST_SIZE.boundedTo(self.screen().availableSize()))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            event.accept()
            self.closed.emit()
            return
        event.ignore()
        if self._furnished:
            self.way_out.ask(self)
        else:  # asked for before there was anything that could be closed
            QTimer.singleShot(0, self.close)

    def _close_it(self) -> None:
        self.close()

    def _leave(self) -> None:
        self._may_close = True
        self.close()


def _local_files(event: QDragEnterEvent | QDropEvent) -> list[str]:
    """Paths of dragged files and folders; anything else is none of ours."""
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
