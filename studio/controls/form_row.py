"""One row of a form: a dot when changed, the label, the editor, and a line of words under it."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.controls.editors import FieldEditor, editor_for
from studio.controls.number_edit import text_of
from studio.core.knobs import Knob, unit_for
from studio.core.language import tr
from studio.core.stops import show_stops
from studio.widgets.label import Label
from studio.widgets.look import Look

GUTTER = 12  # where the dots are; `Card.add_hanging` lets it lie in the card's margin


class Dot(QAbstractButton):
    """A small accent dot; under the mouse or the keyboard an arrow back. Click, Space or Delete ask for a reset."""

    reset_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(GUTTER, 20)
        self.clicked.connect(self._clicked)
        look.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The dot, or the arrow that says what a click does."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.drawPixmap(-1, 4, self.look.pixmap("undo", 12, "accent", self.devicePixelRatioF()))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("accent"))
            painter.drawEllipse(QPointF(4, 10), 2.5, 2.5)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete and Backspace do what a click does."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset_requested.emit()
        else:
            super().keyPressEvent(event)

    def _clicked(self) -> None:
        self.reset_requested.emit()


class FormRow(QWidget):
    """`edited` means that a person changed the value, by typing or by the dot."""

    edited = Signal()

    def __init__(self, knob: Knob, kind: type, default: Any, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.knob, self.look = knob, look
        self.baseline = default
        self._problem, self._kind = "", kind
        self._await_release = False
        self.label = Label(tr(knob.label), "quiet")
        self.label.setMinimumWidth(48)
        self.editor: FieldEditor = editor_for(kind, knob, default, look)
        self.dot = Dot(look)
        self.words = Label("", "small", wrap=True)
        self.words.hide()
        self._lay_out()
        self._name()
        self.dot.reset_requested.connect(self.reset)
        self.editor.changed.connect(self.edited)
        self._watch()
        self.set_value(default)

    def _lay_out(self) -> None:
        policy = self.dot.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.dot.setSizePolicy(policy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._line = QHBoxLayout()
        self._line.setSpacing(0)
        self._line.addWidget(self.dot)
        self._line.addWidget(self.label)
        self._line.addSpacing(12)
        wide = self.editor.sizePolicy().horizontalPolicy() not in (QSizePolicy.Policy.Fixed,)
        self._line.addStretch(1)
        self._line.addWidget(self.editor, 3 if wide and self._kind is str and not self.knob.choices else 0)
        column.addLayout(self._line)
        below = QHBoxLayout()
        below.setContentsMargins(GUTTER, 0, 0, 0)
        below.addWidget(self.words)
        column.addLayout(below)
        self.setMinimumHeight(28)

    def _name(self) -> None:
        """Everything a screen reader and the mouse's resting place need."""
        label, help_text = tr(self.knob.label), tr(self.knob.help)
        self.editor.setAccessibleName(f"{label}, {tr(self.knob.unit)}" if self.knob.unit else label)
        self.editor.setAccessibleDescription(help_text)
        self.label.setBuddy(self.editor)
        for widget in (self.label, self.editor):
            widget.setToolTip(help_text)

    def _watch(self) -> None:
        """See where the keyboard goes, also inside an editor made of several parts."""
        for widget in (self.editor, *self.editor.findChildren(QWidget), self.dot):
            widget.installEventFilter(self)

    def replace_editor(self, editor: FieldEditor) -> None:
        """Another editor for the same field, such as a list of names for a text."""
        value: Any = self.editor.value()
        self._line.replaceWidget(self.editor, editor)
        self.editor.hide()
        self.editor.deleteLater()
        self.editor = editor
        self._name()
        self._watch()
        QWidget.setTabOrder(self.dot, editor)
        editor.changed.connect(self.edited)
        editor.set_value(value)

    def value(self) -> Any:
        """The editor's value; the last readable one while what is typed cannot be read."""
        return self.editor.value()

    def set_value(self, value: Any) -> None:
        """Show a value silently."""
        self.editor.set_value(value)
        self.mark()

    def reset(self) -> None:
        """Back to the baseline, as a person's doing."""
        if self.value() != self.baseline or self.editor.problem:
            from_dot = self.dot.hasFocus()
            self.editor.problem = ""
            self.set_value(self.baseline)
            if from_dot:
                self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
            self.edited.emit()

    def is_changed(self) -> bool:
        """Whether the value differs from the baseline."""
        return bool(self.value() != self.baseline)

    def mark(self, problem: str = "") -> None:
        """Show the dot and, if there is one, what keeps the value from being used."""
        self.dot.setVisible((self.is_changed() or bool(self.editor.problem)) and self.editor.isEnabled())
        before = shown(self.baseline, self.knob)
        self.dot.setToolTip(tr("Changed from {value}. Click to go back.", value=before))
        self.dot.setAccessibleName(tr("Reset {label} to {value}", label=tr(self.knob.label), value=before))
        if problem != self._problem:
            self._problem = problem
            self.editor.setProperty("invalid", bool(problem))
            self.editor.style().unpolish(self.editor)
            self.editor.style().polish(self.editor)
        self._speak(self.editor.hasFocus() or self.dot.hasFocus())

    def _speak(self, focused: bool) -> None:
        """Under the row: the problem if there is one, else the help while the row has the keyboard."""
        help_text = tr("{help} Default: {value}.", help=tr(self.knob.help), value=shown(self.baseline, self.knob))
        self.words.set_role("danger" if self._problem else "small")
        self.words.setText(self._problem or help_text)
        self.words.setVisible(bool(self._problem) or focused)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the keyboard; after a press wait for the release, so that nothing moves under the mouse."""
        kind = event.type()
        if kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self._await_release = event.reason() == Qt.FocusReason.MouseFocusReason
            if not self._await_release:
                self._speak(True)
        elif kind == QEvent.Type.MouseButtonRelease and self._await_release:
            self._await_release = False
            self._speak(True)
        elif kind == QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            self._left(event.reason())
        return super().eventFilter(watched, event)

    def _left(self, reason: Qt.FocusReason) -> None:
        """The keyboard went elsewhere; an open list or another window does not count."""
        if reason not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._await_release = False
            self._speak(False)

    def minimumSizeHint(self) -> QSize:
        """As tall as one control even while everything in it is small."""
        return super().minimumSizeHint().expandedTo(QSize(0, 28))


def shown(value: Any, knob: Knob) -> str:
    """A value in words: the choice's own, on or off, a number with its unit."""
    for choice, words in knob.choices:
        if choice == value:
            return tr(words)
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    if isinstance(value, int | float):
        return f"{text_of(value)} {tr(unit_for(knob.unit, value))}".strip()
    if isinstance(value, tuple):
        return show_stops(value) or tr("none")
    return str(value) or tr("empty")
