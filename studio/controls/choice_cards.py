"""A few choices as cards side by side, for choices that need a line of explanation each."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import CARD_CORNER, Look

_GAP, _ROWS = 12, 2
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
        self.title, self.facts = ElidedLabel(choice.title, "strong"), ElidedLabel("", "small")
        self.mark = QLabel()
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.mark)
        self._column = column = QVBoxLayout(self)
        roomy = bool(choice.about)
        column.setContentsMargins(*((16, 12, 16, 12) if roomy else (12, 8, 8, 8)))
        column.setSpacing(4 if roomy else 2)
        column.addLayout(head)
        self.about = Label(choice.about, "small", wrap=True)
        column.addWidget(self.about)
        self.about.setVisible(roomy)
        column.addStretch(1)
        column.addWidget(self.facts)
        for label in (self.title, self.about, self.facts, self.mark):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        look.changed.connect(self._repaint)

    @property
    def least(self) -> int:
        """The width below which its title would be cut."""
        margins = self._column.contentsMargins()
        return self.title.sizeHint().width() + margins.left() + margins.right()

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
    """`changed` tells the value a person chose. Left and Right move along; "" chooses none.

    One row where every title fits, else two even rows; where it would take more, one closed list instead.
    """

    changed = Signal(str)

    def __init__(
        self, choices: Sequence[CardChoice], look: Look, name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._value = self._marked = ""
        self.cards = {choice.value: ChoiceCard(choice, look, self) for choice in choices}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self.columns = 0
        self.list = ChoiceEdit([(choice.value, choice.title) for choice in choices], look, self)
        self.list.setAccessibleName(name)
        self.list.changed.connect(self._listed)
        for card in self.cards.values():
            card.clicked.connect(self._clicked)
        self._arrange(len(self.cards))
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(self._columns_for(self.width()))

    def _columns_for(self, width: int) -> int:
        """The most columns in which no title is cut, with rows as even as that allows."""
        least, count = max((card.least for card in self.cards.values()), default=1), max(1, len(self.cards))
        fitting = max(1, min(count, (width + _GAP) // (least + _GAP)))
        rows = -(-count // fitting)
        return -(-count // rows) if rows <= _ROWS else 0

    def _arrange(self, columns: int) -> None:
        """Cards in so many columns, or the list where there are none."""
        if columns == self.columns and self.list.isHidden() == bool(columns):
            return
        self.columns = columns
        self.list.setVisible(not columns)
        self._grid.addWidget(self.list, 0, 0)
        for place, card in enumerate(self.cards.values()):
            card.setVisible(bool(columns))
            if columns:
                self._grid.addWidget(card, place // columns, place % columns)
        for column in range(len(self.cards)):
            self._grid.setColumnStretch(column, 1 if column < max(1, columns) else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.list.minimumSizeHint().width(), super().minimumSizeHint().height())

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
        self.list.setItemText(
            self.list.findData(value), " · ".join(part for part in (card.choice.title, facts) if part)
        )
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

    def _listed(self) -> None:
        value = str(self.list.value())
        self.set_value(value)
        self.changed.emit(value)

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
        self.list.setCurrentIndex(self.list.findData(self._value))
        for value, card in self.cards.items():
            card.set_state(value == self._value, value == self._marked)
            if not self._value and value == first:
                card.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
