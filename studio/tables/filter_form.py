"""The one setting of a filter: its expression, on a line of its own, with the words that it may use."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.controls.editors import TextEdit
from studio.controls.form_row import GUTTER
from studio.core.language import tr
from studio.rows.filters import EXAMPLE, WORDS
from studio.rows.kinds import Reading
from studio.rows.steps import Filter
from studio.widgets.label import Label
from studio.widgets.look import Look

_COLUMNS = 12  # that are named


class FilterForm(QWidget):
    """Like a `Form`: `set_value` is silent, a person's edit says `changed` with the new step."""

    changed = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.editor = TextEdit()
        self.editor.changed.connect(self._edited)
        self.editor.setAccessibleName(tr("Keep rows where"))
        self.editor.setAccessibleDescription(tr("For example: {example}", example=EXAMPLE))
        self.editor.setToolTip(tr("For example: {example}", example=EXAMPLE))
        self.setFocusProxy(self.editor)
        label = Label(tr("Keep rows where"), "quiet")
        label.setBuddy(self.editor)
        self.problem = Label("", "danger", wrap=True)
        self.columns = Label("", "small", wrap=True)
        words = Label(tr("Words: {words}", words=", ".join(f"{word}( )" for word in WORDS)), "small", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(GUTTER, 0, 0, 0)
        column.setSpacing(4)
        for widget in (label, self.editor, self.problem, self.columns, words):
            column.addWidget(widget)

    def set_value(self, step: Filter) -> None:
        """Show a filter."""
        if self.editor.value() != step.expression:
            self.editor.set_value(step.expression)

    def set_words(self, columns: Sequence[str], reading: Reading, problem: str) -> None:
        """The columns that may be named, by their roles where their names are not words, and what is wrong."""
        more = "" if len(columns) <= _COLUMNS else ", …"
        roles = {column: role for role, column in reading.roles.items()}
        names = [name if name.isidentifier() else roles.get(name, f'column("{name}")') for name in columns[:_COLUMNS]]
        self.columns.setText(tr("Columns: {columns}", columns=", ".join(names) + more))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.editor.setProperty("invalid", bool(problem))
        self.editor.style().unpolish(self.editor)
        self.editor.style().polish(self.editor)

    def _edited(self) -> None:
        self.changed.emit(Filter(str(self.editor.value())))
