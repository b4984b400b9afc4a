"""What QLoRA takes from a model: bits for each weight, and the error of every layer in NF4, measured on its weights."""

import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.adapting.layer_map import LayerMap
from studio.adapting.step_view import nobody
from studio.controls.segmented import Segmented
from studio.core.adapter_costs import block_weights, nf4_model_bytes
from studio.core.costs import parameters
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.parts.wording import count, disk_size
from studio.views.bars import percent_text
from studio.views.itemized import Item, Itemized
from studio.views.record_table import Column, RecordTable
from studio.widgets.banner import Banner
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.adapter_insight import Nf4Error

ERRORS = "studio.engine.adapter_insight:nf4_errors"
MEASURES = (("relative", "Error"), ("largest", "Largest"))
ABOUT = (
    "Every 64 weights share a scale, their largest magnitude; each weight becomes the nearest of 16 levels, which lie "
    "where a normal distribution has its sixteenths. The scales are held in 8 bits themselves, 256 of them under one "
    "more scale. Error is |W−W₄| / |W|, largest the largest by the largest |w|. The model is only measured."
)


class BitsView(QWidget):
    """Measures the model in memory when the view is first seen, and again for another model."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.look = session, look
        self.errors: tuple[Nf4Error, ...] = ()
        self._of: Callable[[], Any] = nobody  # the model that the errors are of, while it is there
        self.banner, self.progress = Banner(look), Progress(look, tr("Layers measured"))
        self.measure = Segmented([(value, tr(words)) for value, words in MEASURES], look, tr("What the map shows"))
        self.measure.changed.connect(self._draw)
        self.map = LayerMap(look, tr("Error of each layer in four bits"))
        self.map.describe = describe
        self.map.chosen.connect(self._chosen)
        self.table = RecordTable(_columns(), look, key=lambda one: one.path)
        self.table.setAccessibleName(tr("Error of each layer in four bits"))
        self.table.selection_changed.connect(self._selected)
        self.sums, self.facts = Itemized(look, disk_size), FactRows()
        self.sums.setAccessibleName(tr("The model with its blocks in four bits"))
        self._lay_out()

    def _lay_out(self) -> None:
        left, right = Card(tr("Error of each layer"), self.look), Card(tr("Bits"), self.look)
        left.header.addWidget(self.measure)
        left.body.addWidget(self.progress)
        left.body.addWidget(self.map, 1)
        right.body.addWidget(self.sums)
        right.body.addWidget(self.facts)
        right.body.addWidget(Label(tr(ABOUT), "small", wrap=True))
        rows = Card(tr("Layers"), self.look)
        rows.set_note(tr("sorted by a click on a heading"))
        rows.body.addWidget(self.table)
        self.left = left
        side = QVBoxLayout()
        side.setSpacing(16)
        side.addWidget(right)
        side.addWidget(rows, 1)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(left, 6)
        row.addLayout(side, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.banner)
        column.addLayout(row, 1)

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Measure a model that was not measured yet."""
        loaded = self._session.loaded
        if loaded is None or (what and "loaded" not in what) or loaded is self._of():
            return
        self._of = weakref.ref(loaded)
        self.errors = ()
        self.banner.clear()
        self._draw()
        words = tr("Measuring {name} in 4 bits", name=loaded.title)
        job = self._session.jobs.start(ERRORS, loaded, title=words, lane="errors in four bits")
        job.succeeded.connect(partial(self._came, self._of))
        job.failed.connect(self._failed)
        self.progress.follow(job, words)
        self._show_sums()

    def _came(self, of: Callable[[], Any], errors: "tuple[Nf4Error, ...] | None") -> None:
        if of is self._of and errors is not None:
            self.errors = errors
            self.table.set_rows(errors)
            self._draw()
            self._show_sums()

    def _draw(self, _value: object = None) -> None:
        kind = self.measure.value()
        self.map.set_layers(self.errors, lambda one: getattr(one, kind), tr(dict(MEASURES)[kind]), (None, None))

    def _show_sums(self) -> None:
        if (loaded := self._session.loaded) is None:
            return
        model = loaded.shape
        whole, blocks, small = parameters(model), block_weights(model), nf4_model_bytes(model)
        self.sums.set_items([
            Item(tr("Blocks in NF4"), small, f"{count(blocks)} × {8 * small / blocks:.3f} bits", 0),
            Item(tr("Everything else"), 4 * (whole - blocks), f"{count(whole - blocks)} × 32 bits", 1),
        ])  # fmt: skip
        rows = [
            FactRow(tr("In fp32"), disk_size(4 * whole)),
            FactRow(tr("With blocks in NF4"), disk_size(small + 4 * (whole - blocks)), role="strong"),
            FactRow(tr("Bits a weight, all in all"), f"{8 * (small + 4 * (whole - blocks)) / whole:.2f}"),
        ]
        if self.errors:
            weights = np.array([one.weights for one in self.errors], float)
            mean = float((weights * [one.relative for one in self.errors]).sum() / weights.sum())
            worst = max(self.errors, key=lambda one: one.relative)
            rows.append(FactRow(tr("Mean error of a layer"), percent_text(mean), tr("Weighted by the layers' sizes.")))
            rows.append(FactRow(tr("Largest error"), f"{percent_text(worst.relative)} · {worst.path}"))
        self.facts.set_rows(rows)

    def _chosen(self, one: "Nf4Error") -> None:
        self.table.select(one)

    def _selected(self, rows: "list[Nf4Error]") -> None:
        if rows:
            self.map.choose(rows[0].path)

    def _failed(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)


def describe(one: "Nf4Error") -> list[CardRow]:
    """What the map says of a layer."""
    return [
        CardRow(percent_text(one.relative), tr("of the layer's norm")),
        CardRow(percent_text(one.largest), tr("largest error, of its largest weight")),
        CardRow(f"{one.bits:.3f}", tr("bits a weight, {count} weights", count=count(one.weights))),
    ]


def _columns() -> list[Column]:
    return [
        Column(tr("Layer"), value=lambda one: one.path),
        Column(tr("Bits"), value=lambda one: one.bits, text=lambda one: f"{one.bits:.3f}", align="right", width=64),
        Column(tr("Error"), value=lambda one: one.relative, text=lambda one: percent_text(one.relative), align="right",
               width=72),
        Column(tr("Largest"), value=lambda one: one.largest, text=lambda one: percent_text(one.largest), align="right",
               width=72),
    ]  # fmt: skip
