"""What a person chose once for everything: each row is a knob of `Preferences`, and each change counts at once."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

import studio
from studio.controls.editors import ChoiceEdit, TextEdit
from studio.controls.form import Form
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.hub import PUBLIC
from studio.live.session import Session
from studio.parts.doctor import Doctor
from studio.parts.endpoint_card import EndpointCard
from studio.parts.machine import Machine
from studio.parts.opening import projects_folder
from studio.parts.trash_card import TrashCard
from studio.parts.wording import disk_size, short_count
from studio.store.preferences import Preferences
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.page import Page
from studio.widgets.scroll import Scroll

GENERAL = ("theme", "language", "reduce_motion", "ask_before_closing")
COMPUTE = ("device", "threads")
FOLDERS = ("projects_folder",)
NETWORK = ("hub",)
WIDTH = 1200
KEYS = (
    ("Ctrl+K", "Search for a page, a run or anything that can be done"),
    ("Ctrl+1 … Ctrl+9", "Open one of the first nine pages"),
    ("Ctrl+,", "These settings"),
    ("Ctrl+Return", "On Pretrain: what its main button says"),
    ("Ctrl+Shift+P", "Pause the run"),
    ("Ctrl+Shift+R", "Continue the run"),
    ("Ctrl+S", "Save a checkpoint now"),
    ("Ctrl+Shift+O", "Add texts"),
    ("Ctrl+O", "Open another project"),
    ("Ctrl+Shift+L", "Switch between dark and light"),
    ("Ctrl+J", "Show or hide the jobs"),
    ("Ctrl+L", "Show or hide the log"),
)


class SettingsPanel(Page):
    """General, Compute, Folders, Doctor."""

    def __init__(self, session: Session, look: Look) -> None:
        purpose = tr("Choices for every project. They count at once and are kept on this computer.")
        super().__init__(tr("Settings"), purpose, look)
        self._session = session
        self._machine = Machine.of(session)
        self._machine.changed.connect(self._show_machine)
        self.forms = {name: Form(Preferences, look, only=only) for name, only in _SECTIONS.items()}
        for form in self.forms.values():
            form.changed.connect(self._edited)
        self.doctor = Doctor(session, look)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(tr("Sections of the settings"))
        self.tabs.tabBar().setAccessibleName(self.tabs.accessibleName())
        self.tabs.addTab(self._general(), tr("General"))
        self.tabs.addTab(self._compute(), tr("Compute"))
        self.tabs.addTab(self._folders(), tr("Folders"))
        self.tabs.addTab(_scrolled(self.doctor), tr("Doctor"))
        self.tabs.currentChanged.connect(self._tab_opened)
        self.body.addWidget(self.tabs)

    def _general(self) -> QWidget:
        card = Card(tr("The window"), self.look)
        for name in ("theme", "language"):
            editor = self.forms["general"].row(name).editor
            if isinstance(editor, ChoiceEdit):  # the longest language must not push its own label away
                editor.setSizeAdjustPolicy(ChoiceEdit.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
                editor.setMinimumContentsLength(14)
        card.add_hanging(self.forms["general"])
        network = Card(tr("Network"), self.look)
        hub = self.forms["network"].row("hub").editor
        if isinstance(hub, TextEdit):
            hub.setPlaceholderText(PUBLIC)
        network.add_hanging(self.forms["network"])
        about = Card(tr("Atelier"), self.look)
        about.body.addWidget(Label(tr("Version {version}", version=studio.__version__), "quiet"))
        alone = tr("Nothing you do here leaves this computer. The hub hears from it only when you search there.")
        about.body.addWidget(Label(alone, "quiet", wrap=True))
        self.endpoint = EndpointCard(self._session, self.look)
        return _beside(_column(card, network, self.endpoint, about), self._keys())

    def _keys(self) -> QWidget:
        """What the keyboard does, so that nobody has to find it out."""
        card = Card(tr("Keys"), self.look)
        for keys, words in KEYS:
            row = QHBoxLayout()
            row.setSpacing(12)
            row.addWidget(Label(tr(words), "quiet", wrap=True), 1)
            row.addWidget(Label(keys, "mono"))
            card.body.addLayout(row)
        return card

    def _compute(self) -> QWidget:
        card = Card(tr("New runs"), self.look)
        card.add_hanging(self.forms["compute"])
        found = Card(tr("Measured here"), self.look)
        self.facts: dict[str, Label] = {}
        for key, words in _FACTS.items():
            row = QHBoxLayout()
            row.addWidget(Label(tr(words), "quiet"))
            row.addStretch(1)
            self.facts[key] = Label("–")
            self.facts[key].setAccessibleName(tr(words))
            row.addWidget(self.facts[key])
            found.body.addLayout(row)
        return _beside(card, found)

    def _folders(self) -> QWidget:
        card = Card(tr("Projects"), self.look)
        card.add_hanging(self.forms["folders"])
        kept = Card(tr("Where things lie"), self.look)
        self.places: dict[str, Label] = {}
        for key, words in (("projects", "New projects"), ("home", "Preferences and layout"), ("logs", "Logs")):
            row = QHBoxLayout()
            row.setSpacing(12)
            name = Label(tr(words), "quiet")
            name.setMinimumWidth(160)
            self.places[key] = Label("", "", wrap=True)
            show = Button(tr("Show"), self._shower(key), self.look).set_small()
            show.setAccessibleName(tr("Show the folder: {name}", name=tr(words)))
            row.addWidget(name)
            row.addWidget(self.places[key], 1)
            row.addWidget(show)
            kept.body.addLayout(row)
        self.trash = TrashCard(self._session, self.look)
        return _beside(card, _column(kept, self.trash))

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Show the preferences as they are now."""
        if not what or "preferences" in what:
            for form in self.forms.values():
                form.set_value(self._session.preferences)
            for key in self.places:
                self.places[key].setText(str(self._folder(key)))
        if what & {"project", "texts", "runs"} and self.trash.isVisible():
            self.trash.refresh()
        if not what:
            self._show_machine()

    def focus_on(self, thing: object) -> None:
        """Open a tab by its name: "doctor"."""
        names = ["general", "compute", "folders", "doctor"]
        if thing in names:
            self.tabs.setCurrentIndex(names.index(str(thing)))

    def _tab_opened(self, index: int) -> None:
        if index == self.tabs.count() - 1 and not self.doctor.examined:
            self.doctor.examine()

    def _edited(self, value: Preferences) -> None:
        """Take over what this form shows; the other forms' fields stay what they are."""
        form = self.sender()
        name = next(name for name, known in self.forms.items() if known is form)
        if any(problem.field in _SECTIONS[name] for problem in self.forms[name].problems):
            return
        chosen = {field.name: getattr(value, field.name) for field in fields(value) if field.name in _SECTIONS[name]}
        self._keep(replace(self._session.preferences, **chosen))

    def _keep(self, preferences: Preferences) -> None:
        language = self._session.preferences.language
        try:
            self._session.set_preferences(preferences)
        except StudioError as error:
            self.banner.show_error(error.message, error.hint)
            return
        if preferences.language != language:
            self.banner.show_note(tr("Pages that are open already change their words at the next start."))

    def _show_machine(self) -> None:
        facts = self._machine.facts
        shown = {"cores": str(self._machine.cores), "memory": disk_size(self._machine.memory)}
        if facts:
            device = {"cpu": tr("CPU"), "cuda": facts["gpu"], "mps": tr("Apple GPU")}.get(facts["device"], "")
            shown |= {
                "device": device, "precision": facts["precision"], "torch": str(facts["torch"]),
                "largest_model": f"≈ {short_count(facts['largest_model'])}",
            }  # fmt: skip
        waiting = "–" if self._machine.error else tr("measuring…")
        for key, label in self.facts.items():
            label.setText(shown.get(key, waiting))

    def _folder(self, key: str) -> Path:
        places = self._session.places
        return {"projects": projects_folder(self._session), "home": places.home, "logs": places.logs}[key]

    def _shower(self, key: str) -> Callable[[], object]:
        return lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder(key))))


_SECTIONS = {"general": GENERAL, "compute": COMPUTE, "folders": FOLDERS, "network": NETWORK}
_FACTS = {
    "cores": "Cores",
    "memory": "Memory",
    "device": "Best device",
    "precision": "Fastest safe precision",
    "largest_model": "Largest model to train",
    "torch": "PyTorch",
}


def _column(*cards: QWidget) -> QWidget:
    """Cards below one another."""
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(16)
    for card in cards:
        column.addWidget(card)
    return whole


def _beside(*cards: QWidget) -> QWidget:
    """Cards side by side, as high as each needs: what can be changed, then what is known about it."""
    inside = QWidget()
    row = QHBoxLayout(inside)
    row.setContentsMargins(0, 16, 0, 0)
    row.setSpacing(16)
    for card, share in zip(cards, (3, 2), strict=True):
        row.addWidget(card, share, Qt.AlignmentFlag.AlignTop)
    return _scrolled(inside)


def _scrolled(widget: QWidget) -> QWidget:
    """No wider than reads well, scrolling on a low screen."""
    area = Scroll()
    widget.setMaximumWidth(WIDTH)
    row = QHBoxLayout()
    row.addWidget(widget, 10)
    row.addStretch(1)
    area.body.addLayout(row)
    area.body.addStretch(1)
    return area
