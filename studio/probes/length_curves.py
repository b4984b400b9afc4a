"""How long weights, gradients and updates were by layer over the training; or how they changed since a held moment."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.curves.line_chart import Line, LineChart
from studio.probes.tensor_rows import part_words
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.live.film_reader import Series

Doubles = npt.NDArray[np.float64]
KINDS = (("weights", "weights"), ("gradients", "gradients"), ("updates", "updates"))


class LengthCurves(Card):
    """`show_series` draws a run; `turned` says that a person wants another kind of length."""

    turned = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(tr("Over the training"), look)
        self.series: Series | None = None
        self.held: int | None = None  # the step that all others are shown less, among those of the series
        self._step: int | None = None
        self.kind = Segmented(tuple((value, tr(words)) for value, words in KINDS), look, tr("Whose length"))
        self.chart = LineChart(look, tr("Length by layer over the training"), tr("step"))
        self.chart.set_empty_text(tr("A run that keeps snapshots shows here how its layers grew."))
        self.odd = Label("", "small", wrap=True)
        self.header.addWidget(self.kind)
        self.body.addWidget(self.chart, 1)
        self.body.addWidget(self.odd)
        self.kind.changed.connect(self._turn)

    def show_series(self, series: "Series | None", step: int | None, held: int | None) -> None:
        """Lengths over a run's snapshots with a line at `step`; with a `held` step the change since it."""
        known = series is not None and held is not None and held in series.steps
        self.series, self._step, self.held = series, step, held if known else None
        self._draw()

    def values(self, kind: str) -> Doubles:
        """(snapshots, layers + 2): one kind of length, less that of the held step where one is held."""
        if self.series is None:
            return np.zeros((0, 0))
        found: Doubles = getattr(self.series, kind)
        return found if self.held is None else found - found[self._place]

    @property
    def _place(self) -> int:
        assert self.series is not None
        return int(np.flatnonzero(self.series.steps == self.held)[0])

    def _turn(self, _kind: str) -> None:
        self._draw()
        self.turned.emit()

    def _draw(self) -> None:
        series, values = self.series, self.values(self.kind.value())
        self.set_note("" if self.held is None else tr("change since step {step}", step=f"{self.held:,}"))
        self.chart.set_logarithmic(self.held is None)  # a change may be below 0
        if series is None or not values.size:
            self.chart.set_lines(())
            self.odd.setText("")
            return
        steps = series.steps.astype(np.float64)
        names = ["embeddings", *(str(layer) for layer in range(values.shape[1] - 2)), "end"]
        self.chart.set_lines([Line(part_words(name), steps, values[:, at], at) for at, name in enumerate(names)])
        self.chart.set_marker(None if self._step is None else float(self._step))
        words = tr("This run did not keep its {kind}.", kind=tr(dict(KINDS)[self.kind.value()]))
        self.odd.setText(odd_words(series) if np.isfinite(values).any() else words)

    def point_words(self) -> str:
        """The point that is looked at, in numbers; of a change both of its ends."""
        line, point = self.chart.point
        series = self.series
        if series is None or line < 0:
            return ""
        part, step = self.chart.lines[line].name, f"{int(series.steps[point]):,}"
        if self.held is not None:
            kind = self.kind.value()
            now, then = (float(getattr(series, kind)[place, line]) for place in (point, self._place))
            return tr(
                "{part}, {kind}: {now} at step {step} − {then} at step {held} = {change}.", part=part,
                kind=tr(dict(KINDS)[kind]), now=f"{now:.4g}", step=step, then=f"{then:.4g}", held=f"{self.held:,}",
                change=f"{now - then:+.4g}",
            )  # fmt: skip
        weight, gradient, update = (float(getattr(series, name)[point, line]) for name, _ in KINDS)
        ratio = f"{update / weight:.2e}" if weight and np.isfinite(update) else "–"
        return tr(
            "{part}, step {step}: weights {weight}, gradient {gradient}, update {update}; update ÷ weight = {ratio}.",
            part=part, step=step, weight=f"{weight:.4g}", gradient=f"{gradient:.4g}", update=f"{update:.4g}",
            ratio=ratio,
        )  # fmt: skip

    def numbers(self) -> dict[str, npt.NDArray[np.generic]]:
        """Every length over the steps, and the changes since the held one."""
        series = self.series
        if series is None or not len(series.steps):
            return {}
        names = [name for name, _ in KINDS] + ["not_numbers", "odd_gradients"]
        found: dict[str, npt.NDArray[np.generic]] = {"steps": series.steps}
        found |= {name: getattr(series, name) for name in names}
        if self.held is not None:
            found |= {f"{name}_change": self.values(name) for name, _ in KINDS} | {"held": np.array(self.held)}
        return found


def odd_words(series: "Series") -> str:
    """How many numbers were none over the snapshots, and since when."""
    count = len(series.steps)
    if not series.not_numbers.any() and not series.odd_gradients.any():
        parts = [tr("No NaN and nothing infinite in weights and gradients at {count} snapshots", count=count)]
        return " · ".join([*parts, *_waiting(series)])
    parts = []
    for counts, words in (
        (series.not_numbers, tr("weights that are no numbers")), (series.odd_gradients, tr("gradients that are none")),
    ):  # fmt: skip
        where = np.flatnonzero(counts)
        if len(where):
            first = int(series.steps[where[0]])
            parts.append(tr("{words}: {count}, first at step {step}", words=words, count=f"{int(counts[where[-1]]):,}",
                            step=f"{first:,}"))  # fmt: skip
        else:
            parts.append(tr("{words}: 0 at {count} snapshots", words=words, count=count))
    return " · ".join([*parts, *_waiting(series)])


def _waiting(series: "Series") -> list[str]:
    return [tr("{count} more are being read", count=series.missing)] if series.missing else []
