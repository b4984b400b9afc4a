"""The datasets that come along as cards: one is chosen, and written into the project."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QWidget

from studio.controls.choice_cards import CardChoice, ChoiceCards
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.rows.kinds import KINDS
from studio.store.sample_datasets import samples, source_of
from studio.tables.dialog_column import DialogColumn
from studio.tables.row_words import counted_rows
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

ABOUT = (
    "Made for Atelier and free to use. They are large enough to learn from and varied enough to be honest: counting "
    "words alone does not solve them."
)


class SamplesDialog(QDialog):
    """`made` tells the new `Dataset`, or the one that has the same rows already."""

    made = Signal(object)

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._samples = {sample.name: sample for sample in samples()}
        datasets = session.project.datasets() if session.project is not None else []
        sources = {source for dataset in datasets for source in dataset.sources}
        self._here = {name for name, sample in self._samples.items() if source_of(sample) in sources}
        self.setWindowTitle(tr("Add a sample dataset"))
        self.setAccessibleName(tr("Add a sample dataset"))
        self.banner = Banner(look, self)
        choices = [CardChoice(name, tr(item.label), tr(item.about)) for name, item in self._samples.items()]
        self.cards = ChoiceCards(choices, look, tr("Sample datasets"))
        self.cards.changed.connect(self._choose)
        self.progress = Progress(look, tr("Progress of the sample"))
        self.progress.ended.connect(self._ended)
        self.close_button = Button(tr("Cancel"), self.reject, look)
        self.add_button = Button("", self.add, look, "primary")
        self._lay_out()
        self._show_facts()
        self._choose(next(iter(self._samples)))
        self.resize(760, 420)
        self.setMinimumSize(600, 380)

    def _lay_out(self) -> None:
        column = DialogColumn(self, tr("Add a sample dataset"))
        column.addWidget(Label(tr(ABOUT), "quiet", wrap=True))
        column.addWidget(self.banner)
        column.addWidget(self.cards, 1)
        column.addWidget(self.progress)
        column.end(None, self.close_button, self.add_button)

    def _show_facts(self) -> None:
        """How many rows of what kind each has, or that it is here already."""
        for name, sample in self._samples.items():
            what = tr("here already") if name in self._here else tr(KINDS[sample.kind].label)
            self.cards.set_facts(name, f"{counted_rows(sample.count)} · {what}")

    def _choose(self, name: str) -> None:
        self.cards.set_value(name)
        label = tr(self._samples[name].label)
        here = name in self._here
        self.add_button.setText(tr("Show “{name}”", name=label) if here else tr("Add “{name}”", name=label))

    def add(self) -> None:
        """Write the chosen one; one at a time."""
        if self.progress.job is not None:
            return
        self.banner.clear()
        sample = self._samples[self.cards.value()]
        try:
            job = self._session.datasets.add_sample(sample.name, tr(sample.label))
        except StudioError as error:
            self._refused(error)
            return
        job.succeeded.connect(self._added)
        job.failed.connect(self._refused)
        self.progress.follow(job, tr("Adding {name}", name=tr(sample.label)))
        self._set_busy(True)

    def reject(self) -> None:
        """Close; what is being written is called off, and nothing of it stays."""
        self.progress.call_off()
        super().reject()

    def _added(self, dataset: object) -> None:
        self.made.emit(dataset)
        self.accept()

    def _refused(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)

    def _ended(self, _called_off: bool) -> None:
        self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self.cards.setEnabled(not busy)
        self.add_button.setEnabled(not busy)

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard begins on the cards; Return adds the chosen one."""
        super().showEvent(event)
        self.add_button.setDefault(True)
        self.cards.cards[self.cards.value()].setFocus()
