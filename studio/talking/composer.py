"""Where a person writes: it grows with the text, shows how full the context is, and sends."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.talking.read_card import ReadCard
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

_LINES = (1, 8)  # least and most lines before it scrolls


class ComposerEdit(QPlainTextEdit):
    """Enter sends, Shift+Enter begins a line, Up in an empty one wants the last question back."""

    submitted = Signal()
    recalled = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Up and not self.toPlainText():
            self.recalled.emit()
        else:
            super().keyPressEvent(event)


class ContextMeter(QWidget):
    """A short bar: how much of what the model can read is used, in the warning colour once something is forgotten."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self._share, self._over = look, 0.0, False
        self.setFixedSize(QSize(64, 14))
        look.changed.connect(self.update)

    def set_share(self, share: float, over: bool) -> None:
        """From 0 to 1; `over`: more than fits."""
        self._share, self._over = min(1.0, max(0.0, share)), over
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(0, 5, self.width(), 4)
        painter.setBrush(self._look.color("line"))
        painter.drawRoundedRect(track, 2, 2)
        painter.setBrush(self._look.color("warning" if self._over else "accent"))
        painter.drawRoundedRect(QRectF(0, 5, max(4.0, self._share * self.width()), 4), 2, 2)
        painter.end()


class Composer(Card):
    """`sent` carries the text; the same button stops what is being written."""

    sent = Signal(str)
    stop_requested = Signal()
    recalled = Signal()
    reading_wanted = Signal()  # `read` is to show the prompt as the model reads it

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("", look, parent)
        self._busy, self._can, self._editing = False, False, False
        self.edit = ComposerEdit()
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setProperty("kind", "bare")
        self.edit.setStyleSheet("font-size: 15px")
        self.edit.document().setDocumentMargin(0)
        self.edit.setTabChangesFocus(True)
        self.edit.setAccessibleName(tr("Your message"))
        self.meter, self.room = ContextMeter(look), ElidedLabel("", "small")
        self.look_at = IconButton("search", tr("Show what the model reads"), self.reading_wanted.emit, look)
        self.read = ReadCard(look, self.look_at)
        self.about = Label("", "small", wrap=True)
        self.cancel = Button(tr("Leave it as it was"), self.end_editing, look)
        self.send = Button("", self._pressed, look, "primary")
        self.cancel.hide()
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.about, 1)
        foot.addWidget(self.room, 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self.meter, 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self.look_at, 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self.cancel)
        foot.addWidget(self.send)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addWidget(self.edit)
        column.addLayout(foot)
        self.body.addLayout(column)
        self.edit.textChanged.connect(self._fit)
        self.edit.textChanged.connect(self._tell)
        self.edit.submitted.connect(self._submit)
        self.edit.recalled.connect(self.recalled)
        self.show_context(None, 0)
        self._fit()
        self._tell()

    @property
    def text(self) -> str:
        """What was typed."""
        return self.edit.toPlainText()

    @property
    def editing(self) -> bool:
        """Whether an older message is being changed."""
        return self._editing

    def set_text(self, text: str, editing: bool = False) -> None:
        """Show a text; with `editing` it is an older message that is changed."""
        self._editing = editing
        self.cancel.setVisible(editing)
        self.edit.setPlainText(text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self.edit.setFocus()
        self._tell()

    def end_editing(self) -> None:
        """Empty it; an older message that was being changed stays as it was."""
        self._editing = False
        self.cancel.hide()
        self.edit.clear()
        self._tell()

    def set_state(self, busy: bool, can: bool, wanted: str, note: str = "") -> None:
        """`busy`: something is being written; `can`: something may be sent; `wanted` stands there while it is empty."""
        self._busy, self._can = busy, can
        self.edit.setPlaceholderText(wanted)
        self.about.setText(note)
        self._tell()

    def show_context(self, used: int | None, longest: int, forgotten: int = 0) -> None:
        """How many tokens the conversation has, of how many the model reads; `forgotten` turns are not read."""
        over = used is not None and used > longest
        for widget in (self.meter, self.look_at):
            widget.setVisible(used is not None and longest > 0)
        self.meter.set_share((used or 0) / longest if longest else 0.0, over or forgotten > 0)
        words = tr("context {used} of {all}", used=count(used), all=count(longest)) if used is not None else ""
        if forgotten == 1:
            words = tr("{words} · the first message will be forgotten", words=words)
        elif forgotten > 1:
            words = tr("{words} · the first {n} messages will be forgotten", words=words, n=count(forgotten))
        self.room.setText(words)

    def _pressed(self) -> None:
        if self._busy:
            self.stop_requested.emit()
        else:
            self._submit()

    def _submit(self) -> None:
        if self.text.strip() and self._can and not self._busy:
            self.sent.emit(self.text)

    def _tell(self) -> None:
        self.send.setText(tr("Stop") if self._busy else tr("Save as a version") if self._editing else tr("Send"))
        self.send.setEnabled(self._busy or (self._can and bool(self.text.strip())))

    def _fit(self) -> None:
        """As many lines as the text has, within limits."""
        line = self.edit.fontMetrics().lineSpacing() + 3
        lines = int(self.edit.document().size().height())
        self.edit.setFixedHeight(line * min(max(lines, _LINES[0]), _LINES[1]) + 4)
