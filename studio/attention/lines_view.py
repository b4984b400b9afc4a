"""Attention as lines between tokens, of several heads at once: in two columns, or as arcs over the text."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.attention.head_chips import HeadChips
from studio.attention.line_canvas import LineCanvas
from studio.attention.line_key import LineKey
from studio.attention.line_words import note_of, rows_of, strongest_words
from studio.attention.lines import Lines, Wanted, joined, lines_of
from studio.attention.map_source import MapSource, Numbers, pairs_of
from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.session import Session
from studio.seeing.view import EVERYTHING, SceneView
from studio.views.token_text import visible_text
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.scene import Scene

HEAVY = 1 << 18  # weights from which on lines are chosen in the background
FORMS = (("columns", "Columns"), ("arcs", "Arcs"))
TOPS = ((1, "Strongest"), (2, "Top 2"), (3, "Top 3"), (5, "Top 5"), (10, "Top 10"), (0, "All"))
LEASTS = ((0.0, "Any weight"), (0.01, "≥ 0.01"), (0.05, "≥ 0.05"), (0.1, "≥ 0.10"), (0.25, "≥ 0.25"), (0.5, "≥ 0.50"))
_SHOWN = 3  # heads that are drawn at first


class LinesView(SceneView):
    """Lines of the layer that is chosen; pointing at a token brings its own lines forward, a click keeps them."""

    name = "lines"
    label = "Lines"
    vector = True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.form = Segmented([(name, tr(words)) for name, words in FORMS], look, tr("Form"))
        self.layer = ChoiceEdit((), look)
        self.top, self.least = ChoiceEdit(TOPS, look), ChoiceEdit(LEASTS, look)
        self.chips, self.canvas, self.key = HeadChips(look), LineCanvas(look), LineKey(look)
        self.picture = QWidget()  # lines and what they mean: what a drawing of the view shows
        self.note = Label("", "small", wrap=True)
        self.source: MapSource | None = None
        self._layers = 0
        self._revealed: tuple[int | None, int | None] = (None, None)  # the locked tokens that were scrolled to
        self._wish: tuple[int, Wanted] | None = None  # what the lines of the source were asked for
        self._waits = False  # whether the lines that are drawn are still those of a former wish
        self._build()
        self.canvas.describe = self._describe
        self.canvas.hovered.connect(self._hovered)
        self.canvas.clicked.connect(self._clicked)
        self.form.changed.connect(self._choose_form)
        self.layer.changed.connect(self._choose_layer)
        for edit in (self.top, self.least, self.chips):
            edit.changed.connect(self._draw)

    def _build(self) -> None:
        card = Card(tr("Who looks at whom"), self.look)
        self.layer.setAccessibleName(tr("Layer"))
        self.top.setAccessibleName(tr("Lines for each token and head"))
        self.least.setAccessibleName(tr("Least weight of a line"))
        self.top.set_value(3)
        self.least.set_value(0.05)
        for edit in (self.layer, self.top, self.least):
            edit.setMinimumWidth(88)
            card.header.addWidget(edit)
        card.header.addWidget(self.form)
        heads = QHBoxLayout()
        heads.setSpacing(8)
        heads.addWidget(Label(tr("Heads"), "quiet"))
        heads.addWidget(self.chips, 1)
        card.body.addLayout(heads)
        picture = QVBoxLayout(self.picture)
        picture.setContentsMargins(0, 0, 0, 0)
        picture.setSpacing(0)
        picture.addWidget(self.key)
        picture.addWidget(self.canvas, 1)
        self.key.hide()
        card.body.addWidget(self.picture, 1)
        card.body.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)

    # --- what is shown ----------------------------------------------------------------------------------------------

    @property
    def scene(self) -> "Scene | None":
        """The scene whose tokens stand there; of a difference that of A."""
        return None if self.source is None else self.source.scene

    @property
    def sides(self) -> tuple[Numbers, Numbers | None] | None:
        """(heads, time, time) of the layer that is chosen, and what is subtracted from it."""
        return None if self.source is None else self.source.sides(self.shown_layer)

    @property
    def shown_layer(self) -> int:
        """The layer that is pointed at or locked, else the first."""
        return min(self.selection.value("layer") or 0, max(0, self._layers - 1))

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Draw what changed."""
        source = pairs_of(self.looking)
        if source is None:
            return
        if self.source is None or not source.same(self.source):
            self.source, self._wish = source, None
            self.scrubs = source.snapshot is not None
        scene = source.scene
        if scene.layers != self._layers:
            self._layers = scene.layers
            self.layer.clear()
            self.layer.set_choices([(layer, tr("Layer {layer}", layer=layer)) for layer in range(scene.layers)])
        self.layer.set_value(self.shown_layer)
        self.chips.set_count(scene.heads, _SHOWN)
        self.chips.set_plain(source.signed)
        self.canvas.set_tokens([visible_text(text) for text in scene.tokens])
        self._draw()

    def _wanted(self, weights: Numbers) -> Wanted:
        return Wanted(self.chips.heads, int(self.top.value()) or weights.shape[-1], float(self.least.value()))

    def _draw(self) -> None:
        """All lines, as soon as they are chosen, and those of the token that is pointed at."""
        sides, source = self.sides, self.source
        if sides is None:
            return
        weights, minus = sides
        wish = self.shown_layer, self._wanted(weights)
        if wish != self._wish:
            self._wish = wish
            if len(wish[1].heads) * weights[0].size > HEAVY:
                self._waits = True
                job = self.looking.ask(lines_of, weights, wish[1], minus, lane="attention lines")
                job.succeeded.connect(partial(self._came, wish, source))
            else:
                self._chosen(lines_of(weights, wish[1], minus))
        self._focus(weights, minus)
        self._say()

    def _came(self, wish: tuple[int, Wanted], source: MapSource | None, lines: Lines) -> None:
        """Lines from the background: those of another text, or of a former wish, are not drawn."""
        if wish == self._wish and source is self.source:
            self._chosen(lines)

    def _chosen(self, lines: Lines) -> None:
        self._waits = False
        self.canvas.set_lines(lines)
        self._say()

    def _focus(self, weights: Numbers, minus: Numbers | None) -> None:
        """Every line of the token that is pointed at, down to the least weight."""
        locked = (self.selection.locked("row"), self.selection.locked("column"))
        if locked != self._revealed:  # once: who scrolls on from there is not pulled back
            self._revealed = locked
            self.canvas.reveal(*locked)
        row, column = self.selection.value("row"), self.selection.value("column")
        time, arcs = weights.shape[-1], self.form.value() == "arcs"
        row = row if row is not None and row < time else None
        column = column if row is None and column is not None and column < time else None
        if row is None and column is None:
            self.canvas.focus(None, None, None)
            return
        least, heads = float(self.least.value()), self.chips.heads
        found = lines_of(weights, Wanted(heads, time, least, row, column), minus)
        if arcs and row is not None:
            found = joined(found, lines_of(weights, Wanted(heads, time, least, None, row), minus), row)
        self.canvas.focus(row, column, found)

    @property
    def lines(self) -> Lines | None:
        """Those that are drawn of the source, of its layer that is chosen; None until they are there."""
        return None if self._waits else self.canvas.lines

    def _say(self) -> None:
        lines, source = self.lines, self.source
        self.key.setVisible(source is not None and source.signed)
        if source is None or lines is None or not lines.heads:
            self.note.setText(tr("being computed…") if self._waits else "")
            return
        if lines.signed:
            self.key.show_sides(source.sides_names, lines.most)
        parts = note_of(lines, float(self.least.value()))
        if source.snapshot is not None:
            step = f"{source.step:,}" + (f" − step {source.less.step:,}" if source.less is not None else "")
            parts.insert(0, tr("≈ step {step}, 8 bit", step=step))
        elif self.looking.film.step is not None:
            parts.insert(0, tr("exact at step {step}", step=f"{source.step:,}"))
        self.note.setText(" · ".join(parts))

    # --- pointing ---------------------------------------------------------------------------------------------------

    def _describe(self, side: str, place: int) -> tuple[str, list[CardRow]]:
        """What a token gives or gets, head by head."""
        source = self.source
        if source is None:
            return "", []
        title = f"{visible_text(source.scene.tokens[place])} @{place}"
        return title, rows_of(source, self.shown_layer, self.lines, self.chips.heads, (side, place))

    def _hovered(self, row: int, column: int) -> None:
        if row < 0 and column < 0:
            self.selection.leave()
        else:
            self.selection.hover(row=row if row >= 0 else None, column=column if column >= 0 else None)

    def _clicked(self, row: int, column: int) -> None:
        self.selection.lock(row=row if row >= 0 else None, column=column if column >= 0 else None)

    def _choose_layer(self) -> None:
        self.selection.lock(layer=int(self.layer.value()))

    def _choose_form(self, form: str) -> None:
        self.canvas.set_arcs(form == "arcs")
        self._draw()

    # --- what the page asks -----------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What a line means."""
        source, shown, row = self.source, self.canvas.focused, self.selection.value("row")
        if source is not None and source.signed:
            words = tr(
                "A line is a difference of two weights: solid where {first} looks more, dashed where {second} does; "
                "its opacity is the size of the difference.", first=source.sides_names[0], second=source.sides_names[1],
            )  # fmt: skip
        else:
            words = tr("A line leads from a token that looks to one it looks at; its opacity is the weight, "
                       "its colour the head.")  # fmt: skip
        if source is None or shown is None or row is None or row >= source.scene.time:
            return words
        return f"{words} {strongest_words(source, self.shown_layer, shown, row)}".rstrip()

    def numbers(self) -> dict[str, Numbers]:
        """The lines that are drawn, one place each, and what is hidden of every token by head."""
        lines, source = self.lines, self.source
        if lines is None or source is None:
            return {}
        places = lines.head, lines.row, lines.column
        weights, minus = source.sides(self.shown_layer)
        values = {"weight": lines.weight}
        if minus is not None:
            values = {"difference": lines.weight, "weight_a": weights[places], "weight_b": minus[places]}
        return {
            "head": lines.head, "query": lines.row, "key": lines.column, **values,
            "hidden": lines.hidden, "heads": np.array(lines.heads), "layer": np.array([self.shown_layer]),
            "tokens": np.array(source.scene.tokens),
        }  # fmt: skip

    def drawing(self) -> QWidget:
        """The picture without the controls."""
        return self.picture
