"""What differs between several configurations."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.number_edit import text_of
from studio.core.knobs import knobs_of
from studio.core.language import tr
from studio.views.record_table import Column, RecordTable
from studio.widgets.label import Label
from studio.widgets.look import Look


@dataclass(frozen=True)
class DiffRow:
    """One setting and what it is in each column."""

    group: str
    label: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether not all values are the same."""
        return len(set(self.values)) > 1


def diff_rows(values: Sequence[Any]) -> list[DiffRow]:
    """Every knob of several dataclasses of one type, nested ones under their field's name, in declaration order."""
    return _rows(list(values), "") if values else []


def _rows(values: list[Any], group: str) -> list[DiffRow]:
    found: list[DiffRow] = []
    knobs = knobs_of(values[0])
    for field in dataclasses.fields(values[0]):
        items = [getattr(value, field.name) for value in values]
        if dataclasses.is_dataclass(items[0]):
            found += _rows(items, field.name)
        elif field.name in knobs:
            knob = knobs[field.name]
            choices = dict(knob.choices)
            words = tuple(_words(item, choices, knob.unit) for item in items)
            found.append(DiffRow(tr(group), tr(knob.label), words))
    return found


def _words(value: Any, choices: dict[str, str], unit: str) -> str:
    """A setting's value as its form shows it."""
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    if isinstance(value, str):
        return tr(choices[value]) if value in choices else (value or "–")
    text = text_of(value) if isinstance(value, int | float) else str(value)
    return f"{text} {tr(unit)}" if unit else text


class DiffTable(QWidget):
    """A table of settings with one column for each thing compared; "differences only" by default."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows: list[DiffRow] = []
        self._names: list[str] = []
        self.only = QCheckBox(tr("differences only"))
        self.only.setChecked(True)
        self.only.toggled.connect(self._fill)
        self.summary = Label("", "small")
        head = QHBoxLayout()
        head.addWidget(self.summary)
        head.addStretch(1)
        head.addWidget(self.only)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addLayout(head)
        self.table = self._make_table(())
        self._column.addWidget(self.table, 1)

    def set_items(self, names: Sequence[str], values: Sequence[Any]) -> None:
        """Compare these dataclasses (for example RunConfigs) under these names."""
        if len(names) != len(values):
            raise ValueError(f"{len(names)} names for {len(values)} values")
        if list(names) != self._names:
            self._names = list(names)
            old, self.table = self.table, self._make_table(names)
            self._column.replaceWidget(old, self.table)
            old.hide()
            old.deleteLater()
        self._rows = diff_rows(values)
        self._fill()

    def _make_table(self, names: Sequence[str]) -> RecordTable:
        columns = [
            Column(tr("setting"), _label, width=180),
            *(Column(name, _Value(place), role=_Emphasis(place)) for place, name in enumerate(names)),
        ]
        table = RecordTable(columns, self._look, key=_label_key)
        table.setAccessibleName(tr("Settings compared"))
        return table

    def _fill(self) -> None:
        different = [row for row in self._rows if row.differs]
        words = tr("{different} of {all} settings differ", different=len(different), all=len(self._rows))
        self.summary.setText(words if len(self._names) > 1 else "")
        alone = len(self._names) < 2
        self.only.setVisible(not alone)
        self.table.set_empty_text(tr("These have exactly the same settings.") if self._rows else "")
        self.table.set_rows(different if self.only.isChecked() and not alone else self._rows)


def _label(row: DiffRow) -> str:
    return f"{row.group} · {row.label}" if row.group else row.label


def _label_key(row: DiffRow) -> str:
    return _label(row)


@dataclass(frozen=True)
class _Value:
    """The text of one column."""

    place: int

    def __call__(self, row: DiffRow) -> str:
        return row.values[self.place]


@dataclass(frozen=True)
class _Emphasis:
    """Values that are the same as in the first column are quiet."""

    place: int

    def __call__(self, row: DiffRow) -> str:
        return "text" if self.place == 0 or row.values[self.place] != row.values[0] else "text_quiet"
