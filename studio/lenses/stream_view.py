"""The residual stream and the health of the layers: how large it is, what each block adds, what stays off."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.lenses.stream_numbers import (
    MEASURES,
    LayerRow,
    Shown,
    columns_of,
    difference_of,
    map_of,
    rows_of,
    snapshot_rows,
    training_of,
)
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import number_text
from studio.maps.heat_map import HeatMap
from studio.seeing.question import AskingView, Question
from studio.seeing.shown_text import text_of
from studio.views.record_table import RecordTable
from studio.views.token_text import visible_text
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

HEALTH = "studio.insight.layer_health:layer_health"
_NARROW, _WIDE = 392, 600  # pixels of the table of layers, of its card


class StreamView(AskingView):
    """A map of one measure, and every layer with all of them. Scrubbing shows the lengths that a snapshot kept."""

    name, label, scrubs = "stream", "Stream", True
    needs_words = True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.shown: Shown | None = None
        self._scenes: tuple[Any, Any] = (None, None)
        self.own, self.other = Question(self.looking, "stream A", self), Question(self.looking, "stream B", self)
        for question in (self.own, self.other):
            question.answered.connect(self._answered)
        self.measure = ChoiceEdit(MEASURES[:-1], look)
        self.measure.setAccessibleName(tr("Measure"))
        self.measure.changed.connect(self._draw)
        self.map, self.bar = HeatMap(look, square=False), ColourBar(look, upright=False)
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)
        self.table = RecordTable(columns_of(), look, key=_place)
        self.table.setAccessibleName(tr("Layers"))
        self.table.selection_changed.connect(self._row_chosen)
        self.said = Label("", "small", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.picture, layers = Card(tr("Residual stream"), self.look), Card(tr("Layers"), self.look)
        self.picture.header.addWidget(self.measure)
        self.picture.body.addWidget(self.map, 1)
        self.picture.body.addWidget(self.bar)
        layers.body.addWidget(self.table, 1)
        layers.body.addWidget(self.said)
        self.table.setMinimumWidth(_NARROW)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.picture, 5)
        row.addWidget(layers, 6)
        layers.setMaximumWidth(_WIDE)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Ask for the health of what is shown; draw what is known."""
        if not what or what & {"scene", "other", "mode"}:
            self._ask()
        if what != {"selection"}:
            self._draw()
        self._point()

    def let_go(self) -> None:
        """The scenes of a view that nobody sees."""
        self._scenes = (None, None)
        for question in (self.own, self.other):
            question.forget()

    def _ask(self) -> None:
        self._scenes = self.looking.shown  # kept, so that no later scene can have the same identity
        for question, scene in zip((self.own, self.other), self._scenes, strict=True):
            if scene is None:
                question.forget()
            else:
                question.ask(id(scene), HEALTH, scene.model, scene.capture)

    def _answered(self) -> None:
        self._draw()
        self._point()
        self.told.emit()

    @property
    def scrubbing(self) -> bool:
        """Whether a snapshot of the run stands in for the scene."""
        return self.looking.snapshot is not None

    def _draw(self) -> None:
        runs = len(self.looking.film.steps) > 0
        if runs != (self.measure.count() == len(MEASURES)):
            self.measure.set_value("norms")
            self.measure.set_choices(MEASURES if runs else MEASURES[:-1])
        self.shown = self._found()
        shown = self.shown
        self.map.set_values(shown.values if shown is not None else np.zeros((0, 0), np.float32))
        self.bar.setVisible(shown is not None)
        if shown is not None:
            self.map.set_colouring(shown.colouring)
            self.map.set_labels(shown.rows, [visible_text(words) for words in shown.columns], axes=shown.axes)
            self.bar.set_colouring(shown.colouring, shown.words)
        self.table.set_rows(self._rows())
        self.said.setText(self._words())

    def _found(self) -> Shown | None:
        """The map for the measure that is chosen; while one scrubs, the lengths over the run."""
        scene, other = self._scenes
        if self.measure.value() == "training" or self.scrubbing:
            series = self.looking.film.all()
            return training_of(series, self.looking.moments[1]) if len(series.steps) else None
        if scene is None or self.own.current is None:
            return None
        tokens = text_of(scene).tokens
        if other is None:
            return map_of(self.own.current, self.measure.value(), tokens)
        if self.other.current is None:
            return None
        return difference_of(self.own.current, self.other.current, self.measure.value(), tokens)

    def _rows(self) -> list[LayerRow]:
        if self.scrubbing:
            return snapshot_rows(self.looking.film.snapshot.stream)
        return rows_of(self.own.current) if self.own.current is not None else []

    def _words(self) -> str:
        error = self.own.error or self.other.error
        if error is not None:
            return str(error)
        if self.scrubbing:
            snapshot = self.looking.film.snapshot
            words = tr("The mean lengths at step {step}, on the text that the run watches.", step=f"{snapshot.step:,}")
            odd = tr("{count} weights are no numbers.", count=f"{snapshot.not_numbers:,}")
            return f"{words} {odd}" if snapshot.not_numbers else words
        found = self.own.current
        if found is None:
            return ""
        off = tr("A neuron is off when no token of this text brings it above 0.") if not found.gated else tr(
            "A neuron is off when no token of this text brings it beyond 1 % of its layer's typical size."
        )  # fmt: skip
        sharp = tr("The logits' standard deviation is {sharp} on average.",
                   sharp=number_text(float(found.sharpness.mean())))  # fmt: skip
        ours = tr("The rows are those of A.") if self._scenes[1] is not None else ""
        return " ".join(part for part in (off, sharp, ours) if part)

    # --- pointing -------------------------------------------------------------------------------------------------

    def _cell(self, locked: bool) -> tuple[int | None, int | None]:
        """Row and column of the map that the selection means."""
        find = self.selection.locked if locked else self.selection.value
        shown, layer, row = self.shown, find("layer"), find("row")
        if shown is None:
            return None, None
        place = None if layer is None else layer + len(shown.rows) - self._blocks
        if shown.axes[1] == tr("head"):
            return place, find("head")
        if shown.axes[1] == tr("step"):
            here = f"{self.looking.film.step or 0:,}"
            return place, shown.columns.index(here) if here in shown.columns else None
        return place, row

    @property
    def _blocks(self) -> int:
        """Rows of the map that are blocks."""
        scene = self._scenes[0]
        return int(scene.layers) if scene is not None else 0

    def _point(self) -> None:
        self.map.mark(*self._cell(True), locked=True)
        self.map.mark(*self._cell(False))

    def _fields(self, row: int, column: int) -> dict[str, int | None]:
        shown = self.shown
        if shown is None or row < 0:
            return {}
        layer = row - (len(shown.rows) - self._blocks)
        fields: dict[str, int | None] = {"layer": layer if layer >= 0 else None}
        if shown.axes[1] == tr("head"):
            fields["head"] = column
        elif shown.axes[1] == tr("token"):
            fields["row"] = column
        return fields

    def _hovered(self, row: int, column: int) -> None:
        self.selection.hover(**self._fields(row, column))
        self.told.emit()

    def _clicked(self, row: int, column: int) -> None:
        if self.shown is not None and self.shown.axes[1] == tr("step"):
            self.looking.film.go(int(self.shown.columns[column].replace(",", "")))
        else:
            self.selection.lock(**self._fields(row, column))

    def _row_chosen(self, rows: list[LayerRow]) -> None:
        if rows:
            self.selection.lock(layer=rows[0].place - 1 if rows[0].place else None)

    # --- what it says and gives out -------------------------------------------------------------------------------

    def explanation(self) -> str:
        """How a block changes the stream, filled with the cell that is pointed at."""
        shown, found, (row, column) = self.shown, self.own.current, self.map.pointed
        if shown is None:
            return ""
        said = tr(
            "x after a block = x before + attention(norm(x)) + feed forward(norm(x)). Shown: {measure}.",
            measure=shown.words,
        )
        if row is None or column is None or row >= len(shown.rows) or column >= len(shown.columns):
            return said
        value = number_text(float(shown.values[row, column]))
        name = visible_text(shown.columns[column])
        said += " " + tr("{row}, “{column}”: {value}.", row=shown.rows[row], column=name, value=value)
        if self.measure.value() == "peaks" and found is not None and not self.scrubbing and self._scenes[1] is None:
            said += " " + tr("It is number {place} of the width.", place=f"{int(found.peak_places[row, column]) + 1:,}")
        return said

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Everything that was measured on the text; while scrubbing, the lengths over the run."""
        if self.shown is not None and (self.scrubbing or self.measure.value() == "training"):
            series = self.looking.film.all()
            return {"steps": np.asarray(series.steps), "stream": np.asarray(series.stream)}
        found = self.own.current
        if found is None:
            return {}
        names = ("norms", "nan", "attention_share", "feed_forward_share", "turning")
        told = {name: np.asarray(getattr(found.stream, name)) for name in names}
        more = ("peaks", "peak_places", "off", "spread", "sharpness")
        return told | {name: np.asarray(getattr(found, name)) for name in more}


def _place(row: LayerRow) -> int:
    return row.place
