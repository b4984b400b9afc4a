"""The jobs in the background, with how far they are and a way to end them."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.widgets.button import Button
from studio.widgets.empty_state import EmptyState
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

if TYPE_CHECKING:
    from studio.live.jobs import Job
    from studio.live.session import Session


class JobRow(QFrame):
    """One job: its title, how far it is, and a way to end it."""

    def __init__(self, job: "Job", look: Look) -> None:
        super().__init__()
        self.job = job
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 4, 0, 4)
        line.setSpacing(12)
        title = Label(job.title)
        title.setMinimumWidth(220)
        line.addWidget(title)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(tr("Progress of {job}", job=job.title))
        line.addWidget(self.bar, 1)
        self.figures = Label("", "small")
        self.figures.setMinimumWidth(140)
        line.addWidget(self.figures)
        self.cancel = Button(tr("Cancel"), job.cancel, look).set_small()
        self.cancel.setAccessibleName(tr("Cancel {job}", job=job.title))
        line.addWidget(self.cancel)
        job.progressed.connect(self.show_progress)

    def show_progress(self, done: int, total: int) -> None:
        """`total` 0 means that the end is not known."""
        self.bar.setRange(0, 1_000 if total else 0)
        self.bar.setValue(int(1_000 * done / total) if total else 0)
        self.figures.setText(tr("{done} of {total}", done=count(done), total=count(total)) if total else count(done))


class JobList(QWidget):
    """Every job that has a name, newest below; says so when there is none."""

    def __init__(self, session: "Session", look: Look) -> None:
        super().__init__()
        self._look = look
        self._rows: dict[int, JobRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 8)
        self._empty = EmptyState(
            tr("Nothing is going on in the background"),
            tr("Reading texts, cutting tokens and loading models is listed here, with a way to cancel."),
        )
        column.addWidget(self._empty)
        self._scroll = Scroll()
        self._scroll.body.setSpacing(0)
        self._scroll.body.addStretch(1)
        column.addWidget(self._scroll, 1)
        for job in session.jobs.jobs:
            self.add(job)
        session.jobs.job_added.connect(self.add)
        session.jobs.job_removed.connect(self.remove)
        self._show_what_there_is()

    def add(self, job: "Job") -> None:
        """List a job, unless it is too small to have a name."""
        if not job.title:
            return
        row = JobRow(job, self._look)
        self._rows[id(job)] = row
        self._scroll.body.insertWidget(self._scroll.body.count() - 1, row)
        self._show_what_there_is()

    def remove(self, job: "Job") -> None:
        """Take an ended job out of the list."""
        row = self._rows.pop(id(job), None)
        if row is not None:
            row.hide()
            row.deleteLater()
        self._show_what_there_is()

    def _show_what_there_is(self) -> None:
        self._empty.setVisible(not self._rows)
        self._scroll.setVisible(bool(self._rows))
