"""A small card that opens below a button and closes by Escape or a click elsewhere."""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget


class Popover(QFrame):
    """Lies above its window, so that nothing moves; fill `body`, then `open_below(button, focus)`."""

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor)
        self._anchor = anchor
        self.setProperty("kind", "popover")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 10, 12, 12)
        self.body.setSpacing(8)
        self.hide()

    def toggle(self, focus: QWidget) -> None:
        """Open with the keyboard on `focus`, right edge under the anchor's, or close."""
        if self.isVisible():
            self.close_quietly()
            return
        window = self._anchor.window()
        self.setParent(window)
        self.adjustSize()
        corner = self._anchor.mapTo(window, QPoint(self._anchor.width() - self.width(), self._anchor.height() + 4))
        self.move(max(4, corner.x()), min(corner.y(), max(4, window.height() - self.height() - 4)))
        self.show()
        self.raise_()
        focus.setFocus(Qt.FocusReason.PopupFocusReason)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def close_quietly(self) -> None:
        """Close and go home to the anchor, which may then be deleted with everything it owns."""
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.hide()
        self.setParent(self._anchor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_quietly()
            self._anchor.setFocus(Qt.FocusReason.PopupFocusReason)
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press outside closes and still reaches what was pressed; the anchor answers presses itself."""
        if event.type() == QEvent.Type.Hide and watched is self._anchor:
            self.close_quietly()
        elif event.type() == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget):
            inside = watched is self or self.isAncestorOf(watched) or watched is self._anchor
            if not inside:
                self.close_quietly()
        return False
