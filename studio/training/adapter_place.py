"""Where the settings of a run show its adapter: the card of it, or why there is none yet."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.adapting.adapter_card import AdapterCard
from studio.core.config import RunConfig
from studio.core.knobs import Problem
from studio.core.language import tr
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look


class AdapterPlace(QWidget):
    """`edited` carries the adapter that is wanted; without a model to lie on there is only the way to choose one."""

    edited = Signal(object)  # AdapterConfig
    choose_requested = Signal()  # of a model to start from

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card, self.baseless = AdapterCard(look), Card(tr("Adapter"), look)
        self.choose = Button(tr("Choose a model…"), self.choose_requested.emit, look, "link").set_small()
        words = tr("An adapter lies on a model that exists, and this run begins with random weights.")
        self.baseless.body.addWidget(Label(words, "small", wrap=True))
        self.baseless.body.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        self.card.edited.connect(self.edited)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)
        column.addWidget(self.baseless)

    def set_config(self, config: RunConfig) -> None:
        """Show the adapter of `config` on the model that it starts from."""
        based = bool(config.start_from)
        self.card.set_config(config, config.model)
        self.card.setVisible(based)
        self.baseless.setVisible(not based)

    @property
    def problems(self) -> list[Problem]:
        """What keeps the adapter that is shown from being used."""
        return [] if self.card.isHidden() else self.card.problems

    def focus_on(self, field: str) -> None:
        """Put the keyboard on a knob by its dotted name, or on the way to a base."""
        if self.card.isHidden():
            self.choose.setFocus()
        else:
            self.card.focus_on(field)
