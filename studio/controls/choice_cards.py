"""A few choices as cards side by side, for choices that need a line of explanation each."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.widgets.label import Label
from studio.widgets.look import CARD_CORNER, Look

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


@dataclass(frozen=True)
class CardChoice:
    """One choice: its value, its title, and one line on what it is good for (empty: only a tooltip's worth)."""

    value: str
    title: str
    about: str = ""
    tip: str = ""


class ChoiceCard(QAbstractButton):
    """Title, explanation, a line of facts; drawn with the accent around it while it is the chosen one."""

    def __init__(self, choice: CardChoice, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice, self.look = choice, look
        self.chosen = self._marked = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(choice.title)
        self.setToolTip(choice.tip)
        self.title, self.facts = Label(choice.title, "strong"), Label("", "small")
        self.mark = QLabel()
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.mark)
        column = QVBoxLayout(self)
        roomy = bool(choice.about)
        column.setContentsMargins(*((16, 12, 16, 12) if roomy else (12, 8, 8, 8)))
        column.setSpacing(4 if roomy else 2)
        column.addLayout(head)
        self.about = Label(choice.about, "small", wrap=True)
        self.about.setVisible(roomy)
        column.addWidget(self.about)
        column.addStretch(1)
        column.addWidget(self.facts)
        for label in (self.title, self.about, self.facts, self.mark):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        look.changed.connect(self._repaint)

    def set_state(self, chosen: bool, marked: bool) -> None:
        """Whether it is the chosen one, and whether it carries the check mark."""
        self.chosen, self._marked = chosen, marked
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if chosen else Qt.FocusPolicy.ClickFocus)
        self._repaint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows are the row's, which knows the neighbours; the rest is a button's."""
        if event.key() in _STEPS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A card; the accent around the chosen one, a second line while it has the keyboard."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self.underMouse() and self.isEnabled() and not self.chosen
        painter.setBrush(self.look.color("hover" if hovered else "surface"))
        painter.setPen(QPen(self.look.color("accent" if self.chosen else "line"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), CARD_CORNER, CARD_CORNER)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5), CARD_CORNER - 2, CARD_CORNER - 2
            )
        painter.end()

    def _repaint(self) -> None:
        self.mark.setVisible(self._marked)
        if self._marked:
            self.mark.setPixmap(self.look.pixmap("check", 16, "good", self.devicePixelRatioF()))
        self.update()


class ChoiceCards(QWidget):
    """`changed` tells the value a person chose. Left and Right move along; "" chooses none."""

    changed = Signal(str)

    def __init__(
        self, choices: Sequence[CardChoice], look: Look, name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._value = self._marked = ""
        self.cards = {choice.value: ChoiceCard(choice, look) for choice in choices}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for card in self.cards.values():
            card.clicked.connect(self._clicked)
            row.addWidget(card, 1)
        self._show()

    def value(self) -> str:
        """The chosen value, or "" for none."""
        return self._value

    def set_value(self, value: str) -> None:
        """Choose silently."""
        self._value = value if value in self.cards else ""
        self._show()

    def set_marked(self, value: str) -> None:
        """Put the check mark on one card: the one in use, which need not be the one looked at."""
        self._marked = value
        self._show()

    def set_facts(self, value: str, facts: str) -> None:
        """The quiet last line of a card."""
        card = self.cards[value]
        card.facts.setText(facts)
        card.setAccessibleDescription(" ".join(part for part in (card.choice.about, facts) if part))

    def set_enabled(self, value: str, enabled: bool, why: str = "") -> None:
        """Allow or refuse one choice; `why` is its tooltip then."""
        self.cards[value].setEnabled(enabled)
        self.cards[value].setToolTip(why or self.cards[value].choice.tip)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right choose the neighbour."""
        usable = [value for value, card in self.cards.items() if card.isEnabled()]
        if event.key() not in _STEPS or not usable:
            super().keyPressEvent(event)
            return
        step = _STEPS[Qt.Key(event.key())]
        at = usable.index(self._value) + step if self._value in usable else 0
        if 0 <= at < len(usable):
            self._choose(usable[at])

    def _clicked(self) -> None:
        sender = self.sender()
        if isinstance(sender, ChoiceCard):
            self._choose(sender.choice.value)

    def _choose(self, value: str) -> None:
        self.set_value(value)
        self.cards[value].setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit(value)

    def _show(self) -> None:
        first = next(iter(self.cards), "")
        for value, card in self.cards.items():
            card.set_state(value == self._value, value == self._marked)
            if not self._value and value == first:
                card.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
