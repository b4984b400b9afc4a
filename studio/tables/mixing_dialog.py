"""Mix several texts and datasets into one text: weights, a temperature, and what comes of them before it is made."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.controls.editors import TextEdit
from studio.controls.number_edit import NumberEdit
from studio.controls.slider_row import Scale, SliderRow
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.parts.wording import short_count
from studio.rows.mixing import plan
from studio.store.mixed_texts import MOST, Mixture, Weighed
from studio.tables.dialog_column import DialogColumn
from studio.tables.mixing_rows import MixingRows
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

if TYPE_CHECKING:
    from studio.store.corpus import Text
    from studio.store.datasets import Dataset

    Source = Text | Dataset

ABOUT = (
    "Documents are drawn from every source until each has given its share, then shuffled together with the end of the "
    "text between them. Where nothing marks the documents of a text, its paragraphs are drawn."
)
ALPHA = (
    "The share of a source is its weight to the power of this number. 1 keeps the weights, 0 makes all shares equal; "
    "in between, small sources are heard more often than their size says."
)


class MixingDialog(QDialog):
    """`made` tells the new text."""

    made = Signal(object)

    def __init__(
        self,
        session: Session,
        look: Look,
        sources: "list[Source]",
        chosen: "list[Source]",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._look = session, look
        self._characters_typed = False
        self.setWindowTitle(tr("Mix texts and datasets"))
        self.setAccessibleName(tr("Mix texts and datasets"))
        self.banner = Banner(look, self)
        self.rows = MixingRows(look)
        self.rows.set_sources(sources, chosen)
        self.rows.changed.connect(self._changed)
        self.alpha = SliderRow(tr("Temperature α"), Scale(0.0, 2.0, step=0.05), look, tr(ALPHA))
        self.alpha.set_value(1.0)
        self.alpha.changed.connect(self._changed)
        self.characters, self.seed = NumberEdit(look, whole=True), NumberEdit(look, whole=True)
        self.characters.minimum, self.seed.minimum = 1, 0
        self.characters.default = 1_000_000
        self.characters.changed.connect(self._size_typed)
        self.seed.set_value(123)
        self.seed.changed.connect(self._changed)
        self.name = TextEdit()
        self.name.set_value(tr("Mixture"))
        self.progress = Progress(look, tr("Progress of the mixing"))
        self.progress.ended.connect(self._changed)
        self.trouble = Label("", "danger", wrap=True)
        self.button = Button("", self.make, look, "primary")
        self._lay_out()
        self.resize(820, 560)
        self.setMinimumSize(640, 440)
        self._weigh()

    def _lay_out(self) -> None:
        area = Scroll()
        area.body.addWidget(self.rows)
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        long = tr("How long the mixture is, with the end of text between its documents.")
        fields = ((tr("Characters"), self.characters, long),
                  (tr("Seed"), self.seed, tr("The same seed draws the same documents.")),
                  (tr("Name"), self.name, tr("What the new text is called.")))  # fmt: skip
        for row, (words, field, help) in enumerate(fields):
            label = Label(words, "quiet")
            label.setBuddy(field)
            field.setAccessibleName(words)
            field.setToolTip(help)
            field.setFixedWidth(180)
            form.addWidget(label, row, 0)
            form.addWidget(field, row, 1)
        self.alpha.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        temperature = QVBoxLayout()
        temperature.addWidget(self.alpha)
        temperature.addWidget(Label(tr(ALPHA), "small", wrap=True))
        temperature.addStretch(1)
        settings = QHBoxLayout()
        settings.setSpacing(32)
        settings.addLayout(temperature, 1)
        settings.addLayout(form)
        column = DialogColumn(self, tr("Mix texts and datasets"))
        column.addWidget(Label(tr(ABOUT), "quiet", wrap=True))
        column.addWidget(self.banner)
        column.addWidget(area, 1)
        column.addLayout(settings)
        column.addWidget(self.progress)
        column.end(self.trouble, Button(tr("Cancel"), self.reject, self._look), self.button)

    # --- what comes of it -----------------------------------------------------------------------------------------

    def _weigh(self) -> None:
        sources = [line.source for line in self.rows.lines]
        name = self._session.draft.data.tokenizer
        job = self._session.jobs.start("studio.store.mixed_texts:weigh", self._session.project, sources, name,
                                       lane="data.mixing")  # fmt: skip
        job.succeeded.connect(self._weighed)
        job.failed.connect(self._refused)
        self._changed()

    def _weighed(self, weighed: list[Weighed]) -> None:
        with QSignalBlocker(self.rows):
            self.rows.set_weighed(weighed)
        self._changed()

    @property
    def mixture(self) -> Mixture:
        """What would be mixed."""
        sources = tuple((line.source, float(line.weight.value())) for line in self.rows.taken)
        return Mixture(sources, int(self.characters.value()), float(self.alpha.value()), int(self.seed.value()),
                       name=self.name.value().strip())  # fmt: skip

    def _size_typed(self) -> None:
        self._characters_typed = True
        self._changed()

    def _changed(self, _what: object = None) -> None:
        """Shares, epochs, and whether it can be made."""
        weighed = [line.weighed for line in self.rows.taken if line.weighed is not None]
        if weighed and not self._characters_typed:
            self.characters.set_value(sum(item.characters for item in weighed))
        trouble = "" if len(weighed) == len(self.rows.taken) else tr("Looking at the sources…")
        parts = []
        if not trouble:
            try:
                mixture = self.mixture
                weights = [weight for _, weight in mixture.sources]
                parts = plan([item.characters for item in weighed], weights, mixture.alpha, mixture.characters)
                trouble = self._trouble([part.epochs for part in parts])
            except StudioError as error:
                trouble = str(error)
        self.rows.show_parts(parts)
        self.trouble.setText(trouble)
        self.trouble.set_role("danger" if all(line.weighed for line in self.rows.taken) else "small")
        length = short_count(self.characters.value())
        self.button.setText(tr("Make a text of {count} characters", count=length))
        self.button.setEnabled(not trouble and self.progress.job is None)

    def _trouble(self, epochs: list[float]) -> str:
        """Why these settings cannot be used."""
        boxes = [self.characters, self.seed, self.alpha.box, *(line.weight for line in self.rows.taken)]
        for box in boxes:
            if box.problem:
                return f"{box.accessibleName()}: {box.problem}"
        if self.characters.value() < 1:
            return tr("A mixture needs at least one character.")
        if max(epochs) > MOST:
            return tr("Some source would be read more than {count} times. Mix fewer characters.", count=MOST)
        return ""

    # --- wishes ---------------------------------------------------------------------------------------------------

    def make(self) -> None:
        """Mix; the dialog stays until it is done."""
        self.banner.clear()
        title = tr("Mixing “{name}”", name=self.mixture.name)
        job = self._session.jobs.start(
            "studio.store.mixed_texts:mixed", self._session.project, self.mixture, title=title
        )
        job.succeeded.connect(self._made)
        job.failed.connect(self._refused)
        self.progress.follow(job, tr("Mixing…"))
        self._changed()

    def reject(self) -> None:
        """Close; what is being mixed is called off and leaves nothing."""
        self.progress.call_off()
        super().reject()

    def _made(self, text: "Text") -> None:
        self._session.datasets.made()
        self.made.emit(text)
        self.accept()

    def _refused(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)
