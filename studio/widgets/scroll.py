"""A column that scrolls up and down only, without a frame of its own."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget


class _Column(QWidget):
    """What scrolls. Its height follows from its width; the hint's would be that of texts in the narrowest column."""

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(hint.width(), 0) if self.hasHeightForWidth() else hint


class Scroll(QScrollArea):
    """Fill `body`; the column is as wide as the area, and never scrolls sideways."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = inside = _Column()
        inside.setProperty("kind", "scrolled")
        self.viewport().setProperty("kind", "scrolled")
        self.body = QVBoxLayout(inside)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(16)
        self.setWidget(inside)
        inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the area at least as wide as its column needs, since there is no sideways scrolling."""
        if watched is self._inside and event.type() == QEvent.Type.LayoutRequest:
            self.setMinimumWidth(self._inside.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width())
        return super().eventFilter(watched, event)
