"""A model on its way out: a form, a number format, a place; then the file, read back and compared on twenty prompts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit, TextEdit
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import EXCHANGES
from studio.gate.names import safe_name
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.parts.wording import count, disk_size, small_number
from studio.store.library import Entry
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look

AS_STORED = ""
# What has a place for classes, and what it becomes then.
CLASSES_GO = {
    "hugging_face": "config.json, safetensors and tokenizer.json: what `transformers` loads as a model of classes.",
    "script": "One page of plain PyTorch and the weights: give it a text, and it prints the classes with their "
    "probabilities.",
}


class Departure(Card):
    """Exports one model; `left` says that there is nothing more to show."""

    left = Signal()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Export"), look)
        self._session = session
        self.entry: Entry | None = None
        self._wanted: object = None  # the model that is waited for
        self._lent: QWidget | None = None  # what has the keyboard while the button is disabled
        self._folder: Path | None = None  # chosen by the person; kept for the next export
        self._forms = {form.name: form for form in map(EXCHANGES.load, EXCHANGES.names()) if form.write is not None}
        self.close_button = Button(tr("Close"), self.leave, look, "quiet", "close").set_small()
        self.header.addWidget(self.close_button)
        self.model = Label("", "strong", wrap=True)
        self.form = ChoiceEdit([(form.name, form.label) for form in self._forms.values()], look)
        self.form.set_value("hugging_face")
        self.form.changed.connect(self._form_chosen)
        self.about = Label("", "small", wrap=True)
        self.precision = ChoiceEdit([], look)
        self.name, self.place = TextEdit(), Label("", "small", wrap=True)
        self.name.returnPressed.connect(self.export)
        self.name.textChanged.connect(self._show_place)
        self.choose = Button(tr("Choose a folder…"), self.ask_folder, look).set_small()
        self.button = Button(tr("Export and check"), self.export, look, "primary").set_small()
        self.progress = Progress(look, tr("Progress of the export"))
        self.progress.ended.connect(self._job_ended)
        self.trouble, self.hint = Label("", "danger", wrap=True), Label("", "small", wrap=True)
        self.done, self.checks = Label("", "good", wrap=True), FactRows()
        self._lay_out()

    def _lay_out(self) -> None:
        # the answer stands above the fields, where a low window shows it without scrolling
        for widget in (self.model, self.progress, self.trouble, self.done, self.checks, self.hint):
            self.body.addWidget(widget)
        fields: Sequence[tuple[str, QWidget]] = (
            (tr("Form"), self.form), (tr("Precision"), self.precision), (tr("Name"), self.name),
        )  # fmt: skip
        for words, field in fields:
            field.setAccessibleName(words)
            self.body.addWidget(Label(words, "small"))
            self.body.addWidget(field)
            if field is self.form:
                self.body.addWidget(self.about)
        self.body.addWidget(self.place)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.choose)
        line.addStretch(1)
        line.addWidget(self.button)
        self.body.addLayout(line)

    @property
    def target(self) -> Path:
        """What will be written: a folder, or one file where the form is one file."""
        name = safe_name(self.name.text().strip() or tr("model"))
        return self._place() / f"{name.removesuffix(self._suffix)}{self._suffix}"

    @property
    def _suffix(self) -> str:
        return str(self._forms[self.form.value()].suffix)

    def _place(self) -> Path:
        project = self._session.project
        return self._folder or (project.path / "exports" if project is not None else self._session.places.home)

    def open(self, entry: Entry) -> None:
        """Ask how and where to write this model; an export that is under way goes on being shown."""
        if self.progress.job is not None:
            return
        self.entry, self._wanted = entry, None
        self._offer_forms()
        self.model.setText(entry.title)
        self.name.setText(f"{entry.run}-{entry.step}" if entry.run else entry.name)
        self._form_chosen()
        self.form.setFocus()

    def _offer_forms(self) -> None:
        """A model of classes goes out only in what has a place for them."""
        chosen = self.form.value()
        forms = [form for form in self._forms.values() if not self._classes or form.name in CLASSES_GO]
        self.form.clear()
        self.form.set_choices([(form.name, form.label) for form in forms])
        self.form.set_value(chosen if chosen in [form.name for form in forms] else "hugging_face")

    @property
    def _classes(self) -> bool:
        return self.entry is not None and bool(self.entry.config.outputs)

    def wait_for(self, wanted: object) -> None:
        """Open by itself for this model, by its folder or its name, once it is chosen; None waits for none any more."""
        self._wanted = wanted

    def welcome(self, entry: Entry) -> None:
        """This model is chosen now."""
        if self._wanted in (entry.folder, entry.name):
            self.open(entry)

    def leave(self) -> None:
        """Put it away; an export that is under way is called off, and nothing of it stays."""
        self.progress.call_off()
        self.entry = self._wanted = None
        self.left.emit()

    def ask_folder(self) -> None:
        """Ask where to write it."""
        dialog = QFileDialog(self, tr("Where to export to"), str(self._place()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.set_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def set_folder(self, folder: str) -> None:
        """Write into this folder from now on."""
        self._folder = Path(folder)
        self._show_place()

    def export(self) -> None:
        """Write, read back, compare; the answer stands in the card."""
        if self.entry is None or self.progress.job is not None:
            return
        self._say()
        target = self.target
        job = self._session.models.export(self.entry, self.form.value(), target, self.precision.value() or AS_STORED)
        job.succeeded.connect(self._exported)
        job.failed.connect(self._refused)
        focused = self.button.hasFocus()
        self.button.setEnabled(False)  # which gives the keyboard away
        self._lent = QApplication.focusWidget() if focused else None
        self.progress.follow(job, tr("Writing {name} and reading it back…", name=target.name))

    def _form_chosen(self) -> None:
        form = self._forms[self.form.value()]
        self.about.setText(tr(CLASSES_GO[form.name] if self._classes else form.about))
        precisions = () if self._classes else form.precisions
        stored = [] if form.usual else [(AS_STORED, tr("as it is"))]
        self.precision.clear()
        self.precision.set_choices([*stored, *((name, name) for name in precisions)])
        self.precision.set_value(form.usual or AS_STORED)
        self.precision.setEnabled(bool(precisions))
        self._say()
        self._show_place()

    def _show_place(self) -> None:
        self.place.setText(tr("Will be written as {path}", path=self.target))

    def _exported(self, done: Any) -> None:
        self.done.setText(tr("Written and checked."))
        self.done.show()
        self.checks.set_rows(check_rows(done))
        self.checks.show()
        if done.notes:
            self._tell_notes(done.notes)

    def _tell_notes(self, notes: Sequence[str]) -> None:
        self.hint.setText("\n".join(notes))
        self.hint.show()

    def _refused(self, error: StudioError) -> None:
        self._say(error.message, error.hint)

    def _say(self, trouble: str = "", hint: str = "") -> None:
        """What went wrong and what to do; nothing takes the last answer away."""
        for label, words in ((self.trouble, trouble), (self.hint, hint)):
            label.setText(words)
            label.setVisible(bool(words))
        self.done.hide()
        self.checks.hide()

    def _job_ended(self, _called_off: bool) -> None:
        self.button.setEnabled(True)
        if self._lent is not None and self._lent is QApplication.focusWidget():  # nobody took it elsewhere
            self.button.setFocus()


def check_rows(done: Any) -> list[FactRow]:
    """What the comparison of the written file with the model found; `done` is the engine's answer."""
    if (rows := getattr(done, "rows", None)) is not None:  # of a model of classes
        same = FactRow(tr("Same class"), tr("{same} of {rows} rows", same=count(done.same), rows=count(rows)),
                       tr("The copy was asked for the classes of rows of the run's own dataset."))  # fmt: skip
    else:
        same = FactRow(tr("Same answer"), tr("{same} of {prompts} prompts", same=count(done.same),
                                             prompts=count(done.prompts)),
                       tr("The file was read back and asked what comes after twenty prompts."))  # fmt: skip
    return [
        FactRow(tr("File"), done.path.name, str(done.path)),
        FactRow(tr("Size"), disk_size(done.bytes)),
        same,
        FactRow(tr("Differs by"), small_number(done.error),
                tr("The largest difference of a score, as a share of how far the scores are spread.")),
    ]  # fmt: skip
