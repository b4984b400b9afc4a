"""Attention as lines between tokens, of several heads at once: in two columns, or as arcs over the text."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.attention.head_chips import COLOURS, HeadChips
from studio.attention.line_canvas import LineCanvas
from studio.attention.lines import Lines, Wanted, lines_of
from studio.attention.map_source import Numbers
from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.session import Session
from studio.seeing.moment import own_moment, weights_of
from studio.seeing.view import EVERYTHING, SceneView
from studio.views.bars import percent_text
from studio.views.token_text import visible_text
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.scene import Scene
    from studio.insight.snapshot import Snapshot

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

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.form = Segmented([(name, tr(words)) for name, words in FORMS], look, tr("Form"))
        self.layer = ChoiceEdit((), look)
        self.top, self.least = ChoiceEdit(TOPS, look), ChoiceEdit(LEASTS, look)
        self.chips, self.canvas = HeadChips(look), LineCanvas(look)
        self.note = Label("", "small", wrap=True)
        self._layers = 0
        self._wish: tuple[int, Wanted] | None = None  # what the lines that are drawn were asked for, and of which scene
        self._drawn: Scene | None = None
        self._kept: Snapshot | None = None  # the film's moment that is drawn, where it can be
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
        card.body.addWidget(self.canvas, 1)
        card.body.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)

    # --- what is shown ----------------------------------------------------------------------------------------------

    @property
    def scene(self) -> "Scene | None":
        """The scene whose lines are drawn; of a difference that of A, since a difference has no lines."""
        found: Scene | None = self.looking.shown[0]
        return found

    @property
    def weights(self) -> Numbers | None:
        """(heads, time, time) of the layer that is chosen."""
        if self._kept is not None:
            return weights_of(self._kept, self.shown_layer)
        scene = self.scene
        return None if scene is None else scene.capture.attention[self.shown_layer]

    @property
    def shown_layer(self) -> int:
        """The layer that is pointed at or locked, else the first."""
        return min(self.selection.value("layer") or 0, max(0, self._layers - 1))

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Draw what changed."""
        scene, kept = self.scene, own_moment(self.looking)
        if scene is None:
            return
        if kept is not self._kept:
            self._kept, self._wish, self.scrubs = kept, None, kept is not None
        if scene.layers != self._layers:
            self._layers = scene.layers
            self.layer.clear()
            self.layer.set_choices([(layer, tr("Layer {layer}", layer=layer)) for layer in range(scene.layers)])
        self.layer.set_value(self.shown_layer)
        self.chips.set_count(scene.heads, _SHOWN)
        self.canvas.set_tokens([visible_text(text) for text in scene.tokens])
        self._draw()

    def _wanted(self) -> Wanted:
        weights = self.weights
        time = weights.shape[-1] if weights is not None else 0
        return Wanted(self.chips.heads, int(self.top.value()) or time, float(self.least.value()))

    def _draw(self) -> None:
        """All lines, as soon as they are chosen, and those of the token that is pointed at."""
        weights, wanted = self.weights, self._wanted()
        if weights is None:
            return
        wish, scene = (self.shown_layer, wanted), self.scene
        if wish != self._wish or scene is not self._drawn:
            self._wish, self._drawn = wish, scene
            if len(wanted.heads) * weights[0].size > HEAVY:
                job = self.looking.ask(lines_of, weights, wanted, lane="attention lines")
                job.succeeded.connect(partial(self._came, wish, scene))
            else:
                self._chosen(lines_of(weights, wanted))
        self._focus(weights)
        self._say()

    def _came(self, wish: tuple[int, Wanted], scene: "Scene | None", lines: Lines) -> None:
        """Lines from the background: those of another text, or of a former wish, are not drawn."""
        if wish == self._wish and scene is self._drawn and scene is self.scene:
            self._chosen(lines)

    def _chosen(self, lines: Lines) -> None:
        self.canvas.set_lines(lines)
        self._say()

    def _focus(self, weights: Numbers) -> None:
        """Every line of the token that is pointed at, down to the least weight."""
        row, column = self.selection.value("row"), self.selection.value("column")
        time, arcs = weights.shape[-1], self.form.value() == "arcs"
        row = row if row is not None and row < time else None
        column = column if row is None and column is not None and column < time else None
        if row is None and column is None:
            self.canvas.focus(None, None, None)
            return
        least, heads = float(self.least.value()), self.chips.heads
        found = lines_of(weights, Wanted(heads, time, least, row, column))
        if arcs and row is not None:
            found = _joined(found, lines_of(weights, Wanted(heads, time, least, None, row)), row)
        self.canvas.focus(row, column, found)

    def _say(self) -> None:
        lines = self.canvas.lines
        if lines is None or not lines.heads:
            self.note.setText("")
            return
        hidden = float(lines.hidden.mean())
        parts = [
            tr("{count} lines", count=f"{len(lines):,}"),
            tr("{share} of all attention is not drawn; the number at each token is its own share",
               share=percent_text(hidden) if np.isfinite(hidden) else "NaN"),
        ]  # fmt: skip
        if lines.left_out:
            parts.insert(1, tr("{count} weaker ones left out", count=f"{lines.left_out:,}"))
        if self.looking.mode == "difference":
            parts.insert(0, tr("Lines of A, since a difference has none"))
        if self._kept is not None:
            parts.insert(0, tr("≈ step {step}, 8 bit", step=f"{self._kept.step:,}"))
        elif self.looking.film.step is not None and self.scene is not None:
            parts.insert(0, tr("exact at step {step}", step=f"{self.scene.step:,}"))
        self.note.setText(" · ".join(parts))

    # --- pointing ---------------------------------------------------------------------------------------------------

    def _describe(self, side: str, place: int) -> tuple[str, list[CardRow]]:
        """What a token gives or gets, head by head."""
        weights, scene = self.weights, self.scene
        if weights is None or scene is None:
            return "", []
        title = f"{visible_text(scene.tokens[place])} @{place}"
        rows = []
        for head in self.chips.heads:
            values = weights[head, place] if side == "row" else weights[head, :, place]
            best = int(np.argmax(np.nan_to_num(values, nan=-1.0)))
            token = f"'{visible_text(scene.tokens[best])}'@{best}"
            note = tr("to {token}", token=token) if side == "row" else tr("from {token}", token=token)
            if side == "row" and self.canvas.lines is not None and head in self.canvas.lines.heads:
                hidden = float(self.canvas.lines.hidden[self.canvas.lines.heads.index(head), place])
                note += " · " + tr("{share} hidden", share=percent_text(hidden) if np.isfinite(hidden) else "NaN")
            about = "≈ " if self._kept is not None else ""
            rows.append(CardRow(f"{about}{values[best]:.3f}", note, head % COLOURS))
        return title, rows

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
        words = tr(
            "A line leads from a token that looks to one it looks at; its opacity is the weight, its colour the head."
        )
        shown = self.canvas.focused
        row = self.selection.value("row")
        if shown is not None and row is not None and len(shown) and self.scene is not None and row < self.scene.time:
            mine = np.flatnonzero(shown.row == row)
            if len(mine):
                best = int(mine[-1])
                words += " " + tr(
                    "'{token}'@{row} looks most at '{target}'@{column}: {weight} by head {head}.",
                    token=visible_text(self.scene.tokens[row]), row=row, column=int(shown.column[best]),
                    target=visible_text(self.scene.tokens[int(shown.column[best])]),
                    weight=f"{shown.weight[best]:.4f}", head=int(shown.head[best]),
                )  # fmt: skip
        return words

    def numbers(self) -> dict[str, Numbers]:
        """The lines that are drawn, one place each, and what is hidden of every token by head."""
        lines = self.canvas.lines
        if lines is None or self.scene is None:
            return {}
        return {
            "head": lines.head, "query": lines.row, "key": lines.column, "weight": lines.weight,
            "hidden": lines.hidden, "heads": np.array(lines.heads), "layer": np.array([self.shown_layer]),
            "tokens": np.array(self.scene.tokens),
        }  # fmt: skip

    def drawing(self) -> QWidget:
        """The picture without the controls."""
        return self.canvas


def _joined(first: Lines, second: Lines, row: int) -> Lines:
    """A token's lines in both directions, its line to itself once."""
    other = second.row != row
    parts = [
        np.concatenate((mine, more[other]))
        for mine, more in (
            (getattr(first, name), getattr(second, name)) for name in ("head", "row", "column", "weight")
        )
    ]
    order = np.argsort(parts[3], kind="stable")
    head, rows, column, weight = (part[order] for part in parts)
    return Lines(first.heads, head, rows, column, weight, first.hidden)
