"""The shape of the network: a workshop of families, sizes and knobs, with what they cost and how they are built."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.form import Form
from studio.core.config import ModelConfig
from studio.core.knobs import problems
from studio.core.language import tr
from studio.core.model_config import FAMILY_CHOICES
from studio.core.shelf import FAMILIES
from studio.families import Family
from studio.live.session import Session
from studio.live.token_counts import TokenCounts
from studio.panels import Action
from studio.parts.machine import Machine
from studio.parts.wording import NOT_MEASURED, count, disk_size, start_words
from studio.store.corpus import Text
from studio.tokenizers import tokenizer_kinds
from studio.widgets.button import Button
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.look import Look
from studio.widgets.page import Card, Page
from studio.widgets.side_column import SideColumn
from studio.workshop.demonstration_card import DemonstrationCard
from studio.workshop.family_bar import FamilyBar
from studio.workshop.ledger import Ledger
from studio.workshop.moving import moved
from studio.workshop.picture import Picture

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
_SIDE = 288
_COSTS, _PICTURE = 11, 13  # shares of the width beside the knobs
_THREE_FROM = 1_060  # pixels of the page from which knobs, costs and drawing stand side by side
_FAMILY_NAMES = tuple(name for name, _ in FAMILY_CHOICES)


class ModelPanel(Page):
    """Edits the draft's model; everything beside the form follows at once."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Model"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._text: Text | None = None
        self._told: object = None  # vocabularies that the banner was last about
        self._family: Family = FAMILIES.load(session.draft.model.family)
        self._counts = TokenCounts.of(session)
        self._counts.changed.connect(self._facts_changed)
        self._machine = Machine.of(session)
        self._machine.changed.connect(self._facts_changed)
        self.primary = self.add_action("", self._primary_pressed, primary=True)
        self.bar = FamilyBar(self._family, look)
        self.bar.family_chosen.connect(self._choose_family)
        self.bar.preset_chosen.connect(self._choose_preset)
        self.body.addWidget(self.bar)
        self.ledger = Ledger(look)
        self.demonstrations = DemonstrationCard(session, look)
        self.picture = Picture(session, look)
        self._middle = SideColumn([self.ledger, self.demonstrations])
        self._row = QHBoxLayout()
        self._row.setSpacing(16)
        self._row.addWidget(self._knobs())
        self._row.addWidget(self._middle, _COSTS)
        self._row.addWidget(self.picture, _PICTURE)
        self.body.addLayout(self._row, 1)
        self._beside = True
        self.picture.drawing.pointed.connect(self.ledger.light)
        self.ledger.pointed.connect(self.picture.drawing.light)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Three columns where they have room; in a small window the drawing stands below the costs."""
        super().resizeEvent(event)
        beside = self.width() >= _THREE_FROM
        if beside == self._beside:
            return
        self._beside = beside
        if beside:
            self._row.addWidget(self.picture, _PICTURE)
        else:
            self._middle.body.insertWidget(1, self.picture)
        self.picture.set_whole(not beside)

    def _knobs(self) -> QWidget:
        names = dict.fromkeys(name for family in _FAMILY_NAMES for name in FAMILIES.load(family).knobs)
        self.form = Form(ModelConfig, self.look, tuple(names))
        self.form.changed.connect(self._edited)
        for name in names:
            row = self.form.row(name)
            key = tr("In the book's GPT_CONFIG_124M: {key}", key=f'"{name}"') if name in BOOK_KEYS else ""
            row.label.setToolTip("\n".join(part for part in (tr(row.knob.help), key) if part))
            if isinstance(row.editor, ChoiceEdit):  # its long words must not push the label away
                row.editor.setSizeAdjustPolicy(ChoiceEdit.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
                row.editor.setMinimumContentsLength(12)
        card = Card(tr("Shape"), self.look)
        card.header.addWidget(self.form.fold)
        card.add_hanging(self.form)
        self.facts = FactRows()
        card.body.addWidget(self.facts)
        self.copy = Button(tr("Copy as GPT_CONFIG"), self.copy_config, self.look, "link").set_small()
        self.copy.setToolTip(tr("The dictionary of the book, with these values."))
        card.body.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
        self._side = SideColumn([card], _SIDE)
        return self._side

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if not what or what & {"project", "texts", "draft", "torch"}:
            self._show()

    def _facts_changed(self) -> None:
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        model = self._session.draft.model
        self._family = FAMILIES.load(model.family)
        preset = next((one for one in self._family.presets if _shape(one.config) == _shape(model)), None)
        found, source = self._vocabulary()
        self.bar.set_family(self._family)
        self.bar.set_preset(preset, partial(self._size, found))
        self._show_form(model, preset.config if preset is not None else None)
        resolved = replace(model, vocab_size=model.vocab_size or found)
        if model.vocab_size and not self._session.draft.start_from:
            source = tr("preset") if preset and preset.config.vocab_size == model.vocab_size else tr("by hand")
        self._show_facts(resolved, source)
        if not problems(model):
            self._show_costs(resolved)
        self._show_trouble(model, found)

    def _size(self, found: int, config: ModelConfig) -> int:
        """Parameters of a preset with the vocabulary it would have, 0 while that is not known."""
        size = config.vocab_size or found
        return int(self._family.ledger(replace(config, vocab_size=size)).total) if size else 0

    def _show_form(self, model: ModelConfig, baseline: ModelConfig | None) -> None:
        """The knobs of this family only, and of the scaling only what it uses."""
        scaling = {"none": 0, "linear": 1, "llama3": 4}[model.rope_scaling]
        hidden = ("rope_factor", "rope_low_frequency", "rope_high_frequency", "rope_original_context")[scaling:]
        for name in dict.fromkeys(name for family in _FAMILY_NAMES for name in FAMILIES.load(family).knobs):
            self.form.row(name).setVisible(name in self._family.knobs and name not in hidden)
        if baseline is not None:
            self.form.set_baseline(baseline)
        self.form.set_value(model)

    def _vocabulary(self) -> tuple[int, str]:
        """Tokens of the draft's tokenizer, 0 while unknown, and where the number comes from."""
        draft = self._session.draft
        project, data = self._session.project, draft.data
        texts = project.texts() if project is not None else []
        self._text = text = next((text for text in texts if text.name == data.text), None)
        if draft.start_from:
            return draft.model.vocab_size, tr("of {name}", name=start_words(draft.start_from))
        learns = any(kind.needs_text for kind in tokenizer_kinds() if kind.name == data.tokenizer)
        if learns and text is None:
            return 0, tr("waits for a text")
        counted = self._counts.want(text, data.tokenizer)
        if counted is None:
            return 0, tr("counting…")
        return counted.vocab_size, data.tokenizer if counted.exact or not learns else tr("or more")

    def _show_facts(self, model: ModelConfig, source: str) -> None:
        size = count(model.vocab_size) if model.vocab_size else NOT_MEASURED
        rows = [
            FactRow(tr("Vocabulary"), f"{size} · {source}",
                    tr("Without a number of its own the model takes it from the tokenizer.")),
            FactRow(tr("Width of a head"), count(model.head_dim),
                    tr("{width} ÷ {heads} heads, unless it is set.", width=model.emb_dim, heads=model.n_heads)),
            FactRow(tr("Feed-forward width"), count(model.feed_forward_dim),
                    tr("4 × {width}, unless it is set.", width=model.emb_dim)),
        ]  # fmt: skip
        if model.kv_heads != model.n_heads:
            each = model.n_heads // model.kv_heads
            rows.append(FactRow(tr("Queries that share a head"), count(each), f"{model.n_heads} ÷ {model.kv_heads}"))
        self.facts.set_rows(rows)

    def _show_costs(self, model: ModelConfig) -> None:
        training = self._session.draft.training
        totals = tuple(self._family.ledger(replace(model, tie_embeddings=tied)) for tied in (True, False))
        need = self.ledger.set_model(model, (totals[0], totals[1]), training.batch_size, self._precision())
        self.ledger.set_fit(*verdict(need, *self._machine.room(self._session.draft.compute.device)))
        self.picture.set_model(model, training.batch_size)
        self.demonstrations.set_model(model)

    def _precision(self) -> str:
        wanted = self._session.draft.compute.precision
        found = str(self._machine.facts.get("precision", "fp32")) if wanted == "auto" else wanted
        return "bf16" if found == "bf16" else "fp32"

    def _show_trouble(self, model: ModelConfig, found: int) -> None:
        self.primary.setText(tr("Correct the model first") if problems(model) else tr("Next: Pretrain"))
        waits = not model.vocab_size and not found and self._text is None
        start = self._session.draft.start_from
        if (model.vocab_size, found, waits, start) == self._told:  # said already, and perhaps dismissed
            return
        self._told = (model.vocab_size, found, waits, start)
        own, other = count(model.vocab_size), count(found)
        mend = [(tr("Follow the tokenizer"), self._follow_tokenizer)]
        if start:
            words = tr("The next run starts from “{name}”, and this is that model's shape.", name=start_words(start))
            self.banner.show_note(words, tr("Another shape brings random weights back."))
        elif model.vocab_size and found > model.vocab_size:
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
        """Show a model's shape, or put the keyboard on a knob, by its name, dotted or not."""
        if isinstance(thing, ModelConfig):
            self._take_over(thing)
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

    def _take_over(self, model: ModelConfig) -> None:
        """The shape of a model that exists becomes the next run's; the former one is a click away."""
        back = (tr("Undo"), partial(self._edited, self._session.draft.model))
        self._edited(model)
        self._session.notices.post("info", tr("The next run takes this shape."), back)

    def _choose_preset(self, name: str) -> None:
        self._edited(next(preset.config for preset in self._family.presets if preset.name == name))

    def _choose_family(self, name: str) -> None:
        """The same size in another family; what looks both ways learns by gaps, what looks back by the next token."""
        draft, family = self._session.draft, FAMILIES.load(name)
        model = moved(draft.model, self._family, family)
        objective = draft.objective
        if not model.causal:
            objective = "masked_words"
        elif objective == "masked_words":
            objective = "pretrain"
        self._session.set_draft(replace(draft.with_part(model=model), objective=objective))

    def _follow_tokenizer(self) -> None:
        self._edited(replace(self._session.draft.model, vocab_size=0))

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
