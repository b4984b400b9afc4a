"""How the Chat page shares its width: three columns, or two where the window is narrow."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

NARROW = 920  # pixels below which a third column would leave the text no room
_SIDE, _RIGHT = (272, 360), 296


class ChatColumns(QWidget):
    """`model` and `sampling` at the left, the `middle` cards, `bars` and `history` at the right.

    Where it is narrow, the side shows one of these four at a time, chosen by `tabs`.
    """

    def __init__(self, side: Sequence[tuple[str, QWidget]], middle: Sequence[QWidget], look: Look) -> None:
        super().__init__()
        self._side, self.narrow = dict(side), False
        self.tabs = Segmented([(name, tr(name)) for name in self._side], look, tr("What the side shows"))
        self.tabs.changed.connect(self._show_tab)
        self.tabs.hide()
        self.pile = Scroll()
        self._left, self._right = QWidget(), QWidget()
        left, right = _column(self._left, 12), _column(self._right)
        left.addWidget(self.tabs)
        left.addWidget(self.pile, 1)
        self._right_column = right
        self._left.setMinimumWidth(_SIDE[0])
        self._left.setMaximumWidth(_SIDE[1])
        self._right.setFixedWidth(_RIGHT)
        centre = QWidget()
        column = _column(centre)
        for place, card in enumerate(middle):
            column.addWidget(card, int(place == 0))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        for widget, stretch in ((self._left, 0), (centre, 1), (self._right, 0)):
            row.addWidget(widget, stretch)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for two columns; the third one goes before it has to squeeze."""
        return QSize(2 * _SIDE[0], super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two or three columns."""
        narrow = event.size().width() < NARROW
        if narrow != self.narrow:
            self.narrow = narrow
            self._arrange()
        super().resizeEvent(event)

    def show_side(self, name: str) -> None:
        """Bring one of the cards forward where only one can be seen."""
        self.tabs.set_value(name)
        self._show_tab(name)

    def _arrange(self) -> None:
        """Put every card where it belongs at this width."""
        names = list(self._side)
        _empty(self.pile.body)
        _empty(self._right_column)
        for name in names if self.narrow else names[:2]:
            self.pile.body.addWidget(self._side[name])
        self.pile.body.addStretch(1)
        if not self.narrow:
            self._right_column.addWidget(self._side[names[2]])
            self._right_column.addWidget(self._side[names[3]], 1)
        self._right.setVisible(not self.narrow)
        self.tabs.setVisible(self.narrow)
        self._show_tab(self.tabs.value())

    def _show_tab(self, chosen: str) -> None:
        for name, card in self._side.items():
            card.setVisible(not self.narrow or name == chosen)


def _column(widget: QWidget, spacing: int = 16) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing)
    return column


def _empty(column: QVBoxLayout) -> None:
    """Take everything out of a column without deleting it."""
    while column.count():
        column.takeAt(0)
