"""What comes next for a model of the library: taught something by a run, or, an adapter, laid on the one in memory."""

from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from studio.adapting.wearing import Wearing
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import OBJECTIVES
from studio.library.facts import NO_BASE, NO_LEARNING
from studio.live.session import Session
from studio.parts.fine_tuning import start_next_run
from studio.parts.opening import ensure_project
from studio.parts.wording import start_words
from studio.store.library import Entry
from studio.store.starts import find_start, start_name

LESSONS = (
    ("pretrain", "To go on with a text…"),
    ("classify", "To tell classes apart…"),
    ("instruct", "To answer…"),
)  # page and words


class Onward(QObject):
    """Leads on from `entry`, the model that is chosen; `failed` carries the reason, and nothing was changed then."""

    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.entry: Entry | None = None
        self._wearing = Wearing(session, self)
        self._wearing.failed.connect(self.failed)
        self._wearing.changed.connect(self._laid)

    def menu(self, parent: QWidget) -> QMenu:
        """What the model can be taught; what it cannot learn says why."""
        menu = QMenu(parent)
        menu.setToolTipsVisible(True)
        if (entry := self.entry) is None:
            return menu
        for page, words in LESSONS:
            why = why_no_lesson(entry, page)
            action = menu.addAction(tr(words), partial(self.teach, page))
            action.setEnabled(not why)
            action.setToolTip(why)
        return menu

    def open_menu(self, button: QWidget) -> None:
        """Show it below the button."""
        menu = self.menu(button)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(QPoint(0, button.height() + 4)))

    def teach(self, page: str) -> None:
        """The next run of that page begins with the model."""
        if self.entry is None or why_no_lesson(self.entry, page):
            return
        try:
            if page == "pretrain":
                start_next_run(self._session, self.entry.folder)
                return
            ensure_project(self._session, tr("My project"))
            if (project := self._session.project) is not None:
                start = find_start(project.path, start_name(project.path, self.entry.folder))
                self._session.focus(page, start.name)
        except StudioError as error:
            self.failed.emit(error)

    def why_not_lay(self) -> str:
        """Why the adapter cannot be laid on the model in memory; nothing where it can."""
        entry, loaded = self.entry, self._session.loaded
        if entry is None or not entry.adapter:
            return tr("It is a whole model, not an adapter.")
        base, lies = start_words(entry.start), getattr(loaded, "path", None)
        if entry.base is None:
            return tr(NO_BASE, base=base)
        if loaded is None:
            return tr("Load its base “{base}” first.", base=base)
        if lies == entry.folder:
            return tr("It is in memory already, on its base.")
        if lies != entry.base:
            return tr("It was trained on “{base}”; in memory is “{here}”.", base=base, here=loaded.title)
        return ""

    def lay(self) -> None:
        """Put the adapter on the model in memory and let it count."""
        if self.entry is not None and not self.why_not_lay():
            self._wearing.lay(self.entry.folder)

    def _laid(self) -> None:
        if (loaded := self._session.loaded) is not None and self._wearing.worn:
            words = tr("The adapter “{name}” lies on “{model}” now.", name=self._wearing.worn, model=loaded.title)
            show = (tr("Look at it"), partial(self._session.focus, "adapters", "changes"))
            self._session.notices.post("good", words, show)


def why_no_lesson(entry: Entry, page: str) -> str:
    """Why a model cannot be taught by a run of this page; nothing where it can."""
    if why := why_no_teaching(entry):
        return why
    if entry.config.outputs and page != "classify":
        return tr("This model tells classes apart; it has no head for words any more.")
    return str(OBJECTIVES.load(page).obstacle(entry.config)) if page == "instruct" else ""


def why_no_teaching(entry: Entry) -> str:
    """Why nothing at all can be taught to a model."""
    if entry.adapter and entry.base is None:
        return tr(NO_BASE, base=start_words(entry.start))
    return "" if entry.tokenizer else tr(NO_LEARNING)
