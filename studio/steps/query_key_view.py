"""Why one token looks at another: query and key dimension by dimension, and how their products add up to the score."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import DIFFERENCE
from studio.maps.heat_map import HeatMap
from studio.seeing.view import EVERYTHING, SceneView
from studio.steps.dimension_bars import DimensionBars
from studio.steps.formula_strip import FormulaStrip
from studio.steps.formulas import factor, figure, result, word
from studio.steps.head_choice import HeadChoice
from studio.steps.pair_rows import both_rows, both_words, pair_rows, product_words, score_of, sum_words
from studio.steps.together_map import TogetherMap
from studio.steps.walker import ROWS, Walker
from studio.views.bars import percent_text
from studio.views.token_text import visible_text
from studio.widgets.card import Card
from studio.widgets.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt

    from studio.insight.attention import Walk


class QueryKeyView(SceneView):
    """A map of all scores of a head to choose a pair from, and that pair's numbers beside it."""

    name = "query_key"
    label = "Query · key"
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.walker = Walker(session, self)
        self.heads = HeadChoice(self.selection, look)
        self.turning = Segmented((("after", tr("After turning")), ("before", tr("Before"))), look, tr("Position"))
        self.sorting = Segmented((("sorted", tr("Largest first")), ("order", tr("In order"))), look, tr("Order"))
        choices = (("scores", tr("Pairs")), ("together", tr("Together")))
        self.picture = Segmented(choices, look, tr("Scores of pairs, or queries and keys on one map"))
        self.map, self.bar = HeatMap(look, square=False), ColourBar(look)
        self.together = TogetherMap(self.looking, look)
        self.stack = QStackedWidget()
        self.bars, self.strip = DimensionBars(look), FormulaStrip(look)
        self.pairs, self.pair = Card(tr("Scores"), look), Card(tr("Query · key"), look)
        self._build()
        self.walker.changed.connect(self._walked)
        self.turning.changed.connect(self._show)
        self.sorting.changed.connect(self._show)
        self.bars.pointed.connect(self._show_formula)
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)
        self.picture.changed.connect(self._turn_picture)
        self.together.hovered.connect(self._point_hovered)
        self.together.clicked.connect(self._point_clicked)
        self.together.came.connect(self._show)

    def _build(self) -> None:
        self.pairs.header.addWidget(self.picture)
        picture = QHBoxLayout()
        picture.setSpacing(8)
        picture.setContentsMargins(0, 0, 0, 0)
        picture.addWidget(self.map, 1)
        picture.addWidget(self.bar)
        pairs = QWidget()
        pairs.setLayout(picture)
        self.stack.addWidget(pairs)
        self.stack.addWidget(self.together)
        choice = QHBoxLayout()
        choice.addWidget(self.heads)
        choice.addStretch(1)
        self.pairs.body.addLayout(choice)
        self.pairs.body.addWidget(self.stack, 1)
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
        scene, other = self.looking.shown
        if scene is None:
            return
        self.heads.show_sizes(scene.layers, scene.heads)
        row = self.selection.value("row")
        first = min(row or 0, scene.time - 1) // ROWS * ROWS
        self.walker.want_text(scene, *self.heads.value, first, other)
        if not what or "selection" in what:
            self._show()

    def _walked(self) -> None:
        walk, beside, trouble = self.walker.walk, self.walker.beside, self.walker.trouble
        if walk is None:
            self.together.show_walk(None, (), True)
            self.strip.say(trouble.message if trouble else "", trouble.hint if trouble else "")
            return
        scores = self._scores(walk)
        most = float(np.abs(scores[np.isfinite(scores)]).max(initial=0.0)) or 1.0
        names, first = [visible_text(one) for one in self.walker.words], walk.operands.first_row
        self.map.set_values(scores.astype(np.float32), low=-most, high=most, ramp=DIFFERENCE)
        rows = names[first : first + len(walk.queries)]
        self.map.set_labels(rows, names)
        self.bar.set_range(-most, most, DIFFERENCE, "linear", tr("score, A − B") if beside is not None else tr("score"))
        self.map.set_veil(walk.operands.hides if walk.operands.hides.any() else None)
        part = tr("queries {first} to {last}", first=first, last=first + len(rows) - 1)
        self.pairs.set_note(tr("before the mask") if len(rows) == len(names) else f"{tr('before the mask')} · {part}")
        self.turning.setVisible(walk.operands.cos is not None)
        why = tr("A map of one model: choose A or B.") if beside is not None else ""
        self.picture.set_enabled("together", beside is None, why)
        if beside is not None:
            self.picture.set_value("scores")
        self._turn_picture()
        self.told.emit()

    def _scores(self, walk: "Walk") -> "npt.NDArray[np.float64]":
        """Of every pair before the mask, less those of B in a difference."""
        beside = self.walker.beside
        return walk.positioned if beside is None else walk.positioned - beside.positioned

    def _turn_picture(self, _picture: str = "") -> None:
        """Scores as a map of pairs, or queries and keys as points."""
        self.stack.setCurrentIndex(0 if self.picture.value() == "scores" else 1)
        self._show()

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
        walk, beside = self.walker.walk, self.walker.beside
        if walk is None:
            return
        row, column = self.place
        kept, whom = self.selection.locked("row"), self.selection.locked("column")
        self.map.mark(row if kept is None else kept - self._first, column if whom is None else whom, locked=True)
        self.bar.mark(float(self._scores(walk)[row, column]))
        turned, words = self.turning.value() == "after", self.walker.words
        if self.picture.value() == "together":
            self.together.show_walk(walk, words, turned)
            self.together.mark(row, column)
        if beside is None:
            rows, order = pair_rows(walk, words, row, column, turned)
            marks = tr("lines: before turning") if turned else tr("lines: after turning")
            self.pair.set_note(marks if walk.operands.cos is not None else "")
        else:
            rows, order = both_rows(walk, beside, words, row, column, turned)
            self.pair.set_note(tr("bars: A, lines: B"))
        self.bars.show_rows(rows, order if self.sorting.value() == "sorted" else range(len(order)))
        self._show_formula()

    def _show_formula(self, _dimension: int = -1) -> None:
        walk, beside = self.walker.walk, self.walker.beside
        if walk is None:
            return
        row, column = self.place
        at, turned = self.bars.dimension, self.turning.value() == "after"
        pair = f"{word(self.walker.words, self._first + row)} → {word(self.walker.words, column)}"
        sides = [walk] if beside is None else [walk, beside]
        if at >= 0:
            pair = tr("{pair}, dimension {number}", pair=pair, number=at)
            written = [product_words(side, row, column, at, turned) for side in sides]
            less = float(self.bars.rows[2].values[at])
        else:
            written = [sum_words(side, row, column, turned) for side in sides]
            scores = [score_of(side, row, column, turned) for side in sides]
            less = scores[0] - scores[-1]
        if beside is None:
            self.strip.say(pair, written[0])
        else:
            self.strip.say(f"{pair}, A − B = {result(less)}", both_words(*written))
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

    def _point_hovered(self, row: int, column: int) -> None:
        if row < 0 and column < 0:
            self.selection.leave()
        elif row >= 0:
            self.selection.hover(row=self._first + row)
        else:
            self.selection.hover(column=column)

    def _point_clicked(self, row: int, column: int) -> None:
        if row >= 0:
            self.selection.lock(row=self._first + row)
        elif column >= 0:
            self.selection.lock(column=column)

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
        if self.walker.beside is not None:
            other = score_of(self.walker.beside, row, column)
            return tr(
                "score(A) − score(B) = {one} − {other} = {less}: how much more {who} looks for {whom} in A than in B, "
                "before softmax weighs it against the others.",
                one=result(score), other=factor(result(other)), less=result(score - other),
                who=word(words, self._first + row), whom=word(words, column),
            )  # fmt: skip
        if self.picture.value() == "together":
            place = f"{place} {self.together.words()}".strip()
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
        numbers = {
            "query": found.query, "key": found.key, "query_before": walk.queries[row], "key_before": walk.keys[column],
            "product_before": found.before, "product": found.after, "scores": self._scores(walk),
        }  # fmt: skip
        if self.walker.beside is not None:
            other = self.walker.beside.products(row, column)
            numbers |= {"query_b": other.query, "key_b": other.key, "product_b": other.after}
        elif self.picture.value() == "together" and self.together.found is not None:
            numbers["together"] = self.together.found.points
        return numbers
