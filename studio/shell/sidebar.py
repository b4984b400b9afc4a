"""The rail at the left: one word per page, with its icon, in groups; Settings at the foot."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.panels import PanelEntry
from studio.widgets.look import CORNER, Look

WIDTH, ROW = 176, 32
# What says that a person works by key; a window that comes to the front says neither.
BY_KEY = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)


class RailButton(QAbstractButton):
    """One page: quiet until pointed at, raised while its page is open, ringed while it is walked to by key."""

    walked = Signal(int)  # an arrow key: one page down or up

    def __init__(self, entry: PanelEntry, number: int, look: Look) -> None:
        super().__init__()
        self.entry, self._look = entry, look
        self.ringed = False
        self.setText(tr(entry.label))
        self.setAccessibleName(tr(entry.label))
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(ROW)
        if 1 <= number <= 9:
            self.setToolTip(tr("{page} · Ctrl+{number}", page=tr(entry.label), number=number))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 17, ROW)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if event.key() in steps:
            self.walked.emit(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (*BY_KEY, Qt.FocusReason.MouseFocusReason):
            self.ringed = event.reason() in BY_KEY
        super().focusInEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.rect().adjusted(0, 1, 0, -1)
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._look.color("raised" if self.isChecked() else "hover"))
            painter.drawRoundedRect(rect, CORNER, CORNER)
        if self.hasFocus() and self.ringed:
            painter.setPen(QPen(self._look.color("focus"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), CORNER - 1, CORNER - 1)
        role = "text" if self.isChecked() else "text_quiet"
        pixmap = self._look.pixmap(self.entry.name, 16, role, self.devicePixelRatioF())
        painter.drawPixmap(10, (self.height() - 16) // 2, pixmap)
        painter.setFont(self._look.font(13))
        painter.setPen(self._look.color(role))
        words = rect.adjusted(36, 0, -4, 0)
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class Sidebar(QFrame):
    """All pages that exist; the arrow keys walk through them."""

    page_requested = Signal(str)

    def __init__(self, entries: Sequence[PanelEntry], look: Look) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(WIDTH)
        self.buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._clicked)
        pages = QWidget()
        pages.setObjectName("railPages")
        upper = QVBoxLayout(pages)
        upper.setContentsMargins(8, 12, 8, 8)
        upper.setSpacing(1)
        heading = ""
        for number, entry in enumerate((entry for entry in entries if entry.group != "foot"), start=1):
            if entry.group != heading:
                heading = entry.group
                upper.addWidget(self._heading(heading))
            upper.addWidget(self._button(entry, number, look))
        upper.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 1, 12)
        column.setSpacing(0)
        column.addWidget(self._scrolled(pages), 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 4, 8, 0)
        for number, entry in enumerate(entries, start=1):
            if entry.group == "foot":
                foot.addWidget(self._button(entry, number, look))
        column.addLayout(foot)

    def set_page(self, name: str) -> None:
        """Mark the page that is open."""
        if name in self.buttons:
            self.buttons[name].setChecked(True)

    def _button(self, entry: PanelEntry, number: int, look: Look) -> RailButton:
        button = RailButton(entry, number, look)
        self.buttons[entry.name] = button
        self._group.addButton(button)
        button.walked.connect(self._walk)
        return button

    def _heading(self, text: str) -> QLabel:
        label = QLabel(tr(text).upper())
        label.setObjectName("railHeading")
        label.setContentsMargins(10, 14, 0, 6)
        return label

    def _scrolled(self, pages: QWidget) -> QScrollArea:
        """On a low screen the pages scroll and the foot stays."""
        area = QScrollArea()
        area.setObjectName("railScroll")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(pages)
        return area

    def _clicked(self, button: QAbstractButton) -> None:
        if isinstance(button, RailButton):
            self.page_requested.emit(button.entry.name)

    def _walk(self, step: int) -> None:
        order = list(self.buttons.values())
        focused = next(place for place, button in enumerate(order) if button.hasFocus())
        following = order[(focused + step) % len(order)]
        following.setFocus(Qt.FocusReason.OtherFocusReason)
        following.click()
