"""The doctor's tab: every check with its result and what to do about it, the devices' arithmetic, a report to copy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.arithmetic import Arithmetic, flowing
from studio.parts.checkup import Finding, examine, torch_findings
from studio.parts.diagnosis import device_findings, report
from studio.parts.machine import Machine
from studio.parts.opening import projects_folder
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

MARKS = {"good": "good", "warning": "look at it", "danger": "bad"}
ICONS = {"good": "check", "warning": "warning", "danger": "danger"}
ORDER = ("danger", "warning", "good")  # what wants attention stands first
_NAMES = 150  # pixels of the column of names


class Doctor(QWidget):
    """Examines when it is first shown, and again when asked."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self._session, self._look = session, look
        self._machine = Machine.of(session)
        self._machine.changed.connect(self._draw)
        self._found: list[Finding] = []
        self._devices: Mapping[str, Any] = {}
        self.examined = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._installation())
        self.arithmetic = Arithmetic(session, look)
        self.arithmetic.ended.connect(self._draw)
        column.addWidget(self.arithmetic)
        column.addStretch(1)
        look.changed.connect(self._draw)
        session.changed.connect(self._session_changed)

    def _installation(self) -> Card:
        card = Card(tr("This installation"), self._look)
        self.verdict = Label("", "small")
        self.again = Button(tr("Check again"), self.examine, self._look, icon="refresh").set_small()
        self.copy = Button(tr("Copy report"), self.copy_report, self._look, icon="copy").set_small()
        self.copy.setToolTip(tr("As plain text, for a bug report; your home folder and login name are left out."))
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (self.verdict, self.again, self.copy):
            row.addWidget(widget)
        card.header.addLayout(row)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(2, 1)
        card.body.addLayout(self._grid)
        return card

    @property
    def findings(self) -> list[Finding]:
        """Everything found so far, torch's part last."""
        if self._machine.facts:
            devices = device_findings(self._devices) if self._devices else []
            return [*self._found, *torch_findings(self._machine.facts), *devices, *self.arithmetic.trouble]
        if self._machine.error or self._session.torch_state == "failed":
            return [*self._found, Finding("PyTorch", "danger", tr("could not be asked"), self._machine.error)]
        return self._found

    def examine(self) -> None:
        """Look at everything again, in the background."""
        self._found, self._devices, self.examined = [], {}, True
        self.again.setEnabled(False)
        where: Path = projects_folder(self._session)
        job = self._session.jobs.start(examine, self._session.places, where, lane="doctor")
        job.items.connect(self._took)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)
        self._examine_devices()
        self._draw()

    def copy_report(self) -> None:
        """Put the findings on the clipboard, and say what is not among them."""
        QApplication.clipboard().setText(report(self.findings, self.arithmetic.rows))
        self._session.notices.post(
            "good", tr("The report is on the clipboard. Your home folder and login name are left out.")
        )

    def _examine_devices(self) -> None:
        """What needs torch; it may still be loading, and then this is called again."""
        if self._session.torch_state != "ready":
            return
        job = self._session.jobs.start("studio.engine.accelerators:look", lane="doctor's devices")
        job.succeeded.connect(self._looked)
        job.failed.connect(self._failed)
        self.arithmetic.examine()

    def _session_changed(self, what: frozenset[str]) -> None:
        if "torch" in what and self.examined and not self._devices:
            self._examine_devices()

    def _looked(self, devices: Mapping[str, Any]) -> None:
        self._devices = devices
        self._draw()

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
        for line, finding in enumerate(sorted(findings, key=lambda finding: ORDER.index(finding.level))):
            self._draw_line(line, finding)
        self.verdict.setText(self._sum_up(findings))

    def _draw_line(self, line: int, finding: Finding) -> None:
        top = Qt.AlignmentFlag.AlignTop
        mark = QLabel()
        mark.setPixmap(self._look.pixmap(ICONS[finding.level], 16, finding.level, self.devicePixelRatioF()))
        mark.setAccessibleName(tr(MARKS[finding.level]))
        self._grid.addWidget(mark, 2 * line, 0, top)
        name = Label(finding.name, "quiet")
        name.setMinimumWidth(_NAMES)
        self._grid.addWidget(name, 2 * line, 1, top)
        self._grid.addWidget(flowing(finding.text), 2 * line, 2)
        if finding.hint:
            self._grid.addWidget(flowing(finding.hint, "quiet"), 2 * line + 1, 2)

    def _sum_up(self, findings: list[Finding]) -> str:
        bad = sum(finding.level != "good" for finding in findings)
        if self._session.torch_state == "loading" or not self.again.isEnabled():
            return tr("examining…")
        if not bad:
            return tr("all well")
        return tr("1 thing to look at") if bad == 1 else tr("{count} things to look at", count=bad)
