"""A part of a view under its own heading, without a frame: findings of one kind, or a few large figures."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.tables.finding_rows import PAD, FindingRows, Line
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look


class Section(QWidget):
    """`head` takes small widgets at the right of the title, `body` everything else."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.note = Label(title, "heading"), ElidedLabel("", "small")
        self.head = QHBoxLayout()
        self.head.setSpacing(8)
        self.head.addWidget(self.title)
        self.head.addWidget(self.note, 1)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(4)
        self.body.addLayout(self.head)


class FindingSection(Section):
    """Findings of one kind; `opened` says the name of the one whose rows are wanted."""

    opened = Signal(str)

    def __init__(self, title: str, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.rows = FindingRows(look, title)
        self.rows.opened.connect(self.opened)
        self.none = Label("", "small", wrap=True)
        self.none.setContentsMargins(PAD, 0, 0, 0)
        self.body.addWidget(self.rows)
        self.body.addWidget(self.none)

    def set_lines(self, lines: Sequence[Line], note: str = "") -> None:
        """Show what there is, and name what there is none of; without any lines the section is hidden."""
        found = [line for line in lines if line.rows]
        absent = [line for line in lines if not line.rows]
        self.rows.set_lines(found)
        self.rows.setVisible(bool(found))
        self.none.setText(tr("None: {names}", names=", ".join(map(_inside, absent))))
        self.none.setToolTip("\n".join(f"{line.label}: {line.about}" for line in absent))
        self.none.setVisible(bool(absent))
        self.note.setText(note)
        self.setVisible(bool(lines))


def _inside(line: Line) -> str:
    """A label within a sentence: e-mail addresses, but HTML entities."""
    return line.label if line.label[1:2].isupper() else line.label[:1].lower() + line.label[1:]


class Figures(QWidget):
    """A few large numbers side by side, each over its name."""

    def __init__(self, many: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        self.values: list[Label] = []
        self.names: list[ElidedLabel] = []
        for _ in range(many):
            column = QVBoxLayout()
            column.setSpacing(0)
            self.values.append(Label("", "title"))
            self.names.append(ElidedLabel("", "small"))
            column.addWidget(self.values[-1])
            column.addWidget(self.names[-1])
            row.addLayout(column, 1)

    def set_figures(self, figures: Sequence[tuple[str, str, str]]) -> None:
        """Show value, name and hint of each."""
        for value, name, (words, called, tip) in zip(self.values, self.names, figures, strict=True):
            value.setText(words)
            name.setText(called)
            for label in (value, name):
                label.setToolTip(tip)
            value.setAccessibleName(tr("{name}: {value}", name=called, value=words))
