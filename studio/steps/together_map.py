"""Queries and keys of a head on one map: what lies close has a large score."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.looking import Looking
from studio.maps.scatter_map import ScatterMap
from studio.steps.formulas import figure
from studio.views.bars import percent_text
from studio.views.token_text import visible_text
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.attention import Walk
    from studio.insight.together import Together

TOGETHER = "studio.insight.together:together"
QUERY, KEY = 0, 1  # series
_LOW = 200  # pixels


class TogetherMap(QWidget):
    """Queries in one colour, keys in the other; tells the places of the text that are pointed at."""

    hovered = Signal(int, int)  # row of the shown queries, column; −1 where it is no query, no key
    clicked = Signal(int, int)
    came = Signal()

    def __init__(self, looking: Looking, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looking, self._look = looking, look
        self.found: Together | None = None
        self._walk: Walk | None = None
        self._asked: tuple[Any, ...] = ()
        self._job: Job | None = None
        self._words: list[str] = []
        self.map = ScatterMap(look, tr("Queries and keys"))
        self.map.setMinimumSize(120, 80)
        self.note = Label("", "small", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.map, 1)
        column.addWidget(self.note)
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)
        look.changed.connect(self._colour)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low place the points need the room of the words, which the page says below anyway."""
        super().resizeEvent(event)
        self.note.setVisible(self.height() >= _LOW)

    def show_walk(self, walk: "Walk | None", words: tuple[str, ...], turned: bool) -> None:
        """The head that is walked through, its queries and keys after or before they are turned."""
        if walk is None:
            self._asked, self.found = (), None
            self._draw()
            return
        if self._walk is walk and self._asked == (turned,):
            return
        if self._walk is not walk:  # the points of another head are none of this one
            self.found = None
            self._draw()
        self._walk, self._asked, self._words = walk, (turned,), [visible_text(word) for word in words]
        names = ("turned_queries", "turned_keys") if turned else ("queries", "keys")
        queries, keys = (getattr(walk, name) for name in names)
        self._job = self._looking.ask(TOGETHER, queries, keys, walk.operands.hides, lane="queries and keys")
        self._job.succeeded.connect(self._there)
        self._job.failed.connect(self._failed)
        self.note.setText(tr("being computed…"))

    def _there(self, found: "Together") -> None:
        if self.sender() is self._job:
            self.found = found
            self._draw()
            self.came.emit()

    def _failed(self, error: StudioError) -> None:
        if self.sender() is self._job:
            self.found = None
            self._draw()
            self.note.setText(f"{error.message} {error.hint}")

    def _draw(self) -> None:
        found, walk = self.found, self._walk
        if found is None or walk is None:
            self.map.set_points(np.zeros((0, 2), np.float32))
            self.note.setText("")
            return
        self.map.set_points(found.points)
        rows, time = len(walk.queries), len(walk.keys)
        self.map.set_words(self._label, np.arange(rows + time))
        self.map.set_axes([
            tr("component {number}", number=at + 1) + f" · {percent_text(share)}"
            for at, share in enumerate(found.share)
        ])  # fmt: skip
        self._colour()
        self.note.setText(tr(
            "Blue queries, orange keys; near means a large score. Closeness and score correlate {all} in all {size} "
            "dimensions, {map} on this map.",
            all=figure(round(found.correlation, 3)), size=walk.queries.shape[1], map=figure(round(found.on_map, 3)),
        ))  # fmt: skip

    def _colour(self) -> None:
        if self.found is None or self._walk is None:
            return
        series = np.repeat((QUERY, KEY), (len(self._walk.queries), len(self._walk.keys)))
        table = np.array([self._look.color(role).rgb() for role in (QUERY, KEY)], np.uint32)
        self.map.set_colors(table[series])

    def _label(self, index: int) -> str:
        row, column = self._place(index)
        first = self._walk.operands.first_row if self._walk is not None else 0
        if row >= 0:
            return f"q {self._words[first + row]} @{first + row}"
        return f"k {self._words[column]} @{column}" if 0 <= column < len(self._words) else ""

    def _place(self, index: int) -> tuple[int, int]:
        rows = len(self._walk.queries) if self._walk is not None else 0
        if index < 0:
            return -1, -1
        return (index, -1) if index < rows else (-1, index - rows)

    def _hovered(self, index: int) -> None:
        self.hovered.emit(*self._place(index))

    def _clicked(self, index: int) -> None:
        self.clicked.emit(*self._place(index))

    def mark(self, row: int, column: int) -> None:
        """Ring a query, with a line to the key that it is looked at with."""
        if self.found is not None and self._walk is not None:
            self.map.mark(row, (len(self._walk.queries) + column,))

    def words(self) -> str:
        """How the map was made, with its numbers."""
        found = self.found
        if found is None:
            return ""
        closeness = tr(
            "Closeness and score correlate {all} in all dimensions, {map} on the map.",
            all=figure(round(found.correlation, 3)), map=figure(round(found.on_map, 3)),
        )  # fmt: skip
        return closeness + " " + tr(
            "q · {factor} and (k − mean of the keys) ÷ {factor}: every product stays but for a constant in each row, "
            "which softmax does not see, and distance follows the score as well as it can.",
            factor=figure(found.factor),
        )  # fmt: skip
