"""Files dragged onto a widget: a frame says that they may be dropped, `dropped` brings their paths."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.widgets.look import CARD_CORNER, Look


class FileDrop(QWidget):
    """Lies over its parent while files hover above it, and lets everything else through."""

    dropped = Signal(list)  # of Path
    hovered = Signal(int)  # how many files are above the widget; 0 when they have left

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.look, self._over = look, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        parent.setAcceptDrops(True)
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Answer the parent's drag events."""
        if isinstance(event, QDragEnterEvent) and (files := local_files(event)):
            event.acceptProposedAction()
            self.setGeometry(self._over.rect())
            self.show()
            self.raise_()
            self.hovered.emit(len(files))
            return True
        if event.type() in (QEvent.Type.DragLeave, QEvent.Type.Drop) and self.isVisible():
            self.hide()
            self.hovered.emit(0)
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop and (files := local_files(event)):
            event.acceptProposedAction()
            self.dropped.emit(files)
            return True
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A frame of the accent around the whole place."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = self.look.color("accent")
        ground.setAlphaF(0.06)
        painter.setBrush(ground)
        painter.setPen(QPen(self.look.color("accent"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(8, 8, -8, -8), CARD_CORNER, CARD_CORNER)
        painter.end()


def local_files(event: QDropEvent) -> list[Path]:
    """Paths of dragged files and folders; what is no file is left out."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
