"""What a part is good for, shown by taking it away: the loss and the text with and without it."""

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.attention.part_card import PartCard
from studio.attention.sweep_card import SweepCard, signed_figure
from studio.core.language import tr
from studio.live.session import Session
from studio.seeing.view import EVERYTHING, SceneView
from studio.widgets.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt


class AblationView(SceneView):
    """A map of all heads or parts at the left, one of them taken away at the right."""

    name = "ablation"
    label = "Ablation"
    needs_words = True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.sweep, self.part = SweepCard(session, look), PartCard(session, look)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.sweep, 3)
        row.addWidget(self.part, 2)
        self.sweep.chosen.connect(self._choose)
        self.sweep.changed.connect(self.told)
        self.part.wanted.connect(self._wanted)
        self.part.instead.connect(self._instead)
        self.part.changed.connect(self.told)

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Follow the scene, and the head that is locked on any page."""
        scene, other = self.looking.shown
        if scene is None or not scene.config.model.causal or (other is not None and not other.config.model.causal):
            return
        self.sweep.set_scene(scene, other)
        self.part.set_scene(scene, other)
        part, layer, index = self.part.place
        if part == "head":
            layer, index = self._locked("layer", layer), self._locked("head", index)
        elif part == "neuron":
            layer, index = self._locked("layer", layer), self._locked("neuron", index)
        self.part.set_place(part, min(layer, scene.layers - 1), index)
        self.part.measure(scene, other)
        self.sweep.mark(*self.part.place)

    def _locked(self, name: str, otherwise: int) -> int:
        found = self.selection.locked(name)
        return otherwise if found is None else found

    def _choose(self, part: str, layer: int, index: int) -> None:
        """A click on the map."""
        self.part.set_place(part, layer, index)
        self._wanted()

    def _wanted(self) -> None:
        """Another part: locked for all views, then measured."""
        part, layer, index = self.part.place
        if not self.part.exists:
            self.part.measure(*self.looking.shown)  # the answer says what is missing
            return
        fields = {"layer": layer} | ({part: index} if part in ("head", "neuron") else {})
        self.selection.lock(**fields)
        self.refresh(frozenset({"selection"}))

    def _instead(self) -> None:
        self.sweep.set_wanted(*self.part.replacement)
        self.refresh(frozenset({"selection"}))

    # --- what the page asks ---------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """The change of the loss with its numbers."""
        effect, beside = self.part.effect, self.part.beside
        if effect is not None and beside is not None:
            return tr(
                "Δ = loss without − loss: {one} nats a token in A, {other} in B, {less} more in A. Both lose the same "
                "part on the same text.",
                one=signed_figure(effect.harm), other=signed_figure(beside.harm),
                less=signed_figure(effect.harm - beside.harm),
            )  # fmt: skip
        if effect is None:
            return tr("A part is replaced while the model reads the text: what changes is what the part did here.")
        return tr(
            "Δ = loss without − loss = {after} − {before} = {harm} nats a token, over {count} predictions. Other parts "
            "may stand in for one that is gone, so a small Δ does not mean that a part does nothing.",
            after=f"{effect.loss_after:.4f}", before=f"{effect.loss_before:.4f}", count=effect.predictions,
            harm=f"{effect.harm:+.4f}".replace("-", "−"),
        )  # fmt: skip

    def numbers(self) -> "dict[str, npt.NDArray[Any]]":
        """The map as far as it was measured."""
        return {self.sweep.measure.value(): self.sweep.values} if self.sweep.found else {}

    def start_measuring(self) -> None:
        """Take every part away, one after the other."""
        self.sweep.start()

    def drawing(self) -> QWidget:
        """The map with what it measures."""
        return self.sweep

    def missing(self) -> str:
        """Only a model that writes from left to right has a loss for every next token."""
        scene = self.looking.shown[0]
        if any(one is not None and not one.config.model.causal for one in self.looking.shown):
            return tr("This model fills gaps instead of writing on: it has no loss of a next token to compare.")
        if scene is not None and scene.time < 2:
            return tr("A text of one token has no next token to predict. Type a longer one above.")
        return ""
