"""Why one token looks at another: query and key dimension by dimension, and how their products add up to the score."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import DIFFERENCE
from studio.maps.heat_map import HeatMap
from studio.seeing.view import EVERYTHING, SceneView
from studio.steps.dimension_bars import BarRow, DimensionBars
from studio.steps.formula_strip import FormulaStrip
from studio.steps.formulas import figure, result, word
from studio.steps.head_choice import HeadChoice
from studio.steps.walker import ROWS, Walker
from studio.views.bars import percent_text
from studio.views.token_text import visible_text
from studio.widgets.card import Card
from studio.widgets.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt

    from studio.insight.attention import Products, Walk


class QueryKeyView(SceneView):
    """A map of all scores of a head to choose a pair from, and that pair's numbers beside it."""

    name = "query_key"
    label = "Query · key"

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.walker = Walker(session, self)
        self.heads = HeadChoice(self.selection, look)
        self.turning = Segmented((("after", tr("After turning")), ("before", tr("Before"))), look, tr("Position"))
        self.sorting = Segmented((("sorted", tr("Largest first")), ("order", tr("In order"))), look, tr("Order"))
        self.map, self.bar = HeatMap(look, square=False), ColourBar(look)
        self.bars, self.strip = DimensionBars(look), FormulaStrip(look)
        self.pairs, self.pair = Card(tr("Scores"), look), Card(tr("Query · key"), look)
        self._build()
        self.walker.changed.connect(self._walked)
        self.turning.changed.connect(self._show)
        self.sorting.changed.connect(self._show)
        self.bars.pointed.connect(self._show_formula)
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)

    def _build(self) -> None:
        self.pairs.header.addWidget(self.heads)
        picture = QHBoxLayout()
        picture.setSpacing(8)
        picture.addWidget(self.map, 1)
        picture.addWidget(self.bar)
        self.pairs.body.addLayout(picture, 1)
        self.pair.header.addWidget(self.turning)
        self.pair.header.addWidget(self.sorting)
        self.pair.body.addWidget(self.bars, 1)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.pairs, 2)
        row.addWidget(self.pair, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(row, 1)
        column.addWidget(self.strip)

    # --- what is shown --------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Ask for the head that is wanted; of a long text the rows around the one that is chosen."""
        scene = self.looking.shown[0]
        if scene is None:
            return
        self.heads.show_sizes(scene.layers, scene.heads)
        row = self.selection.value("row")
        first = min(row or 0, scene.time - 1) // ROWS * ROWS
        self.walker.want_text(scene, *self.heads.value, first)
        if not what or "selection" in what:
            self._show()

    def _walked(self) -> None:
        walk, trouble = self.walker.walk, self.walker.trouble
        if walk is None:
            self.strip.say(trouble.message if trouble else "", trouble.hint if trouble else "")
            return
        most = float(np.abs(walk.positioned[np.isfinite(walk.positioned)]).max(initial=0.0)) or 1.0
        names, first = [visible_text(one) for one in self.walker.words], walk.operands.first_row
        self.map.set_values(walk.positioned.astype(np.float32), low=-most, high=most, ramp=DIFFERENCE)
        rows = names[first : first + len(walk.queries)]
        self.map.set_labels(rows, names)
        self.bar.set_range(-most, most, DIFFERENCE, "linear", tr("score"))
        self.map.set_veil(walk.operands.hides if walk.operands.hides.any() else None)
        part = tr("queries {first} to {last}", first=first, last=first + len(rows) - 1)
        self.pairs.set_note(tr("before the mask") if len(rows) == len(names) else f"{tr('before the mask')} · {part}")
        self.turning.setVisible(walk.operands.cos is not None)
        self._show()
        self.told.emit()

    @property
    def _first(self) -> int:
        """The text's place of the first query that is shown."""
        return self.walker.walk.operands.first_row if self.walker.walk is not None else 0

    @property
    def place(self) -> tuple[int, int]:
        """Row of the shown queries and column; the last token on itself where nothing is chosen."""
        walk = self.walker.walk
        rows, columns = walk.positioned.shape if walk is not None else (1, 1)
        row, column = self.selection.value("row"), self.selection.value("column")
        row = rows - 1 if row is None else row - self._first
        row = min(max(row, 0), rows - 1)
        column = min(row + self._first if column is None else column, columns - 1)
        return row, column

    def _show(self, _choice: str = "") -> None:
        walk = self.walker.walk
        if walk is None:
            return
        row, column = self.place
        kept, whom = self.selection.locked("row"), self.selection.locked("column")
        self.map.mark(row if kept is None else kept - self._first, column if whom is None else whom, locked=True)
        self.bar.mark(float(walk.positioned[row, column]))
        found = walk.products(row, column)
        turned = self.turning.value() == "after"
        plain = (walk.queries[row], walk.keys[column], found.before)
        late = (found.query, found.key, found.after)
        now, ghost = (late, plain) if turned else (plain, late)
        titles = (
            tr("q of {word}", word=word(self.walker.words, self._first + row)),
            tr("k of {word}", word=word(self.walker.words, column)),
            tr("q · k"),
        )
        colors = ((0, -1), (1, -1), (2, 3))
        rows = [
            BarRow(title, one, other, *color)
            for title, one, other, color in zip(titles, now, ghost, colors, strict=True)
        ]
        order = found.order if turned else tuple(int(n) for n in np.argsort(-np.abs(found.before), kind="stable"))
        self.bars.show_rows(rows, order if self.sorting.value() == "sorted" else range(len(found.order)))
        marks = tr("lines: before turning") if turned else tr("lines: after turning")
        self.pair.set_note(marks if walk.operands.cos is not None else "")
        self._show_formula()

    def _show_formula(self, _dimension: int = -1) -> None:
        walk = self.walker.walk
        if walk is None:
            return
        row, column = self.place
        found, at = walk.products(row, column), self.bars.dimension
        pair = f"{word(self.walker.words, self._first + row)} → {word(self.walker.words, column)}"
        turned = self.turning.value() == "after"
        if at >= 0:
            query, key = (found.query, found.key) if turned else (walk.queries[row], walk.keys[column])
            product = float(query[at] * key[at])
            written = f"q·k = {figure(float(query[at]))} · {figure(float(key[at]))} = {result(product)}"
            self.strip.say(tr("{pair}, dimension {number}", pair=pair, number=at), written)
        else:
            self.strip.say(pair, sum_words(walk, found, row, column, turned))
        self.told.emit()

    # --- pointing -------------------------------------------------------------------------------------------------

    def _hovered(self, row: int, column: int) -> None:
        if row < 0:
            self.selection.leave()
        else:
            self.selection.hover(row=self._first + row, column=column)

    def _clicked(self, row: int, column: int) -> None:
        self.selection.lock(row=self._first + row, column=column)
        self.map.setFocus(Qt.FocusReason.MouseFocusReason)

    # --- what the page asks ---------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """How the pair's score comes about."""
        walk = self.walker.walk
        if walk is None:
            return ""
        row, column = self.place
        found = walk.products(row, column)
        words = self.walker.words
        score, share = found.score, float(walk.weights[row, column])
        first = ", ".join(str(number) for number in found.order[:3])
        place = (
            tr("RoPE turned both by their place first; what the score sees of that is only how far apart they are.")
            if walk.operands.cos is not None
            else ""
        )
        hidden = tr("The mask hides it afterwards.") if walk.operands.hides[row, column] else tr(
            "Softmax makes {share} of it.", share=percent_text(share) if np.isfinite(share) else result(share)
        )  # fmt: skip
        return " ".join(filter(None, (
            tr("score = Σ q·k · {scale}: the query of {who} and the key of {whom} give {score}; dimensions {first} add "
               "or take away most.",
               scale=figure(found.scale), who=word(words, self._first + row), whom=word(words, column),
               score=result(score), first=first),
            hidden, place,
        )))  # fmt: skip

    def numbers(self) -> "dict[str, npt.NDArray[Any]]":
        """The pair's vectors and products, and all scores of the head."""
        walk = self.walker.walk
        if walk is None:
            return {}
        row, column = self.place
        found = walk.products(row, column)
        return {
            "query": found.query, "key": found.key, "query_before": walk.queries[row], "key_before": walk.keys[column],
            "product_before": found.before, "product": found.after, "scores": walk.positioned,
        }  # fmt: skip


def sum_words(walk: "Walk", found: "Products", row: int, column: int, turned: bool) -> str:
    """The sum over all dimensions, times the scale: the score."""
    total = float((found.after if turned else found.before).sum())
    score = float((walk.positioned if turned else walk.scaled)[row, column])
    size = len(found.after)
    return tr(
        "Σ q·k over {size} dimensions = {total}   × {scale} = {score}",
        size=size, total=result(total), scale=figure(found.scale), score=result(score),
    )  # fmt: skip
