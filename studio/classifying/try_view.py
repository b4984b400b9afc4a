"""A text of one's own: how likely each class is, which tokens speak for it, and what the adapter does to that."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from studio.classifying.attributed import Why
from studio.classifying.why_card import WhyStrip
from studio.controls.slider_row import Scale, SliderRow
from studio.core.language import tr
from studio.views.bars import Choice, ChoiceBars
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

PAUSE_MS = 300  # after the last key before the model is asked
_MOST = 12  # classes that are drawn
_STRENGTH = Scale(0.0, 2.0)


class TryView(QWidget):
    """`asked` wants text, class ("" the likeliest), method and the adapter's strength (None: as trained)."""

    asked = Signal(str, str, str, object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ""
        self._names: list[str] = []
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText(tr("Type or paste a text. The model says its class as you type."))
        self.text.setAccessibleName(tr("Text to classify"))
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(84)
        self.bars, self.why = ChoiceBars(look), WhyStrip(look)
        self.bars.setAccessibleName(tr("Chances of each class"))
        self.bars.setToolTip(tr("Choose a class to see what speaks for it."))
        self.note = Label("", "small", wrap=True)
        self.strength = SliderRow(tr("Adapter strength"), _STRENGTH, look, tr("0 is the model without its adapter."))
        self.strength.set_value(1.0)
        self.strength.hide()
        self.why.method.set_value("gradient")
        self.why.set_words(tr("The tokens of your text are coloured here."))
        listed = Scroll()
        listed.body.addWidget(self.bars)
        listed.body.addWidget(self.note)
        listed.body.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget, share in ((self.text, 0), (self.strength, 0), (listed, 2), (self.why, 2)):
            column.addWidget(widget, share)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.ask)
        self.text.textChanged.connect(self._typed)
        self.strength.changed.connect(self._timer.start)
        self.bars.chosen.connect(self._class_chosen)
        self.why.method_chosen.connect(self._method_chosen)

    def set_adapter(self, there: bool) -> None:
        """Whether the run has an adapter, whose strength can be moved."""
        self.strength.setVisible(there)
        self.strength.set_value(1.0)

    def clear(self) -> None:
        """Another model: what was said is no longer true."""
        self._label = ""
        self.bars.set_choices([])
        self.ask()

    def ask(self) -> None:
        """Ask about the text as it stands."""
        self._timer.stop()
        text = self.text.toPlainText()
        if text.strip():
            strength = None if self.strength.isHidden() else self.strength.value()
            self.asked.emit(text, self._label, str(self.why.method.value()), strength)
        else:
            self.bars.set_choices([])
            self.note.setText("")
            self.why.set_words(tr("The tokens of your text are coloured here."))

    def set_why(self, why: Why) -> None:
        """The answer to the newest question."""
        self._names = [name for name, _ in why.chances]
        order = sorted(range(len(why.chances)), key=lambda place: -why.chances[place][1])
        shown = [
            Choice(place, why.chances[place][0], why.chances[place][1], marked=why.chances[place][0] == why.label)
            for place in order[:_MOST]
        ]
        self.bars.set_choices(shown)
        hidden = len(order) - len(shown)
        self.note.setText(tr("and {count} less likely classes", count=f"{hidden}") if hidden else "")
        self.why.set_why(why)

    def set_trouble(self, words: str) -> None:
        """The model could not be asked."""
        self.bars.set_choices([])
        self.why.set_words(words)

    def _typed(self) -> None:
        self._label = ""
        self._timer.start()

    def _class_chosen(self, place: int) -> None:
        self._label = self._names[place]
        self.ask()

    def _method_chosen(self, _method: str) -> None:
        self.ask()
