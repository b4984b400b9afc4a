"""Prompts of this window's session, for each project its own; choosing one puts it back."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from studio.core.language import tr
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

REMEMBERED = 50
_SHOWN = 200  # characters of a prompt in the list


class PromptHistory(Card):
    """The newest first, each once."""

    chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Prompts"), look, parent)
        self._known: dict[str, list[str]] = {}
        self._project = ""
        self.empty = Label(tr("What you let the model go on from is kept here."), "quiet", wrap=True)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName(tr("Earlier prompts"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.body.addWidget(self.empty)
        self.body.addWidget(self.list, 1)
        self.body.addStretch(0)
        self._show()

    @property
    def prompts(self) -> list[str]:
        """Those of the present project, newest first."""
        return self._known.setdefault(self._project, [])

    def set_project(self, path: str) -> None:
        """Show another project's prompts."""
        if path != self._project:
            self._project = path
            self._show()

    def add(self, prompt: str) -> None:
        """Remember a prompt that was used."""
        if prompt.strip():
            known = self.prompts
            known[:] = [prompt, *(other for other in known if other != prompt)][:REMEMBERED]
            self._show()

    def _show(self) -> None:
        self.list.clear()
        for prompt in self.prompts:
            item = QListWidgetItem(prompt.replace("\n", " ")[:_SHOWN])
            item.setData(Qt.ItemDataRole.UserRole, prompt)
            self.list.addItem(item)
        self.list.setVisible(bool(self.prompts))
        self.empty.setVisible(not self.prompts)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
