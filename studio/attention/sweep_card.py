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

EFFECTS = "studio.engine.effects:effects_beside"
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
        self.beside: dict[tuple[str, int, int], Effect] = {}  # in another model, whose numbers are subtracted
        self._seen, self._other, self._sizes = (
            Seen(),
            Seen(),
            (0, 0),
        )  # layers and heads of the scene that the map is of
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

    def set_scene(self, scene: Any, other: Any = None) -> None:
        """Another model or text, or another one beside it: what was measured before no longer holds."""
        if not (self._seen.same(scene) and self._other.same(other)):
            self._seen.keep(scene)
            self._other.keep(other)
            self._sizes = (scene.layers, scene.heads)
            self._forget()

    def set_wanted(self, how: str, text: str) -> None:
        """What the next sweep puts in the place of each part."""
        if (how, text) != self.wanted:
            self.wanted = (how, text)
            self._forget()

    def _forget(self, _kind: str = "") -> None:
        self.progress.call_off()
        self.found, self.beside, self._trouble = {}, {}, ""
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
        scene, other = self._session.looking.shown
        if not (self._seen.same(scene) and self._other.same(other)):
            return
        self.found, self.beside, self._trouble, self._began = {}, {}, "", time.monotonic()
        names = scene.title if other is None else tr("{a} and {b}", a=scene.title, b=other.title)
        words = tr("Taking away {count} parts of {name}", count=len(self.places), name=names)
        scenes = [one for one in (scene, other) if one is not None]
        job = self._session.looking.ask(
            EFFECTS, scenes, self.kind.value(), self.wanted, lane="ablation sweep", title=words
        )
        job.items.connect(partial(self._came, job))
        job.failed.connect(self._failed)
        self.progress.follow(job, words)
        self.draw()

    def _came(self, job: Job, effects: "list[tuple[int, Effect]]") -> None:
        if job is not self.progress.job:
            return
        for side, one in effects:
            (self.beside if side else self.found)[one.part, one.layer, one.index] = one
        done, total = len(self._last), len(self.places)
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
    def signed(self) -> bool:
        """Whether the numbers of another model are subtracted."""
        return not self._other.same(None)

    @property
    def _last(self) -> "dict[tuple[str, int, int], Effect]":
        """The parts that are done in all models."""
        return self.beside if self.signed else self.found

    @property
    def values(self) -> "npt.NDArray[np.float64]":
        """(layers, heads or parts): the metric of each, NaN where it was not measured."""
        across = self._sizes[1] if self.kind.value() == "head" else len(PARTS)
        values = np.full((self._sizes[0], across), np.nan)
        for number, place in enumerate(self.places):
            if place in self._last:
                value = getattr(self.found[place], self.measure.value())
                less = getattr(self.beside[place], self.measure.value()) if self.signed else 0.0
                values[divmod(number, across)] = value - less
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
        both_signs = metric == "harm" or self.signed
        ramp, low = (DIFFERENCE, -most) if both_signs else ("viridis", 0.0)
        self.map.set_values(values.astype(np.float32), low=low, high=most or 1.0, ramp=ramp)
        parts = (tr("attention"), tr("feed-forward"), tr("layer"))
        columns = [tr("head {number}", number=head) for head in range(values.shape[1])] if heads else list(parts)
        self.map.set_labels([tr("layer {number}", number=layer) for layer in range(len(values))], columns)
        whole = len(self._last) == len(self.places)
        self.map.set_colouring(replace(self.map.colouring, missing="danger" if whole else "raised"))
        words = tr("loss change") if metric == "harm" else tr("KL, nats")
        words = tr("A − B") if self.signed else words
        self.bar.set_range(low, most or 1.0, ramp, "linear", words)
        self.bar.setVisible(bool(self._last))
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
        if self.signed:
            other = next(iter(self.beside.values()), first)
            return tr(
                "What each part is worth to A less what it is worth to B, replaced by {instead}. Losses of the whole "
                "models: {one} and {other} nats a token; orange: A needs the part more.",
                instead=instead, one=f"{first.loss_before:.4f}", other=f"{other.loss_before:.4f}",
            )  # fmt: skip
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
        if place not in self._last:
            return title, [CardRow(tr("not measured yet"))]
        rows = []
        for name, effect in (("A · ", self.found[place]), ("B · ", self.beside.get(place))):
            if effect is not None:
                side = name if self.signed else ""
                rows.append(CardRow(signed_figure(effect.harm), side + tr("change of the loss")))
                rows.append(CardRow(f"{effect.divergence:.5f}", side + tr("divergence")))
        return title, rows

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


def signed_figure(value: float) -> str:
    """A change with its sign; nothing but 0 is written as 0."""
    return "0" if value == 0 else f"{value:+.5f}".replace("-", "−")
