"""Every model of this computer: imported ones and the checkpoints of runs, what fits here, and the ways in and out."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget

from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.library.arrival import Arrival
from studio.library.departure import Departure
from studio.library.facts import NO_BASE, NO_TOKENIZER, ModelFacts
from studio.library.hub_browser import open_hub
from studio.library.load_button import LoadButton
from studio.library.onward import LESSONS, Onward, why_no_teaching
from studio.library.table import ModelRow, columns, rows_of, shown
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.panels import Action
from studio.parts.machine import Machine
from studio.parts.opening import known_projects
from studio.parts.wording import count, start_words
from studio.store.library import Entry
from studio.store.models import StoredModel
from studio.training.learning import NO_CHAT, NO_CHAT_OF_CLASSES
from studio.views.record_table import RecordTable
from studio.widgets.file_drop import FileDrop
from studio.widgets.look import Look
from studio.widgets.page import Card, EmptyState, Page
from studio.widgets.side_column import SideColumn

PURPOSE = "What you trained and what others trained, on this computer. Drop a file or folder to import a model."
IDEA = (
    "A model is a file of numbers and a description of how to use them. Whoever has both can go on where somebody "
    "else's training ended: that is what a base model is.\n\n"
    "Each number takes four bytes in fp32, two in 16 bit and about half a byte in 4 bit. To chat, the weights and a "
    "memory of the conversation must fit. To train, gradients and AdamW's two averages come on top: four times the "
    "weights. LoRA leaves the weights as they are and trains a small addition; QLoRA keeps them in 4 bit meanwhile.\n\n"
    "The circles say what fits into the memory that is free now: full for yes, half for barely, empty for no."
)
WHY_EMPTY = (
    "Checkpoints of your runs appear here by themselves. To begin with a model that others trained, drop its folder or "
    "file anywhere on this page: a Hugging Face folder, a GGUF file, OpenAI's GPT-2, a .pth of the book or a .bin of "
    "llama2.c. You see what it is before anything is read."
)
MODEL_FILES = "Models (*.safetensors *.gguf *.bin *.pth *.pt *.json)"
FEW, ALL = "few", "all"
_MOST_PROJECTS = 50
_SIDE, _NARROW_SIDE = 312, 288
_ROOMY_FROM = 900  # pixels of the page


def why_no_chat(session: Session, entry: Entry) -> str:
    """Why a model cannot be chatted with; nothing where it can."""
    if entry.adapter and entry.base is None:
        return tr(NO_BASE, base=start_words(entry.start))
    if entry.config.outputs:
        return tr(NO_CHAT_OF_CLASSES)
    run = session.runs.get(entry.run) if not entry.project else None
    if not entry.config.causal or (run is not None and not run.writes):
        return tr(NO_CHAT)
    return "" if entry.tokenizer else tr(NO_TOKENIZER)


def next_to(gone: str, keys: Sequence[str]) -> str:
    """The key that is chosen once `gone` is: the one below it, or above the last one."""
    place = keys.index(gone)
    return (*keys[place + 1 :], *keys[:place][-1:], "")[0]


class ModelsPanel(Page):
    """Left the table, at the right what is known of the chosen model, or the one that comes or goes."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Models"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._entries: list[Entry] | None = None  # None: not listed yet
        self._wanted = ""  # the folder of the model to choose once it is listed
        self._watched: RunModel | None = None
        self._machine = Machine.of(session)
        self._machine.changed.connect(self._show)
        self.arrival, self.departure = Arrival(session, self._machine.room, look), Departure(session, look)
        self.arrival.added.connect(self._added)
        self.facts = ModelFacts(look)
        for button, slot in (
            (self.facts.delete, self.delete), (self.facts.inspect, self.inspect),
            (self.facts.export, self.ask_export),
            (self.facts.open_run, self.open_run), (self.facts.look_inside, self.look_inside),
        ):  # fmt: skip
            button.clicked.connect(slot)
        self.onward = Onward(session, self)
        self.onward.failed.connect(self._refused)
        self.facts.teach.clicked.connect(partial(self.onward.open_menu, self.facts.teach))
        self.facts.lay.clicked.connect(self.onward.lay)
        self.load = LoadButton(session, look)
        self.load.failed.connect(self._refused)
        self.facts.buttons.addWidget(self.load)
        for card in (self.arrival, self.departure):
            card.left.connect(self._side_left)
        self._lay_out()
        self.folder_button = self.add_action(tr("Import a folder…"), self.ask_folder)
        self.add_action(tr("Import a file…"), self.ask_file)
        self.hub_button = self.add_action(tr("Download…"), self.ask_hub)
        self.chat_button = self.add_action(tr("Chat with it"), self.chat, primary=True)
        self.drop = FileDrop(look, self)
        self.drop.hovered.connect(self._hovered)
        self.drop.dropped.connect(self.bring)

    def _lay_out(self) -> None:
        self.table = RecordTable(columns(), self.look, key=lambda row: row.key)
        self.table.setAccessibleName(tr("Models of this computer"))
        self.table.selection_changed.connect(self._show_side)
        self.table.row_activated.connect(self.chat)
        self.list = Card(tr("Models"), self.look)
        words = [(FEW, tr("Best and last")), (ALL, tr("All checkpoints"))]
        self.fold = Segmented(words, self.look, tr("Which checkpoints of a run are listed"))
        self.fold.changed.connect(self._show)
        self.list.header.addWidget(self.fold)
        self.list.body.addWidget(self.table, 1)
        self.empty = EmptyState(
            tr("No model yet"), tr(WHY_EMPTY), tr("Import a folder…"), self.ask_folder, self.look, "models"
        )
        nothing = Card()
        nothing.body.addWidget(self.empty)
        self._stack = QStackedWidget()
        self._stack.addWidget(nothing)
        self._stack.addWidget(self.list)
        self._side = SideColumn([self.arrival, self.departure, self.facts], _SIDE)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._stack, 1)
        row.addWidget(self._side)
        self.body.addLayout(row, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the column beside the table leaves it more room."""
        super().resizeEvent(event)
        self._side.setFixedWidth(_SIDE if self.width() >= _ROOMY_FROM else _NARROW_SIDE)

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if "project" in what:
            self.banner.clear()
        if not what or what & {"project", "models", "runs", "running"}:
            self._watch()
            self._list()
        if not what or "loaded" in what:
            self._show()

    def _list(self) -> None:
        others = [known.path for known in known_projects(self._session, _MOST_PROJECTS)]
        job = self._session.models.list(self._session.project, others)
        job.succeeded.connect(self._listed)
        job.failed.connect(self._refused)

    def _listed(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._show()

    def _show(self) -> None:
        entries = shown(self._entries or [], self.fold.value() == ALL)
        loaded = getattr(self._session.loaded, "path", None)
        free, _, whose = self._machine.room()
        rows = rows_of(entries, loaded, free, whose)
        self._stack.setCurrentIndex(0 if self._entries == [] else 1)
        self.folder_button.setVisible(self._entries != [])  # the empty page offers it in its middle
        self.table.set_empty_text("" if self._entries is not None else tr("Looking for models…"))
        self.table.set_rows(rows)
        chosen = next((row for row in rows if row.key == self._wanted), None)
        if chosen is not None:
            self._wanted = ""
            self.departure.welcome(chosen.entry)
        if chosen is not None or (rows and self.row is None):
            self.table.select(chosen or rows[0])
        self.list.set_note(count(len(rows)) if rows else "")
        self._show_side()

    @property
    def row(self) -> ModelRow | None:
        """The chosen model."""
        rows = self.table.selected_rows()
        return rows[0] if rows else None

    def _show_side(self, _rows: object = None) -> None:
        """What comes or goes stands before what is known of the chosen model."""
        row, coming = self.row, self.arrival.path is not None
        going = not coming and self.departure.entry is not None
        self.arrival.setVisible(coming)
        self.departure.setVisible(going)
        self.facts.setVisible(row is not None and not coming and not going)
        self._side.setVisible(coming or going or row is not None)
        self.chat_button.setVisible(row is not None)
        self.chat_button.set_kind("" if coming or going else "primary")
        if row is not None:
            self.facts.set_entry(row.entry, row.fits)
            self.onward.entry = row.entry
            self.facts.set_ways(why_no_teaching(row.entry), self.onward.why_not_lay())
            why = why_no_chat(self._session, row.entry)
            self.load.set_entry(row.entry, why)
            self.chat_button.setEnabled(not why)
            self.chat_button.setToolTip(why)

    def _side_left(self) -> None:
        """What came or went is done with: back to the table."""
        self._show_side()
        self.table.setFocus()

    def _watch(self) -> None:
        """Follow the living run: what it saves appears."""
        running = self._session.running
        if running is not self._watched:
            if self._watched is not None:
                self._watched.changed.disconnect(self._run_changed)
            if running is not None:
                running.changed.connect(self._run_changed)
            self._watched = running

    def _run_changed(self, what: frozenset[str]) -> None:
        if self.isVisible() and "checkpoints" in what:
            self._list()

    # --- models come and go ---------------------------------------------------------------------------------------

    def bring(self, paths: Sequence[Path]) -> None:
        """Look into a dropped file or folder; of several the first one that lies there."""
        if paths:
            self.banner.clear()
            self.departure.leave()
            self.arrival.open(paths[0])
            self._show_side()

    def ask_hub(self) -> None:
        """Search the hub; what is downloaded there is imported here."""
        browser = open_hub(self._session, self.look, self)
        browser.added.connect(self._wait_for, Qt.ConnectionType.UniqueConnection)

    def ask_file(self) -> None:
        """Ask for a model's file."""
        dialog = _dialog(self, tr("Import a model"), QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([tr(MODEL_FILES), tr("All files (*)")])
        dialog.open()

    def ask_folder(self) -> None:
        """Ask for a model's folder."""
        _dialog(self, tr("Import a model's folder"), QFileDialog.FileMode.Directory).open()

    def _wait_for(self, model: StoredModel) -> None:
        self._wanted = str(model.folder)

    def _added(self, model: StoredModel) -> None:
        self._wait_for(model)
        self._session.notices.post("good", tr("“{name}” is imported.", name=model.name))

    def ask_export(self) -> None:
        """Ask how and where to write the chosen model."""
        if self.row is not None:
            self.departure.open(self.row.entry)
            self._show_side()

    def delete(self) -> None:
        """Move the chosen model to the trash, with a way back and a word on what depended on it."""
        row = self.row
        if row is None or row.entry.project:
            return
        try:
            undo = self._session.models.delete(row.entry)
        except StudioError as error:
            self._refused(error)
            return
        self._wanted = next_to(row.key, [one.key for one in self.table.rows()])
        words = undo.text + (" " + tr("It stays in memory until you unload it.") if row.loaded else "")
        self._session.notices.post("info", words, (tr("Undo"), partial(self._bring_back, row.key, undo.undo)))

    def _bring_back(self, key: str, way_back: Callable[[], None]) -> None:
        self._wanted = key
        way_back()

    def _refused(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)

    def chat(self) -> None:
        """Load the chosen model and open Chat with it."""
        if self.row is not None and not why_no_chat(self._session, self.row.entry):
            entry = self.row.entry
            self._session.focus("chat", (entry.run, entry.step) if entry.run and not entry.project else entry)

    def inspect(self) -> None:
        """Show the chosen model's shape on the Model page."""
        if self.row is not None:
            self._session.focus("model", self.row.entry.config)

    def look_inside(self) -> None:
        """Show what the chosen model attends to."""
        if self.row is not None:
            self._session.focus("attention", self.row.entry)

    def open_run(self) -> None:
        """Show the run that the chosen checkpoint belongs to."""
        if self.row is not None and self.row.entry.run:
            self._session.focus("runs", self.row.entry.run)

    def focus_on(self, thing: object) -> None:
        """Choose a model by its folder, or by the name of a run or an import; (that, "export") asks how to write it."""
        wanted, thing = (thing[0], thing[0]) if isinstance(thing, tuple) else (None, thing)
        self.departure.wait_for(wanted)
        found = next((entry for entry in self._entries or [] if thing in (entry.folder, entry.name)), None)
        self._wanted = str(found.folder if found is not None else thing)
        if found is not None:
            self._show()

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        return _actions(self)

    def _hovered(self, files: int) -> None:
        self.set_purpose(tr("Drop it to see what it is; nothing is imported yet.") if files else tr(PURPOSE))


def _dialog(page: ModelsPanel, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
    dialog = QFileDialog(page, title, str(Path.home()))
    dialog.setFileMode(mode)
    dialog.fileSelected.connect(lambda path: page.bring([Path(path)]))
    dialog.finished.connect(dialog.deleteLater)
    return dialog


def _actions(page: ModelsPanel) -> list[Action]:
    chosen, own = (lambda: page.row is not None), (lambda: page.row is not None and not page.row.entry.project)
    return [
        Action("models.folder", tr("Import a model's folder…"), page.ask_folder, "", "import"),
        Action("models.file", tr("Import a model's file…"), page.ask_file, "", "import"),
        Action("models.hub", tr("Download a model…"), page.ask_hub, "", "import"),
        Action("models.chat", tr("Chat with the chosen model"), page.chat, "", "chat", page.chat_button.isEnabled),
        Action("models.load", tr("Load or unload the chosen model"), page.load.press, "", "memory",
               page.load.isEnabled),
        Action("models.inspect", tr("Inspect the chosen model"), page.inspect, "", "model", chosen),
        Action("models.inside", tr("Look inside the chosen model"), page.look_inside, "", "attention", chosen),
        *(Action(f"models.teach_{name}", tr("Teach the chosen model: {what}", what=tr(words)),
                 partial(page.onward.teach, name), "", name, page.facts.teach.isEnabled) for name, words in LESSONS),
        Action("models.lay", tr("Lay the chosen adapter on the loaded model"), page.onward.lay, "", "adapters",
               lambda: not page.onward.why_not_lay()),
        Action("models.export", tr("Export the chosen model…"), page.ask_export, "", "export", chosen),
        Action("models.delete", tr("Delete the chosen model"), page.delete, "", "trash", own),
    ]  # fmt: skip
