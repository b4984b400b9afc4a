"""The card of the drawing: the network as it was read, and the step that is pointed at in words."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.config import ModelConfig
from studio.core.language import tr
from studio.core.outline import Node
from studio.live.session import Session
from studio.parts.wording import count
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll
from studio.workshop.drawing import ModelDrawing
from studio.workshop.network import Network
from studio.workshop.titles import figures_of, sentence_of, title_of

_NO_DRAWING = "The drawing is read off the real network, as soon as PyTorch is loaded."
_HINT = "Point at a step to read what it does; click or press Enter to open one."


class Picture(Card):
    """`set_model` reads and draws a network; `set_whole` lets the page scroll instead of the card."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Architecture"), look, parent)
        self._whole = False
        self.network = Network(session, self)
        self.network.changed.connect(self._show_network)
        self.drawing = ModelDrawing(look)
        self.drawing.grown.connect(self._fit)
        self.drawing.noticed.connect(self._tell)
        self.canvas = Scroll()
        self.canvas.body.addWidget(self.drawing)
        self.canvas.body.addStretch(1)
        self.step = Label(tr(_NO_DRAWING), "small", wrap=True)
        self.step.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.step.setMinimumHeight(48)
        self.body.addWidget(self.canvas, 1)
        self.body.addWidget(self.step)

    def set_model(self, model: ModelConfig, batch: int) -> None:
        """Draw this network, for `batch` windows of its context."""
        self.network.want(model, batch)

    def set_whole(self, whole: bool) -> None:
        """As high as the drawing (True), or as high as there is room."""
        self._whole = whole
        self._fit()

    def _fit(self) -> None:
        self.canvas.setMinimumHeight(self.drawing.height() if self._whole else 0)
        vertical = QSizePolicy.Policy.Fixed if self._whole else QSizePolicy.Policy.Expanding
        self.canvas.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)

    def _show_network(self) -> None:
        found = self.network.found
        if self.network.error or found is None:
            self.step.setText(self.network.error)
            return
        self.drawing.set_network(found, self.network.unknown)
        batch, context = found.into[0]
        self.set_note(tr("{batch} windows of {context} tokens", batch=batch, context=count(context)))
        self._tell(None)

    def _tell(self, node: Node | None) -> None:
        words = tr(_HINT) if node is None else f"{title_of(node)}: {sentence_of(node)}\n{figures_of(node)}"
        self.step.setText(words)
