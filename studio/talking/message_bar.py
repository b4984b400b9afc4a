"""The small buttons of one message: they stand at the foot of the one that is under the pointer or has the keyboard."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from studio.core.language import tr
from studio.talking.answer import USER, Said, tokens_of
from studio.widgets.button import IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look


class MessageBar(QFrame):
    """`wished` names what a person wants with the message at hand."""

    wished = Signal(str)  # "copy", "table", "edit", "again", "before", "after", "good", "bad"

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("kind", "popover")
        self.setAccessibleName(tr("This message"))
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(0)
        self.place = Label("", "small")
        self.buttons: dict[str, IconButton] = {}
        for name, icon, words in (
            ("before", "chevron-left", tr("The version before")),
            ("after", "chevron-right", tr("The next version")),
            ("again", "refresh", tr("Answer again")),
            ("edit", "edit", tr("Edit")),
            ("good", "plus", tr("A good answer: keep it as a row of “Rated answers”")),
            ("bad", "minus", tr("A bad answer: keep it as a row of “Rated answers”")),
            ("table", "table", tr("Copy the tokens with their chances, as a table (CSV)")),
            ("copy", "copy", tr("Copy")),
        ):
            button = IconButton(icon, words, None, look)
            button.clicked.connect(_Wish(self, name))
            self.buttons[name] = button
            row.addWidget(button)
            if name == "before":
                row.addWidget(self.place)
        self.hide()

    def show_for(self, said: Said, busy: bool) -> None:
        """Offer what can be done with a message."""
        several = said.versions > 1
        self.place.setText(f"{said.number}/{said.versions}")
        for name in ("before", "after"):
            self.buttons[name].setVisible(several)
        self.place.setVisible(several)
        self.buttons["before"].setEnabled(said.number > 1 and not busy)
        self.buttons["after"].setEnabled(said.number < said.versions and not busy)
        own = said.role == USER
        for name in ("again", "good", "bad"):
            self.buttons[name].setVisible(not own)
        self.buttons["table"].setVisible(bool(tokens_of(said)))
        for name in ("again", "edit", "good", "bad"):
            self.buttons[name].setEnabled(not busy)
        self.adjustSize()


class _Wish:
    """Says which button of a bar was pressed."""

    def __init__(self, bar: MessageBar, name: str) -> None:
        self._bar, self._name = bar, name

    def __call__(self) -> None:
        self._bar.wished.emit(self._name)
