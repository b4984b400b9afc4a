"""From a token to a vector: its row of the table, the row of its place, their sum, by a model of one's own."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.wording import count
from studio.seeing.subjects import of_entry, of_run
from studio.store.library import entries_of
from studio.teaching.flow_row import FlowRow
from studio.teaching.lesson_view import LessonView
from studio.teaching.lookup_view import LookupPage
from studio.teaching.number_grid import NumberGrid
from studio.teaching.window_slide import tokens_of
from studio.views.token_text import visible
from studio.views.token_view import TokenView
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.reading import Read

UNTRAINED = "studio.exercises.reading:read_untrained"
TRAINED = "studio.exercises.reading:read_folder"
TABS = (("vectors", "A model's vectors"), ("lookup", "A lookup is a product"))
WORDS = "Every effort moves you"
_CELL, _HIGH = 58, 40  # pixels of a number
_QUIET = 250


class VectorsView(LessonView):
    """Click a token, or go along with the arrows: three rows of numbers, the third the sum of the others."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.found: Read | None = None
        self._folders: dict[str, Path] = {}
        self.tabs = Segmented([(name, tr(words)) for name, words in TABS], look, tr("What to look at"))
        self.tabs.changed.connect(self._show_tab)
        self.model = ChoiceEdit([], look)
        self.model.setAccessibleName(tr("Model"))
        self.model.changed.connect(self.recompute)
        self.words = QLineEdit(WORDS)
        self.words.setAccessibleName(tr("Text to read"))
        self.words.textEdited.connect(self._typed)
        self.tokens = TokenView(look)
        self.tokens.set_show_ids(True)
        self.tokens.setFixedHeight(58)
        self.tokens.selected.connect(self._choose)
        self.rows = {name: NumberGrid(look) for name in ("token", "place", "sum")}
        for grid in self.rows.values():
            grid.set_largest(_CELL, _HIGH)
            grid.places = 3
            grid.pointed.connect(self._point)
        self.signs = {"place": Label("+", "large"), "sum": Label("=", "large")}
        self.addition = ElidedLabel("", "mono")
        self.caption = Label("", "small", wrap=True)
        self.lookup = LookupPage(look)
        self.lookup.wanted.connect(self.recompute)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self.recompute)
        self._lay_out()
        self._show_tab("vectors")

    def _lay_out(self) -> None:
        line = FlowRow()
        line.add(self.tabs)
        line.add(self.model)
        self.vectors = QWidget()
        column = QVBoxLayout(self.vectors)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.words)
        column.addWidget(self.tokens)
        for name, grid in self.rows.items():
            row = QHBoxLayout()
            row.setSpacing(8)
            sign = self.signs.get(name, Label("", "large"))
            sign.setFixedWidth(16)
            sign.setFixedHeight(_HIGH)
            row.addWidget(sign, 0, Qt.AlignmentFlag.AlignBottom)
            grid.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
            row.addWidget(grid, 1)
            column.addLayout(row)
        column.addWidget(self.addition)
        column.addWidget(self.caption)
        column.addStretch(1)
        self.body.addWidget(line)
        self.body.addWidget(self.vectors, 1)
        self.body.addWidget(self.lookup, 1)

    # --- which model ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str]) -> None:
        """Runs and models come and go."""
        if what & {"project", "runs", "models", "running"}:
            self._offer()
        if what & {"draft", "project"} and self.model.value() == "":
            self.recompute()

    def _offer(self) -> None:
        subjects = [found for run in reversed(self.session.runs.values()) if (found := of_run(run)) is not None]
        subjects += [of_entry(entry) for entry in entries_of(self.session.project)]
        self._folders = {str(subject.folder): subject.folder for subject in subjects}
        before = self.model.value() or ""
        self.model.clear()
        self.model.set_choices(
            [("", tr("The draft's shape, untrained")), *((str(one.folder), one.title) for one in subjects)]
        )
        self.model.set_value(before if before in self._folders else "")

    def compute(self) -> None:
        """Read the words, or look up the ids."""
        if self.tabs.value() == "lookup":
            if (ids := self.lookup.ids()) is not None:
                self.ask(self.lookup.TARGET, ids, lane="lookup", heard=self.lookup.show_found)
            return
        if not self.model.count():
            self._offer()
        folder = self._folders.get(str(self.model.value() or ""))
        words = self.words.text()
        if folder is not None:
            self.ask(TRAINED, folder, words, lane="vectors", heard=self._came)
        elif self.session.running is not None:
            self.complain(StudioError(tr("A run is going on; drawing another model's weights would disturb its dice."),
                                      tr("Choose a trained model at the right, or wait until it ends.")))  # fmt: skip
        else:
            self.ask(UNTRAINED, self.session.project, self.session.draft, words, lane="vectors", heard=self._came)

    def complain(self, error: StudioError) -> None:
        """Numbers of another text must not stand there."""
        super().complain(error)
        self.found = None
        self._show()

    def _came(self, found: "Read") -> None:
        before = max(0, self.tokens.selected_index)
        self.found = found
        self.tokens.set_tokens(tokens_of(found.tokenizer, found.vectors.ids))
        self.tokens.select(min(before, len(found.vectors.ids) - 1))
        self._show()

    # --- showing --------------------------------------------------------------------------------------------------

    def _show_tab(self, name: str) -> None:
        self.vectors.setVisible(name == "vectors")
        self.model.setVisible(name == "vectors")
        self.lookup.setVisible(name == "lookup")
        self.recompute()

    def _choose(self, index: int) -> None:
        if index >= 0:
            self._show()

    def _numbers_shown(self) -> int:
        return max(4, (self.width() - 40) // _CELL)

    def _show(self) -> None:
        found = self.found
        self.tokens.setVisible(found is not None)
        for grid in self.rows.values():
            grid.setVisible(found is not None)
        for sign in self.signs.values():
            sign.setVisible(found is not None)
        if found is None:
            self.addition.setText("")
            self.caption.setText("")
            return
        vectors, at = found.vectors, max(0, self.tokens.selected_index)
        most, width = self._numbers_shown(), vectors.tokens.shape[1]
        token = vectors.ids[at]
        spelled = visible(tokens_of(found.tokenizer, [token])[0])
        token_row = vectors.tokens[at] * vectors.scale
        limit = float(max(np.abs(token_row).max(), np.abs(vectors.sums[at]).max())) or 1.0
        columns = [str(number) for number in range(min(most, width))]
        title = tr(
            "token “{spelled}”: row {row} of {rows}", spelled=spelled, row=count(token), rows=count(vectors.rows)
        )
        self.rows["token"].set_numbers(token_row[:most], title, limit)
        self.rows["token"].set_names((), columns)
        placed = vectors.places is not None
        self.rows["place"].setVisible(placed)
        self.signs["place"].setVisible(placed)
        if vectors.places is not None:
            words = tr("place {place}: row {place} of {rows}", place=at, rows=count(vectors.context))
            self.rows["place"].set_numbers(vectors.places[at][:most], words, limit)
        self.rows["sum"].set_numbers(vectors.sums[at][:most], tr("what the first block reads"), limit)
        self.caption.setText(self._caption(most, width, placed))
        self._point(0, 0)

    def _caption(self, most: int, width: int, placed: bool) -> str:
        assert self.found is not None
        parts = (
            [tr("The first {most} of {width} numbers.", most=min(most, width), width=count(width))]
            if most < width
            else []
        )
        if not placed:
            parts.append(tr("This family has no table of places: it turns queries and keys instead (the next lesson)."))
        if self.found.vectors.scale != 1.0:
            parts.append(tr("The token's row is multiplied by {scale} first, as Gemma does.",
                            scale=f"{self.found.vectors.scale:.2f}"))  # fmt: skip
        if self.found.cut:
            parts.append(tr("Only the first {count} tokens are read.", count=len(self.found.vectors.ids)))
        return " ".join(parts)

    def _point(self, _row: int, column: int) -> None:
        """One addition of the many."""
        found = self.found
        column = max(0, column)
        for grid in self.rows.values():
            grid.set_lit([(0, column)])
        if found is None:
            return
        at = max(0, self.tokens.selected_index)
        token, total = found.vectors.tokens[at, column] * found.vectors.scale, found.vectors.sums[at, column]
        if found.vectors.places is None:
            self.addition.setText(tr("number {at}: {value}", at=column, value=_words(total)))
            return
        place = found.vectors.places[at, column]
        words = tr("number {at}: {token} {place} = {sum}", at=column, token=_words(token), place=_added(place),
                   sum=_words(total))  # fmt: skip
        self.addition.setText(words)

    def _typed(self, _text: str) -> None:
        self._timer.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A wider page has room for more numbers."""
        super().resizeEvent(event)
        self._show()


def _words(value: float) -> str:
    return f"{float(value):.4f}".replace("-", "−")


def _added(value: float) -> str:
    """A number as it stands behind another one: + 0.5 or − 0.5."""
    return f"{'−' if value < 0 else '+'} {abs(float(value)):.4f}"
