"""A form made of a dataclass's knobs: it shows a value, says when a person changed it, and where it cannot work."""

import dataclasses
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.form_row import GUTTER, FormRow
from studio.core.knobs import Knob, Problem, problems
from studio.core.language import tr
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look


class Form(QWidget):
    """Rows for the knobs of `kind`, nested dataclasses flattened; `only` names and orders them ("training.steps").

    `set_value` never emits `changed`; a person's edit does, with the new frozen value. A `fold` button stands under
    the rows and may be moved (`card.header.addWidget(form.fold)`); it hides itself when nothing is advanced.
    """

    changed = Signal(object)

    def __init__(self, kind: Any, look: Look, only: Sequence[str] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._value = kind()
        self._rows: dict[str, FormRow] = {}
        self._facts: list[QWidget] = []
        self._open = False
        self._lay_out()
        found = dict(_leaves(kind))
        for name in only if only is not None else found:
            self._add_row(name, *found[name])
        self._advanced.hide()
        self._mark()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._basic_rows, self._fact_rows = QVBoxLayout(), QVBoxLayout()
        self._advanced = QWidget()
        self._advanced_rows = QVBoxLayout(self._advanced)
        self._advanced_rows.setContentsMargins(0, 0, 0, 0)
        self.fold = Button("", self.toggle_fold, self.look, "link")
        self.fold.setProperty("tone", "quiet")
        self.fold.set_small()
        line = QHBoxLayout()
        line.setContentsMargins(GUTTER - 4, 0, 0, 0)
        line.addWidget(self.fold)
        line.addStretch(1)
        for rows in (self._basic_rows, self._fact_rows, self._advanced_rows):
            rows.setSpacing(8)
        column.addLayout(self._basic_rows)
        column.addWidget(self._advanced)
        column.addLayout(self._fact_rows)
        column.addLayout(line)
        column.addStretch(1)

    def _add_row(self, name: str, knob: Knob, kind: type) -> None:
        row = FormRow(knob, kind, _get(self._value, name), self.look)
        row.edited.connect(self._edited)
        self._rows[name] = row
        (self._advanced_rows if knob.advanced else self._basic_rows).addWidget(row)

    def value(self) -> Any:
        """The present value: a new instance of `kind`; fields without a row keep what `set_value` brought."""
        return _with(self._value, {name: row.value() for name, row in self._rows.items()})

    def set_value(self, value: Any) -> None:
        """Show `value` without emitting `changed`."""
        self._value = value
        for name, row in self._rows.items():
            row.set_value(_get(value, name))
        self._mark()

    @property
    def problems(self) -> list[Problem]:
        """What keeps the value from being used: text that cannot be read, then what the dataclass itself finds."""
        typed = [Problem(name, row.editor.problem) for name, row in self._rows.items() if row.editor.problem]
        told = {problem.field for problem in typed}
        return typed + [problem for problem in problems(self.value()) if problem.field not in told]

    def row(self, field: str) -> FormRow:
        """The row of a field, to hide or to disable it."""
        return self._rows[field]

    def set_baseline(self, value: Any) -> None:
        """What dots and resets compare with, e.g. a preset; the dataclass's defaults until then."""
        for name, row in self._rows.items():
            row.baseline = _get(value, name)
        self._mark()

    def set_choices(self, field: str, choices: Sequence[tuple[str, str]]) -> None:
        """Offer (value, words) for a field, such as the names of a project's texts."""
        row = self._rows[field]
        if isinstance(row.editor, ChoiceEdit):
            row.editor.set_choices(choices)
        else:
            row.replace_editor(ChoiceEdit(choices, self.look))
        self._mark()

    def set_read_only(self, read_only: bool) -> None:
        """Show without letting anything be changed, as while a run computes."""
        for row in self._rows.values():
            row.editor.setEnabled(not read_only)
        self._mark()

    def add_fact(self, label: str, help: str = "") -> Label:
        """A row without an editor; set the returned label's text to what was computed ("3,072")."""
        line = QWidget()
        line.setToolTip(help)
        line.setMinimumHeight(28)
        row = QHBoxLayout(line)
        row.setContentsMargins(GUTTER, 0, 13, 0)
        fact = Label("")
        fact.setAccessibleName(label)
        fact.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(Label(label, "quiet"))
        row.addStretch(1)
        row.addWidget(fact)
        self._fact_rows.addWidget(line)
        self._facts.append(line)
        return fact

    def focus_on(self, field: str) -> None:
        """Unfold if needed and put the keyboard on a field."""
        row = self._rows[field]
        if row.knob.advanced:
            self.set_open(True)
        row.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def toggle_fold(self) -> None:
        """Show or hide the advanced rows."""
        self.set_open(not self._open)

    def set_open(self, is_open: bool) -> None:
        """Show (True) or hide the advanced rows."""
        self._open = is_open
        self._advanced.setVisible(is_open)
        self._tell_fold()

    def _edited(self) -> None:
        self._mark()
        self.changed.emit(self.value())

    def _mark(self) -> None:
        """Dots, messages and the words of the fold; a folded row with a problem is unfolded."""
        said: dict[str, str] = {}
        for problem in self.problems:
            said.setdefault(problem.field, problem.message)
        for name, row in self._rows.items():
            row.mark(said.get(name, ""))
        if not self._open and any(name in said for name, row in self._rows.items() if row.knob.advanced):
            self.set_open(True)
        self._tell_fold()

    def _tell_fold(self) -> None:
        folded = [row for row in self._rows.values() if row.knob.advanced and not row.isHidden()]
        changed = sum(row.is_changed() for row in folded)
        words = tr("{count} more fields", count=len(folded)) if len(folded) != 1 else tr("1 more field")
        if self._open:
            words = tr("Fewer fields")
        elif changed:
            words = tr("{words} · {count} changed", words=words, count=changed)
        self.fold.setText(words)
        self.fold.setVisible(bool(folded))


def _leaves(kind: Any, prefix: str = "") -> Iterator[tuple[str, tuple[Knob, type]]]:
    """Dotted name, knob and type of every field with a knob, in declaration order."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if "knob" in field.metadata:
            yield prefix + field.name, (field.metadata["knob"], hints[field.name])
        elif dataclasses.is_dataclass(hints[field.name]):
            yield from _leaves(hints[field.name], f"{prefix}{field.name}.")


def _get(value: Any, name: str) -> Any:
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _with(value: Any, fields: dict[str, Any]) -> Any:
    """A copy with dotted fields replaced, innermost first."""
    own: dict[str, Any] = {name: new for name, new in fields.items() if "." not in name}
    nested: dict[str, dict[str, Any]] = {}
    for name, new in fields.items():
        head, dot, rest = name.partition(".")
        if dot:
            nested.setdefault(head, {})[rest] = new
    for head, inner in nested.items():
        own[head] = _with(getattr(value, head), inner)
    return dataclasses.replace(value, **own) if own else value
