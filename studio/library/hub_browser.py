"""The hub in a window: search by name, look before anything is fetched, then download and import."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.controls.editors import TextEdit
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.hub import Listed, Seen, checked_token
from studio.library.hub_held import HeldDownloads
from studio.library.hub_model import HubModel, Way
from studio.live.downloads import Downloads
from studio.live.jobs import Job
from studio.live.session import Session
from studio.parts.machine import Machine
from studio.parts.opening import ensure_project
from studio.parts.wording import NOT_MEASURED, column_width, short_count
from studio.store.models import StoredModel
from studio.views.record_table import Column, RecordTable
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.side_column import SideColumn

if TYPE_CHECKING:
    from studio.hub import Order

FIRST = "Type a name, such as “gpt2” or “SmolLM2-135M”, and press Search. Nothing is asked of the hub before that."
NONE = "The hub has no model of this name in this format. Try fewer words, or every format."
_SIDE = 304


def open_hub(session: Session, look: Look, parent: QWidget) -> "HubBrowser":
    """Bring the one window of the hub to the front."""
    found = parent.findChild(HubBrowser)
    browser = found if isinstance(found, HubBrowser) else HubBrowser(session, look, parent)
    browser.show()
    browser.raise_()
    browser.activateWindow()
    return browser


class HubBrowser(QDialog):
    """Not modal: a download goes on when it is closed, and is shown again when it is opened."""

    added = Signal(object)  # StoredModel

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._look = session, look
        self.downloads = Downloads.of(session)
        self.setWindowTitle(tr("Download a model"))
        self.setAccessibleName(tr("Download a model"))
        self.banner = Banner(look, self)
        self.words = TextEdit()
        self.kind = Segmented(
            [("safetensors", tr("Safetensors")), ("gguf", "GGUF"), ("", tr("Every format"))], look, tr("Format")
        )
        self.search_button = Button(tr("Search"), self.search, look, "primary", "search")
        self.table = RecordTable(_columns(), look, key=lambda found: found.repo)
        self.model = HubModel(Machine.of(session).room, look)
        self.way = Way(self.downloads, look)
        self.held = HeldDownloads(self.downloads, look)
        self.token = TextEdit()
        self._lay_out()
        self._connect()
        self.resize(920, 560)
        self.setMinimumSize(720, 420)
        self._show_source()

    def _lay_out(self) -> None:
        self.words.setPlaceholderText(tr("Name of a model, or its address on the hub"))
        self.words.setAccessibleName(tr("Search for a model"))
        top = QHBoxLayout()
        top.setSpacing(8)
        for widget, stretch in ((self.words, 1), (self.kind, 0), (self.search_button, 0)):
            top.addWidget(widget, stretch)
        self.table.setAccessibleName(tr("Models of the hub"))
        self.table.set_empty_text(tr(FIRST))
        results = Card()
        results.body.addWidget(self.table, 1)
        left = QVBoxLayout()
        left.setSpacing(12)
        for part, stretch in ((results, 1), (self.held, 0), (self.way, 0)):
            left.addWidget(part, stretch)
        self._side = SideColumn([self.model], _SIDE)
        self._side.hide()
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addLayout(left, 1)
        middle.addWidget(self._side)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 12)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self.banner)
        column.addLayout(middle, 1)
        column.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        self.source = Label("", "small")
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText("hf_…")
        self.token.setAccessibleName(tr("Access token"))
        self.token.setToolTip(tr("Kept in memory until Atelier is closed, and sent to the hub alone."))
        self.token.setFixedWidth(180)
        self.token.hide()
        self.token_button = Button(tr("Give a token…"), self.ask_token, self._look, "link").set_small()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.source)
        line.addStretch(1)
        line.addWidget(self.token)
        line.addWidget(self.token_button)
        line.addWidget(Button(tr("Close"), self.close, self._look).set_small())
        return line

    def _connect(self) -> None:
        self.words.returnPressed.connect(self.search)
        self.kind.changed.connect(self._kind_chosen)
        self.table.selection_changed.connect(self._chosen)
        self.model.wanted.connect(self.begin)
        self.model.again.connect(self._look_again)
        self.held.wanted.connect(self.begin)
        self.held.refused.connect(self._refused)
        self.token.returnPressed.connect(self.take_token)
        self.downloads.changed.connect(self._moved)
        self.downloads.imported.connect(self._imported)
        self.downloads.failed.connect(self._refused)

    # --- what a person does ---------------------------------------------------------------------------------------

    def search(self) -> None:
        """Ask the hub for models of this name."""
        words = self.words.text().strip()
        if not words:
            self.words.setFocus()
            return
        self.banner.clear()
        job = self._begin_job(lambda: self.downloads.search(words, self.kind.value()))
        if job is not None:
            self.table.set_rows([])
            self.table.set_empty_text(tr("Asking {host}…", host=self._host()))
            job.succeeded.connect(self._found)
            job.failed.connect(self._search_failed)

    def examine(self, repo: str) -> None:
        """Ask the hub for one model's files; none of them but `config.json` is fetched."""
        job = self._begin_job(lambda: self.downloads.examine(repo))
        if job is not None:
            job.succeeded.connect(self._examined)
            job.failed.connect(self._refused)

    def begin(self, order: "Order", name: str, keep: bool) -> None:
        """Fetch and import a model, into a new project if none is open."""
        self.banner.clear()
        try:
            ensure_project(self._session, tr("My project"))
            self.downloads.begin(order, name, keep)
        except StudioError as error:
            self._refused(error)

    def ask_token(self) -> None:
        """Show the field for a token, or take what stands in it."""
        if self.token.isHidden():
            self.token.show()
            self.token_button.setText(tr("Use this token"))
            self.token.setFocus()
        else:
            self.take_token()

    def take_token(self) -> None:
        """Use the typed token from now on, and look at the chosen model again with it."""
        try:
            self.downloads.token = checked_token(self.token.text())
        except StudioError as error:
            self._refused(error)
            return
        self.banner.clear()
        self.token.clear()
        self.token.hide()
        self.token_button.setText(tr("Change the token…") if self.downloads.token else tr("Give a token…"))
        self._look_again()

    def _look_again(self) -> None:
        self._chosen(self.table.selected_rows())

    # --- what comes back ------------------------------------------------------------------------------------------

    def _begin_job(self, start: Callable[[], Job]) -> Job | None:
        try:
            return start()
        except StudioError as error:
            self._refused(error)
            return None

    def _found(self, found: list[Listed]) -> None:
        self.table.set_empty_text(tr(NONE))
        self.table.set_rows(found)
        if found:
            self.table.select(found[0])
            self.table.setFocus()

    def _search_failed(self, error: StudioError) -> None:
        self.table.set_empty_text("")
        self._refused(error)

    def _chosen(self, rows: Sequence[Listed]) -> None:
        if rows:
            self.examine(rows[0].repo)
        else:
            self._side.hide()
            self.search_button.set_kind("primary")

    def _examined(self, seen: Seen) -> None:
        self.model.set_seen(seen)
        self.model.set_free(not self.downloads.busy)
        self._side.show()
        self.search_button.set_kind("")  # the next step is the one beside

    def _imported(self, model: StoredModel) -> None:
        self.banner.show_note(tr("“{name}” is imported; it is among your models.", name=model.name), level="good")
        self.added.emit(model)

    def _kind_chosen(self) -> None:
        if self.words.text().strip() and self.table.rows():
            self.search()

    def _refused(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)

    def _moved(self) -> None:
        self.model.set_free(not self.downloads.busy)

    def _host(self) -> str:
        return self.downloads.hub().address.partition("://")[2]

    def _show_source(self) -> None:
        try:
            self.source.setText(tr("Asks {host}, and only when you search or choose.", host=self._host()))
        except StudioError as error:
            self._refused(error)

    def showEvent(self, event: QShowEvent) -> None:
        """What lies on the disk is listed anew; what fails from now on is said here."""
        super().showEvent(event)
        self.downloads.attended = True
        self._show_source()
        self.held.refresh()
        self.words.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """From now on notices tell what fails."""
        super().hideEvent(event)
        self.downloads.attended = False


def _columns() -> list[Column]:
    def number(title: str, name: str, tip: str) -> Column:
        def words(found: Listed) -> str:
            value = getattr(found, name)
            return short_count(value) if value is not None else NOT_MEASURED

        return Column(title, lambda found: getattr(found, name), words, "right", column_width(title, 84), spare=True,
                      tip=lambda found: tip)  # fmt: skip

    return [
        Column(tr("Model"), lambda found: found.repo, tip=lambda found: found.repo),
        number(tr("Parameters"), "parameters", tr("As its safetensors files say it")),
        number(tr("Downloads"), "downloads", tr("In the last 30 days")),
        Column(tr("Licence"), lambda found: found.licence or NOT_MEASURED, _licence, width=140, spare=True,
               role=lambda found: "warning" if found.gated else "text_quiet", tip=_licence),
    ]  # fmt: skip


def _licence(found: Listed) -> str:
    licence = found.licence or NOT_MEASURED
    return tr("{licence}, gated", licence=licence) if found.gated else licence
