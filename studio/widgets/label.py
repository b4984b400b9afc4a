"""A piece of text with a role; always plain text, whatever it holds."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyleOption, QToolTip, QWidget

ROLES = ("", "title", "heading", "quiet", "small", "strong", "mono", "good", "warning", "danger")


class Label(QLabel):
    """`role` picks size and colour from style.qss; `wrap` lets it break lines and take the width there is."""

    def __init__(self, text: str = "", role: str = "", wrap: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        if wrap:
            self.setWordWrap(True)
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)

    def set_role(self, role: str) -> None:
        """Change the role and let the style sheet look again."""
        if role != self.property("role"):
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)


class ElidedLabel(Label):
    """Each line ends in "…" where the room ends; all of it is said to the pointer that rests on it.

    `least` is how many letters it keeps while a neighbour can give way instead.
    """

    def __init__(
        self, text: str = "", role: str = "", wrap: bool = False, parent: QWidget | None = None, least: int = 3
    ) -> None:
        super().__init__(text, role, wrap, parent)
        self._least = least

    @property
    def cut(self) -> bool:
        """Whether some of the text is not shown."""
        room, metrics = self.contentsRect().width(), self.fontMetrics()
        return any(metrics.horizontalAdvance(line) > room for line in self.text().split("\n"))

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self._least * self.fontMetrics().averageCharWidth()), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.cut:
            super().paintEvent(event)
            return
        option = QStyleOption()
        option.initFrom(self)
        painter = QPainter(self)
        room = self.contentsRect()
        metrics, end = self.fontMetrics(), Qt.TextElideMode.ElideRight
        words = "\n".join(metrics.elidedText(line, end, room.width()) for line in self.text().split("\n"))
        flags, role = int(self.alignment()), self.foregroundRole()
        self.style().drawItemText(painter, room, flags, option.palette, self.isEnabled(), words, role)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """A tooltip of its own counts more than the text that was cut."""
        if event.type() == QEvent.Type.ToolTip and self.cut and not self.toolTip():
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), self.text(), self)
            return True
        return super().event(event)
