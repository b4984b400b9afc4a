"""Prompts of the project that is open, kept with it; choosing one puts it back."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.store.prompt_history import KEPT, load_prompts, save_prompts
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

_SHOWN = 200  # characters of a prompt in the list


class PromptHistory(Card):
    """The newest first, each once. `browse` walks through them like the arrow keys of a shell."""

    chosen = Signal(str)
    failed = Signal(object)  # StudioError: what could not be written to the disk

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Prompts"), look, parent)
        self._folder: Path | None = None
        self.prompts: list[str] = []
        self._at = -1  # the one that was browsed to; -1 for none
        self.empty = Label(tr("What you let the model go on from is kept here."), "quiet", wrap=True)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName(tr("Earlier prompts"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setMinimumHeight(64)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.body.addWidget(self.empty)
        self.add_hanging(self.list)
        self.body.addStretch(0)
        self._show()

    def set_project(self, folder: Path | None) -> None:
        """Show another project's prompts."""
        if folder != self._folder:
            self._folder, self._at = folder, -1
            self.prompts = load_prompts(folder) if folder is not None else []
            self._show()

    def add(self, prompt: str) -> None:
        """Remember a prompt that was used."""
        self._at = -1
        if not prompt.strip() or self.prompts[:1] == [prompt]:
            return
        self.prompts = [prompt, *(other for other in self.prompts if other != prompt)][:KEPT]
        self._show()
        try:
            if self._folder is not None:
                save_prompts(self._folder, self.prompts)
        except StudioError as error:
            self.failed.emit(error)

    def browse(self, step: int, afresh: bool = False) -> str | None:
        """The prompt `step` places older, from the newest if `afresh`; "" before the newest, None at the end."""
        at = (-1 if afresh else self._at) + step
        if not -1 <= at < len(self.prompts):
            return None
        self._at = at
        return self.prompts[at] if at >= 0 else ""

    def _show(self) -> None:
        self.list.clear()
        for prompt in self.prompts:
            item = QListWidgetItem(prompt.replace("\n", " ")[:_SHOWN])
            item.setData(Qt.ItemDataRole.UserRole, prompt)
            item.setToolTip(prompt[:_SHOWN])
            self.list.addItem(item)
        self.list.setVisible(bool(self.prompts))
        self.empty.setVisible(not self.prompts)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
