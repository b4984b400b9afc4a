"""How the page of conversations is laid out: the list, the conversation with its composer, the side sheet."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.talking.chat_list import ChatList
from studio.talking.composer import Composer
from studio.talking.sheet import Sheet
from studio.talking.transcript import Transcript
from studio.talking.verdict_bar import VerdictBar
from studio.talking.voice_bar import ViewBar, VoiceBar
from studio.widgets.button import IconButton
from studio.widgets.empty_state import EmptyState
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look

_LIST = 196
_NARROW = 980  # pixels below which the sheet gives way unless it was asked for
_NARROWER = 720  # the same for the list


class TalkView(QWidget):
    """The parts of the page as attributes; nothing here knows what they mean."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.chats, self.sheet = ChatList(look), Sheet(look)
        self.chats.setFixedWidth(_LIST)
        self.title = ElidedLabel(tr("New chat"), "heading")
        self.back = IconButton("undo", tr("Take the last question or version back"), None, look)
        self.view_bar, self.voice_bar, self.verdict = ViewBar(look), VoiceBar(look), VerdictBar(look)
        self.transcript, self.composer = Transcript(look), Composer(look)
        self.empty = EmptyState("", "", " ", None, look, "chat")
        self.show_list = IconButton("table", tr("Show or hide the list of chats"), self._toggle_list, look)
        self.show_sheet = IconButton("settings", tr("Show or hide the side sheet"), self._toggle_sheet, look)
        self._wanted: dict[str, bool | None] = {"list": None, "sheet": None}  # None: as the width allows
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.chats)
        row.addWidget(_rule())
        row.addLayout(self._centre(), 1)
        row.addWidget(_rule())
        row.addWidget(self.sheet)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)

    def _centre(self) -> QVBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.show_list)
        head.addWidget(self.title, 1)
        head.addWidget(self.back)
        head.addWidget(self.view_bar)
        head.addWidget(self.show_sheet)
        self.pile = QStackedWidget()
        self.pile.addWidget(self.empty)
        self.pile.addWidget(self.transcript)
        centre = QVBoxLayout()
        centre.setSpacing(8)
        centre.addLayout(head)
        centre.addWidget(self.voice_bar)
        centre.addWidget(self.pile, 1)
        centre.addWidget(self.verdict)
        centre.addWidget(self.composer)
        return centre

    def minimumSizeHint(self) -> QSize:
        """Both sides can give way."""
        return QSize(520, super().minimumSizeHint().height())

    def show_messages(self, any_there: bool) -> None:
        """The conversation, or what stands there before there is one."""
        self.pile.setCurrentWidget(self.transcript if any_there else self.empty)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page shows the conversation alone."""
        super().resizeEvent(event)
        self._arrange(event.size().width())

    def _arrange(self, width: int) -> None:
        for name, widget, least in (("list", self.chats, _NARROWER), ("sheet", self.sheet, _NARROW)):
            wanted = self._wanted[name]
            widget.setVisible(width >= least if wanted is None else wanted)

    def _toggle_list(self) -> None:
        self._wanted["list"] = self.chats.isHidden()
        self._arrange(self.width())

    def _toggle_sheet(self) -> None:
        self._wanted["sheet"] = self.sheet.isHidden()
        self._arrange(self.width())

    def search(self) -> None:
        """Bring the line that searches all chats."""
        self._wanted["list"] = True
        self._arrange(self.width())
        self.chats.search.setFocus(Qt.FocusReason.ShortcutFocusReason)


def _rule() -> QFrame:
    line = QFrame()
    line.setFixedWidth(1)
    line.setProperty("kind", "rule")
    line.setStyleSheet("max-height: 16777215px")
    return line
