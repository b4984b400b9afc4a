"""The two rows of choices above a map: of which vectors and how it is made, and how it is shown."""

import importlib.util

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.embeddings.wishes import METHODS, SOURCES, MapWish
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look


class MapTools(QWidget):
    """`changed` says that a person chose another map; `wish()` is what is chosen."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = 0
        self.source = Segmented([(name, tr(words)) for name, words in SOURCES], look, tr("Vectors"))
        self.layer = ChoiceEdit([(0, tr("before layer 0"))], look)
        self.layer.setAccessibleName(tr("Layer"))
        self.layer.setMinimumWidth(132)
        self.method = Segmented(METHODS, look, tr("Method"))
        self.dimensions = Segmented([("2", tr("2-D")), ("3", tr("3-D"))], look, tr("Dimensions"))
        if importlib.util.find_spec("umap") is None:
            self.method.set_enabled("umap", False, tr("The package umap-learn is not installed in .venv."))
        self.tied = ElidedLabel("", "small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.source, self.layer, self.tied):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.method)
        row.addWidget(self.dimensions)
        for choice in (self.source, self.method, self.dimensions, self.layer):
            choice.changed.connect(self._chosen)
        self._chosen_source()

    def wish(self) -> MapWish:
        """The map that is chosen."""
        source = self.source.value()
        layer = int(self.layer.value() or 0) if source == "states" else 0
        return MapWish(source, layer, self.method.value(), int(self.dimensions.value()))

    def set_layers(self, count: int) -> None:
        """How many layers the states can be looked at after."""
        wanted = self.layer.value() if self._layers else count
        self._layers = count
        names = [tr("before layer 0"), *(tr("after layer {layer}", layer=at) for at in range(count))]
        self.layer.set_value(0)
        self.layer.set_choices(list(enumerate(names)))
        self.layer.set_value(min(wanted, count))

    def set_tied(self, tied: bool) -> None:
        """Whether the token table and the output head are one."""
        self.tied.setText(tr("tied: the output head is the token table") if tied else "")
        self._chosen_source()

    def _chosen(self, *_value: object) -> None:
        self._chosen_source()
        self.changed.emit()

    def _chosen_source(self) -> None:
        states = self.source.value() == "states"
        self.tied.setVisible(bool(self.tied.text()) and not states)  # first, or both would ask for room at once
        self.layer.setVisible(states)
