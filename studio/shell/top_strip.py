"""The strip at the top: which project is open, which model is in memory, and the door to every action."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QLabel, QWidget

from studio.core.language import tr
from studio.panels import Action
from studio.parts.wording import disk_size, short_count
from studio.shell.actions import run, shortcut_text
from studio.shell.sidebar import WIDTH as RAIL
from studio.widgets.button import Button
from studio.widgets.look import CORNER, Look

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from studio.live.session import Session

HEIGHT, CHIP, PADDING, GAP, CHEVRON = 44, 28, 10, 8, 18


@dataclass(frozen=True)
class Word:
    """A run of letters in one colour role and weight."""

    text: str
    role: str = "text_quiet"
    weight: int = 400


class Chip(QAbstractButton):
    """A framed line of words that can be pressed; too long ones are shortened at the strong word."""

    def __init__(self, look: Look, icon: str = "", width: int = 420, framed: bool = True) -> None:
        super().__init__()
        self._look, self._icon, self._limit, self._framed = look, icon, width, framed
        self._words: tuple[Word, ...] = ()
        self.setFixedHeight(CHIP)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.changed.connect(self.update)

    def set_words(self, *words: Word) -> None:
        """Show these words; the whole line is the accessible name."""
        if words != self._words:
            self._words = words
            line = " ".join(word.text for word in words)
            self.setAccessibleName(line)
            self.updateGeometry()
            self.update()

    def _widths(self) -> list[int]:
        return [QFontMetrics(self._look.font(13, word.weight)).horizontalAdvance(word.text) + 1 for word in self._words]

    def _furniture(self) -> int:
        return 2 * PADDING + GAP * max(0, len(self._words) - 1) + (CHEVRON if self._icon else 0)

    def sizeHint(self) -> QSize:
        return QSize(min(self._limit, sum(self._widths()) + self._furniture()), CHIP)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(120, self.sizeHint().width()), CHIP)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        if self._framed or self.hasFocus():
            painter.setPen(QPen(self._look.color("focus" if self.hasFocus() else "line"), 1.0))
            painter.setBrush(self._look.color("hover") if self.underMouse() else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, CORNER, CORNER)
        x, widths = PADDING, self._widths()
        spare = self.width() - self._furniture() - sum(widths)
        for word, needed in zip(self._words, widths, strict=True):
            width = needed + min(0, spare) if word.weight > 400 else needed
            font = self._look.font(13, word.weight)
            painter.setFont(font)
            painter.setPen(self._look.color(word.role))
            text = QFontMetrics(font).elidedText(word.text, Qt.TextElideMode.ElideRight, width + 1)
            painter.drawText(x, 0, width + 2, self.height(), Qt.AlignmentFlag.AlignVCenter, text)
            x += width + GAP
        if self._icon:
            pixmap = self._look.pixmap(self._icon, 16, "text_quiet", self.devicePixelRatioF())
            painter.drawPixmap(self.width() - PADDING - 14, (self.height() - 16) // 2, pixmap)
        painter.end()


class PaletteField(QAbstractButton):
    """Looks like a search field, opens the command palette."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setAccessibleName(tr("Search or run an action"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(CHIP + 2)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, CHIP + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, CHIP + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.color("focus" if self.hasFocus() else "line"), 1.0))
        painter.setBrush(self._look.color("raised" if self.underMouse() else "surface"))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), CORNER, CORNER)
        pixmap = self._look.pixmap("search", 16, "text_quiet", self.devicePixelRatioF())
        painter.drawPixmap(PADDING, (self.height() - 16) // 2, pixmap)
        painter.setPen(self._look.color("text_quiet"))
        painter.setFont(self._look.font(11))
        keys = tr("Ctrl K")
        painter.drawText(self.rect().adjusted(0, 0, -PADDING, 0),
                         Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)  # fmt: skip
        room = self.width() - 34 - PADDING - QFontMetrics(self._look.font(11)).horizontalAdvance(keys) - GAP
        painter.setFont(self._look.font(13))
        words = painter.fontMetrics().elidedText(self.accessibleName(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(34, 0, room, self.height(), Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()


class TopStrip(QFrame):
    """Atelier · project · model in memory · palette. Everything shown is read from the session."""

    palette_requested = Signal()
    unload_requested = Signal()
    model_requested = Signal()

    def __init__(self, session: "Session", look: Look, project_actions: Callable[[], Sequence[Action]]) -> None:
        super().__init__()
        self.setObjectName("topStrip")
        self.setFixedHeight(HEIGHT)
        self._session, self._look, self._project_actions = session, look, project_actions
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 0, 16, 1)
        line.setSpacing(12)
        name = QLabel("Atelier")
        name.setObjectName("productName")
        name.setFixedWidth(RAIL - 16 - 12)
        line.addWidget(name)
        self.project = Chip(look, "chevron-down", 300)
        self.project.clicked.connect(self.open_menu)
        line.addWidget(self.project)
        line.addWidget(self._memory_box(look))
        line.addStretch(1)
        self.field = PaletteField(look)
        self.field.clicked.connect(self.palette_requested)
        line.addWidget(self.field, 0)
        self.refresh()

    def _memory_box(self, look: Look) -> QFrame:
        """One frame around the model in memory and the way to let go of it."""
        box = QFrame()
        box.setObjectName("memoryBox")
        box.setFixedHeight(CHIP)
        inside = QHBoxLayout(box)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self.memory = Chip(look, width=520, framed=False)
        self.memory.setFixedHeight(CHIP - 2)  # inside the box's own frame
        self.memory.clicked.connect(self.model_requested)
        self.unload = Button(tr("Unload"), self.unload_requested.emit, look, "link")
        self.unload.setAccessibleName(tr("Unload the model from memory"))
        inside.addWidget(self.memory)
        inside.addWidget(self.unload)
        inside.addSpacing(1)
        return box

    def refresh(self) -> None:
        """Show the open project and the loaded model."""
        project = self._session.project
        if project is None:
            self.project.set_words(Word(tr("Project")), Word(tr("none open"), "text_quiet"))
        else:
            self.project.set_words(Word(tr("Project")), Word(project.name, "text", 600))
        loaded = self._session.loaded
        self.unload.setVisible(loaded is not None)
        self.memory.setEnabled(loaded is not None)
        if loaded is None:
            self.memory.set_words(Word(tr("In memory")), Word(tr("no model")))
        else:
            facts = f"{short_count(loaded.parameters)} · {loaded.precision} · {disk_size(loaded.bytes)}"
            self.memory.set_words(Word(tr("In memory")), Word(loaded.title, "text", 600), Word(facts))

    def open_menu(self) -> None:
        """What can be done with projects, under the chip."""
        menu = menu_of(self._project_actions(), self)
        menu.setObjectName("projectMenu")
        menu.setMinimumWidth(max(240, self.project.width()))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.project.mapToGlobal(self.project.rect().bottomLeft()))


def menu_of(actions: Sequence[Action], parent: QWidget) -> "QMenu":
    """A menu of actions; one without a slot's name ("-") is a line, "#…" a heading."""
    from PySide6.QtWidgets import QMenu

    menu = QMenu(parent)
    menu.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    menu.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)  # else its round corners stand on square ones
    for action in actions:
        if action.name == "-":
            menu.addSeparator()
        elif action.name.startswith("#"):
            menu.addSection(action.text)
        else:
            item = menu.addAction(action.text.replace("&", "&&"))
            item.setEnabled(action.enabled())
            keys = shortcut_text(action)
            item.setText(f"{item.text()}\t{keys}" if keys else item.text())
            item.triggered.connect(lambda _checked=False, action=action: run(action))
    return menu
