"""The quiet "?": a small card that explains the idea behind a page and closes by itself."""

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from studio.widgets.label import Label


class Idea(QFrame):
    """Lies above its page, so that nothing moves; Escape, a click elsewhere or "?" again closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "popover")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        self._text = Label("", "quiet")
        self._text.setWordWrap(True)
        self._text.setFixedWidth(400)
        column.addWidget(self._text)
        self._anchor: QWidget | None = None
        self._page = parent
        self.hide()

    def set_text(self, text: str) -> None:
        """Plain sentences; an empty line starts a paragraph."""
        self._text.setText(text)
        self.setAccessibleName(text)

    def toggle_below(self, anchor: QWidget) -> None:
        """Open under `anchor`, or close."""
        if self.isVisible():
            self.hide()
            return
        self._anchor = anchor
        self.adjustSize()
        self.move(anchor.mapTo(self._page, QPoint(0, anchor.height() + 4)))
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)
        self._listen(True)

    def _listen(self, on: bool) -> None:
        """See every press in the application, only while open."""
        application = QCoreApplication.instance()
        if application is not None and on:
            application.installEventFilter(self)
        elif application is not None:
            application.removeEventFilter(self)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop listening for clicks elsewhere."""
        self._listen(False)
        super().hideEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press inside ends here; passed on to the page it would count as one outside."""
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press outside closes, and still reaches what was pressed."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget):
            inside = watched is self or self.isAncestorOf(watched) or watched is self._anchor
            if not inside:
                self.hide()
        return False
