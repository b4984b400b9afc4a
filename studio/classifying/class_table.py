"""Precision, recall, F1 and support of every class, and their three averages."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.classifying.results import Results
from studio.core.language import tr
from studio.parts.wording import column_width, count
from studio.views.record_table import Column, RecordTable
from studio.widgets.look import Look

_FEW = 12  # rows, averages among them, that need no scrolling
_CHANGE = 4  # the column that is there with an earlier run only


@dataclass(frozen=True)
class ClassRow:
    """A class, or an average; `change` is how its F1 moved since the run it is compared with."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    change: float | None = None
    average: bool = False


class ClassTable(QWidget):
    """Sortable by every figure; averages stand in a table of their own below, so that sorting leaves them there."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = RecordTable(_columns(tr("Class")), look, key=lambda row: row.name)
        self.averages = RecordTable(_columns(tr("Average")), look, key=lambda row: row.name)
        self.averages.set_fit_height(True)
        self.table.setAccessibleName(tr("Figures of every class"))
        self.averages.setAccessibleName(tr("Averages over the classes"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)
        column.addWidget(self.averages)
        column.addStretch(0)

    def set_results(self, results: Results | None, earlier: Results | None = None) -> None:
        """Show the figures; with an earlier result of the same classes also how F1 changed."""
        rows = class_rows(results, earlier) if results is not None else []
        for table in (self.table, self.averages):
            table.setColumnHidden(_CHANGE, earlier is None)
        self.table.setMinimumHeight(0)
        self.table.setMaximumHeight(16_777_215)
        self.table.set_fit_height(len(rows) <= _FEW)
        self.table.set_rows([row for row in rows if not row.average])
        self.averages.set_rows([row for row in rows if row.average])


def class_rows(results: Results, earlier: Results | None = None) -> list[ClassRow]:
    """The classes in their order, then macro, micro and weighted."""
    each, means, total = results.per_class, results.averages, int(results.per_class.support.sum())
    same = earlier is not None and earlier.run.labels == results.run.labels
    before = list(earlier.per_class.f1) if same and earlier is not None else [None] * len(each.f1)
    figures = zip(each.precision, each.recall, each.f1, strict=True)
    rows = [
        ClassRow(label, float(p), float(r), float(f1), int(support), None if old is None else float(f1 - old))
        for label, (p, r, f1), support, old in zip(results.run.labels, figures, each.support, before, strict=True)
    ]
    averages = ((tr("macro: every class alike"), means.macro), (tr("micro: every row alike"), means.micro),
                (tr("weighted by rows"), means.weighted))  # fmt: skip
    return rows + [ClassRow(name, *figures, total, average=True) for name, figures in averages]


def _columns(first: str) -> list[Column]:
    return [
        Column(first, lambda row: row.name),
        _figure(tr("Precision"), lambda row: row.precision),
        _figure(tr("Recall"), lambda row: row.recall),
        _figure("F1", lambda row: row.f1),
        Column(tr("Change"), lambda row: row.change, text=_change, align="right", role=_change_role,
               width=column_width(tr("Change"), 76)),
        Column(tr("Rows"), lambda row: row.support, text=lambda row: count(row.support), align="right",
               width=column_width(tr("Rows"), 72)),
    ]  # fmt: skip


def _figure(title: str, value: Callable[[ClassRow], float]) -> Column:
    return Column(title, value, text=lambda row: f"{value(row):.3f}", align="right", width=column_width(title, 84))


def _change(row: ClassRow) -> str:
    return "" if row.change is None else f"{row.change:+.3f}".replace("-", "−")


def _change_role(row: ClassRow) -> str:
    if row.change is None or abs(row.change) < 0.0005:
        return "text_quiet"
    return "good" if row.change > 0 else "danger"
