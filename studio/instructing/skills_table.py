"""How each skill of a dataset came out, beside what looking up the nearest training question reaches."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.language import tr
from studio.instructing.answer_scores import Measured, Skill
from studio.instructing.answer_tiles import interval
from studio.parts.wording import column_width, count, percent
from studio.views.record_table import Column, RecordTable
from studio.widgets.label import Label
from studio.widgets.look import Look


class SkillsTable(QWidget):
    """`skill_chosen` is a wish to see the answers of one."""

    skill_chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = RecordTable(_columns(), look, key=lambda row: row.name)
        self.table.setAccessibleName(tr("Skills"))
        self.table.set_empty_text(
            tr("The dataset has no column “skill”, so its rows cannot be told apart by what they ask for.")
        )
        self.note = Label(tr("Double-click a skill to see its answers."), "small", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        self.table.row_activated.connect(self._activated)

    def set_measured(self, found: Measured | None) -> None:
        """Show the skills of these answers."""
        skills = found.skills if found is not None else ()
        self.table.set_rows(skills)
        self.note.setVisible(bool(skills))

    def _activated(self, row: Skill) -> None:
        self.skill_chosen.emit(row.name)


def _columns() -> list[Column]:
    def figure(title: str, value: Callable[[Skill], float], text: Callable[[Skill], str]) -> Column:
        return Column(title, value, text=text, align="right", width=column_width(title, 96))

    return [
        Column(tr("Skill"), lambda row: row.name, dot=_dot),
        figure(tr("Rows"), lambda row: row.rows, lambda row: count(row.rows)),
        figure(tr("Exactly right"), lambda row: row.exact.value, lambda row: percent(row.exact.value)),
        figure(tr("95 % interval"), lambda row: row.exact.low, lambda row: interval(row.exact)),
        figure(tr("Token F1"), lambda row: row.f1, lambda row: f"{row.f1:.3f}"),
        figure(tr("Nearest question"), lambda row: row.found_exact, lambda row: percent(row.found_exact)),
        figure(tr("Ahead by"), lambda row: row.exact.value - row.found_exact,
               lambda row: f"{100 * (row.exact.value - row.found_exact):+.1f}".replace("-", "−")),
    ]  # fmt: skip


def _dot(row: Skill) -> str:
    ahead = row.exact.value - row.found_exact
    return "good" if ahead > 0 else "danger" if ahead < 0 else "text_disabled"
