"""What stands in the middle where a text or a dataset cannot be read: why, what can be done, and the ways to do it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.store.unread import Unread
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.look import Look


class BrokenSource(Card):
    """`set_broken` shows one."""

    made = Signal(object)  # the Text, once it is mended
    refused = Signal(object)  # StudioError
    delete_requested = Signal()

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._session = session
        self._broken: Unread | None = None
        self.state = EmptyState("", "", tr("Describe it anew"), self.mend, look, "warning")
        self.state.button.set_kind("primary")
        self.state.button.setToolTip(tr("Reads the text that lies there. Where its documents parted is not known any "
                                        "more; the damaged description is kept beside it."))  # fmt: skip
        self.delete = Button(tr("Move it to the trash"), self.delete_requested.emit, look, "link", "trash").set_small()
        self.state.add_link(self.delete)
        self.body.addWidget(self.state)

    def set_broken(self, broken: Unread) -> None:
        """Say what is wrong with this one."""
        self._broken = broken
        self.state.set_words(broken.why, broken.hint)
        self.state.button.setVisible(broken.mendable)

    def mend(self) -> None:
        """Describe it anew, on a worker."""
        if self._broken is not None:
            job = self._session.texts.mend(self._broken)
            job.succeeded.connect(self.made)
            job.failed.connect(self.refused)
