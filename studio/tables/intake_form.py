"""How a table is read before it is taken in: what was found, why, and every choice that may be changed."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.formats import Choices, Fault, TableFacts
from studio.rows.kinds import KINDS, Reading
from studio.tables.row_tools import missing_words
from studio.tables.table_look import Counted, Looked
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp949", "euc-kr", "shift_jis",
             "gb18030", "big5", "cp1251", "koi8-r", "cp1250", "cp1253", "cp1255", "cp1256")  # fmt: skip
_DELIMITERS = ((",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Bar"))
_FAULTS_SHOWN = 154  # pixels of the list


class IntakeForm(Card):
    """Shows what a `Looked` says; what a person chooses comes back as signals.

    `faults` is a list that has its place below the rows.
    """

    choices_changed = Signal(object)  # Choices
    kind_chosen = Signal(str)
    undo_requested = Signal()
    text_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("How it is read"), look, parent)
        self._choices = Choices()
        self.undo = Button(tr("Undo"), self.undo_requested.emit, look, "quiet", "undo").set_small()
        self.header.addWidget(self.undo)
        scroll = Scroll()
        self._column = scroll.body
        self._column.setSpacing(12)
        self._column.setContentsMargins(0, 0, 8, 0)
        self.body.addWidget(scroll, 1)
        self.name = QLineEdit()
        self.encoding, self.delimiter, self.header_choice = (ChoiceEdit([("", "")], look) for _ in range(3))
        self.kind = ChoiceEdit([(kind.name, kind.label) for kind in KINDS.values()], look)
        self.format = Label("")
        self.why = [Label("", "small", wrap=True) for _ in range(2)]
        self.missing = Label("", "warning", wrap=True)
        self._fields = {
            "name": self._field(tr("Name in the project"), self.name),
            "format": self._field(tr("Format"), self.format),
            "encoding": self._field(tr("Encoding"), self.encoding),
            "delimiter": self._field(tr("Values are separated by"), self.delimiter),
            "header": self._field(tr("First row"), self.header_choice, self.why[0]),
            "kind": self._field(tr("What the rows are"), self.kind, self.why[1], self.missing),
        }
        self._add_faults(look)
        self.as_text = Button(tr("Take it as plain text instead"), self.text_requested.emit, look, "link").set_small()
        self._column.addWidget(self.as_text)
        self._column.addStretch(1)
        for editor in (self.encoding, self.delimiter, self.header_choice):
            editor.changed.connect(self._changed)
        self.kind.changed.connect(self._kind_changed)

    def _field(self, name: str, editor: QWidget, *below: QWidget) -> QWidget:
        field = QWidget()
        column = QVBoxLayout(field)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        editor.setAccessibleName(name)
        for widget in (Label(name, "small"), editor, *below):
            column.addWidget(widget)
        self._column.addWidget(field)
        return field

    def _add_faults(self, look: Look) -> None:
        self.rows_label = Label("", "strong", wrap=True)
        self.faults_label = Label("", "warning", wrap=True)
        columns = [
            Column(tr("Line"), lambda fault: fault.line, lambda fault: f"{fault.line:,}" if fault.line else "–",
                   "right", 64),
            Column(tr("Why it is left out"), lambda fault: fault.reason),
        ]  # fmt: skip
        self.faults = RecordTable(columns, look, key=lambda fault: (fault.line, fault.reason))
        self.faults.setAccessibleName(tr("Lines that cannot be read"))
        for widget in (self.rows_label, self.faults_label):
            self._column.addWidget(widget)

    # --- showing --------------------------------------------------------------------------------------------------

    def set_looked(self, looked: Looked, choices: Choices) -> None:
        """What was found at the beginning of the table, with these choices."""
        facts, self._choices = looked.facts, choices
        self.format.setText(tr(looked.label))
        flowing = bool(facts.delimiter)
        self._fields["delimiter"].setVisible(flowing)
        self._fields["header"].setVisible(flowing)
        self._fields["encoding"].setVisible(bool(facts.encoding))
        _offer(self.encoding, choices.encoding, _found(facts.encoding, choices.encoding),
               [(name, name) for name in ENCODINGS])  # fmt: skip
        word = dict(_DELIMITERS).get(facts.delimiter, facts.delimiter)
        _offer(self.delimiter, choices.delimiter, _found(tr(word), choices.delimiter),
               [(mark, tr(name)) for mark, name in _DELIMITERS])  # fmt: skip
        header = tr("names the columns") if facts.header else tr("is a row like the others")
        _offer(self.header_choice, choices.header, _found(header, choices.header),
               [(True, tr("names the columns")), (False, tr("is a row like the others"))])  # fmt: skip
        self.why[0].setText(" ".join(sentence for sentence in facts.why if sentence))
        self.why[0].setVisible(True)
        self._show_why(facts)

    def _show_why(self, facts: TableFacts) -> None:
        """The reasons stand under the last choice that there is for this format."""
        doubtful = "warning" if facts.guessed else "small"
        self.why[0].set_role(doubtful)
        home = self._fields["header" if facts.delimiter else "format"].layout()
        if home is not None and home.indexOf(self.why[0]) < 0:
            home.addWidget(self.why[0])

    def set_reading(self, reading: Reading) -> None:
        """How the rows are read."""
        self.kind.set_value(reading.kind)
        self.why[1].setText(reading.why)
        words = missing_words(reading)
        self.missing.setText(words)
        self.missing.setVisible(bool(words))

    def set_counting(self, share: float) -> None:
        """The table is being read to its end."""
        self.rows_label.setText(tr("Counting the rows… {share} %", share=int(100 * share)))
        self._show_faults(0, {}, ())

    def set_counted(self, counted: Counted | None) -> None:
        """What came of it; None: nobody knows."""
        self.rows_label.setText("" if counted is None else tr("{count} rows", count=f"{counted.rows:,}"))
        if counted is not None and not counted.read:
            self.rows_label.setText(tr("{count} rows; what cannot be read of them is told when they are taken in.",
                                       count=f"{counted.rows:,}"))  # fmt: skip
        if counted is not None:
            self._show_faults(counted.faults, counted.reasons, counted.first)

    def _show_faults(self, count: int, reasons: dict[str, int], first: Sequence[Fault]) -> None:
        words = tr("1 line cannot be read and is left out.") if count == 1 else ""
        if count > 1:
            words = tr("{count} lines cannot be read and are left out.", count=f"{count:,}")
        if len(reasons) > 1:
            words += "\n" + "\n".join(f"{number:,} × {reason}" for reason, number in reasons.items())
        if count > len(first):
            words += "\n" + tr("The first {count} are listed.", count=f"{len(first):,}")
        self.faults_label.setText(words)
        self.faults_label.setVisible(count > 0)
        self.faults.set_rows(first)
        self.faults.setFixedHeight(min(_FAULTS_SHOWN, self.faults.sizeHint().height()))
        self.faults.setVisible(bool(first))

    # --- choosing -------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._choices = Choices(
            encoding=self.encoding.value(), delimiter=self.delimiter.value(), header=self.header_choice.value()
        )
        self.choices_changed.emit(self._choices)

    def _kind_changed(self) -> None:
        self.kind_chosen.emit(self.kind.value())


def _found(words: str, chosen: Any) -> str:
    """The entry that leaves the choice to looking; what was found stands in it while that is so."""
    return tr("Found: {what}", what=words) if chosen in ("", None) else tr("As it is found by looking")


def _offer(editor: ChoiceEdit, chosen: Any, found: str, others: Sequence[tuple[Any, str]]) -> None:
    empty: Any = None if chosen is None or isinstance(chosen, bool) else ""
    editor.clear()
    editor.set_choices([(empty, found), *others])
    editor.set_value(chosen)
