"""Which head is looked at, as two short lists; chosen for all views at once."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.live.selection import Selection
from studio.widgets.label import Label
from studio.widgets.look import Look


class HeadChoice(QWidget):
    """Locks layer and head of the selection, and shows the ones that are shown."""

    def __init__(self, selection: Selection, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._sizes = (0, 0)
        self.layer, self.head = ChoiceEdit((), look), ChoiceEdit((), look)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for words, edit in ((tr("Layer"), self.layer), (tr("Head"), self.head)):
            label = Label(words, "quiet")
            label.setBuddy(edit)
            edit.setAccessibleName(words)
            edit.setMinimumWidth(64)
            edit.changed.connect(self._chosen)
            row.addWidget(label)
            row.addWidget(edit)

    def show_sizes(self, layers: int, heads: int) -> None:
        """How many there are, and which is shown now."""
        if (layers, heads) != self._sizes:
            self._sizes = (layers, heads)
            self.layer.clear()
            self.head.clear()
            self.layer.set_choices([(number, str(number)) for number in range(layers)])
            self.head.set_choices([(number, str(number)) for number in range(heads)])
        self.layer.set_value(self.value[0])
        self.head.set_value(self.value[1])

    @property
    def value(self) -> tuple[int, int]:
        """The layer and head that are pointed at or locked, the first of all where none is."""
        layer, head = self._selection.value("layer") or 0, self._selection.value("head") or 0
        layers, heads = self._sizes
        return min(layer, max(0, layers - 1)), min(head, max(0, heads - 1))

    def _chosen(self) -> None:
        self._selection.lock(layer=self.layer.value(), head=self.head.value())
