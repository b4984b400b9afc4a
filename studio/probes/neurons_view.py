"""Neurons: what one does on the text, where in a larger one it is strongest, and which words it speaks for."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.controls.editors import ChoiceEdit, NumberEdit
from studio.core.language import tr
from studio.live.session import Session
from studio.probes.borrowed import borrowed_text
from studio.probes.neuron_cards import EffectCard, SnippetCard
from studio.seeing.question import Question
from studio.seeing.view import EVERYTHING, SceneView
from studio.views.record_model import Column
from studio.views.record_table import RecordTable
from studio.views.token_text import Token, visible_text
from studio.views.token_view import TokenView
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

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._read, self._scan, self._snippets, self._effect = (
            Question(self.looking, f"neurons {what}", self) for what in ("read", "scan", "snippets", "effect")
        )
        self._scene: Any = None
        self.layer = ChoiceEdit([(0, "0")], look)
        self.layer.setAccessibleName(tr("Layer"))
        self.neuron = NumberEdit(look, whole=True)
        self.neuron.setAccessibleName(tr("Neuron"))
        self.neuron.setFixedWidth(110)
        self.width_words = Label("", "small")
        self.text = TokenView(look)
        self.active = RecordTable(self._columns(), look, key=lambda row: row[0])
        self.active.set_empty_text(tr("The neurons are being read…"))
        self.larger, self.says = SnippetCard(look), EffectCard(look)
        self._text, self._active = Card(tr("On this text"), look), Card("", look)
        self._lay_out()
        self._connect()

    def _columns(self) -> list[Column]:
        return [
            Column(tr("Neuron"), lambda row: row[0], lambda row: f"{row[0]:,}", "right", 84),
            Column(tr("Value"), lambda row: row[1], lambda row: f"{row[1]:.4f}", "right", 92),
            Column(tr("On at"), lambda row: row[2], lambda row: _share(row[2]), "right",
                   tip=lambda row: tr("The share of tokens in the larger text at which it is above 0")),
        ]  # fmt: skip

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(8)
        for widget in (Label(tr("layer"), "small"), self.layer, Label(tr("neuron"), "small"), self.neuron):
            tools.addWidget(widget)
        tools.addWidget(self.width_words)
        tools.addStretch(1)
        self._text.body.addWidget(self.text, 1)
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
    def neurons(self) -> "Neurons | None":
        """The chosen layer's neurons on the text, once they were read."""
        found: Neurons | None = None if self._read.waiting else self._read.answer
        return found

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
            kept = found.values[min(self._kept_row(), len(found.values) - 1)]
            neuron = int(np.argmax(np.nan_to_num(kept, nan=-np.inf)))
        return layer, neuron or 0, row

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Read another text or layer; follow the token and the neuron that are pointed at."""
        if not what or what & {"scene", "other", "mode"}:
            self._scene = scene = self.looking.shown[0]
            if scene is None:
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
        model = (scene.folder, scene.checksum, layer)
        self._read.ask((*model, scene.capture.ids), f"{_MODULE}:read", scene.model, scene.capture.ids, layer)
        if model != self._scan.key:  # the texts lie on the disk
            title = tr("Looking for the neurons of layer {layer}", layer=layer)
            self._scan.ask(model, f"{_MODULE}:scan_own", scene, layer, borrowed_text(self.session), title=title)
        found, scan = self.neurons, self._scan.answer
        if found is None:
            return
        neuron = self.place[1]
        if scan is not None and not self._scan.waiting:
            self._snippets.ask((*model, neuron), f"{_MODULE}:snippets", scene.model, scan, neuron)
        row = self._kept_row()
        key = (*model, scene.capture.ids, neuron, row)
        self._effect.ask(key, f"{_MODULE}:logit_effect", scene.model, scene.capture, found, neuron, row, k=SAID)

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
        values = found.values[:, neuron]
        most = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
        self.text.set_weights(np.nan_to_num(np.maximum(values, 0.0) / most).tolist())
        self._text.set_note(tr("layer {layer} neuron {neuron}", layer=layer, neuron=f"{neuron:,}"))
        self._active.set_title(tr("Most active at “{token}”", token=visible_text(scene.tokens[row])))
        here, scan = found.values[row], self._scan.answer
        order = np.argsort(-np.nan_to_num(here, nan=-np.inf), kind="stable")[:ACTIVE]
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
            self.larger.show_snippets(found, scan, self._scene.tokenizer)
        self.told.emit()

    def _look_at(self, ids: list[int]) -> None:
        """Let every page look at a window of the larger text."""
        if self._scene is not None:
            tokenizer = self._scene.tokenizer
            self.looking.read(tokenizer.decode(ids) if tokenizer is not None else ", ".join(map(str, ids)))

    def _draw_effect(self) -> None:
        if self._scene is not None:
            self.says.show_effect(self._effect.answer, self._scene, self._effect.error)
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
        text = tr(
            "A neuron is one number of the widened middle of the feed-forward part: it looks for something in the "
            "stream and, where it is strong, writes its row of the last matrix back into it."
        )
        found, scene = self.neurons, self._scene
        if found is None or scene is None or len(found.values) != scene.time:
            return text
        layer, neuron, row = self.place
        value, inner = float(found.values[row, neuron]), float(found.inner[row, neuron])
        bend = scene.config.model.activation.split("_")[0]
        if found.gate is None:
            made = tr("{bend}({inner}) = {value}", bend=bend, inner=f"{inner:.4f}", value=f"{value:.4f}")
        else:
            gate, bent = float(found.gate[row, neuron]), float(found.bent[row, neuron])
            made = tr("{bend}({gate}) · {inner} = {bent} · {inner} = {value}", bend=bend, gate=f"{gate:.4f}",
                      inner=f"{inner:.4f}", bent=f"{bent:.4f}", value=f"{value:.4f}")  # fmt: skip
        where = tr("Layer {layer} neuron {neuron} at “{token}”", layer=layer, neuron=f"{neuron:,}",
                   token=visible_text(scene.tokens[row]))  # fmt: skip
        return f"{text} {where}: {made}."

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """The layer's neurons on the text, and the larger text's best windows of the chosen one."""
        found, scan = self.neurons, self._scan.answer
        if found is None:
            return {}
        numbers: dict[str, npt.NDArray[Any]] = {"values": found.values, "inner": found.inner}
        if found.gate is not None:
            numbers |= {"gate": found.gate, "bent": found.bent}
        if scan is not None and scan.layer == found.layer:
            numbers |= {"peaks": scan.peaks, "peak_windows": scan.windows, "peak_places": scan.places}
            numbers["window_starts"] = np.array(scan.starts)
        return numbers


def _share(value: float) -> str:
    return f"{100 * value:.1f} %" if np.isfinite(value) else "–"
