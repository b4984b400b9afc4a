"""The adapter of a run, for any page that trains: whether there is one, its knobs, and its costs in one glance."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.adapting.memory_bars import MemoryBars
from studio.adapting.thin_matrices import ThinMatrices
from studio.controls.form import Form
from studio.controls.segmented import Segmented
from studio.core.adapter_costs import (
    ALL,
    CONVENTIONS,
    HEAD,
    AdapterCosts,
    adapter_costs,
    adapter_problems,
    chosen_layers,
    layer_kinds,
    planned_layers,
)
from studio.core.config import AdapterConfig, ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.fit import Need
from studio.core.knobs import Problem, problems
from studio.core.language import tr
from studio.parts.wording import NOT_MEASURED, count, disk_size
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look

FIELDS = ("adapter.rank", "adapter.alpha", "adapter.targets", "adapter.dropout", "adapter.convention")
KINDS = (("none", "None"), ("lora", "LoRA"), ("qlora", "QLoRA"))
_ABOUT = {
    "none": "Every weight is trained.",
    "lora": "The model is frozen; only two thin matrices beside each chosen layer learn.",
    "qlora": "As LoRA, with the matrices of the frozen blocks in 4 bits.",
}


class AdapterCard(Card):
    """Shows a configuration's adapter for a model: `edited` carries the new one, the owner answers with `set_config`.

    `set_room` tells how much memory is free, where the owner knows it.
    """

    edited = Signal(object)  # AdapterConfig

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Adapter"), look, parent)
        self._config, self._model, self._free = RunConfig(), ModelConfig(), 0
        self._kept_as, self._tokens = "fp32", 0
        self.costs: AdapterCosts | None = None
        self.kind = Segmented([(value, tr(words)) for value, words in KINDS], look, tr("Adapter"))
        self.kind.changed.connect(self._kind_chosen)
        self.header.addWidget(self.kind)
        self.about = Label("", "small", wrap=True)
        self.form = Form(RunConfig, look, FIELDS)
        self.form.changed.connect(self._form_changed)
        self.matrices = ThinMatrices(look)
        self.matrices.toggled.connect(self._toggled)
        self.facts, self.bars = FactRows(), MemoryBars(look)
        self.body.addWidget(self.about)
        self.add_hanging(self.form)
        for widget in (self.matrices, self.facts, self.bars):
            self.body.addWidget(widget)

    @property
    def problems(self) -> list[Problem]:
        """What keeps the adapter from being used, by dotted field: typed, out of range, or not made for this model."""
        if self._config.adapter.kind == "none":
            return []
        typed = [problem for problem in self.form.problems if problem.field in FIELDS]
        told = {problem.field for problem in typed}
        return typed + [one for one in self._misfits() if one.field not in told]

    def set_config(self, config: RunConfig, model: ModelConfig) -> None:
        """Show the adapter of `config` beside the layers of `model`, the one that it would be laid on."""
        self._config, self._model = config, model
        self._show()

    def set_room(self, free: int) -> None:
        """Bytes of memory that are free where the run would compute; 0 where that is not known."""
        self._free = free
        self._show_costs()

    def set_terms(self, kept_as: str, tokens: int) -> None:
        """Frozen weights in "fp32", as Atelier trains beside them, or in "bf16"; tokens in a row (0: by the task)."""
        self._kept_as, self._tokens = kept_as, tokens

    def focus_on(self, field: str) -> None:
        """Put the keyboard on a knob by its dotted name."""
        if field in FIELDS and not self.form.isHidden():
            self.form.focus_on(field)
        else:
            self.kind.setFocus()

    # --- showing --------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        adapter = self._config.adapter
        self.kind.set_value(adapter.kind)
        self.about.setText(tr(_ABOUT[adapter.kind]))
        self.form.set_value(self._config)
        for problem in self._misfits():
            self.form.row(problem.field).mark(problem.message)
        for widget in (self.form, self.matrices, self.facts):
            widget.setVisible(adapter.kind != "none")
        self._show_costs()

    def _misfits(self) -> list[Problem]:
        if problems(self._model):
            return []
        return [
            Problem(f"adapter.{one.field}", one.message) for one in adapter_problems(self._model, self._config.adapter)
        ]

    def _show_costs(self) -> None:
        adapter, training = self._config.adapter, self._config.training
        kinds, chosen = layer_kinds(self._model), chosen_kinds(self._model, adapter)
        rank = max(1, adapter.rank)  # what is being typed may be no rank yet
        self.matrices.set_plan(kinds, chosen, rank, CONVENTIONS[adapter.convention](adapter.alpha, rank))
        precision = "bf16" if self._config.compute.precision == "bf16" else "fp32"
        batch = training.batch_size, self._tokens or row_length(self._config, self._model)
        try:
            self.costs = adapter_costs(self._model, adapter.rank, adapter.names, batch, precision, self._kept_as)
        except StudioError:  # said in the row of the knob
            self.costs = None
        self._show_figures(adapter)

    def _show_figures(self, adapter: AdapterConfig) -> None:
        costs = self.costs
        ways: dict[str, Need] = {}
        if costs is not None:
            ways = {kind: costs.need(kind) for kind, _ in KINDS} if adapter.kind != "none" else {"none": costs.full}
        self.bars.set_needs(ways, adapter.kind, self._free)
        self.facts.set_rows(fact_rows(costs, adapter))

    # --- what a person does ---------------------------------------------------------------------------------------

    def _kind_chosen(self, kind: str) -> None:
        self._take(replace(self._config.adapter, kind=kind))

    def _form_changed(self, config: RunConfig) -> None:
        self._take(config.adapter)

    def _toggled(self, name: str) -> None:
        self._take(replace(self._config.adapter, targets=with_kind(self._model, self._config.adapter, name)))

    def _take(self, adapter: AdapterConfig) -> None:
        self._config = replace(self._config, adapter=adapter)
        self._show()
        self.edited.emit(adapter)


def chosen_kinds(model: ModelConfig, adapter: AdapterConfig) -> set[str]:
    """Kinds of layers of which at least one gets an adapter; none where the targets name what is not there."""
    try:
        return {path.rpartition(".")[2] for path in chosen_layers(planned_layers(model), adapter.names)}
    except StudioError:
        return set()


def with_kind(model: ModelConfig, adapter: AdapterConfig, name: str) -> str:
    """The targets with one kind of layer taken in or out, as they are written."""
    chosen = chosen_kinds(model, adapter) ^ {name}
    names = [kind.name for kind in layer_kinds(model) if kind.name in chosen]
    blocks = [kind.name for kind in layer_kinds(model) if kind.name != HEAD]
    if set(blocks) <= chosen:
        names = [ALL, *(name for name in names if name == HEAD)]
    return ", ".join(names)


def row_length(config: RunConfig, model: ModelConfig) -> int:
    """Tokens of one row of a batch, at most: what the task is cut at, or the model's context."""
    cut = {"classify": config.classify.pad_to or config.classify.longest, "instruct": config.instruct.longest}
    longest = cut.get(config.objective, 0)
    return min(longest, model.context_length) if longest else model.context_length


def fine_percent(share: float) -> str:
    """A small share with two figures: 0.24 %."""
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def fact_rows(costs: AdapterCosts | None, adapter: AdapterConfig) -> Sequence[FactRow]:
    """Trained numbers, the file, and the memory that is saved."""
    if costs is None:
        return [FactRow(tr("Trained numbers"), NOT_MEASURED)]
    need, full = costs.need(adapter.kind), costs.full
    less = disk_size(full.total - need.total) if full.total > need.total else NOT_MEASURED
    share = fine_percent(costs.share)
    rows = [
        FactRow(tr("Trained numbers"), f"{count(costs.ledger.parameters)} · {share}",
                tr("{share} of the model's {count}", share=share, count=count(costs.model_parameters)), "strong"),
        FactRow(tr("Adapter's file"), file_size(costs.ledger.bytes), tr("4 bytes for each number.")),
        FactRow(tr("Memory saved"), less,
                tr("{need} instead of {full}", need=disk_size(need.total), full=disk_size(full.total))),
    ]  # fmt: skip
    if adapter.kind == "qlora":
        help_text = tr("In the matrices of the blocks, with their scales. Embeddings, norms and head stay as they are.")
        rows.insert(2, FactRow(tr("Bits a weight"), f"{costs.bits:.3f}", help_text))
    return rows


def file_size(size: int) -> str:
    """A file's megabytes (10⁶ bytes) with two decimals: 109.05 MB."""
    return f"{size / 1e6:,.2f} MB"
