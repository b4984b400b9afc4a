"""Neurons: what one does on the text, where in a larger one it is strongest, and which words it speaks for."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.controls.editors import ChoiceEdit, NumberEdit
from studio.core.language import tr
from studio.live.session import Session
from studio.probes.borrowed import borrowed_text
from studio.probes.neuron_cards import EffectCard, SnippetCard, TextCard
from studio.probes.neuron_words import (
    ABOUT,
    explanation,
    numbers_of,
    operands,
    share_words,
    strength,
    values_of,
    widths_words,
)
from studio.seeing.question import Question
from studio.seeing.view import EVERYTHING, SceneView
from studio.views.record_model import Column
from studio.views.record_table import RecordTable
from studio.views.token_text import Token, visible_text
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.neurons import Neurons

ACTIVE = 12  # neurons that are listed for a token
SAID = 5  # tokens that are listed as raised, and as lowered
_MODULE = "studio.insight.neurons"


class NeuronsView(SceneView):
    """The text and the neurons of one token at the left; snippets and logits of the chosen neuron at the right."""

    name, label = "neurons", "Neurons"
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._read, self._scan, self._snippets, self._effect = (
            Question(self.looking, f"neurons {what}", self) for what in ("read", "scan", "snippets", "effect")
        )
        self._scenes: tuple[Any, ...] = ()  # one, or A and the B that is subtracted from it
        self._subtracted: tuple[Any, Any] = (None, None)  # what was subtracted, and the result
        self.layer = ChoiceEdit([(0, "0")], look)
        self.layer.setAccessibleName(tr("Layer"))
        self.neuron = NumberEdit(look, whole=True)
        self.neuron.setAccessibleName(tr("Neuron"))
        self.neuron.setFixedWidth(110)
        self.width_words = Label("", "small")
        self._text, self._active = TextCard(look), Card("", look)
        self.text = self._text.view
        self.active = RecordTable(self._columns(), look, key=lambda row: row[0])
        self.active.set_empty_text(tr("The neurons are being read…"))
        self.larger, self.says = SnippetCard(look), EffectCard(look)
        self._lay_out()
        self._connect()

    def _columns(self) -> list[Column]:
        return [
            Column(tr("Neuron"), lambda row: row[0], lambda row: f"{row[0]:,}", "right", 84),
            Column(tr("Value"), lambda row: row[1], lambda row: f"{row[1]:{'+' if self.less else ''}.4f}", "right", 92,
                   tip=lambda row: operands(self.sides, self.place[2], row[0]) if self.sides else ""),
            Column(tr("On at"), lambda row: row[2], lambda row: share_words(row[2]), "right",
                   tip=lambda row: tr("The share of tokens in the larger text at which A is above B") if self.less
                   else tr("The share of tokens in the larger text at which it is above 0")),
        ]  # fmt: skip

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(8)
        for widget in (Label(tr("layer"), "small"), self.layer, Label(tr("neuron"), "small"), self.neuron):
            tools.addWidget(widget)
        tools.addWidget(self.width_words)
        tools.addStretch(1)
        self._active.body.addWidget(self.active, 1)
        row = QHBoxLayout()
        row.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self._text, 1)
        left.addWidget(self._active, 1)
        row.addLayout(left, 6)
        row.addWidget(self.larger, 9)
        row.addWidget(self.says, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(tools)
        column.addLayout(row, 1)

    def _connect(self) -> None:
        self.layer.changed.connect(self._another_layer)
        self.neuron.changed.connect(self._another_neuron)
        self.text.pointed.connect(self._token_hovered)
        self.text.selected.connect(self._token_clicked)
        self.active.selection_changed.connect(self._neuron_clicked)
        for question in (self._read, self._scan):
            question.answered.connect(self._draw)
        self._snippets.answered.connect(self._draw_snippets)
        self.larger.wanted.connect(self._look_at)
        self._effect.answered.connect(self._draw_effect)

    # --- what is looked at ------------------------------------------------------------------------------------------

    @property
    def _scene(self) -> Any:
        return self._scenes[0] if self._scenes else None

    @property
    def less(self) -> bool:
        """Whether A less B is shown."""
        return len(self._scenes) > 1

    @property
    def sides(self) -> "tuple[Neurons, ...]":
        """The chosen layer's neurons on the text in the models that are shown; empty until they were read."""
        found = None if self._read.waiting else self._read.answer
        return found if found is not None and len(found) == len(self._scenes) else ()

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """(time, neurons): the value of each, or A less B, subtracted once."""
        if self._subtracted[0] is not self.sides:
            self._subtracted = (self.sides, values_of(self.sides))
        found: npt.NDArray[np.float32] = self._subtracted[1]
        return found

    @property
    def neurons(self) -> "Neurons | None":
        """Those of the first of them."""
        return self.sides[0] if self.sides else None

    def missing(self) -> str:
        """A neuron has a counterpart only where both layers are equally wide."""
        return widths_words(*self.looking.shown)

    @property
    def place(self) -> tuple[int, int, int]:
        """Layer, neuron and position that are shown; what is not selected has a default."""
        scene, found = self._scene, self.neurons
        layers = scene.layers if scene is not None else 1
        layer = self.selection.locked("layer")
        layer = min(layer, layers - 1) if layer is not None else layers // 2
        row = self.selection.value("row")
        time = scene.time if scene is not None else 1
        row = min(row, time - 1) if row is not None else time - 1
        neuron = self.selection.locked("neuron")
        if found is not None and (neuron is None or neuron >= found.values.shape[1]):
            kept = self.values[min(self._kept_row(), len(found.values) - 1)]
            neuron = int(np.argmax(strength(kept, self.less)))
        return layer, neuron or 0, row

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Read another text or layer; follow the token and the neuron that are pointed at."""
        if not what or what & {"scene", "other", "mode"}:
            self._scenes = tuple(scene for scene in self.looking.shown if scene is not None)
            scene = self._scene
            if scene is None or self.missing():
                self._scenes = ()
                for question in (self._read, self._scan, self._snippets, self._effect):
                    question.forget()
                return
            self.layer.clear()
            self.layer.set_choices([(layer, str(layer)) for layer in range(scene.layers)])
            self.text.set_tokens(
                [Token(text, number) for text, number in zip(scene.tokens, scene.capture.ids, strict=True)]
            )
        if not what or what & {"scene", "other", "mode", "selection"}:
            self._draw()

    def _ask(self) -> None:
        scene, layer = self._scene, self.place[0]
        if scene is None:
            return
        self.layer.set_value(layer)
        key: tuple[Any, ...] = (*((one.folder, one.checksum) for one in self._scenes), layer)
        models, ids = tuple(one.model for one in self._scenes), scene.capture.ids
        self._read.ask((*key, ids), f"{_MODULE}:read_sides", models, ids, layer)
        if key != self._scan.key:  # the texts lie on the disk
            title = tr("Looking for the neurons of layer {layer}", layer=layer)
            self._scan.ask(key, f"{_MODULE}:scan_own", self._scenes, layer, borrowed_text(self.session), title=title)
        sides, scan = self.sides, self._scan.answer
        if not sides:
            return
        neuron, row = self.place[1], self._kept_row()
        if scan is not None and not self._scan.waiting:
            self._snippets.ask((*key, neuron), f"{_MODULE}:snippets", models, scan, neuron)
        read = tuple((one.model, one.capture, side) for one, side in zip(self._scenes, sides, strict=True))
        self._effect.ask((*key, ids, neuron, row), f"{_MODULE}:effect_of_sides", read, neuron, row, k=SAID)

    def _kept_row(self) -> int:
        """The token whose logits are shown, since that takes a moment: a locked one, else the last one."""
        last = self._scene.time - 1 if self._scene is not None else 0
        locked = self.selection.locked("row")
        return last if locked is None else min(locked, last)

    # --- what is drawn ----------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        scene = self._scene
        if scene is None:
            return
        self._ask()
        found = self.neurons
        if self._read.error is not None:
            self.active.set_empty_text(str(self._read.error))
        if found is None or len(found.values) != scene.time:
            self.active.set_rows([])
            return
        layer, neuron, row = self.place
        self.neuron.minimum, self.neuron.maximum = 0, found.values.shape[1] - 1
        self.neuron.set_value(neuron)
        self.width_words.setText(tr("of {count}", count=f"{found.values.shape[1]:,}"))
        self._text.show_neuron(self.values[:, neuron], self.sides, layer, neuron)
        words = tr("Furthest apart at “{token}”") if self.less else tr("Most active at “{token}”")
        self._active.set_title(words.format(token=visible_text(scene.tokens[row])))
        here, scan = self.values[row], self._scan.answer
        order = np.argsort(-strength(here, self.less), kind="stable")[:ACTIVE]
        shares = scan.active if scan is not None and scan.layer == layer else np.full(len(here), np.nan)
        self.active.set_rows([(int(n), float(here[n]), float(shares[n])) for n in order])
        self.active.select((neuron, 0.0, 0.0))
        self._draw_snippets()
        self._draw_effect()

    def _draw_snippets(self) -> None:
        scan, error = self._scan.answer, self._scan.error or self._snippets.error
        found = None if self._scan.waiting else self._snippets.answer
        if found is None or scan is None or self._scene is None:
            self.larger.show_waiting(error)
        else:
            self.larger.show_snippets(found, scan, self._scene.tokenizer, self.less)
        self.told.emit()

    def _look_at(self, ids: list[int]) -> None:
        """Let every page look at a window of the larger text."""
        if self._scene is not None:
            tokenizer = self._scene.tokenizer
            self.looking.read(tokenizer.decode(ids) if tokenizer is not None else ", ".join(map(str, ids)))

    def _draw_effect(self) -> None:
        if self._scene is not None:
            self.says.show_effect(self._effect.answer, self._scene, self._effect.error, self.less)
        self.told.emit()

    # --- choosing ---------------------------------------------------------------------------------------------------

    def _another_layer(self) -> None:
        self.selection.lock(layer=int(self.layer.value()), neuron=None)

    def _another_neuron(self) -> None:
        found, wanted = self.neurons, int(self.neuron.value())
        if not self.neuron.problem and found is not None and 0 <= wanted < found.values.shape[1]:
            self.selection.lock(layer=self.place[0], neuron=wanted)

    def _neuron_clicked(self, rows: list[tuple[int, float, float]]) -> None:
        if rows and rows[0][0] != self.place[1]:
            self.selection.lock(layer=self.place[0], neuron=rows[0][0])

    def _token_hovered(self, index: int) -> None:
        if index < 0:
            self.selection.leave()
        else:
            self.selection.hover(row=index)

    def _token_clicked(self, index: int) -> None:
        if index >= 0:
            self.selection.lock(row=index)

    # --- what it says -----------------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """How a neuron's value comes about, with the numbers of the token that is pointed at."""
        found, scene = self.neurons, self._scene
        if found is None or scene is None or len(found.values) != scene.time:
            return tr(ABOUT)
        return explanation(self.sides, self._scenes, self.place)

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """The layer's neurons on the text, and the larger text's best windows of the chosen one."""
        return numbers_of(self.sides, self._scan.answer) if self.sides else {}
