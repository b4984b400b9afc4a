"""What a chart says at one place: for each curve the measured point that is nearest, never a value in between."""

from dataclasses import dataclass

from studio.core.language import tr
from studio.curves.axis import count_text, time_text, value_text
from studio.curves.frame import Scene
from studio.curves.item import Curve, Mark
from studio.widgets.hover_card import CardRow


@dataclass(frozen=True)
class Value:
    """One curve's point: where it was measured, the raw value, and the smoothed one if that is drawn."""

    curve: Curve
    x: float
    step: float
    raw: float
    smooth: float | None


@dataclass(frozen=True)
class Reading:
    """The points at a place; `step`, `tokens` and `seconds` are those of the curve with the most points."""

    x: float
    step: float
    tokens: float
    seconds: float
    values: list[Value]


def read_at(scene: Scene, x: float) -> Reading | None:
    """The reading nearest to a place on the axis, or None while there is nothing to read."""
    shown = [curve for curve in scene.curves if curve.visible and len(curve)]
    lead = max(shown, key=len, default=None)
    if lead is None or lead.history is None:
        return None
    # A run that ended earlier hands the lead to one that reaches this far.
    reaching = [curve for curve in shown if curve.x(scene.axis)[-1] >= x]
    lead = lead if lead in reaching else max(reaching, key=len, default=lead)
    assert lead.history is not None
    at = lead.nearest(scene.axis, x)
    history = lead.history
    place = float(lead.x(scene.axis)[at])
    values = [
        _value(scene, curve, curve.nearest(scene.axis, place)) for curve in shown if _reaches(scene, curve, place)
    ]
    return Reading(place, float(history.step[at]), float(history.tokens[at]), float(history.seconds[at]), values)


def _reaches(scene: Scene, curve: Curve, x: float) -> bool:
    """Whether a curve has anything to say at `x`: inside its ends, or within one of its own intervals of them."""
    line = curve.x(scene.axis)
    gap = (line[-1] - line[0]) / (len(line) - 1) if len(line) > 1 else 0.0
    return bool(line[0] - gap <= x <= line[-1] + gap)


def _value(scene: Scene, curve: Curve, at: int) -> Value:
    history = curve.history
    assert history is not None
    smooth = None
    if scene.smoothing and curve.smoothed:
        smooth = float(history.ema(scene.smoothing)[at])
    return Value(curve, float(curve.x(scene.axis)[at]), float(history.step[at]), float(history.value[at]), smooth)


def step_text(step: float) -> str:
    """A step in full."""
    return f"{round(step):,}" if abs(step - round(step)) < 1e-6 else f"{step:,.2f}"


def reading_title(scene: Scene, reading: Reading) -> str:
    """ "step 2,604 · 4 min 11 s", with the tokens where they are the axis."""
    parts = [tr("step {step}", step=step_text(reading.step))]
    if scene.axis == "tokens":
        parts.append(tr("{count} tokens", count=count_text(reading.tokens, reading.tokens)))
    return " · ".join([*parts, time_text(reading.seconds)])


def reading_rows(reading: Reading, form: str) -> list[CardRow]:
    """One row a curve: its value, what the smooth line says, and the step where that differs from the title's."""
    rows = []
    for value in reading.values:
        notes = []
        if value.smooth is not None and value.smooth == value.smooth:
            notes.append(tr("smooth {value}", value=value_text(value.smooth, form)))
        if value.step != reading.step:
            notes.append(tr("at {step}", step=step_text(value.step)))
        unit = f" {value.curve.unit}" if value.curve.unit else ""
        text = f"{value.curve.label} {value_text(value.raw, form)}{unit}"
        rows.append(CardRow(text, " · ".join(notes), value.curve.color))
    return rows


def mark_title(mark: Mark) -> str:
    """What a circle under the axis is."""
    words = {"checkpoint": tr("checkpoint"), "sample": tr("sample")}
    return f"{words.get(mark.kind, mark.kind)} · " + tr("step {step}", step=step_text(mark.step))


def describe(scene: Scene, form: str) -> str:
    """The newest values in words, for a screen reader."""
    parts = []
    for curve in scene.curves:
        if curve.visible and curve.history is not None and len(curve):
            words = tr("{label} {value} at step {step}")
            value, step = value_text(curve.history.last, form), step_text(float(curve.history.step[-1]))
            parts.append(words.format(label=curve.label, value=value, step=step))
    return "; ".join(parts) or scene.empty
