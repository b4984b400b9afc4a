"""The shape of the network: presets, every knob, and at once what it means in parameters, memory and operations."""

from dataclasses import replace
from functools import partial
from typing import Any

import psutil
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.choice_cards import CardChoice, ChoiceCards
from studio.controls.editors import ChoiceEdit
from studio.controls.form import Form
from studio.core.config import ModelConfig
from studio.core.costs import flops_per_token, memory
from studio.core.knobs import problems
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.live.session import Session
from studio.live.token_counts import TokenCounts
from studio.panels import Action
from studio.parts.machine import Machine
from studio.parts.model_drawing import PART_SERIES, ModelDrawing
from studio.parts.wording import NOT_MEASURED, count, disk_size, short_count
from studio.store.corpus import Text
from studio.tokenizers import tokenizer_kinds
from studio.views.itemized import Item, Itemized
from studio.widgets.button import Button
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.page import Card, Page
from studio.widgets.side_column import SideColumn

PURPOSE = "The shape of the network: how deep, how wide, and how far it looks back."
IDEA = (
    "A token id picks a row of the token embedding; a row for its position is added. This vector then passes through "
    "the blocks. In each, attention lets every token gather from the tokens before it, and the feed-forward part works "
    "on each token by itself; both add what they found to the vector they were given.\n\n"
    "The output head compares the last vector with every token of the vocabulary: the logits, one number for each.\n\n"
    "Depth and width decide what can be learned, context how much text counts, the vocabulary how large the tables "
    "at both ends are. Training needs four times the memory of the weights: themselves, their gradients and AdamW's "
    "two averages, and on top the values of the forward pass that the backward pass needs again."
)
BOOK_KEYS = ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers", "drop_rate", "qkv_bias")
_SIDE = 312


class ModelPanel(Page):
    """Edits the draft's model; everything beside the form follows at once."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Model"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._text: Text | None = None
        self._told: object = None  # vocabularies that the banner was last about
        self._family = FAMILIES.load(session.draft.model.family)
        self._counts = TokenCounts.of(session)
        self._counts.changed.connect(self._facts_changed)
        self._machine = Machine.of(session)
        self._machine.changed.connect(self._facts_changed)
        self.primary = self.add_action("", self._primary_pressed, primary=True)
        self.presets = ChoiceCards(
            [CardChoice(preset.name, preset.name, tip=tr(preset.about)) for preset in self._family.presets],
            look, tr("Presets"),
        )  # fmt: skip
        self.presets.changed.connect(self._choose_preset)
        self.body.addWidget(self.presets)
        self.drawing = ModelDrawing(look)
        picture = Card(tr("Architecture"), look)
        picture.body.addWidget(self.drawing, 1)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._knobs())
        row.addWidget(self._costs(), 5)
        row.addWidget(picture, 4)
        self.body.addLayout(row, 1)
        self.drawing.pointed.connect(self._part_pointed)
        self.parts.pointed.connect(self._row_pointed)

    def _knobs(self) -> QWidget:
        self.form = Form(ModelConfig, self.look, self._family.knobs)
        self.form.changed.connect(self._edited)
        for name in self._family.knobs:
            row = self.form.row(name)
            key = tr("In the book's GPT_CONFIG_124M: {key}", key=f'"{name}"') if name in BOOK_KEYS else ""
            row.label.setToolTip("\n".join(part for part in (tr(row.knob.help), key) if part))
        start = self.form.row("initialization").editor
        if isinstance(start, ChoiceEdit):  # its long words must not push the label away
            start.setSizeAdjustPolicy(ChoiceEdit.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            start.setMinimumContentsLength(14)
        card = Card(tr("Shape"), self.look)
        card.header.addWidget(self.form.fold)
        card.add_hanging(self.form)
        self.facts = FactRows()
        card.body.addWidget(self.facts)
        self.copy = Button(tr("Copy as GPT_CONFIG"), self.copy_config, self.look, "link").set_small()
        self.copy.setToolTip(tr("The dictionary of the book, with these values."))
        card.body.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
        return SideColumn([card], _SIDE)

    def _costs(self) -> QWidget:
        self.ledger = Card(tr("Parameters"), self.look)
        self.parts = Itemized(self.look)
        self.parts.setAccessibleName(tr("Parameters by part"))
        self.ledger.body.addWidget(self.parts)
        self.memory = Card(tr("Memory while training"), self.look)
        self.bytes = Itemized(self.look, disk_size)
        self.bytes.setAccessibleName(tr("Memory by purpose"))
        self.fits = Label("", "good", wrap=True)
        self.memory.body.addWidget(self.bytes)
        self.memory.body.addWidget(self.fits)
        return SideColumn([self.ledger, self.memory])

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if not what or what & {"project", "texts", "draft"}:
            self._show()

    def _facts_changed(self) -> None:
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        model = self._session.draft.model
        preset = next((one for one in self._family.presets if _shape(one.config) == _shape(model)), None)
        self.presets.set_value(preset.name if preset is not None else "")
        if preset is not None:
            self.form.set_baseline(preset.config)
        self.form.set_value(model)
        found, source = self._vocabulary()
        resolved = replace(model, vocab_size=model.vocab_size or found)
        for one in self._family.presets:
            size = one.config.vocab_size or found
            total = self._family.ledger(replace(one.config, vocab_size=size)).total if size else 0
            self.presets.set_facts(one.name, short_count(total) if total else NOT_MEASURED)
        self.drawing.set_model(resolved, resolved.vocab_size, self._session.draft.training.batch_size)
        if model.vocab_size:
            source = tr("preset") if preset and preset.config.vocab_size == model.vocab_size else tr("by hand")
        self._show_facts(resolved, source)
        self._show_parameters(resolved)
        self._show_memory(resolved)
        self._show_trouble(model, found)

    def _vocabulary(self) -> tuple[int, str]:
        """Tokens of the draft's tokenizer, 0 while unknown, and where the number comes from."""
        project, data = self._session.project, self._session.draft.data
        texts = project.texts() if project is not None else []
        self._text = text = next((text for text in texts if text.name == data.text), None)
        learns = any(kind.needs_text for kind in tokenizer_kinds() if kind.name == data.tokenizer)
        if learns and text is None:
            return 0, tr("waits for a text")
        counted = self._counts.want(text, data.tokenizer)
        if counted is None:
            return 0, tr("counting…")
        return counted.vocab_size, data.tokenizer if counted.exact or not learns else tr("or more")

    def _show_facts(self, model: ModelConfig, source: str) -> None:
        size = count(model.vocab_size) if model.vocab_size else NOT_MEASURED
        totals = [self._family.ledger(replace(model, tie_embeddings=tied)).total for tied in (True, False)]
        head = tr("{vocabulary} × {width} more than with a shared table.", vocabulary=size, width=count(model.emb_dim))
        roles = ("strong", "quiet") if model.tie_embeddings else ("quiet", "strong")
        self.facts.set_rows([
            FactRow(tr("With a tied head"), count(totals[0]), tr("Embedding and head share a table."), roles[0]),
            FactRow(tr("With a head of its own"), count(totals[1]), head, roles[1]),
            FactRow(tr("Vocabulary"), f"{size} · {source}",
                    tr("Without a number of its own the model takes it from the tokenizer.")),
            FactRow(tr("Width of a head"), count(model.emb_dim // max(1, model.n_heads)), tr("Width ÷ heads.")),
            FactRow(tr("Operations a token"), f"{short_count(flops_per_token(model))} FLOPs",
                    tr("Forward and backward: 6 × matrices + 12 × layers × width × context.")),
        ])  # fmt: skip

    def _show_parameters(self, model: ModelConfig) -> None:
        ledger = self._family.ledger(model)
        self.parts.set_items(
            [Item(tr(part.name), part.count, part.formula, PART_SERIES.get(part.name, 7)) for part in ledger.parts]
        )
        self.ledger.set_note(tr("{count} in all", count=count(ledger.total)) if model.vocab_size
                             else tr("vocabulary not known yet"))  # fmt: skip

    def _show_memory(self, model: ModelConfig) -> None:
        training, bf16 = self._session.draft.training, self._precision() == "bf16"
        need = memory(model, training.batch_size, "bf16" if bf16 else "fp32")
        parameters = count(need.weights // 4)
        inner = f"{model.n_layers} × (34 × {model.emb_dim} + 5 × {model.n_heads} × {model.context_length})"
        formula = f"{training.batch_size} × {model.context_length} × ({inner}{'' if bf16 else ' × 2'} + 8 × vocabulary)"
        self.bytes.set_items([
            Item(tr("Weights"), need.weights, f"4 B × {parameters}", 0),
            Item(tr("Gradients"), need.gradients, f"4 B × {parameters}", 2),
            Item(tr("AdamW's averages"), need.optimizer, f"8 B × {parameters}", 3),
            Item(tr("Activations"), need.activations, formula, 1),
        ])  # fmt: skip
        total, batch = disk_size(need.total), count(training.batch_size)
        self.memory.set_note(tr("{total} with {batch} windows a batch", total=total, batch=batch))
        role, words = verdict(need.total, *self._room())
        self.fits.set_role(role)
        self.fits.setText(words)
        self.fits.setToolTip(tr("A smaller model, batch or context needs less."))

    def _precision(self) -> str:
        wanted = self._session.draft.compute.precision
        return str(self._machine.facts.get("precision", "fp32")) if wanted == "auto" else wanted

    def _room(self) -> tuple[int, int, str]:
        """Free bytes, bytes in all, and whose they are: the GPU's where the draft will use it."""
        facts, wanted = self._machine.facts, self._session.draft.compute.device
        if facts and facts["device"] == "cuda" and wanted in ("auto", "cuda"):
            free = int(facts["largest_model"] * 16 / 0.75)  # how `largest_model` was computed
            return free, free, str(facts["gpu"])
        machine = psutil.virtual_memory()
        return int(machine.available), int(machine.total), tr("this computer")

    def _show_trouble(self, model: ModelConfig, found: int) -> None:
        self.primary.setText(tr("Correct the model first") if problems(model) else tr("Next: Pretrain"))
        waits = not model.vocab_size and not found and self._text is None
        if (model.vocab_size, found, waits) == self._told:  # said already, and perhaps dismissed
            return
        self._told = (model.vocab_size, found, waits)
        own, other = count(model.vocab_size), count(found)
        mend = [(tr("Follow the tokenizer"), self._follow_tokenizer)]
        if model.vocab_size and found > model.vocab_size:
            words = tr("The model has {own} tokens in its vocabulary, but the tokenizer writes {other}.",
                       own=own, other=other)  # fmt: skip
            self.banner.show_note(words, tr("It could not read this text."), mend, "warning")
        elif waits:
            words = tr("The tokenizer learns its vocabulary from a text, and none is chosen yet.")
            self.banner.show_note(words, "", [(tr("Choose a text"), partial(self._session.focus, "data"))])
        elif found and model.vocab_size > 2 * found:
            words = tr("The tables have {own} rows, but the tokenizer writes only {other} different tokens.",
                       own=own, other=other)  # fmt: skip
            self.banner.show_note(words, "", mend)
        else:
            self.banner.clear()

    # --- what a person does ---------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        return [Action("model.copy", tr("Copy the model as GPT_CONFIG"), self.copy_config, "", "copy")]

    def focus_on(self, thing: object) -> None:
        """Put the keyboard on a knob, by its name, dotted or not."""
        name = thing.removeprefix("model.") if isinstance(thing, str) else ""
        if name in self._family.knobs:
            self.form.focus_on(name)

    def copy_config(self) -> None:
        """The book's dictionary with the draft's values, on the clipboard."""
        model = self._session.draft.model
        size = model.vocab_size or self._vocabulary()[0]
        QGuiApplication.clipboard().setText(book_config(replace(model, vocab_size=size)))
        self._session.notices.post("info", tr("Copied as the book's GPT_CONFIG."))

    def _edited(self, model: ModelConfig) -> None:
        self._session.set_draft(self._session.draft.with_part(model=model))

    def _choose_preset(self, name: str) -> None:
        self._edited(next(preset.config for preset in self._family.presets if preset.name == name))

    def _follow_tokenizer(self) -> None:
        self._edited(replace(self._session.draft.model, vocab_size=0))

    def _row_pointed(self, index: int) -> None:
        series = self.parts.items[index].series if index >= 0 else -1
        self.drawing.light(next((name for name, own in PART_SERIES.items() if own == series), ""))

    def _part_pointed(self, part: str) -> None:
        series = PART_SERIES.get(part, -1)
        self.parts.point_at(next((at for at, item in enumerate(self.parts.items) if item.series == series), -1))

    def _primary_pressed(self) -> None:
        wrong = self.form.problems
        if wrong:
            self.focus_on(wrong[0].field)
        else:
            self._session.focus("pretrain")


def verdict(need: int, free: int, total: int, whose: str) -> tuple[str, str]:
    """Role and sentence: whether that much memory is there."""
    values = {"need": disk_size(need), "free": disk_size(free), "total": disk_size(total), "whose": whose}
    if need <= 0.9 * free:
        return "good", tr("Fits: {free} are free on {whose}.", **values)
    if need <= 0.9 * total:
        return "warning", tr("Tight: {free} of {total} are free on {whose}.", **values)
    return "warning", tr("Does not fit into the {total} of {whose}.", **values)


def book_config(model: ModelConfig) -> str:
    """The model as the dictionary that the book's code takes."""
    rows: list[tuple[str, Any]] = [(key, getattr(model, key)) for key in BOOK_KEYS]
    return "GPT_CONFIG = {\n" + "".join(f'    "{key}": {value!r},\n' for key, value in rows) + "}\n"


def _shape(model: ModelConfig) -> tuple[int, ...]:
    """What makes two models the same size, whatever their dropout and heads."""
    return model.n_layers, model.n_heads, model.emb_dim, model.context_length
