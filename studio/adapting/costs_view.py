"""What an adapter costs before anything is trained: on any base, by arithmetic, with the course's ladder to hold on."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.adapting.adapter_card import AdapterCard, fine_percent
from studio.adapting.bases import (
    DRAFT,
    LOADED,
    RANKS,
    RECIPES,
    Recipe,
    Rung,
    base_choices,
    base_of,
    ladder,
    with_outputs,
)
from studio.controls.editors import ChoiceEdit
from studio.controls.number_edit import NumberEdit
from studio.controls.segmented import Segmented
from studio.core.adapter_costs import AdapterCosts, layer_kinds
from studio.core.config import AdapterConfig, ModelConfig, RunConfig, TrainingConfig
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.machine import Machine
from studio.parts.wording import count, disk_size, short_count
from studio.views.itemized import Item, Itemized
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.side_column import SideColumn

_SIDE = 316
_SERIES = {"q_proj": 0, "k_proj": 1, "v_proj": 2, "o_proj": 3, "gate_proj": 4, "up_proj": 5, "down_proj": 6}


class CostsView(QWidget):
    """Base and batch at the left, the layers in the middle, the bill and the ladder at the right."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.look = session, look
        self.config = RunConfig(adapter=AdapterConfig(kind="lora"), training=TrainingConfig(batch_size=4))
        self._outputs, self._chosen = 0, False
        self._machine = Machine.of(session)
        self._machine.changed.connect(self._show)
        self.base = ChoiceEdit([], look)
        self.base.setAccessibleName(tr("Base"))
        self.base.changed.connect(self._base_chosen)
        self.batch, self.tokens = self._number(4, tr("Rows in a batch")), self._number(128, tr("Tokens in a row"))
        self.kept = Segmented([("fp32", "fp32"), ("bf16", "bf16")], look, tr("Frozen weights"))
        self.kept.changed.connect(self._show)
        self.kept.setToolTip(tr("Atelier keeps them in fp32; many other programs in bf16."))
        self.card = AdapterCard(look)
        self.card.edited.connect(self._edited)
        self.kinds = Itemized(look, count)
        self.kinds.setAccessibleName(tr("Trained numbers by kind of layer"))
        self.fits = Label("", "", wrap=True)
        self.rungs = RecordTable(_columns(), look, key=lambda rung: (rung.base, rung.words))
        self.rungs.setAccessibleName(tr("Ladder of trained numbers"))
        self.rungs.link_clicked.connect(self._rung_chosen)
        self._lay_out()

    def _number(self, value: int, name: str) -> NumberEdit:
        box = NumberEdit(self.look, whole=True)
        box.minimum, box.maximum, box.default = 1, 1_000_000, value
        box.set_value(value)
        box.setFixedWidth(92)
        box.setAccessibleName(name)
        box.changed.connect(self._show)
        return box

    def _lay_out(self) -> None:
        base = Card(tr("Base"), self.look)
        base.body.addWidget(self.base)
        for words, widget in (
            (tr("Rows in a batch"), self.batch), (tr("Tokens in a row"), self.tokens),
            (tr("Frozen weights in"), self.kept),
        ):  # fmt: skip
            line = QHBoxLayout()
            line.addWidget(Label(words, "quiet"), 1)
            line.addWidget(widget)
            base.body.addLayout(line)
        for recipe in RECIPES:
            button = Button(tr(recipe.words), partial(self.take, recipe), self.look, "link").set_small()
            base.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._side = SideColumn([base, self.card], _SIDE)
        self.layers, self.bill = Card(tr("Beside each layer"), self.look), Card(tr("Memory while training"), self.look)
        self.layers.body.addWidget(self.card.matrices, 1)
        self.layers.body.addWidget(self.kinds)
        self.bill.body.addWidget(self.card.bars)
        self.bill.body.addWidget(self.fits)
        self.steps = Card(tr("Ladder"), self.look)
        self.steps.set_note(tr("click a number to take it over"))
        self.steps.body.addWidget(self.rungs)
        self._middle, self._right = QVBoxLayout(), QVBoxLayout()
        for column in (self._middle, self._right):
            column.setSpacing(16)
        self._middle.addWidget(self.layers, 1)
        self._right.addWidget(self.bill)
        self._right.addWidget(self.steps, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._side)
        row.addLayout(self._middle, 4)
        row.addLayout(self._right, 5)

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, _what: frozenset[str] = frozenset()) -> None:
        """The list of bases; until a person chooses, the model in memory counts."""
        self.base.set_choices(base_choices(self._session))
        if not self._chosen:
            self.base.set_value(LOADED if self._session.loaded is not None else DRAFT)
        if not self.rungs.rows():
            self.rungs.set_rows(ladder())
        self._show()

    @property
    def model(self) -> ModelConfig:
        """The base, with a head for classes where the recipe has one."""
        return with_outputs(base_of(self._session, str(self.base.value())), self._outputs)

    def _show(self, _value: object = None) -> None:
        training = TrainingConfig(batch_size=max(1, int(self.batch.value())))
        self.config = replace(self.config, training=training)
        free, total, whose = self._machine.room()
        self.card.set_terms(self.kept.value(), max(1, int(self.tokens.value())))
        self.card.set_config(self.config, self.model)
        self.card.set_room(free)
        costs = self.card.costs
        self._show_kinds(costs)
        self.fits.setText("" if costs is None else fit_words(costs, self.config.adapter.kind, free, total, whose))

    def _show_kinds(self, costs: AdapterCosts | None) -> None:
        if costs is None or self.config.adapter.kind == "none":
            self.kinds.set_items([])
            self.layers.set_note("")
            return
        rows, items = costs.ledger.rows, []
        for kind in layer_kinds(self.model):
            own = [row for row in rows if row.kind == kind.name]
            if own:
                formula = f"{len(own)} × {own[0].rank} × ({count(kind.inputs)} + {count(kind.outputs)})"
                amount = sum(row.parameters for row in own)
                items.append(Item(kind.name, amount, formula, _SERIES.get(kind.name, 7)))
        self.kinds.set_items(items)
        share, whole = fine_percent(costs.share), short_count(costs.model_parameters)
        self.layers.set_note(tr("{share} of {count}", share=share, count=whole))

    # --- what a person does ---------------------------------------------------------------------------------------

    def take(self, recipe: Recipe) -> None:
        """Set everything as a source does."""
        self.batch.set_value(recipe.batch)
        self.tokens.set_value(recipe.tokens)
        self._take(recipe.base, recipe.outputs, recipe.adapter)

    def _take(self, base: str, outputs: int, adapter: AdapterConfig) -> None:
        self._chosen, self._outputs = True, outputs
        self.base.set_value(base)
        self._edited(adapter)

    def _base_chosen(self) -> None:
        self._chosen, self._outputs = True, 0
        self._show()

    def _edited(self, adapter: AdapterConfig) -> None:
        self.config = replace(self.config, adapter=adapter)
        self._show()

    def _rung_chosen(self, rung: Rung, title: str) -> None:
        rank = RANKS[[_title(one) for one in RANKS].index(title)]
        kind = self.config.adapter.kind if self.config.adapter.kind != "none" else "lora"
        adapter = replace(self.config.adapter, kind=kind, rank=rank, targets=rung.targets)
        self._take(rung.base, rung.outputs, adapter)


def fit_words(costs: AdapterCosts, kind: str, free: int, total: int, whose: str) -> str:
    """Whether a training of this kind fits, which kind would, and how a base that does not is read."""
    need, whole = costs.need(kind).total, 4 * costs.model_parameters
    if need <= free:
        words = tr("{need} fit into the {free} that are free on {whose}.", need=disk_size(need), free=disk_size(free),
                   whose=whose)  # fmt: skip
        if kind == "qlora" and whole > free:
            words += " " + tr(
                "Each matrix is packed while it is read, so the base's {size} in fp32 need not.", size=disk_size(whole)
            )
        return words
    ways = {"qlora": "QLoRA", "lora": "LoRA"}
    other = next((words for way, words in ways.items() if costs.need(way).total <= free), "")
    words = tr("{need} do not fit into the {free} that are free on {whose}, of {total}.", need=disk_size(need),
               free=disk_size(free), whose=whose, total=disk_size(total))  # fmt: skip
    return f"{words} {tr('{way} would.', way=other)}" if other else words


def _title(rank: int) -> str:
    return tr("rank {rank}", rank=rank)


def _columns() -> list[Column]:
    def of(place: int) -> Column:
        return Column(
            _title(RANKS[place]), value=lambda rung: rung.counts[place], text=lambda rung: count(rung.counts[place]),
            align="right", width=100, link=True, spare=place == 0,
        )  # fmt: skip

    return [
        Column(
            tr("Base and layers"),
            value=lambda rung: (rung.base, rung.counts[0]),
            text=lambda rung: f"{rung.base} · {tr(rung.words)}",
            tip=lambda rung: rung.targets,
        ),
        *(of(place) for place in range(len(RANKS))),
    ]
