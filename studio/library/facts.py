"""What is known about one model, and whether it fits here."""

from collections.abc import Mapping

from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.core.shelf import TOKENIZERS
from studio.library.fits import LABELS, WAYS, Fit
from studio.library.table import HASH, family_words, kind_words, origin_sentence, origin_words
from studio.parts.wording import NOT_MEASURED, count, disk_size, short_count, start_words
from studio.store.library import BASE, Entry
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.flow_layout import FlowLayout
from studio.widgets.label import Label
from studio.widgets.look import Look

_ROLES = {"fits": "good", "tight": "warning", "too large": "quiet"}
NO_LEARNING = "It came without a tokenizer, so no text can be cut into its tokens to learn from."
NO_BASE = "Its base “{base}” is not there any more, and an adapter alone computes nothing."
NO_TOKENIZER = "It came without a tokenizer: it reads and writes token ids only, so Chat cannot use it."


class ModelFacts(Card):
    """The chosen model; its buttons are connected by the page."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("This model"), look, parent)
        self.delete = Button(tr("Delete"), None, look, "quiet", "trash").set_small()
        self.header.addWidget(self.delete)
        self.rows, self.fits = FactRows(), FactRows()
        self.notes = Label("", "warning", wrap=True)
        self.inspect = Button(tr("Inspect"), None, look, "", "model").set_small()
        self.inspect.setToolTip(tr("Opens this shape on the Model page, where each part and its costs are shown."))
        self.look_inside = Button(tr("Look inside"), None, look, "", "attention").set_small()
        self.look_inside.setToolTip(tr("Opens the Attention page on this model: where its heads look on a text."))
        self.open_run = Button(tr("Its run"), None, look, "", "runs").set_small()
        self.open_run.setToolTip(tr("Opens the run that saved it, with its curves, texts and settings."))
        self.teach = Button(tr("Teach it…"), None, look, "", "pretrain").set_small()
        self.lay = Button(tr("Lay on the loaded model"), None, look, "", "adapters").set_small()
        self.export = Button(tr("Export…"), None, look, "", "export").set_small()
        self.buttons = FlowLayout(line_spacing=8)
        for button in (self.look_inside, self.inspect, self.open_run, self.teach, self.lay, self.export):
            self.buttons.addWidget(button)
        self.body.addLayout(self.buttons)
        self.body.addSpacing(4)
        self.body.addWidget(self.notes)
        self.body.addWidget(self.rows)
        self.body.addSpacing(8)
        self.body.addWidget(Label(tr("Will it fit here?"), "strong"))
        self.body.addWidget(self.fits)

    def set_entry(self, entry: Entry, fits: Mapping[str, Fit]) -> None:
        """Show a model."""
        self.set_title(entry.title)
        self.rows.set_rows(fact_rows(entry))
        self.fits.set_rows(fit_rows(fits))
        self.notes.setText("\n".join(note_words(entry)))
        self.notes.setVisible(bool(self.notes.text()))
        self.delete.setVisible(not entry.project)
        self.open_run.setVisible(bool(entry.run) and not entry.project)
        self.lay.setVisible(bool(entry.adapter))
        worn = tr("Without it these adapters cannot be opened: {runs}.", runs=", ".join(entry.wearers))
        self.delete.setToolTip(worn if entry.wearers else "")

    def set_ways(self, why_no_teaching: str, why_no_laying: str) -> None:
        """Say what keeps it from being taught or laid on; nothing where it can be."""
        goes_on = tr("A run that starts from these weights: choose what it is to learn. Nothing is changed here.")
        self.teach.setEnabled(not why_no_teaching)
        self.teach.setToolTip(why_no_teaching or goes_on)
        self.lay.setEnabled(not why_no_laying)
        self.lay.setToolTip(why_no_laying or tr("Puts it on the model in memory and lets it count."))


def fact_rows(entry: Entry) -> list[FactRow]:
    """What a model says of itself; what only lies on the disk has a hash too."""
    model = entry.config
    rows = [
        FactRow(tr("Kind"), tr("adapter · {which}", which=kind_words(entry)) if entry.adapter else kind_words(entry)),
        FactRow(tr("From"), origin_words(entry), origin_sentence(entry)),
        FactRow(tr("Family"), family_words(entry)),
        FactRow(tr("Parameters"), count(entry.parameters) if entry.parameters else NOT_MEASURED),
        FactRow(tr("Layers × width"), f"{count(model.n_layers)} × {count(model.emb_dim)}"),
        FactRow(tr("Context"), tr("{count} tokens", count=count(model.context_length)),
                tr("How many tokens it sees at once.")),
        FactRow(tr("Vocabulary"), tr("{count} tokens", count=count(model.vocab_size))),
        FactRow(tr("Tokenizer"), tokenizer_words(entry), "" if entry.tokenizer else tr(NO_TOKENIZER),
                "" if entry.tokenizer else "warning"),
        FactRow(tr("Chat template"), tr("yes") if entry.chat_template else tr("none"),
                tr("How a conversation is written for a model that was trained to answer.")),
        FactRow(tr("On disk"), tr("{size} in {precision}", size=disk_size(entry.bytes), precision=entry.precision)),
    ]  # fmt: skip
    if entry.kind == BASE:
        unknown = tr("Its files name no licence; ask where it came from before you pass it on.")
        rows.insert(2, FactRow(tr("Licence"), entry.licence or tr("not named"), "" if entry.licence else unknown))
    if entry.start and not entry.adapter:
        rows.insert(2, FactRow(tr("Started from"), start_words(entry.start), entry.start))
    if entry.wearers:
        rows.insert(
            2,
            FactRow(
                tr("Adapters on it"),
                ", ".join(entry.wearers),
                tr("Runs whose checkpoints hold only an adapter of this model."),
            ),
        )
    if entry.sha256:
        rows.append(FactRow(tr("Hash"), entry.sha256[:HASH], f"SHA-256 {entry.sha256}"))
    return rows


def tokenizer_words(entry: Entry) -> str:
    """The tokenizer by the name that people read."""
    labels = {kind.name: tr(kind.label) for kind in map(TOKENIZERS.load, TOKENIZERS.names())}
    return labels.get(entry.tokenizer, entry.tokenizer) or tr("none")


def fit_rows(fits: Mapping[str, Fit]) -> list[FactRow]:
    """One row for each way to use a model, with the memory it needs."""
    words = {"fits": tr("fits"), "tight": tr("tight"), "too large": tr("too large")}
    return [
        FactRow(tr(LABELS[way]), f"{words[fits[way].verdict]} · {disk_size(fits[way].need)}  {fits[way].mark}",
                fits[way].sentence, _ROLES[fits[way].verdict])
        for way in WAYS
    ]  # fmt: skip


def note_words(entry: Entry) -> list[str]:
    """What a person should know before using it: the import's warnings, and a missing tokenizer."""
    notes = list(entry.warnings)
    if entry.adapter and entry.base is None:
        notes.append(tr(NO_BASE, base=start_words(entry.start)))
    if not entry.tokenizer and not any("tokenizer" in note.lower() for note in notes):
        notes.append(tr(NO_TOKENIZER))
    return notes


def short_words(entry: Entry) -> str:
    """A model in a line: Llama · 1.1 M parameters · fp32."""
    return tr("{family} · {count} parameters · {precision}", family=family_words(entry),
              count=short_count(entry.parameters), precision=entry.precision)  # fmt: skip
