"""One editor per kind of knob, all with the same four words: value, set_value, changed, problem."""

import typing
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QSizePolicy,
    QWidget,
)

from studio.controls.number_edit import NumberEdit
from studio.core.knobs import Knob
from studio.core.language import tr
from studio.core.stops import read_stops, show_stops
from studio.widgets.button import IconButton
from studio.widgets.look import Look

__all__ = ["ChoiceEdit", "FieldEditor", "NumberEdit", "PathEdit", "StopsEdit", "Switch", "TextEdit", "editor_for"]

_NUMBER, _LINE = 120, 128


class ChoiceEdit(QComboBox):
    """A closed list of (value, words); the wheel scrolls the page, never the choice."""

    changed = Signal()

    def __init__(self, choices: Sequence[tuple[Any, str]], look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.problem = look, ""
        self.setView(QListView())
        popup = self.view().window()  # round corners need a window without a ground of its own
        popup.setWindowFlags(Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        popup.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setMinimumWidth(_NUMBER)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_choices(choices)
        self.activated.connect(self._chosen)
        look.changed.connect(self.update)

    def set_choices(self, choices: Sequence[tuple[Any, str]]) -> None:
        """Another list; the present value is kept, even where the new list does not hold it."""
        before = self.value() if self.count() else None
        self.clear()
        for value, words in choices:
            self.addItem(tr(words), value)
        if before is not None:
            self.set_value(before)

    def value(self) -> Any:
        """The value behind the words that are shown."""
        return self.currentData()

    def set_value(self, value: Any) -> None:
        """Show a value; one that is not in the list is added as it is, so that the form never shows what is not so."""
        index = self.findData(value)
        if index < 0:
            self.addItem(str(value) or tr("none"), value)
            index = self.count() - 1
        self.setCurrentIndex(index)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Never turns a closed list."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The combo box and its chevron."""
        super().paintEvent(event)
        painter = QPainter(self)
        role = "text_quiet" if self.isEnabled() else "text_disabled"
        picture = self.look.pixmap("chevron-down", 12, role, self.devicePixelRatioF())
        painter.drawPixmap(QPoint(self.width() - 20, (self.height() - 12) // 2), picture)
        painter.end()

    def _chosen(self, _index: int) -> None:
        self.changed.emit()


class Switch(QAbstractButton):
    """On or off, 32 × 18, drawn from the theme."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.problem = look, ""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._clicked)
        look.changed.connect(self.update)

    def value(self) -> bool:
        """Whether it is on."""
        return self.isChecked()

    def set_value(self, value: bool) -> None:
        """Turn it without saying `changed`."""
        self.setChecked(value)

    def sizeHint(self) -> QSize:
        """Track and two pixels for the focus ring."""
        return QSize(36, 22)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A track and a round thumb; a ring while it has the keyboard."""
        on, color = self.isChecked(), self.look.color
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(2.5, 2.5, 31, 17)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        ground = color("accent") if on else color("raised")
        painter.setBrush(ground)
        painter.setPen(QPen(ground if on else color("edge"), 1))
        painter.drawRoundedRect(track, 8.5, 8.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color("accent_text") if on else color("text_quiet"))
        painter.drawEllipse(QRectF(track.right() - 14 if on else track.left() + 3, 5.5, 11, 11))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color("focus"), 1))
            painter.drawRoundedRect(QRectF(0.5, 0.5, 35, 21), 10.5, 10.5)
        painter.end()

    def _clicked(self) -> None:
        self.changed.emit()


class TextEdit(QLineEdit):
    """One line of text."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problem = ""
        self.setMinimumWidth(_LINE)
        self.textEdited.connect(self._edited)

    def value(self) -> str:
        """The text as it stands."""
        return self.text()

    def set_value(self, value: str) -> None:
        """Show a text; the cursor stays where it is when nothing changes."""
        if value != self.text():
            self.setText(value)
            self.setCursorPosition(0)

    def _edited(self, _text: str) -> None:
        self.changed.emit()


class StopsEdit(QLineEdit):
    """Several short texts in one line, with | between them."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problem = ""
        self.setMinimumWidth(_LINE)
        self.setPlaceholderText(tr("none"))
        self.textEdited.connect(self._edited)

    def value(self) -> tuple[str, ...]:
        """The texts as typed, marks such as \\n read."""
        return read_stops(self.text())

    def set_value(self, value: Sequence[str]) -> None:
        """Show texts; what is being typed stays as it is while it means the same."""
        if tuple(value) != self.value():
            self.setText(show_stops(value))
            self.setCursorPosition(0)

    def _edited(self, _text: str) -> None:
        self.changed.emit()


class PathEdit(QWidget):
    """A path as text with a button that browses; `wanted` is "file" or "folder"."""

    changed = Signal()

    def __init__(self, wanted: str, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wanted, self.problem = wanted, ""
        self.line = TextEdit()
        self.line.changed.connect(self.changed)
        self.button = IconButton("folder", tr("Browse"), self.browse, look)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.setFocusProxy(self.line)

    def value(self) -> str:
        """The path as typed or chosen."""
        return self.line.value()

    def set_value(self, value: str) -> None:
        """Show a path silently."""
        self.line.set_value(value)

    def browse(self) -> None:
        """Ask with the system's own dialog; leaving it changes nothing."""
        if self.wanted == "folder":
            chosen = QFileDialog.getExistingDirectory(self, tr("Choose a folder"), self.value())
        else:
            chosen, _ = QFileDialog.getOpenFileName(self, tr("Choose a file"), self.value())
        if chosen and chosen != self.value():
            self.set_value(chosen)
            self.changed.emit()


FieldEditor = ChoiceEdit | NumberEdit | PathEdit | StopsEdit | Switch | TextEdit


def editor_for(kind: type, knob: Knob, default: Any, look: Look) -> FieldEditor:
    """The editor that fits a field's type and knob."""
    if knob.choices:
        return ChoiceEdit(knob.choices, look)
    if kind is bool:
        return Switch(look)
    if kind in (int, float):
        number = NumberEdit(look, kind is int, knob.unit)
        number.minimum, number.maximum, number.default = knob.minimum, knob.maximum, default
        number.setFixedWidth(_NUMBER)
        return number
    if typing.get_origin(kind) is tuple:
        return StopsEdit()
    return PathEdit(knob.path, look) if knob.path else TextEdit()
