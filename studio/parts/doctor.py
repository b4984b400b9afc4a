"""The doctor's tab: every check with its result, what to do about it, and a report to copy."""

from pathlib import Path

from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.checkup import Finding, examine, report, torch_findings
from studio.parts.machine import Machine
from studio.parts.opening import projects_folder
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

MARKS = {"good": "good", "warning": "look at it", "danger": "bad"}
ICONS = {"good": "check", "warning": "warning", "danger": "danger"}


class Doctor(QWidget):
    """Examines when it is first shown, and again when asked."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self._session, self._look = session, look
        self._machine = Machine.of(session)
        self._machine.changed.connect(self._draw)
        self._found: list[Finding] = []
        self.examined = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 16, 0, 0)
        card = Card(tr("This installation"), look)
        self.verdict = Label("", "small")
        card.header.addWidget(self.verdict)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnStretch(2, 1)
        card.body.addLayout(self._grid)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.again = Button(tr("Check again"), self.examine, look)
        self.copy = Button(tr("Copy report"), self.copy_report, look)
        row.addWidget(self.again)
        row.addWidget(self.copy)
        row.addStretch(1)
        card.body.addSpacing(8)
        card.body.addLayout(row)
        column.addWidget(card)
        column.addStretch(1)
        look.changed.connect(self._draw)

    @property
    def findings(self) -> list[Finding]:
        """Everything found so far, torch's part last."""
        if self._machine.facts:
            return self._found + torch_findings(self._machine.facts)
        if self._machine.error or self._session.torch_state == "failed":
            return [*self._found, Finding("PyTorch", "danger", tr("could not be asked"), self._machine.error)]
        return self._found

    def examine(self) -> None:
        """Look at everything again, in the background."""
        self._found, self.examined = [], True
        self.again.setEnabled(False)
        where: Path = projects_folder(self._session)
        job = self._session.jobs.start(examine, self._session.places, where, lane="doctor")
        job.items.connect(self._took)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)
        self._draw()

    def copy_report(self) -> None:
        """Put the findings on the clipboard."""
        QApplication.clipboard().setText(report(self.findings))
        self._session.notices.post("good", tr("The report is on the clipboard."))

    def _took(self, findings: list[Finding]) -> None:
        self._found += findings
        self._draw()

    def _failed(self, error: StudioError) -> None:
        self._found.append(Finding(tr("The examination"), "danger", error.message, error.hint))
        self._draw()

    def _ended(self) -> None:
        self.again.setEnabled(True)
        self._draw()

    def _draw(self) -> None:
        """A line for each finding: mark, name, result and advice."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        findings = self.findings
        for line, finding in enumerate(findings):
            mark = QLabel()
            mark.setPixmap(self._look.pixmap(ICONS[finding.level], 16, finding.level, self.devicePixelRatioF()))
            mark.setAccessibleName(tr(MARKS[finding.level]))
            self._grid.addWidget(mark, line, 0)
            name = Label(finding.name, "quiet")
            name.setMinimumWidth(170)
            self._grid.addWidget(name, line, 1)
            words = f"{finding.text}  ·  {finding.hint}" if finding.hint else finding.text
            self._grid.addWidget(Label(words, "", wrap=True), line, 2)
        self.verdict.setText(self._sum_up(findings))

    def _sum_up(self, findings: list[Finding]) -> str:
        bad = sum(finding.level != "good" for finding in findings)
        if self._session.torch_state == "loading" or not self.again.isEnabled():
            return tr("examining…")
        if not bad:
            return tr("all well")
        return tr("1 thing to look at") if bad == 1 else tr("{count} things to look at", count=bad)
