"""How a text is cut: context, stride and batch to try out, and the way into the next run."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.number_edit import NumberEdit
from studio.core.config import RunConfig
from studio.core.language import tr
from studio.teaching.flow_row import FlowRow
from studio.widgets.button import Button
from studio.widgets.look import Look

Numbers = tuple[int, int, int]  # context, stride and batch

OWN = "text"
_LARGEST = {"context": 1_048_576, "stride": 1_000_000, "batch": 4_096}
_WORDS = {
    "context": ("Context", "Tokens that the model sees at once."),
    "stride": ("Stride", "Tokens between the starts of two windows."),
    "batch": ("Batch", "Windows that are read together in one step."),
}


class WindowBar(FlowRow):
    """`changed`: a person wrote a number; `chosen`: another text; `wanted`: the run shall read like this."""

    changed = Signal()
    chosen = Signal(str)
    wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.source = ChoiceEdit([], look)
        self.source.setAccessibleName(tr("What is cut into windows"))
        self.source.setMinimumWidth(120)
        self.source.changed.connect(self._choose)
        self.add(self.source)
        self.boxes: dict[str, NumberEdit] = {}
        for name, (words, help_words) in _WORDS.items():
            box = NumberEdit(look, whole=True)
            box.minimum, box.maximum, box.default = 1 if name != "context" else 2, _LARGEST[name], 16
            box.setFixedWidth(68)
            box.setAccessibleName(tr(words))
            box.setToolTip(tr(help_words))
            box.changed.connect(self._change)
            self.add(box, tr(words))
            self.boxes[name] = box
        self.use = Button(tr("Use in the next run"), self._want, look).set_small()
        self.add(self.use)

    def set_sources(self, sources: list[tuple[str, str]], now: str) -> None:
        """Texts to choose from, by key and words."""
        self.source.clear()
        self.source.set_choices(sources)
        self.source.set_value(now)

    def numbers(self) -> Numbers | None:
        """Context, stride and batch; None while one of them cannot be used."""
        found = []
        for box in self.boxes.values():
            value = int(box.value())
            if box.problem or not (box.minimum or 1) <= value <= (box.maximum or value):
                return None
            found.append(value)
        return found[0], found[1], found[2]

    def set_numbers(self, context: int, stride: int, batch: int) -> None:
        """Show these silently."""
        for box, value in zip(self.boxes.values(), (context, stride, batch), strict=True):
            box.set_value(value)

    def set_usable(self, usable: bool, why: str) -> None:
        """Whether the numbers differ from the next run's and could be its own."""
        self.use.setEnabled(usable)
        self.use.setToolTip(why)

    def _choose(self) -> None:
        self.chosen.emit(str(self.source.value()))

    def _change(self) -> None:
        self.changed.emit()

    def _want(self) -> None:
        self.wanted.emit()


def numbers_of(config: RunConfig) -> Numbers:
    """How a run cuts its text."""
    context = config.model.context_length
    return context, config.data.stride or context, config.training.batch_size


def with_numbers(config: RunConfig, numbers: Numbers) -> RunConfig:
    """The same run, but its text cut like this."""
    context, stride, batch = numbers
    return config.with_part(
        model=replace(config.model, context_length=context), data=replace(config.data, stride=stride),
        training=replace(config.training, batch_size=batch),
    )  # fmt: skip
