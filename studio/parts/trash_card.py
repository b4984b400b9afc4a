"""The trash of the open project: how much lies in it, and the question before it is emptied."""

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.parts.wording import count, disk_size
from studio.store.trash import KEPT_DAYS
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look


class TrashCard(Card):
    """Weighs the trash in the background whenever it is shown or asked to refresh."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Trash of this project"), look)
        self._session, self._present = session, look
        self._things, self._bytes = 0, 0
        self.words = Label("", "", wrap=True)
        kept = tr("Deleted texts, models and runs lie there for {days} days.", days=KEPT_DAYS)
        self.empty = Button(tr("Empty now…"), self.ask, look)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.words, 1)
        row.addWidget(self.empty)
        self.body.addLayout(row)
        self.body.addWidget(Label(kept, "quiet", wrap=True))
        self.question: EmptyQuestion | None = None
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was deleted meanwhile."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Weigh it again."""
        project = self._session.project
        if project is None:
            self._session.jobs.cancel_lane("trash")
            self._weighed((0, 0))
            return
        job = self._session.jobs.start(project.weigh_trash, lane="trash")
        job.succeeded.connect(self._weighed)

    def ask(self) -> None:
        """Put the question, with the size; nothing is deleted without its answer."""
        self.question = EmptyQuestion(contents(self._things, self._bytes), self._present, self)
        self.question.accepted.connect(self._empty)
        self.question.open()

    def _weighed(self, weight: tuple[int, int]) -> None:
        self._things, self._bytes = weight
        self._show()

    def _show(self) -> None:
        self.words.setText(contents(self._things, self._bytes))
        self.empty.setEnabled(self._things > 0)

    def _empty(self) -> None:
        if self._session.project is not None:
            self.empty.setEnabled(False)
            self._session.empty_trash().ended.connect(self.refresh)


class EmptyQuestion(QDialog):
    """Modal; accepted means: delete for good. Escape keeps everything."""

    def __init__(self, what: str, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Empty the trash"))
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        title = Label(tr("Delete for good what is in the trash?"), "heading")
        self.setAccessibleName(title.text())
        column.addWidget(title)
        self.words = Label(tr("{what} This cannot be taken back.", what=what), "quiet", wrap=True)
        self.words.setMinimumWidth(360)
        column.addWidget(self.words)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.keep = Button(tr("Keep them"), self.reject, look, "primary")
        self.delete = Button(tr("Delete for good"), self.accept, look, "danger")
        row.addStretch(1)
        row.addWidget(self.keep)
        row.addWidget(self.delete)
        column.addLayout(row)
        self.keep.setDefault(True)
        self.keep.setFocus()


def contents(things: int, size: int) -> str:
    """What lies in the trash, in a sentence."""
    if not things:
        return tr("It is empty.")
    if things == 1:
        return tr("One deleted thing, {size}.", size=disk_size(size))
    return tr("{count} deleted things, {size}.", count=count(things), size=disk_size(size))
