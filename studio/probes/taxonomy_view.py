"""What each head does, and when it began to: a score for every head now, and its curve over the run's snapshots."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.curves.line_chart import Level, Line, LineChart
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.heat_map import HeatMap
from studio.probes.score_words import KINDS, filled, meaning_of, name_of
from studio.seeing.moment import NOT_KEPT
from studio.seeing.question import Question
from studio.seeing.view import EVERYTHING, SceneView
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.live.film_reader import Series

Doubles = npt.NDArray[np.float64]

GROWN = 0.5  # from here on a head is said to do it
NO_CURVES = "A run that keeps snapshots shows here when each head began to do this."
NOT_KEPT_YET = "The snapshots of this run were kept by an Atelier that did not measure this yet."
ENDS = (0.1, 0.25, 0.5)  # of the axis before 1


class TaxonomyView(SceneView):
    """Layers × heads at the left, the same numbers over the steps at the right; both follow the selection."""

    name, label, scrubs, vector = "taxonomy", "Taxonomy", True, True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._now, self._beside = (Question(self.looking, f"taxonomy {side}", self) for side in ("A", "B"))
        self._shown: Doubles | None = None
        self._operands: list[tuple[str, Any]] = []  # what `_shown` is made of, by name
        self._series: Series | None = None
        self._drawn: tuple[object, ...] | None = None  # what the curves show
        self.kind = Segmented(tuple((value, tr(words)) for value, words in KINDS), look, tr("What is scored"))
        self.map = HeatMap(look)
        self.map.setAccessibleName(tr("Scores of all heads"))
        self.map.describe = self._describe
        self.bar = ColourBar(look)
        self.chart = LineChart(look, tr("Scores over the training"), tr("step"))
        self.grown = Label("", "small", wrap=True)
        self._heads, self._time = Card(tr("Now"), look), Card(tr("Over the training"), look)
        self._lay_out()
        self.kind.changed.connect(self._another_kind)
        for question in (self._now, self._beside):
            question.answered.connect(self._answered)
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)
        self.chart.hovered.connect(self._line_hovered)
        self.chart.clicked.connect(self._line_clicked)

    def _lay_out(self) -> None:
        across = QHBoxLayout()
        across.setSpacing(12)
        across.addWidget(self.map, 1)
        across.addWidget(self.bar)
        self._heads.body.addLayout(across, 1)
        self._time.body.addWidget(self.chart, 1)
        self._time.body.addWidget(self.grown)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._heads, 2)
        row.addWidget(self._time, 3)
        top = QHBoxLayout()
        top.addWidget(self.kind)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(top)
        column.addLayout(row, 1)

    # --- what is drawn ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Ask for what is not known, draw what is."""
        if not what or what & {"scene", "other", "mode"}:
            for question, scene in zip((self._now, self._beside), self.looking.shown, strict=True):
                if scene is None:
                    question.forget()
                else:
                    key = (scene.folder, scene.checksum, scene.prompt, scene.capture.window.start)
                    question.ask(key, "studio.insight.heads:taxonomy", scene.model, scene.capture)
        if not what or what & {"subject", "scene", "film", "snapshot", "mode"}:
            self._draw()
        if not what or "selection" in what:
            self._mark()

    def _answered(self) -> None:
        self._draw()
        self._mark()
        self.told.emit()

    def _another_kind(self, _kind: str) -> None:
        self._draw()
        self._mark()
        self.told.emit()

    def _draw(self) -> None:
        self._series = self.looking.film.all() if self.looking.film.steps else None
        self._draw_map()
        self._draw_curves()

    def _draw_map(self) -> None:
        self._shown, self._operands = self._scores(), self._sides()
        shown = self._shown
        self.bar.setVisible(shown is not None)
        if shown is None:
            self.map.set_values(np.zeros((0, 0), np.float32))
            waits = self._now.waiting or self._beside.waiting
            error = self._now.error or self._beside.error
            words = tr(NOT_KEPT) if self.looking.snapshot is not None else tr("being computed…") if waits else ""
            self._heads.set_note(str(error) if error is not None else words)
            return
        layers, heads = shown.shape
        signed = len(self._operands) > 1
        most = max(float(np.nanmax(np.abs(shown), initial=0.0)), 1e-3)
        limits = (-most, most, "difference") if signed else (0.0, self._highest(), "viridis")
        self.map.set_values(shown.astype(np.float32), low=limits[0], high=limits[1], ramp=limits[2])
        self.map.set_labels(
            [tr("layer {number}", number=layer) for layer in range(layers)],
            [tr("head {number}", number=head) for head in range(heads)],
        )
        self.bar.set_range(*limits[:2], limits[2], "linear", name_of(self.kind.value()))
        self._heads.set_note(self._when())

    def _scores(self) -> Doubles | None:
        """(layers, heads): of the snapshot that is shown, else of the scene, less the other one's in a difference."""
        sides = [scores for _, scores in self._sides()]
        if any(scores is None for scores in sides):
            return None
        found: Doubles = sides[0] if len(sides) == 1 else sides[0] - sides[1]
        return found

    def _sides(self) -> list[tuple[str, Any]]:
        """By name the (layers, heads) to show, and those that are subtracted from them; None while not known."""
        (snapshot, held), kind = self.looking.moments, self.kind.value()
        if snapshot is not None:
            kept = (snapshot,) if held is None else (snapshot, held)
            return [(tr("step {step}", step=f"{one.step:,}"), one.scores.get(kind)) for one in kept]
        answers = (self._now.current,) if self.looking.shown[1] is None else (self._now.current, self._beside.current)
        return [(name, getattr(one, kind, None)) for name, one in zip((tr("A"), tr("B")), answers, strict=False)]

    def _highest(self) -> float:
        """Where both axes of a score end: at 1, or lower while no head has come far; the same for all steps."""
        over = self._series.scores.get(self.kind.value()) if self._series is not None else None
        parts = [part for part in (self._shown, over) if part is not None and part.size]
        most = max((float(np.nanmax(part, initial=0.0)) for part in parts), default=1.0)
        return next((end for end in ENDS if most <= end), 1.0)

    def _when(self) -> str:
        kept, held = self.looking.moments
        if held is not None:
            return tr("step {now} − step {then}, from snapshots", now=f"{kept.step:,}", then=f"{held.step:,}")
        if kept is not None:
            return tr("step {step}, from its snapshot", step=f"{kept.step:,}")
        scene, other = self.looking.shown
        if other is not None:
            return tr("A − B, exact")
        return tr("step {step}, exact", step=f"{scene.step:,}") if scene is not None and scene.step else tr("exact")

    def _draw_curves(self) -> None:
        series, kind = self._series, self.kind.value()
        found = series.scores.get(kind) if series is not None else None
        if series is None or found is None or not len(series.steps):
            self._drawn = None
            older = series is not None and bool(series.scores)
            self.chart.set_empty_text(tr(NOT_KEPT_YET) if older else tr(NO_CURVES))
            self.chart.set_lines(())
            self.grown.setText("")
            return
        self.chart.set_marker(None if self.looking.film.step is None else float(self.looking.film.step))
        level = self._chance()
        drawn = (kind, series.missing, level, series.steps.tobytes(), found.tobytes())
        if drawn == self._drawn:
            return  # scrubbing moves the marker only
        self._drawn = drawn
        steps = series.steps.astype(np.float64)
        layers, heads = found.shape[1:]
        highest = np.nan_to_num(found, nan=-1.0).max(axis=0)
        first = divmod(int(highest.argmax()), heads)
        lines = [
            Line(_head(layer, head), steps, found[:, layer, head], layer, (layer, head) != first)
            for layer in range(layers)
            for head in range(heads)
        ]
        self.chart.set_limits(0.0, self._highest())
        self.chart.set_lines(lines, level)
        waiting = tr("{count} more snapshots are being read.", count=series.missing) if series.missing else ""
        self.grown.setText(" ".join(part for part in (first_grown(series, kind), waiting) if part))

    def _chance(self) -> Level | None:
        if self.kind.value() != "induction":
            return None
        known = self.looking.snapshot or self._now.current
        return Level(known.chance, tr("chance {value}", value=f"{known.chance:.4f}")) if known is not None else None

    # --- the selection ----------------------------------------------------------------------------------------------

    def _mark(self) -> None:
        layer, head = self.selection.value("layer"), self.selection.value("head")
        self.map.mark(layer, head)
        self.map.mark(self.selection.locked("layer"), self.selection.locked("head"), locked=True)
        heads = self._shown.shape[1] if self._shown is not None else 0
        self.chart.choose(layer * heads + head if layer is not None and head is not None and heads else -1)

    def _hovered(self, row: int, column: int) -> None:
        if row < 0:
            self.selection.leave()
        else:
            self.selection.hover(layer=row, head=column)

    def _clicked(self, row: int, column: int) -> None:
        self.selection.lock(layer=row, head=column)

    def _line_hovered(self, line: int, point: int) -> None:
        if line < 0 or self._shown is None:
            self.selection.leave()
        else:
            self.selection.hover(layer=line // self._shown.shape[1], head=line % self._shown.shape[1])

    def _line_clicked(self, line: int, point: int) -> None:
        """Lock the head, and show the run as it was at that step."""
        if self._shown is not None and self._series is not None:
            self.selection.lock(layer=line // self._shown.shape[1], head=line % self._shown.shape[1])
            self.looking.film.go(int(self._series.steps[point]))

    def _describe(self, row: int, column: int) -> tuple[str, list[CardRow]]:
        title = tr("layer {layer} head {head}", layer=row, head=column)
        name, value = name_of(self.kind.value()), self._shown[row, column] if self._shown is not None else float("nan")
        if self._shown is None or len(self._operands) == 1:
            return title, [CardRow(f"{name} {value:.4f}", self._when())]
        operands = " − ".join(f"{side} {scores[row, column]:.4f}" for side, scores in self._operands)
        return title, [CardRow(f"{name} {value:+.4f}", self._when()), CardRow(operands)]

    # --- what it says -----------------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What the score means, with the number of the head that is pointed at."""
        kind = self.kind.value()
        text = meaning_of(kind)
        layer, head = self.selection.value("layer"), self.selection.value("head")
        known = self.looking.snapshot or self._now.current
        if self._shown is None or layer is None or head is None or known is None:
            return text
        if layer >= len(self._shown) or head >= self._shown.shape[1]:
            return text
        value = float(self._shown[layer, head])
        where = tr("Layer {layer} head {head}", layer=layer, head=head)
        if len(self._operands) == 1:
            return f"{text} {where}: {filled(kind, value, known.period, known.chance)}"
        said = [f"{name}: {filled(kind, float(scores[layer, head]), known.period, known.chance)}"
                for name, scores in self._operands]  # fmt: skip
        apart = " − ".join(name for name, _ in self._operands)
        return f"{text} {where}: {' '.join(said)} {apart} = {value:+.4f}."

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Scores by layer and head as shown, and all snapshots' behind them."""
        found: dict[str, npt.NDArray[Any]] = {}
        if self._shown is not None:
            found[self.kind.value()] = self._shown
        if self._series is not None and len(self._series.steps):
            found["steps"] = self._series.steps
            found |= {f"{name}_over_steps": values for name, values in self._series.scores.items()}
        return found


def _head(layer: int, head: int) -> str:
    return tr("layer {layer} head {head}", layer=layer, head=head)


def first_grown(series: "Series", kind: str) -> str:
    """When the first head rose above a half, and which one it was."""
    if kind not in series.scores or kind == "entropy":
        return ""
    found = series.scores[kind]
    above = np.argwhere(found > GROWN)
    if not len(above):
        most = float(np.nanmax(found)) if np.isfinite(found).any() else float("nan")
        return tr("No head has risen above {half} so far; the highest was {most}.", half=GROWN, most=f"{most:.3f}")
    at, layer, head = (int(number) for number in above[0])
    return tr(
        "Layer {layer} head {head} was the first to rise above {half}: at step {step}, to {value}.",
        layer=layer, head=head, half=GROWN, step=f"{int(series.steps[at]):,}",
        value=f"{found[at, layer, head]:.3f}",
    )  # fmt: skip
