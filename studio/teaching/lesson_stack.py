"""A lesson's words and its picture, as large as there is room; in a low window both scroll, and nothing is squeezed."""

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from studio.widgets.label import Label

_GAP = 12


class LessonStack(QScrollArea):
    """Keeps every picture that was shown, so that what was changed in it is still there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: QWidget | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._holder = QWidget()
        self._holder.setProperty("kind", "scrolled")
        self.viewport().setProperty("kind", "scrolled")
        self.words = Label("", "quiet", wrap=True, parent=self._holder)
        self.setWidget(self._holder)
        self.setMinimumHeight(120)

    def show_view(self, view: QWidget, words: str) -> None:
        """Bring one forward, with what is said about it."""
        self.words.setText(words)
        if self.view is view:
            return
        if self.view is not None:
            self.view.hide()
            self.view.removeEventFilter(self)
        self.view = view
        view.setParent(self._holder)
        view.installEventFilter(self)
        self.verticalScrollBar().setValue(0)
        self._fit()
        view.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The picture may need another height than before."""
        if watched is self.view and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As wide as the area, and at least as high as it must be."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        layout = self.view.layout() if self.view is not None else None
        if self.view is None or layout is None:
            return
        size = self.maximumViewportSize()
        need = layout.totalMinimumHeightForWidth(size.width()) if layout.hasHeightForWidth() else 0
        need = max(need, layout.totalMinimumSize().height())
        bar = self.verticalScrollBar().sizeHint().width()
        said = self.words.heightForWidth(size.width() - bar) + _GAP
        width = size.width() - (bar if need + said > size.height() else 0)
        height = max(need + said, size.height())
        self._holder.resize(width, height)
        self.words.setGeometry(QRect(0, 0, width, said - _GAP))
        self.view.setGeometry(QRect(0, said, width, height - said))
