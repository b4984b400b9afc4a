"""What an adapter changed: how much in every layer, in how many directions, and what follows on a prompt."""

import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from studio.adapting.adapter_card import fine_percent
from studio.adapting.layer_map import LayerMap
from studio.adapting.own_words import own_words
from studio.adapting.shift_table import ShiftTable
from studio.adapting.step_view import nobody
from studio.adapting.wearing import Wearing
from studio.controls.editors import ChoiceEdit, TextEdit
from studio.controls.segmented import Segmented
from studio.controls.slider_row import Scale, SliderRow
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.curves.line_chart import Line, LineChart
from studio.live.session import Session
from studio.parts.wording import count, small_number
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.hover_card import CardRow
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.adapter_insight import AdapterChange, LayerChange, PromptShift

WEIGH = "studio.engine.adapter_insight:weigh"
SHIFT = "studio.engine.adapter_insight:shift"
MEASURES = (("relative", "|ΔW| / |W|"), ("norm", "|ΔW|"), ("rank", "Effective rank"))
PROMPT = "Once upon a time there was a"
WHY_EMPTY = (
    "Train one on the Classify, Instruct or Pretrain page, or bring one from elsewhere, and lay it on. Here it is then "
    "weighed in every layer, and turned up and down while the model says what it expects."
)
_WAIT = 40  # milliseconds after the last move of the slider
_BASE = ""  # in the list: no adapter


class ChangesView(QWidget):
    """For the model in memory and the adapters that lie on it; the slider acts on it at once, also while it writes."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.look = session, look
        self.change: AdapterChange | None = None
        self.shift: PromptShift | None = None
        self._of: Callable[[], Any] = nobody  # the model that was weighed, while it is there
        self._name: str | None = None
        self.wearing = Wearing(session, self)
        self.wearing.failed.connect(self._failed)
        self.wearing.written.connect(self._written)
        self.banner = Banner(look)
        self.adapter = ChoiceEdit([], look)
        self.adapter.setAccessibleName(tr("Adapter that counts"))
        self.adapter.changed.connect(self._adapter_chosen)
        self.strength = SliderRow(
            tr("Strength"), Scale(0.0, 2.0, step=0.05), look, tr("0 is the base, 1 what was trained.")
        )
        self.strength.changed.connect(self._turned)
        self.lay = Button(tr("Lay on…"), self.open_menu, look)
        self.off = Button(tr("Take off"), self._take_off, look)
        self.out = Button(tr("Export…"), self.open_export, look)
        self.measure = Segmented([(value, tr(words)) for value, words in MEASURES], look, tr("What the map shows"))
        self.measure.changed.connect(self._draw_map)
        self.map = LayerMap(look, tr("Change by layer"))
        self.map.describe = describe
        self.map.chosen.connect(self.choose)
        self.values = LineChart(look, tr("Singular values of the change"), tr("direction · singular value"))
        self.facts = FactRows()
        self.prompt = TextEdit()
        self.prompt.setAccessibleName(tr("Prompt"))
        self.prompt.set_value(PROMPT)
        self.prompt.changed.connect(self._wait)
        self.table = ShiftTable(look)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT)
        self._timer.timeout.connect(self._ask_shift)
        self._lay_out()

    def _lay_out(self) -> None:
        top = Card("", self.look)
        line = QHBoxLayout()
        line.setSpacing(16)
        self.adapter.setMinimumWidth(200)
        line.addWidget(self.adapter)
        line.addWidget(self.strength, 1)
        for button in (self.lay, self.off, self.out):
            line.addWidget(button)
        top.body.addLayout(line)
        self.sizes = Card(tr("Size of the change"), self.look)
        self.sizes.header.addWidget(self.measure)
        self.sizes.body.addWidget(self.map, 1)
        self.one = Card(tr("Singular values"), self.look)
        self.one.body.addWidget(self.values, 1)
        self.one.body.addWidget(self.facts)
        self.said = Card(tr("On a prompt"), self.look)
        self.said.body.addWidget(self.prompt)
        self.said.body.addWidget(self.table, 1)
        left = QVBoxLayout()
        left.setSpacing(16)
        left.addWidget(self.sizes, 5)
        left.addWidget(self.one, 4)
        self._full = QWidget()
        row = QHBoxLayout(self._full)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(left, 5)
        row.addWidget(self.said, 6)
        self.empty = EmptyState("", tr(WHY_EMPTY), "", None, self.look, "adapters")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.banner)
        column.addWidget(top)
        column.addWidget(self._full, 1)
        column.addWidget(self.empty, 1)

    # --- following the session ------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Another model, another adapter: what was computed before no longer holds."""
        if what and not what & {"loaded", "project", "runs"}:
            return
        names, worn = self.wearing.names, self.wearing.worn
        self.adapter.set_choices([(_BASE, tr("The base alone")), *((name, name) for name in names)])
        self.adapter.set_value(worn or _BASE)
        self.strength.set_value(self.wearing.strength)
        for widget in (self.strength, self.off, self.out, self.measure):
            widget.setEnabled(worn is not None)
        self._full.setVisible(worn is not None)
        self.empty.setVisible(worn is None)
        self.empty.headline.setText(tr("The base alone counts now") if names else tr("No adapter lies on this model"))
        loaded = self._session.loaded
        if loaded is not self._of() or worn != self._name:
            self._of = nobody if loaded is None else weakref.ref(loaded)
            self._name, self.change, self.shift = worn, None, None
            if loaded is not None and not self.prompt.isModified():
                self.prompt.set_value(own_words(loaded, PROMPT))
            self._ask_change()
            self._wait()
        self._draw_map()

    def _ask_change(self) -> None:
        loaded, name = self._session.loaded, self.wearing.worn
        if loaded is None or name is None:
            self._weighed(None)
            return
        job = self._session.jobs.start(WEIGH, loaded, name, lane="weigh adapter")
        job.succeeded.connect(self._weighed)
        job.failed.connect(self._failed)

    def _weighed(self, change: "AdapterChange | None") -> None:
        self.change = change
        self._draw_map()
        if change is not None and change.layers:
            self.choose(max(change.layers, key=lambda one: np.nan_to_num(one.relative)))
        else:
            self.values.set_lines([])
            self.facts.set_rows([])
            self.one.set_note("")

    def _draw_map(self, _value: object = None) -> None:
        layers = self.change.layers if self.change is not None else ()
        kind = self.measure.value()
        picked = {"relative": lambda one: one.relative, "norm": lambda one: one.norm}.get(
            kind, lambda one: one.effective_rank
        )
        self.map.set_layers(layers, picked, tr(dict(MEASURES)[kind]))
        if self.change is None:
            self.sizes.set_note("")
            return
        self.sizes.set_note(tr("at strength 1"))

    def choose(self, one: "LayerChange") -> None:
        """Show the singular values of a layer."""
        self.map.choose(one.path)
        self.one.set_note(one.path)
        self.values.set_lines([Line(tr("singular value"), np.arange(1.0, len(one.singular) + 1), one.singular)])
        self.facts.set_rows(layer_rows(one, self.change))

    # --- the prompt -----------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        self._timer.start()

    def _ask_shift(self) -> None:
        loaded, name = self._session.loaded, self.wearing.worn
        if loaded is None or name is None:
            self.table.set_shift(None)
            return
        strength = self.strength.value()
        job = self._session.jobs.start(SHIFT, loaded, name, strength, self.prompt.value(), lane="adapter on a prompt")
        job.succeeded.connect(self._shifted)
        job.failed.connect(self._failed)

    def _shifted(self, shift: "PromptShift | None") -> None:
        if shift is not None:
            self.shift = shift
            self.banner.clear()
            self.table.set_shift(shift)

    # --- what a person does ---------------------------------------------------------------------------------------

    def _adapter_chosen(self) -> None:
        self.wearing.use(str(self.adapter.value()) or None, 1.0)

    def _turned(self, strength: float) -> None:
        if strength <= self.strength.scale.maximum:
            self.wearing.use(self.wearing.worn, strength)
            self._wait()

    def _take_off(self) -> None:
        if (name := self.wearing.worn) is not None:
            self.wearing.take_off(name)

    def menu(self) -> QMenu:
        """Where an adapter can come from: runs of the project that trained one, and any folder."""
        menu = QMenu(self)
        for name in self.wearing.of_runs():
            menu.addAction(tr("Run {name}", name=name), partial(self.wearing.lay_run, name))
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addAction(tr("A folder of Atelier's or PEFT's…"), self._browse)
        return menu

    def open_menu(self) -> None:
        """Show it below the button."""
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.lay.mapToGlobal(QPoint(0, self.lay.height() + 4)))

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Choose the folder of an adapter"), str(Path.home()))
        if folder:
            self.wearing.lay(Path(folder))

    def export_menu(self) -> QMenu:
        """The two forms of its files."""
        menu = QMenu(self)
        for form, words in (("peft", tr("For PEFT (Hugging Face)…")), ("atelier", tr("For Atelier…"))):
            menu.addAction(words, partial(self._export, form))
        return menu

    def open_export(self) -> None:
        """Show it below the button."""
        menu = self.export_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.out.mapToGlobal(QPoint(0, self.out.height() + 4)))

    def _export(self, form: str) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Where the adapter's folder is made"), str(Path.home()))
        name = self.wearing.worn
        if folder and name is not None:
            self.wearing.write(name, Path(folder) / name, form)

    def _written(self, folder: Path) -> None:
        self._session.notices.post("info", tr("The adapter was written to {folder}.", folder=folder))

    def _failed(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)


def describe(one: "LayerChange") -> list[CardRow]:
    """What the map says of a layer."""
    return [
        CardRow(f"|ΔW| {small_number(one.norm)}", tr("of |W| {base}", base=small_number(one.base))),
        CardRow(f"{fine_percent(one.relative)}", tr("effective rank {rank}", rank=f"{one.effective_rank:.1f}")),
    ]


def layer_rows(one: "LayerChange", change: "AdapterChange | None") -> list[FactRow]:
    """The figures of one layer."""
    about = tr("e to the entropy of the singular values' shares (Roy & Vetterli 2007): how many directions count.")
    rank = tr("of {rank}", rank=one.rank) if one.rank else tr("trained whole")
    scale = tr("scale {scale}", scale=f"{change.scale:.3g}") if change is not None and one.rank else ""
    return [
        FactRow(
            tr("Shape"), " · ".join(part for part in (f"{count(one.outputs)} × {count(one.inputs)}", scale) if part)
        ),
        FactRow("|ΔW| / |W|", f"{small_number(one.norm)} / {small_number(one.base)} = {fine_percent(one.relative)}"),
        FactRow(tr("Effective rank"), f"{one.effective_rank:.2f} {rank}", about),
    ]
