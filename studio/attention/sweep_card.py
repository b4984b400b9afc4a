"""What each part of the network is worth to this text: all of them taken away, one after the other, as a map."""

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import DIFFERENCE
from studio.maps.heat_map import HeatMap
from studio.parts.progress import Progress
from studio.parts.wording import about
from studio.seeing.seen import Seen
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt

    from studio.engine.effects import Effect

EFFECTS = "studio.engine.effects:effects"
PARTS = ("attention", "feed_forward", "layer")
_SURE = 3  # parts that are done before a remaining time is told


class SweepCard(Card):
    """The map of effects, how it was measured, and the sweep that fills it; `chosen` is (part, layer, index)."""

    chosen = Signal(str, int, int)
    changed = Signal()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("What each part is worth"), look)
        self._session = session
        self.found: dict[tuple[str, int, int], Effect] = {}
        self._seen, self._sizes = Seen(), (0, 0)  # layers and heads of the scene that the map is of
        self._began, self._trouble = 0.0, ""
        self.kind = Segmented((("head", tr("Heads")), ("part", tr("Parts"))), look, tr("What is taken away"))
        ways = (("harm", tr("Loss")), ("divergence", tr("Divergence")))
        self.measure = Segmented(ways, look, tr("What is measured"))
        self.go = Button("", self.start, look, "primary").set_small()
        self.how = Label("", "small", wrap=True)
        self.map, self.bar = HeatMap(look, square=False), ColourBar(look)
        self.map.describe = self._describe
        self.progress = Progress(look, tr("Parts taken away"))
        self.wanted = ("zero", "")  # what stands in: a way, and another text
        self.header.addWidget(self.kind)
        self.header.addWidget(self.measure)
        self.kind.changed.connect(self._forget)
        self.measure.changed.connect(self.draw)
        state = QHBoxLayout()
        state.setSpacing(12)
        state.addWidget(self.how, 1)
        state.addWidget(self.go)
        picture = QHBoxLayout()
        picture.addWidget(self.map, 1)
        picture.addWidget(self.bar)
        self.body.addLayout(state)
        self.body.addLayout(picture, 1)
        self.body.addWidget(self.progress)
        self.map.clicked.connect(self._clicked)
        self.progress.ended.connect(self._ended)

    def set_scene(self, scene: Any) -> None:
        """Another model or text: what was measured before no longer holds."""
        if not self._seen.same(scene):
            self._seen.keep(scene)
            self._sizes = (scene.layers, scene.heads)
            self._forget()

    def set_wanted(self, how: str, text: str) -> None:
        """What the next sweep puts in the place of each part."""
        if (how, text) != self.wanted:
            self.wanted = (how, text)
            self._forget()

    def _forget(self, _kind: str = "") -> None:
        self.progress.call_off()
        self.found, self._trouble = {}, ""
        self.draw()

    @property
    def places(self) -> list[tuple[str, int, int]]:
        """Everything that a sweep takes away, in order."""
        layers = range(self._sizes[0])
        if self.kind.value() == "head":
            return [("head", layer, head) for layer in layers for head in range(self._sizes[1])]
        return [(part, layer, 0) for layer in layers for part in PARTS]

    # --- the sweep ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take away one part after the other, in the background."""
        scene = self._session.looking.shown[0]
        if not self._seen.same(scene):
            return
        self.found, self._trouble, self._began = {}, "", time.monotonic()
        words = tr("Taking away {count} parts of {name}", count=len(self.places), name=scene.title)
        job = self._session.looking.ask(
            EFFECTS, scene, self.kind.value(), self.wanted, lane="ablation sweep", title=words
        )
        job.items.connect(partial(self._came, job))
        job.failed.connect(self._failed)
        self.progress.follow(job, words)
        self.draw()

    def _came(self, job: Job, effects: "list[Effect]") -> None:
        if job is not self.progress.job:
            return
        self.found |= {(one.part, one.layer, one.index): one for one in effects}
        done, total = len(self.found), len(self.places)
        spent = time.monotonic() - self._began
        words = tr("{done} of {total} parts", done=done, total=total)
        if _SURE <= done < total:
            words += " · " + tr("about {time} left", time=about(spent / done * (total - done)))
        self.progress.words.setText(words)
        self.draw()

    def _ended(self, _called_off: bool) -> None:
        self.draw()

    def _failed(self, error: StudioError) -> None:
        self._trouble = f"{error.message} {error.hint}"

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def values(self) -> "npt.NDArray[np.float64]":
        """(layers, heads or parts): the metric of each, NaN where it was not measured."""
        across = self._sizes[1] if self.kind.value() == "head" else len(PARTS)
        values = np.full((self._sizes[0], across), np.nan)
        for number, place in enumerate(self.places):
            effect = self.found.get(place)
            if effect is not None:
                values[divmod(number, across)] = getattr(effect, self.measure.value())
        return values

    def draw(self, _metric: str = "") -> None:
        """The map as far as it was measured, and how."""
        values, metric = self.values, self.measure.value()
        heads = self.kind.value() == "head"
        self.go.setVisible(self.progress.job is None)
        self.go.setText(tr("Measure {count} parts", count=len(self.places)))
        self.go.setEnabled(bool(self.places))
        self.how.setText(self._how())
        if not values.size:
            return
        most = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
        ramp = DIFFERENCE if metric == "harm" else "viridis"
        self.map.set_values(
            values.astype(np.float32), low=-most if metric == "harm" else 0.0, high=most or 1.0, ramp=ramp
        )
        parts = (tr("attention"), tr("feed-forward"), tr("layer"))
        columns = [tr("head {number}", number=head) for head in range(values.shape[1])] if heads else list(parts)
        self.map.set_labels([tr("layer {number}", number=layer) for layer in range(len(values))], columns)
        whole = len(self.found) == len(self.places)
        self.map.set_colouring(replace(self.map.colouring, missing="danger" if whole else "raised"))
        words = tr("loss change") if metric == "harm" else tr("KL, nats")
        self.bar.set_range(-most if metric == "harm" else 0.0, most or 1.0, ramp, "linear", words)
        self.bar.setVisible(bool(self.found))
        self.changed.emit()

    def _how(self) -> str:
        """Metric and baseline, stated."""
        if self._trouble:
            return self._trouble
        first = next(iter(self.found.values()), None)
        instead = {
            "zero": tr("zeros"), "mean": tr("its mean over this text"), "own": tr("its own value"),
            "other": tr("its value on the other text"),
        }[self.wanted[0]]  # fmt: skip
        if first is None:
            return tr("Each part is replaced by {instead}, one at a time, and the loss of this text is measured again.",
                      instead=instead)  # fmt: skip
        return tr(
            "Baseline: the whole model, loss {loss} nats a token over {count} predictions. Each part alone is replaced "
            "by {instead}; {metric}.",
            loss=f"{first.loss_before:.4f}", count=first.predictions, instead=instead,
            metric=tr("above zero: the text needs the part") if self.measure.value() == "harm"
            else tr("the divergence is the mean KL from the whole model's predictions, in nats"),
        )  # fmt: skip

    def _describe(self, row: int, column: int) -> tuple[str, list[CardRow]]:
        heads = self.kind.value() == "head"
        names = (tr("attention"), tr("feed-forward"), tr("layer"))
        place = ("head", row, column) if heads else (PARTS[column], row, 0)
        title = tr("layer {layer}, head {head}", layer=row, head=column) if heads else tr(
            "layer {layer}, {part}", layer=row, part=names[column]
        )  # fmt: skip
        effect = self.found.get(place)
        if effect is None:
            return title, [CardRow(tr("not measured yet"))]
        return title, [
            CardRow(f"{effect.harm:+.5f}".replace("-", "−"), tr("change of the loss")),
            CardRow(f"{effect.divergence:.5f}", tr("divergence")),
        ]

    def mark(self, part: str, layer: int, index: int) -> None:
        """Show which part is looked at beside the map."""
        if not self.map.values.size:
            return
        heads = self.kind.value() == "head"
        if heads and part == "head":
            self.map.mark(layer, index, locked=True)
        elif not heads and part in PARTS:
            self.map.mark(layer, PARTS.index(part), locked=True)
        else:
            self.map.mark(None, None, locked=True)

    def _clicked(self, row: int, column: int) -> None:
        heads = self.kind.value() == "head"
        self.chosen.emit("head" if heads else PARTS[column], row, column if heads else 0)
