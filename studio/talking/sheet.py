"""The side sheet of a conversation: sampling, presets, the template, the adapter's strength, the system prompt."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.form import Form
from studio.controls.form_row import GUTTER
from studio.controls.slider_row import Scale, SliderRow
from studio.core.config import Sampling
from studio.core.language import tr
from studio.parts.sampling_sliders import SCALES, SamplingSliders
from studio.talking.named_things import NamedThings
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

FIELDS = ("tokens", "seed", "stop")
TOKENS = 400
WIDTH = 276


def first_sampling() -> Sampling:
    """How a conversation begins."""
    return Sampling(tokens=TOKENS)


def sampling_of(values: Mapping[str, Any]) -> Sampling:
    """What a preset or a chat has kept, the rest as it is at first; a value of another kind counts as missing."""
    first = first_sampling()
    kept: dict[str, Any] = {}
    for name in (*SCALES, *FIELDS):
        value, wanted = values.get(name), getattr(first, name)
        if isinstance(wanted, tuple):
            kept[name] = tuple(str(one) for one in value) if isinstance(value, list | tuple) else wanted
        elif isinstance(value, int | float) and not isinstance(value, bool):
            kept[name] = type(wanted)(value)
    return dataclasses.replace(first, **kept)


def values_of(sampling: Sampling) -> dict[str, Any]:
    """The same for the disk."""
    return {name: getattr(sampling, name) for name in (*SCALES, *FIELDS)}


class Sheet(QFrame):
    """Tells what a person set; what is chosen by name is kept and forgotten by signals."""

    sampling_changed = Signal(object)
    system_changed = Signal(str)
    template_chosen = Signal(str)
    strength_changed = Signal(float)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sampling = first_sampling()
        self.setFixedWidth(WIDTH)
        self.presets = NamedThings(tr("Presets"), tr("Name of the preset"), look)
        self.sliders = SamplingSliders(look)
        self.form = Form(Sampling, look, FIELDS)
        self.form.set_baseline(self._sampling)
        self.template = ChoiceEdit([("plain", tr("Plain"))], look)
        self.template.setAccessibleName(tr("Template"))
        self.template_note = Label("", "small", wrap=True)
        self.strength = SliderRow(
            tr("Strength"), Scale(0.0, 2.0), look, tr("0 is the base, 1 the adapter as it was trained.")
        )
        self.system = QPlainTextEdit()
        self.system.setAccessibleName(tr("System prompt"))
        self.system.setPlaceholderText(tr("What the model is told before anything else."))
        self.system.setTabChangesFocus(True)
        self.system.setFixedHeight(92)
        self.library = NamedThings(tr("Library"), tr("Name of the system prompt"), look)
        self._lay_out()
        self._connect()
        self.set_sampling(self._sampling)

    def _lay_out(self) -> None:
        scroll = Scroll()
        body = scroll.body
        body.setSpacing(8)
        body.setContentsMargins(GUTTER, 0, GUTTER, 0)
        self._adapter = QWidget()
        adapter = QVBoxLayout(self._adapter)
        adapter.setContentsMargins(0, 0, 0, 0)
        adapter.addWidget(Label(tr("Adapter"), "heading"))
        adapter.addWidget(self.strength)
        self._adapter.hide()
        body.addWidget(Label(tr("Sampling"), "heading"))
        body.addWidget(self.presets)
        body.addWidget(self.sliders)
        line = QHBoxLayout()  # the dots of changed fields hang in the margin
        line.setSpacing(0)
        line.addSpacing(-GUTTER)
        line.addWidget(self.form)
        body.addLayout(line)
        body.addWidget(self._adapter)
        for title, widgets in (
            (tr("System prompt"), (self.library, self.system)),
            (tr("Template"), (self.template, self.template_note)),
        ):
            body.addSpacing(8)
            body.addWidget(Label(title, "heading"))
            for widget in widgets:
                body.addWidget(widget)
        body.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)

    def _connect(self) -> None:
        self.sliders.changed.connect(self._slid)
        self.form.changed.connect(self._edited)
        self.system.textChanged.connect(self._system_edited)
        self.template.changed.connect(self._template_edited)
        self.strength.changed.connect(self.strength_changed)

    # --- sampling ----------------------------------------------------------------------------------------------

    @property
    def sampling(self) -> Sampling:
        """What is set."""
        return self._sampling

    @property
    def is_usable(self) -> bool:
        """Whether every field can be used as it stands."""
        return not self.form.problems

    def set_sampling(self, sampling: Sampling) -> None:
        """Show other settings silently."""
        self._sampling = sampling
        self.sliders.set_value(sampling)
        self.form.set_value(sampling)

    def _slid(self, value: Sampling) -> None:
        self._take({name: getattr(value, name) for name in SCALES})

    def _edited(self, value: Sampling) -> None:
        self._take({name: getattr(value, name) for name in FIELDS})

    def _take(self, values: Mapping[str, Any]) -> None:
        self._sampling = dataclasses.replace(self._sampling, **values)
        self.presets.choose("")
        self.sampling_changed.emit(self._sampling)

    # --- the rest ----------------------------------------------------------------------------------------------

    def set_adapter(self, there: bool, strength: float) -> None:
        """Offer the strength where an adapter lies on the model."""
        self._adapter.setVisible(there)
        if self.strength.value() != strength:
            self.strength.set_value(strength)

    def set_templates(self, choices: Sequence[tuple[str, str]], chosen: str, note: str) -> None:
        """What prompts can be written with, and a sentence about the one that is chosen."""
        self.template.clear()
        self.template.set_choices(choices)
        self.template.set_value(chosen)
        self.template_note.setText(note)

    def set_system(self, text: str) -> None:
        """Show a system prompt silently."""
        if text != self.system.toPlainText():
            self.system.blockSignals(True)
            self.system.setPlainText(text)
            self.system.blockSignals(False)

    @property
    def system_text(self) -> str:
        """What the model is told first."""
        return self.system.toPlainText()

    def _system_edited(self) -> None:
        self.library.choose("")
        self.system_changed.emit(self.system_text)

    def _template_edited(self) -> None:
        self.template_chosen.emit(str(self.template.value()))
