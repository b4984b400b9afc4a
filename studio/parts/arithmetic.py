"""How exactly each device computes: a small model's numbers beside float64 on the CPU, row by row."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.parts.checkup import Finding
from studio.parts.diagnosis import (
    LEVELS,
    VERDICTS,
    check_count,
    conclusion,
    device_name,
    error_words,
    failures,
    verdict_words,
)
from studio.parts.wording import small_number
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.views.record_table import RecordTable

EXAMINE = "studio.engine.examine:examine"
WHY = (
    "A small fixed model goes forward, backward and one step on every device. Its numbers are compared with float64 "
    "on the CPU; an error is a share of the largest right value, for AdamW of the learning rate."
)
Row = Mapping[str, Any]


class Arithmetic(Card):
    """Rows as they come; the button starts the examination and stops it."""

    ended = Signal()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Arithmetic of the devices"), look)
        self._session, self._look = session, look
        self._job: Job | None = None
        self._stopped = False
        self.rows: list[Row] = []
        self.words = Label("", "small")
        self.button = Button("", self._pressed, look).set_small()
        self.header.addWidget(self.words)
        self.header.addWidget(self.button)
        self.body.addWidget(flowing(tr(WHY), "quiet"))
        self.said = flowing("", "danger")
        self.body.addWidget(self.said)
        self._show()

    @cached_property
    def table(self) -> "RecordTable":
        """One row for each check on each device."""
        from studio.views.record_table import Column, RecordTable

        columns = [
            Column(tr("device"), lambda row: device_name(row["device"]), width=90),
            Column(tr("what"), lambda row: row["what"]),
            Column(tr("largest error"), lambda row: row["error"], error_words, align="right", width=100),
            Column(
                tr("tolerance"), lambda row: row["tolerance"], lambda row: small_number(row["tolerance"]),
                align="right", width=86,
            ),
            Column(tr("verdict"), lambda row: tr(VERDICTS[row["verdict"]]), width=92, dot=_dot, tip=verdict_words),
        ]  # fmt: skip
        table = RecordTable(columns, self._look, key=lambda row: (row["device"], row["what"]))
        table.setAccessibleName(self.title.text())
        table.set_fit_height(True)
        self.body.insertWidget(self.body.indexOf(self.said), table)
        return table

    def examine(self) -> None:
        """Begin anew in the background; what was found before goes away."""
        self.rows, self._stopped = [], False
        job = self._session.jobs.start(EXAMINE, title=tr("Examining the devices"), lane="doctor's arithmetic")
        self._job = job
        job.items.connect(self._took)
        job.progressed.connect(lambda done, total: self._show())
        job.failed.connect(self._failed)
        job.ended.connect(lambda: self._ended(job))
        self._show()

    def _pressed(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self.button.setEnabled(False)
        else:
            self.examine()

    def _took(self, rows: list[Row]) -> None:
        self.rows += rows
        self._show()

    def _failed(self, error: StudioError) -> None:
        self.rows.append(
            {"device": "cpu", "what": tr("The examination"), "error": None, "tolerance": 0.0, "verdict": "failed",
             "note": error.message}
        )  # fmt: skip

    def _ended(self, job: Job) -> None:
        if job is self._job:
            self._job, self._stopped = None, job.cancelled
        self._show()
        self.ended.emit()

    def _show(self) -> None:
        """Words, button and table for how far it has come."""
        if self.rows or "table" in self.__dict__:
            self.table.set_rows(self.rows)
        self.said.setText(failures(self.rows))
        self.said.setVisible(bool(self.said.text()))
        running = self._job is not None
        self.button.setText(tr("Stop") if running else tr("Examine again") if self.rows else tr("Examine"))
        self.button.setEnabled(running or self._session.torch_state == "ready")
        self.words.setText(self._progress())
        self.words.set_role("danger" if self.trouble else "small")

    def _progress(self) -> str:
        if self._job is not None:
            if not self._job.total:
                return tr("beginning…")
            return tr("{done} of {total}", done=self._job.done, total=self._job.total)
        if not self.rows:
            return tr("stopped") if self._stopped else tr("not tried yet")
        if self._stopped and not self.trouble:
            return tr("stopped after {checks}", checks=check_count(self.rows))
        return conclusion(self.rows).text

    @property
    def trouble(self) -> list[Finding]:
        """The conclusion from the rows, where it is not that all is well."""
        found = [conclusion(self.rows)] if self.rows and self._job is None else []
        return [finding for finding in found if finding.level != "good"]


def flowing(text: str, role: str = "") -> Label:
    """A label that breaks its lines and asks for one line at least, not for as many as it had in a narrow column."""
    label = Label(text, role, wrap=True)
    label.setMinimumHeight(label.fontMetrics().height())
    return label


def _dot(row: Row) -> str:
    return LEVELS[str(row["verdict"])]
