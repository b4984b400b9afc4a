"""What a look at the rows found, each with its figure and the way out."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.rows_seen import TOGETHER, Finding
from studio.core.language import tr
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

_MOST = 6
ACTIONS = {"data": "Open on the Data page", TOGETHER: "Keep them together"}


class FindingsList(QWidget):
    """`action_wanted` carries the action of a finding whose button was pressed."""

    action_wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.findings: tuple[Finding, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Show these, what keeps a run from starting first."""
        if tuple(findings) == self.findings:
            return
        self.findings = tuple(findings)
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for finding in self.findings[:_MOST]:
            self._column.addWidget(self._row(finding))
        if len(self.findings) > _MOST:
            more = len(self.findings) - _MOST
            self._column.addWidget(Label(tr("and {count} more", count=f"{more}"), "small"))

    def _row(self, finding: Finding) -> QWidget:
        row = QFrame()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(0)
        role = finding.level if finding.level in ("danger", "warning") else "quiet"
        words.addWidget(Label(finding.words, role, wrap=True))
        if finding.hint:
            words.addWidget(Label(finding.hint, "small", wrap=True))
        line.addLayout(words, 1)
        if finding.action:
            button = Button(tr(ACTIONS[finding.action]), None, self._look, "link").set_small()
            button.setProperty("action", finding.action)
            button.clicked.connect(self._pressed)
            line.addWidget(button)
        return row

    def _pressed(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.action_wanted.emit(str(sender.property("action")))
