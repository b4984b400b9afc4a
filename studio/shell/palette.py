"""The command palette: every action of the window behind Ctrl+K, found by a few of its letters."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from studio.core.language import tr
from studio.panels import Action
from studio.shell.actions import ActionList, run, shortcut_text
from studio.widgets.look import CARD_CORNER, CORNER, Look

Index = QModelIndex | QPersistentModelIndex
MATCH = Qt.ItemDataRole.UserRole
WIDTH, ROW, ROWS = 600, 36, 10
_WORD_START, _IN_A_ROW, _GAP = 8.0, 5.0, 0.4


@dataclass(frozen=True)
class Match:
    """An action with how well it fits what was typed, and which of its letters fit."""

    action: Action
    score: float = 0.0
    letters: tuple[int, ...] = ()


def fit(query: str, text: str) -> tuple[float, tuple[int, ...]] | None:
    """How well the letters of `query` stand in `text` in their order, or None when they do not.

    Starts of words and letters in a row count most; the best placement is found, not the first one.
    """
    wanted, given = query.casefold().replace(" ", ""), text.casefold()
    best: dict[int, tuple[float, tuple[int, ...]]] = {-1: (0.0, ())}
    for letter in wanted:
        following: dict[int, tuple[float, tuple[int, ...]]] = {}
        for place, other in enumerate(given):
            if other != letter:
                continue
            reached = [_step(before, place, given, *so_far) for before, so_far in best.items() if before < place]
            if reached:
                following[place] = max(reached)
        best = following
        if not best:
            return None
    return max(best.values())


def _step(before: int, place: int, text: str, score: float, letters: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
    gained = 1.0
    if place == 0 or not text[place - 1].isalnum():
        gained += _WORD_START
    if before >= 0 and place == before + 1:
        gained += _IN_A_ROW
    return score + gained - _GAP * min(place - before - 1, 10), (*letters, place)


def matches(query: str, actions: Sequence[Action]) -> list[Match]:
    """The actions that fit, best first; without a query all of them in their own order, those to be had now first."""
    if not query.strip():
        return [Match(action) for action in sorted(actions, key=lambda action: not action.enabled())]
    found = [Match(action, *fitted) for action in actions if (fitted := fit(query, action.text)) is not None]
    return sorted(found, key=lambda match: (not match.action.enabled(), -match.score, len(match.action.text)))


class _MatchModel(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Match] = []

    def show_rows(self, rows: list[Match]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        match = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return match.action.text
        return match if role == MATCH else None


class _MatchDelegate(QStyledItemDelegate):
    """A row: icon, words with the fitting letters strong, shortcut at the right."""

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(WIDTH, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        match: Match = index.data(MATCH)
        rect: QRect = option.rect.adjusted(8, 1, -8, -1)
        state: QStyle.StateFlag = option.state
        possible = match.action.enabled()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._look.color("selection"))
            painter.drawRoundedRect(rect, CORNER, CORNER)
        if match.action.icon:
            icon = self._look.icon(match.action.icon, 16, "text" if possible else "text_disabled")
            icon.paint(painter, QRect(rect.left() + 12, rect.top() + (rect.height() - 16) // 2, 16, 16))
        keys = shortcut_text(match.action)
        painter.setFont(self._look.font(11))
        painter.setPen(self._look.color("text_quiet"))
        painter.drawText(rect.adjusted(0, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)
        self._words(painter, rect.adjusted(40, 0, -90 if keys else -12, 0), match, possible)
        painter.restore()

    def _words(self, painter: QPainter, rect: QRect, match: Match, possible: bool) -> None:
        """The action's words, letter groups that fit in the strong weight."""
        x = rect.left()
        strong = set(match.letters)
        start = 0
        text = match.action.text
        painter.setPen(self._look.color("text" if possible else "text_disabled"))
        while start < len(text) and x < rect.right():
            end = start
            while end < len(text) and (end in strong) == (start in strong):
                end += 1
            font = self._look.font(13, 600 if start in strong else 400)
            painter.setFont(font)
            painter.drawText(QRect(x, rect.top(), rect.right() - x, rect.height()), Qt.AlignmentFlag.AlignVCenter,
                             text[start:end])  # fmt: skip
            x += QFontMetrics(font).horizontalAdvance(text[start:end])
            start = end


class CommandPalette(QWidget):
    """Covers the window thinly while open; a click outside, Esc or a choice closes it and gives the focus back."""

    def __init__(self, actions: ActionList, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions, self._look, self._window = actions, look, parent
        self._focus_before: QWidget | None = None
        self.box = QFrame(self)
        self.box.setObjectName("palette")
        self.entry = QLineEdit(self.box)
        self.entry.setObjectName("paletteEntry")
        self.entry.setAccessibleName(tr("Search or run an action"))
        self.entry.setPlaceholderText(tr("What would you like to do?"))
        self.entry.textChanged.connect(self._search)
        self.entry.returnPressed.connect(self.run_selected)
        self.entry.installEventFilter(self)
        self.model = _MatchModel(self)
        self.list = QListView(self.box)
        self.list.setObjectName("paletteList")
        self.list.setAccessibleName(tr("Actions"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(_MatchDelegate(look, self))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(self.run_selected)
        self.nothing = QLabel(self.box)
        self.nothing.setTextFormat(Qt.TextFormat.PlainText)
        self.nothing.setObjectName("paletteNothing")
        column = QVBoxLayout(self.box)
        column.setContentsMargins(1, 1, 1, 8)
        column.setSpacing(8)
        for part in (self.entry, self.list, self.nothing):
            column.addWidget(part)
        parent.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show everything that can be done, and wait for letters."""
        self._focus_before = self._window.focusWidget()
        self.setGeometry(self._window.rect())
        self.entry.clear()
        self._search("")
        self.show()
        self.raise_()
        self.entry.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_again(self) -> None:
        """Go away without doing anything; the focus returns to where it was."""
        self.hide()
        if self._focus_before is not None:
            self._focus_before.setFocus(Qt.FocusReason.OtherFocusReason)
        self._focus_before = None

    def run_selected(self, *_: object) -> None:
        """Do the chosen action; one that cannot be done now keeps the palette open."""
        match = self.list.currentIndex().data(MATCH)
        if isinstance(match, Match) and match.action.enabled():
            self.close_again()
            run(match.action)

    def _search(self, query: str) -> None:
        rows = matches(query, self._actions.all())
        self.model.show_rows(rows)
        self.list.setVisible(bool(rows))
        self.nothing.setVisible(not rows)
        self.nothing.setText(tr("Nothing here is called “{query}”.", query=query))
        self.list.setFixedHeight(ROW * min(len(rows), ROWS))
        if rows:
            self.list.setCurrentIndex(self.model.index(0))
        self._place()

    def _place(self) -> None:
        width = min(WIDTH, self.width() - 32)
        self.box.setFixedWidth(width)
        self.box.adjustSize()
        self.box.move((self.width() - width) // 2, min(72, self.height() // 8))

    def _move_by(self, rows: int) -> None:
        count = self.model.rowCount()
        if count:
            self.list.setCurrentIndex(self.model.index((self.list.currentIndex().row() + rows) % count))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
            self._place()
        if watched is self.entry and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: ROWS, Qt.Key.Key_PageUp: -ROWS,
                     Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}  # fmt: skip
            key = Qt.Key(event.key())
            if key in steps:
                self._move_by(steps[key])
                return True
            if key == Qt.Key.Key_Escape:
                self.close_again()
                return True
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.box.geometry().contains(event.position().toPoint()):
            self.close_again()

    def paintEvent(self, event: QPaintEvent) -> None:
        veil = self._look.color("window")
        veil.setAlpha(150)
        painter = QPainter(self)
        painter.fillRect(self.rect(), veil)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._look.color("line"))
        painter.setBrush(self._look.color("surface"))
        painter.drawRoundedRect(self.box.geometry(), CARD_CORNER, CARD_CORNER)
        painter.end()
