"""One head large: its map over the tokens, what is pointed at in words, and another map to subtract from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.attention.head_facts import sentence_of
from studio.attention.map_source import MapSource, Numbers, rounding
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.looking import Looking
from studio.live.selection import Selection
from studio.maps.cells import NOWHERE, Cell
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import DIFFERENCE, Colouring
from studio.maps.heat_map import HeatMap
from studio.maps.pyramid import Pyramid
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

LARGE = 1 << 21  # cells from which on a map is prepared in the background
_NARROW, _WIDEST = 460, 1 << 14  # pixels of the card below which its note gives way to its title
SCALES = (("linear", "linear"), ("sqrt", "√"), ("log", "log"))


@dataclass(frozen=True, eq=False)
class Kept:
    """A map that is subtracted from what is shown: of another head, another step or another model."""

    values: Numbers
    title: str
    tokens: tuple[str, ...]
    signed: bool
    rounded: bool  # of a snapshot


class HeadCard(Card):
    """`show_head` draws one head of a source. Hovers and clicks go into the selection, which marks come from."""

    pointed = Signal()

    def __init__(self, looking: Looking, selection: Selection, look: Look) -> None:
        super().__init__(tr("Layer 0 · head 0"), look)
        self._look, self._looking, self._selection = look, looking, selection
        self.source: MapSource | None = None
        self.layer = self.head = 0
        self.values: Numbers = np.zeros((0, 0), np.float32)
        self.kept: Kept | None = None
        self.scale = Segmented([(name, tr(words)) for name, words in SCALES], look, tr("Scale"))
        self.sink = _toggle(tr("First token aside"), look, self._colour)
        self.sink.setToolTip(
            tr("Leave the first token's column out of the range of colours; no number changes, nothing is scaled anew")
        )
        self.profiles = _toggle(tr("Profiles"), look, self._profiles)
        self.profiles.setToolTip(tr("Bars for the row and the column that are pointed at"))
        self.masked = _toggle(tr("Mask"), look, self._veil)
        self.masked.setToolTip(tr("Hatch what the mask hides; the numbers under it stay as the model computed them"))
        self.subtract = Button(tr("Subtract this"), self._keep, look).set_small()
        self.map, self.bar = HeatMap(look), ColourBar(look)
        self.place, self.words = Label("", "mono"), ElidedLabel("", "small")
        self._build()
        self.map.describe = self._describe
        self.map.setAccessibleName(tr("Attention of one head"))
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)
        self.scale.changed.connect(self._colour)

    def _build(self) -> None:
        self.scale.set_value("sqrt")
        self.profiles.setChecked(True)
        self.header.addWidget(self.scale)
        tools = QHBoxLayout()
        tools.setSpacing(4)
        for button in (self.sink, self.profiles, self.masked):
            tools.addWidget(button)
        tools.addStretch(1)
        tools.addWidget(self.subtract)
        picture = QHBoxLayout()
        picture.setSpacing(12)
        picture.addWidget(self.map, 1)
        picture.addWidget(self.bar)
        picture.addStretch(0)
        reading = QVBoxLayout()
        reading.setSpacing(2)
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.place.setMinimumWidth(40)
        reading.addWidget(self.place)
        reading.addWidget(self.words)
        for item in (tools, picture, reading):
            self.body.addLayout(item, 1 if item is picture else 0)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def show_head(self, source: MapSource, layer: int, head: int, note: str = "") -> None:
        """Draw this head; nothing is computed anew where it is the one that is drawn."""
        self.set_note(note if self.kept is None else "")
        if source is self.source and (layer, head) == (self.layer, self.head):
            return
        self.source, self.layer, self.head = source, layer, head
        if self.kept is not None and (self.kept.signed != source.signed or self.kept.tokens != source.labels):
            self.kept = None
        self._draw()

    def _draw(self) -> None:
        assert self.source is not None
        values = self.source.values(self.layer, self.head)
        self.values = values if self.kept is None else values - self.kept.values
        self.set_title(self.heading)
        self.subtract.setText(tr("Subtract this") if self.kept is None else tr("Subtract nothing"))
        self.subtract.setToolTip(
            tr("Keep this map and show others less it: another head, another step, another model")
            if self.kept is None
            else tr("Show the map itself again")
        )
        if self.values.size >= LARGE:
            job = self._looking.ask(Pyramid, self.values, self._signed, lane="attention map")
            job.succeeded.connect(self._ready)
        else:
            self._ready(Pyramid(self.values, self._signed))

    @property
    def heading(self) -> str:
        """Which head is shown, and what is subtracted from it."""
        title = tr("Layer {layer} · head {head}", layer=self.layer, head=self.head)
        return title if self.kept is None else f"{title} − {self.kept.title}"

    @property
    def _signed(self) -> bool:
        return self.kept is not None or (self.source is not None and self.source.signed)

    def _ready(self, pyramid: Pyramid) -> None:
        if self.source is None or pyramid.values is not self.values:
            return  # of a head that was shown before
        colours = self._colouring()
        self.map.set_values(pyramid, low=colours.low, high=colours.high, ramp=colours.ramp, scale=colours.scale)
        names = self.source.labels
        self.map.set_labels(names, names, numbered=self.source.block == 1, axes=(tr("query"), tr("key")))
        self._veil()
        self._explain(colours)
        self._fit()
        self.show_marks()

    def _colouring(self) -> Colouring:
        """From 0 to 1 for weights; with the first token aside, or for a difference, as far as the others go."""
        aside, scale = self.sink.isChecked() and self.values.shape[1] > 1, self.scale.value()
        if not self._signed and not aside:
            return Colouring(0.0, 1.0, "viridis", scale)
        others = self.values[:, 1:] if aside else self.values
        finite = np.abs(others[np.isfinite(others)])
        most = float(finite.max(initial=0.0)) or 1.0
        return Colouring(-most, most, DIFFERENCE, scale) if self._signed else Colouring(0.0, most, "viridis", scale)

    def _colour(self) -> None:
        """Limits and scale anew, the same numbers."""
        colours = self._colouring()
        self.map.set_colouring(colours)
        self._explain(colours)
        self._say()

    def _explain(self, colours: Colouring) -> None:
        """What the colours are, and at which ends some numbers lie beyond."""
        beyond = bool((self.values < colours.low).any()), bool((self.values > colours.high).any())
        words = tr("A − B") if self.kept is None and self._roundings == 0 else tr("difference")
        self.bar.set_colouring(colours, words if self._signed else tr("weight"), beyond)

    def _profiles(self) -> None:
        self.map.set_profiles(self.profiles.isChecked())
        self._fit()

    def _fit(self) -> None:
        """No wider than the map needs, so that its colours stand beside it."""
        self.map.setMaximumWidth(max(self.map.minimumWidth(), self.map.width_for(self.map.height())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.note.setMaximumWidth(_WIDEST if self.width() >= _NARROW else 0)
        self._fit()

    def _veil(self) -> None:
        """What the model's own mask hides, where it has one, and only when asked for."""
        attention: Any = self.source.scene.model.layers[self.layer].self_attn if self.source is not None else None
        self.masked.setEnabled(attention is not None and bool(attention.causal))
        if self.source is None or not (self.masked.isChecked() and self.masked.isEnabled()):
            self.map.set_veil(None)
            return
        size = self.source.block
        distance = np.subtract.outer(np.arange(len(self.values)), np.arange(len(self.values)))
        beyond = (distance - 1) * size + 1 >= attention.window if attention.window > 0 else distance < 0
        self.map.set_veil((distance < 0) | beyond)

    def _keep(self) -> None:
        if self.source is None:
            return
        if self.kept is not None:
            self.kept = None
        else:
            title = tr("layer {layer} · head {head}", layer=self.layer, head=self.head)
            if self.source.snapshot is not None:
                title += " · " + tr("step {step}", step=f"{self.source.step:,}")
            values = self.source.values(self.layer, self.head)
            self.kept = Kept(values, title, self.source.labels, self.source.signed, self.source.snapshot is not None)
        self._draw()
        self.pointed.emit()

    # --- pointing ---------------------------------------------------------------------------------------------------

    @property
    def cell(self) -> tuple[int, int] | None:
        """Row and column of the map that the selection points at."""
        if self.source is None:
            return None
        row, column = self._chosen(self._selection.value) if self.source.own else self.map.pointed
        return (row, column) if row is not None and column is not None and max(row, column) < len(self.values) else None

    def _chosen(self, find: Callable[[str], int | None]) -> Cell:
        """Row and column of the map that the selection means; none of a text that is not the prompt."""
        if self.source is None or not self.source.own:
            return NOWHERE
        row, column = (None if at is None else at // self.source.block for at in (find("row"), find("column")))
        return row, column

    def show_marks(self) -> None:
        """Point at what the selection says."""
        if self.source is None:
            return
        shown, locked = self._chosen(self._selection.value), self._chosen(self._selection.locked)
        self.map.mark(*locked, locked=True)
        if self.source.own:
            self.map.mark(*(NOWHERE if shown == locked else shown))
        self._say()

    def _say(self) -> None:
        cell, source = self.cell, self.source
        if source is None or cell is None:
            self.place.setText(tr("Point at a cell to read it; click or use the arrow keys to lock it."))
            self.place.set_role("small")
            self.words.setText(self._range_words())
            self.bar.mark(None)
            return
        value = float(self.values[cell])
        self.place.set_role("mono")
        self.place.setText(f"{source.place_text(*cell)} = {self._value_text(value)}")
        words = sentence_of(source, self.layer, self.head, *cell) if self.kept is None else ""
        self.words.setText(" · ".join(part for part in (words, self._range_words()) if part))
        self.bar.mark(value)

    def _range_words(self) -> str:
        return tr("colours reach as far as the other tokens' weights") if self.sink.isChecked() else ""

    def _value_text(self, value: float) -> str:
        assert self.source is not None
        if self.kept is None:
            return self.source.value_text(value)
        return f"≈ {value:+.3f}" if self._roundings else f"{value:+.4f}"

    @property
    def _roundings(self) -> int:
        """Of how many rounded maps the shown one is made."""
        own = self.source.rounded if self.source is not None else 0
        return own + int(self.kept is not None and self.kept.rounded)

    def _describe(self, row: int, column: int) -> tuple[str, list[CardRow]]:
        source = self.source
        if source is None:
            return "", []
        value = float(self.values[row, column])
        rows = [CardRow(source.place_text(row, column), mono=True)]
        if self._roundings:
            error = rounding(self._roundings)
            rows.append(CardRow("", tr("8 bit, step {step}, {error}", step=f"{source.step:,}", error=error)))
        return self._value_text(value), rows

    def _hovered(self, row: int, column: int) -> None:
        if self.source is not None and not self.source.own:
            self._say()
            self.pointed.emit()
        elif row < 0 or self.source is None:
            self._selection.leave()
        else:
            self._selection.hover(row=row * self.source.block, column=column * self.source.block)

    def _clicked(self, row: int, column: int) -> None:
        if self.source is not None:
            size = self.source.block
            places = {"row": row * size, "column": column * size} if self.source.own else {}
            self._selection.lock(layer=self.layer, head=self.head, **places)


def _toggle(words: str, look: Look, slot: object, parent: QWidget | None = None) -> Button:
    """A small quiet button that stays down."""
    button = Button(words, None, look, "quiet", parent=parent).set_small()
    button.setCheckable(True)
    button.toggled.connect(slot)
    return button
