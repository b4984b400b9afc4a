"""What a look at the rows found, each with its figure, the way out, and the rows that it is about."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.instructing.rows_seen import Finding
from studio.parts.wording import count
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

_MOST = 6


class FindingsList(QWidget):
    """`rows_wanted` carries a finding whose rows a person wants to see, `data_wanted` leads to the Data page."""

    rows_wanted = Signal(object)  # Finding
    data_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.findings: tuple[Finding, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Show these, what keeps a run from starting first."""
        order = ("danger", "warning", "info")
        ordered = tuple(sorted(findings, key=lambda one: order.index(one.level)))
        if ordered == self.findings:
            return
        self.findings = ordered
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for place, finding in enumerate(ordered[:_MOST]):
            self._column.addWidget(self._row(place, finding))
        if len(ordered) > _MOST:
            more = Label(tr("and {count} more", count=len(ordered) - _MOST), "small")
            more.setToolTip("\n".join(one.words for one in ordered[_MOST:]))
            self._column.addWidget(more)

    def _row(self, place: int, finding: Finding) -> QWidget:
        row = QFrame()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(finding.words, finding.level if finding.level != "info" else "quiet", wrap=True))
        if finding.hint:
            words.addWidget(Label(finding.hint, "small", wrap=True))
        line.addLayout(words, 1)
        if finding.rows:
            several = tr("Look at the {count} rows", count=count(len(finding.rows)))
            self._add(line, tr("Look at the row") if len(finding.rows) == 1 else several, place)
        elif finding.action:
            self._add(line, tr("Open on the Data page"), -1)
        return row

    def _add(self, line: QHBoxLayout, words: str, place: int) -> None:
        button = Button(words, None, self._look, "link").set_small()
        button.setProperty("place", place)
        button.clicked.connect(self._pressed)
        line.addWidget(button)

    def _pressed(self) -> None:
        sender = self.sender()
        place = int(sender.property("place")) if sender is not None else -1
        if place < 0:
            self.data_wanted.emit()
        else:
            self.rows_wanted.emit(self.findings[place])
