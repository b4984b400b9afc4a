"""The head of a table of rows: what each column is called, and the role that it plays, chosen right there."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from studio.core.language import tr
from studio.rows.kinds import KINDS, Reading
from studio.widgets.blend import blend
from studio.widgets.look import Look

HEIGHT, LOW = 50, 30
_PAD = 8


@dataclass(frozen=True)
class Badge:
    """A role beside the name of its column; `place` in its kind picks the colour."""

    role: str
    label: str
    about: str
    place: int


def badges(reading: Reading) -> Mapping[str, Badge]:
    """The role of each column that plays one, by column."""
    roles = KINDS[reading.kind].roles
    found = [(reading.roles.get(role.name, ""), Badge(role.name, tr(role.label), tr(role.about), place))
             for place, role in enumerate(roles)]  # fmt: skip
    return {column: badge for column, badge in found if column}


class RoleHeader(QHeaderView):
    """Two lines for each column; a click opens the roles that it may play."""

    role_chosen = Signal(str, str)  # column, role; an empty role: none

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.look = look
        self._reading: Reading | None = None
        self._badges: Mapping[str, Badge] = {}
        self.setFixedHeight(LOW)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(72)
        self.setSectionsClickable(True)
        self.setMouseTracking(True)
        self.sectionClicked.connect(self.open_menu)
        look.changed.connect(self.viewport().update)

    def set_reading(self, reading: Reading | None) -> None:
        """Show the roles; None: rows that play none."""
        self._reading = reading
        self._badges = badges(reading) if reading is not None else {}
        self.setFixedHeight(LOW if reading is None else HEIGHT)
        self.viewport().update()

    def column(self, section: int) -> str:
        """The name of a column."""
        return str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")

    def menu_of(self, section: int) -> QMenu:
        """The roles that a column may play."""
        menu = QMenu(self)
        menu.setAccessibleName(tr("Role of {column}", column=self.column(section)))
        menu.setToolTipsVisible(True)
        present = self._badges.get(self.column(section))
        roles = KINDS[self._reading.kind].roles if self._reading is not None else ()
        for name, words, about in [(role.name, tr(role.label), tr(role.about)) for role in roles] + [
            ("", tr("Not used"), tr("The column stays in the dataset; no model reads it."))
        ]:
            action = QAction(words, menu)
            action.setToolTip(about)
            action.setCheckable(True)
            action.setChecked(name == (present.role if present is not None else ""))
            action.setData((self.column(section), name))
            menu.addAction(action)
        menu.triggered.connect(self._triggered)
        return menu

    def open_menu(self, section: int) -> None:
        """Let a person choose, below the column."""
        if self._reading is None or not 0 <= section < self.count():
            return
        menu = self.menu_of(section)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.viewport().mapToGlobal(QPoint(self.sectionViewportPosition(section), self.height())))

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        badge = self._badges.get(self.column(self.logicalIndexAt(event.position().toPoint())))
        self.setToolTip(f"{badge.label}: {badge.about}" if badge is not None else "")

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        look, name = self.look, self.column(section)
        badge = self._badges.get(name)
        painter.save()
        painter.fillRect(rect, look.color("surface"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), look.color("line"))
        room = rect.adjusted(_PAD, 5, -_PAD, 0)
        painter.setFont(look.font(13, 600))
        painter.setPen(look.color("text" if badge is not None or self._reading is None else "text_quiet"))
        words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), words)
        if self._reading is not None:
            self._paint_role(painter, room.adjusted(0, 20, 0, 0), badge)
        painter.restore()

    def _paint_role(self, painter: QPainter, room: QRect, badge: Badge | None) -> None:
        """A pill in the colour of the role, or quiet words; the chevron says that it opens."""
        look = self.look
        painter.setFont(look.font(11, 600 if badge is not None else 400))
        metrics = painter.fontMetrics()
        words = badge.label if badge is not None else tr("not used")
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(12, room.width() - 30))
        width = metrics.horizontalAdvance(words) + (16 if badge is not None else 0)
        pill = QRectF(room.left(), room.top(), width, 18)
        if badge is not None:
            shade = look.color(badge.place)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(shade)
            painter.setBrush(blend(shade, look.color("surface"), 0.14))
            painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), 8.5, 8.5)
        painter.setPen(look.color("text" if badge is not None else "text_quiet"))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), words)
        at = QPoint(int(pill.right()) + 5, int(pill.center().y()) - 5)
        painter.drawPixmap(at, look.pixmap("chevron-down", 12, "text_quiet", self.devicePixelRatioF()))

    def _triggered(self, action: QAction) -> None:
        column, role = action.data()
        self.role_chosen.emit(column, role)


class NumberHeader(QHeaderView):
    """The numbers of the rows at the left; a click on one opens its row."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.look = look
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def fit(self, most: int) -> None:
        """As wide as the largest number needs."""
        words = f"{max(most, 100):,}"
        self.setFixedWidth(QFontMetrics(self.look.font(11)).horizontalAdvance(words) + 20)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        painter.save()
        painter.fillRect(rect, self.look.color("surface"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), self.look.color("line"))
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        words = str(self.model().headerData(section, Qt.Orientation.Vertical) or "")
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(rect.adjusted(0, 0, -10, 0), flags, words)
        painter.restore()
