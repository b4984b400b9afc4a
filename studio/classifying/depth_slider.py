"""A slider from training the head alone to training everything, with the weights that each place trains."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.classifying.depth import choices, depth_words, trained_weights
from studio.controls.slider import Slider
from studio.core.config import ModelConfig
from studio.core.language import tr
from studio.parts.wording import short_count
from studio.views.bars import percent_text
from studio.widgets.label import Label
from studio.widgets.look import Look


class DepthSlider(QWidget):
    """`changed` carries `ClassifyConfig.trained_blocks`; the slider stops at every block."""

    changed = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ModelConfig()
        self._classes, self._bias = 2, False
        self.blocks = 1
        self.title = Label(tr("What is trained"), "quiet")
        self.words, self.weights = Label("", "strong", wrap=True), Label("", "small", wrap=True)
        self.slider = Slider(look, tr("What is trained"))
        self.slider.moved.connect(self._moved)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self.title, self.words, self.slider, self.weights):
            column.addWidget(widget)

    def set_model(self, model: ModelConfig, classes: int, bias: bool, blocks: int) -> None:
        """Show what training so many blocks of this model means."""
        self._model, self._classes, self._bias = model, classes, bias
        offered = choices(model)
        self.blocks = blocks if blocks in offered else offered[-1]
        self.slider.step = 1.0 / (len(offered) - 1)
        self.slider.set_share(offered.index(self.blocks) / (len(offered) - 1))
        self._say()

    def _moved(self, share: float) -> None:
        offered = choices(self._model)
        place = round(share * (len(offered) - 1))
        self.slider.set_share(place / (len(offered) - 1))
        if offered[place] != self.blocks:
            self.blocks = offered[place]
            self._say()
            self.changed.emit(self.blocks)

    def _say(self) -> None:
        trained, total = trained_weights(self._model, self.blocks, self._classes, self._bias)
        self.words.setText(depth_words(self.blocks))
        self.weights.setText(
            tr("{trained} of {total} weights learn ({share})", trained=f"{trained:,}", total=short_count(total),
               share=percent_text(trained / total))
        )  # fmt: skip
        self.slider.setAccessibleDescription(self.words.text())
