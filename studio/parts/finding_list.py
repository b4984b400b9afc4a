"""What a look at rows found, one under the other, each with its figure and its way out."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.row_finding import RowFinding
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

_MOST = 6


class FindingList(QWidget):
    """`wanted` carries a finding whose button was pressed; `ways_out` words that button, or "" for none."""

    wanted = Signal(object)  # RowFinding

    def __init__(self, look: Look, ways_out: Callable[[RowFinding], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._ways_out = look, ways_out
        self.findings: tuple[RowFinding, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def set_findings(self, findings: Sequence[RowFinding]) -> None:
        """Show these in this order; of many the first few, and the others to the pointer."""
        if tuple(findings) == self.findings:
            return
        self.findings = tuple(findings)
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for place, finding in enumerate(self.findings[:_MOST]):
            self._column.addWidget(self._row(place, finding))
        if others := self.findings[_MOST:]:
            more = Label(tr("and {count} more", count=len(others)), "small")
            more.setToolTip("\n".join(one.words for one in others))
            self._column.addWidget(more)

    def _row(self, place: int, finding: RowFinding) -> QWidget:
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
        if way_out := self._ways_out(finding):
            button = Button(way_out, None, self._look, "link").set_small()
            button.setProperty("place", place)
            button.clicked.connect(self._pressed)
            line.addWidget(button)
        return row

    def _pressed(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.wanted.emit(self.findings[int(sender.property("place"))])
