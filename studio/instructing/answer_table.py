"""Answers in a table: what was asked, what was wanted, what the model said; searched, sorted, exported."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.instructing.answer_export import Judgements
from studio.instructing.answer_scores import Measured, Scored, question_of
from studio.parts.plain_text import PlainText
from studio.parts.wording import NOT_MEASURED, column_width, count
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

FILTERS = (("all", "All"), ("wrong", "Not right"), ("right", "Exactly right"), ("cut", "Not ended"),
           ("copied", "Copied"))  # fmt: skip
_PAUSE = 200  # milliseconds after the last key until the search follows
_COPIED = 12  # tokens in one run from which an answer counts as copied


class AnswerTable(QWidget):
    """`set_measured` fills it; the chosen row stands whole below."""

    export_requested = Signal(object)  # Path

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Measured | None = None
        self.judged: Judgements = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search questions and answers"))
        self.search.setAccessibleName(tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.filter = ChoiceEdit([(name, tr(words)) for name, words in FILTERS], look)
        self.filter.setAccessibleName(tr("Which answers"))
        self.where = Label("", "small")
        self.export = Button(tr("Export…"), self.ask_where, look, "link", "export").set_small()
        self._look = look
        self._with = (False, False)  # columns that are there: skills, scores of a judge
        self.table = self._make_table()
        self.detail = PlainText(look, tr("The chosen answer"))
        self.detail.setMinimumHeight(96)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._show)
        self._lay_out()
        self.search.textChanged.connect(self._typed)
        self.filter.changed.connect(self._show)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.search, 1)
        for widget in (self.filter, self.where, self.export):
            line.addWidget(widget)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addLayout(line)
        self._column.addWidget(self.table, 3)
        self._column.addWidget(self.detail, 1)

    def _make_table(self) -> RecordTable:
        """A table with the columns that there is something to show in."""
        left_out = {name for name, there in zip((tr("Skill"), tr("Judge")), self._with, strict=True) if not there}
        columns = [column for column in self._columns() if column.title not in left_out]
        table = RecordTable(columns, self._look, key=lambda row: row.answer.row)
        table.setAccessibleName(tr("Answers"))
        table.selection_changed.connect(self._chosen)
        return table

    def _columns(self) -> list[Column]:
        exact, f1, shared, judge = tr("Exact"), "F1", tr("Shared"), tr("Judge")
        return [
            Column("#", lambda row: row.answer.row + 1, text=lambda row: count(row.answer.row + 1), align="right",
                   width=column_width("#", 56)),
            Column(tr("Instruction"), lambda row: row.answer.asked, text=lambda row: _line(row.answer.asked)),
            Column(tr("Input"), lambda row: row.answer.given, text=lambda row: _line(row.answer.given), spare=True),
            Column(tr("Wanted"), lambda row: row.answer.wanted, text=lambda row: _line(row.answer.wanted)),
            Column(tr("Answered"), lambda row: row.answer.answered, text=lambda row: _line(row.answer.answered),
                   dot=lambda row: "good" if row.exact else "danger"),
            Column(tr("Skill"), lambda row: row.answer.skill or None, width=column_width(tr("Skill"), 108), spare=True),
            Column(exact, lambda row: row.exact, text=lambda row: tr("yes") if row.exact else tr("no"), align="right",
                   width=column_width(exact, 60), spare=True),
            Column(f1, lambda row: row.f1, text=lambda row: f"{row.f1:.2f}", align="right", width=column_width(f1, 56)),
            Column(judge, self._judged, text=lambda row: self.judged.get(row.answer.row, ""), align="right",
                   width=column_width(judge, 64)),
            Column(shared, lambda row: row.shared, align="right", width=column_width(shared, 68), spare=True,
                   text=lambda row: NOT_MEASURED if row.shared is None else count(row.shared),
                   tip=lambda _row: tr("Tokens in the longest run that also stands in the training rows.")),
        ]  # fmt: skip

    def _judged(self, row: Scored) -> float | None:
        words = self.judged.get(row.answer.row, "")
        return float(words) if words.replace(".", "", 1).isdigit() else None

    def set_measured(self, found: Measured | None, judged: Judgements | None = None) -> None:
        """Show these answers, and what a judge gave to them."""
        self._found, self.judged = found, judged if judged is not None else self.judged
        there = (found is not None and bool(found.skills), bool(self.judged))
        if there != self._with:
            self._with, (title, descending), old = there, self.table.sort_state(), self.table
            self.table = self._make_table()
            self.table.sort_by(title, descending)
            self._column.replaceWidget(old, self.table)
            old.hide()
            old.deleteLater()
        self.export.setEnabled(found is not None)
        self._show()

    def shown(self) -> list[Scored]:
        """The rows that the search and the filter leave, in the order of the dataset."""
        rows = self._found.rows if self._found is not None else ()
        words = self.search.text().casefold().split()
        keeps = _KEEPS[str(self.filter.value())]
        return [row for row in rows if keeps(row) and all(word in _searched(row) for word in words)]

    def _typed(self) -> None:
        self._timer.start()

    def _show(self) -> None:
        rows = self.shown()
        self.table.set_rows(rows)
        total = len(self._found.rows) if self._found is not None else 0
        self.where.setText(tr("{shown} of {total}", shown=count(len(rows)), total=count(total)))
        empty = tr("No answer fits the search.") if total else tr("No answers yet.")
        self.table.set_empty_text(empty)
        self._chosen(self.table.selected_rows() or rows[:1])

    def _chosen(self, rows: list[Any]) -> None:
        self.detail.set_text(detail_of(rows[0]) if rows else "")

    # --- export -----------------------------------------------------------------------------------------------------

    def ask_where(self) -> None:
        """Ask for a file; its suffix says the format."""
        if self._found is None:
            return
        name = f"{self._found.answers.path.stem}.json"
        kinds = tr("The book's JSON (*.json);;Table (*.csv)")
        path, _ = QFileDialog.getSaveFileName(self, tr("Export the answers"), name, kinds)
        if path:
            self.export_requested.emit(Path(path))


_KEEPS: dict[str, Callable[[Scored], bool]] = {
    "all": lambda row: True,
    "wrong": lambda row: not row.exact,
    "right": lambda row: bool(row.exact),
    "cut": lambda row: row.answer.ended == "length",
    "copied": lambda row: (row.shared or 0) >= _COPIED,
}


def detail_of(row: Scored) -> str:
    """One answer whole, with what was wanted and what the nearest training row says."""
    answer = row.answer
    parts = [(tr("Asked"), question_of(answer)), (tr("Wanted"), answer.wanted), (tr("Answered"), answer.answered)]
    if row.found:
        parts.append((tr("The nearest training question has the answer"), row.found))
    return "\n\n".join(f"{name}\n{text or '–'}" for name, text in parts)


def _searched(row: Scored) -> str:
    one = row.answer
    return f"{one.asked}\n{one.given}\n{one.wanted}\n{one.answered}\n{one.skill}".casefold()


def _line(text: str) -> str:
    return " ".join(text[:400].split())
