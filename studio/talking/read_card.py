"""The prompt as the model reads it: all marks of the template spelled out, nothing that is forgotten in it."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.parts.plain_text import PlainText
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.popover import Popover

_SIZE, _GAP = (480, 220), 8  # pixels of the text, and between the card and its anchor


class ReadCard(Popover):
    """Opens at its anchor with a text; closes by Escape or a press elsewhere."""

    def __init__(self, look: Look, anchor: QWidget) -> None:
        super().__init__(anchor)
        self.words = Label(tr("What the model reads before it answers, letter by letter:"), "small")
        self.text = PlainText(look, tr("What the model reads"))
        self.text.setFixedSize(*_SIZE)
        self.body.addWidget(self.words)
        self.body.addWidget(self.text)

    def show_text(self, text: str) -> None:
        """Open with this text, its end in sight: that is where the answer begins."""
        self.close_quietly()
        self.text.set_text(text)
        self.toggle(self.text)
        above = self._anchor.mapTo(self._anchor.window(), QPoint(0, 0)).y() - self.height() - _GAP
        self.move(self.x(), max(_GAP, above))  # the anchor stands at the foot of the page
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())
