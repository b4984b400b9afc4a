"""A thin veil over the whole window with a sentence on it: while files are dragged over it, while it saves."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QVBoxLayout, QWidget

from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look


class Curtain(QWidget):
    """Hidden until `show_words`; while it hangs, nothing below can be clicked."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._window = look, parent
        self.card = QFrame(self)
        self.card.setProperty("kind", "card")
        self.card.setFixedWidth(420)
        column = QVBoxLayout(self.card)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        self.headline, self.line = Label("", "heading"), Label("", "quiet")
        self.line.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.button = Button("", None, look)
        for label in (self.headline, self.line):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addWidget(self.bar)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        parent.installEventFilter(self)
        self.hide()

    def show_words(self, headline: str, line: str = "", *, busy: bool = False) -> None:
        """Say it; `busy` adds a bar that moves without an end."""
        self.headline.setText(headline)
        self.line.setText(line)
        self.line.setVisible(bool(line))
        self.bar.setVisible(busy)
        self.button.hide()
        self.setAccessibleName(headline)
        self._cover()
        self.show()
        self.raise_()

    def _cover(self) -> None:
        self.setGeometry(self._window.rect())
        self.card.adjustSize()
        self.card.move((self.width() - self.card.width()) // 2, (self.height() - self.card.height()) // 2)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._cover()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        veil = self._look.color("window")
        veil.setAlpha(190)
        painter = QPainter(self)
        painter.fillRect(self.rect(), veil)
        painter.end()
