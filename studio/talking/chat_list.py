"""The chats of the project: searched, in folders, renamed, pinned, written out, deleted and brought back."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.store.chats import ChatInfo, Hit
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

_INFO = Qt.ItemDataRole.UserRole
_PAUSE = 180  # milliseconds without a key before the disk is searched
_ROW, _HIT = 34, 46
ALL = ""


class _Rows(QStyledItemDelegate):
    """A title, and below it the words that were found; a pinned one has a mark."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # type: ignore[override]
        return QSize(80, _HIT if isinstance(index.data(_INFO), Hit) else _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        look, thing = self._look, index.data(_INFO)
        rect: QRect = option.rect.adjusted(0, 1, 0, -1)
        painter.save()
        chosen, over = option.state & QStyle.StateFlag.State_Selected, option.state & QStyle.StateFlag.State_MouseOver
        if chosen or over:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("raised" if chosen else "hover"))
            painter.drawRoundedRect(rect, 6, 6)
        inner = rect.adjusted(10, 0, -8, 0)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if isinstance(thing, ChatInfo) and thing.pinned:
            painter.setFont(look.font(11))
            painter.setPen(look.color("text_quiet"))
            painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), tr("pinned"))
            inner.setRight(inner.right() - painter.fontMetrics().horizontalAdvance(tr("pinned")) - 8)
        snippet = thing.snippet if isinstance(thing, Hit) else ""
        painter.setFont(look.font(13, 600 if chosen else 400))
        painter.setPen(look.color("text" if chosen or snippet else "text_quiet"))
        first = QRect(inner.left(), inner.top() + 4, inner.width(), 19) if snippet else inner
        words = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, first.width())
        painter.drawText(first, int(middle), words)
        if snippet:
            painter.setFont(look.font(11))
            painter.setPen(look.color("text_quiet"))
            below = QRect(inner.left(), first.bottom(), inner.width(), 18)
            words = painter.fontMetrics().elidedText(
                " ".join(snippet.split()), Qt.TextElideMode.ElideRight, below.width()
            )
            painter.drawText(below, int(middle), words)
        painter.restore()


class ChatList(QWidget):
    """Shows what it is given; everything a person wants is a signal."""

    new_requested = Signal()
    chosen = Signal(int, int)  # chat, message that was found in it, or -1
    sought = Signal(str, str)  # words, folder
    wished = Signal(str, object)  # "rename", "pin", "move", "duplicate", "markdown", "json", "delete"; the ChatInfo

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._folders: tuple[str, ...] = ()
        self._current = -1
        self.new = Button(tr("New chat"), self.new_requested.emit, look)
        self.new.setSizePolicy(self.new.sizePolicy().Policy.Expanding, self.new.sizePolicy().Policy.Fixed)
        self.search = QLineEdit()
        self.search.setProperty("kind", "search")
        self.search.setPlaceholderText(tr("Search all chats"))
        self.search.setAccessibleName(tr("Search all chats"))
        self.search.setClearButtonEnabled(True)
        self.folder = ChoiceEdit([(ALL, tr("All chats"))], look)
        self.folder.setAccessibleName(tr("Folder"))
        self.folder.setSizePolicy(self.folder.sizePolicy().Policy.Expanding, self.folder.sizePolicy().Policy.Fixed)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName(tr("Chats"))
        self.list.setMouseTracking(True)
        self.list.setItemDelegate(_Rows(look, self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.empty = Label("", "small", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.new, self.search, self.folder, self.empty):
            column.addWidget(widget)
        column.addWidget(self.list, 1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._later.timeout.connect(self._seek)
        self.search.textChanged.connect(self._typed)
        self.folder.changed.connect(self._seek)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.list.customContextMenuRequested.connect(self._open_menu)
        look.changed.connect(self.list.viewport().update)
        self.show_chats((), (), ())

    def show_chats(self, chats: Sequence[ChatInfo], hits: Sequence[Hit], folders: Sequence[str]) -> None:
        """The chats of a folder; during a search the places where its words stand."""
        if tuple(folders) != self._folders:
            self._folders = tuple(folders)
            self.folder.clear()
            self.folder.set_choices([(ALL, tr("All chats")), *((name, name) for name in folders)])
        self.folder.setVisible(bool(folders))
        searching = bool(self.search.text().strip())
        self.list.clear()
        for thing in hits if searching else chats:
            item = QListWidgetItem(thing.title or tr("Chat"))
            item.setData(_INFO, thing)
            item.setToolTip(item.text())
            self.list.addItem(item)
        self.empty.setText(tr("Nothing was found.") if searching else tr("What you ask is kept here."))
        self.empty.setVisible(self.list.count() == 0)
        self.set_current(self._current)

    def set_current(self, chat: int) -> None:
        """Mark the chat that is open; -1 for none."""
        self._current = chat
        self.list.setCurrentRow(-1)
        for row in range(self.list.count()):
            thing = self.list.item(row).data(_INFO)
            if isinstance(thing, ChatInfo) and thing.id == chat:
                self.list.setCurrentRow(row)

    def menu_for(self, info: ChatInfo) -> QMenu:
        """What can be done with a chat."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = [
            ("rename", tr("Rename…")),
            ("pin", tr("Do not pin it any more") if info.pinned else tr("Pin")),
            ("move", tr("Move to a folder…")),
            ("duplicate", tr("Duplicate")),
            ("", ""),
            ("markdown", tr("Export as Markdown…")),
            ("json", tr("Export as JSON…")),
            ("", ""),
            ("delete", tr("Delete")),
        ]
        for name, text in words:
            if not name:
                menu.addSeparator()
                continue
            menu.addAction(text).setData(name)
        menu.triggered.connect(lambda action: self.wished.emit(action.data(), info))
        return menu

    def _open_menu(self, point: QPoint) -> None:
        item = self.list.itemAt(point)
        thing = item.data(_INFO) if item is not None else None
        if isinstance(thing, ChatInfo):
            self.menu_for(thing).popup(self.list.viewport().mapToGlobal(point))

    def _choose(self, item: QListWidgetItem) -> None:
        thing = item.data(_INFO)
        if isinstance(thing, Hit):
            self.chosen.emit(thing.chat, thing.message if thing.message is not None else -1)
        else:
            self.chosen.emit(thing.id, -1)

    def _typed(self, _text: str) -> None:
        self._later.start()

    def _seek(self) -> None:
        self._later.stop()
        self.sought.emit(self.search.text().strip(), self.folder.value() or ALL)
