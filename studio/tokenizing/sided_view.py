"""A way of working with tokenizers that has a form at the left, and what comes of it at the right."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from studio.tokenizing.view import TokenizingView
from studio.widgets.side_column import SideColumn

_FORM, _NARROW_FORM, _NARROW = 336, 272, 900


class SidedView(TokenizingView):
    """In a small window the form leaves the other side more room."""

    def lay_out(self, form: QWidget, *pages: QWidget) -> None:
        """The form, and one of the pages beside it: that of `stack`."""
        self.stack = QStackedWidget()
        for page in pages:
            self.stack.addWidget(page)
        self._side = SideColumn([form])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._side)
        row.addWidget(self.stack, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._side.setFixedWidth(_NARROW_FORM if self.width() < _NARROW else _FORM)
