"""What the stream view draws: a map for each measure, and the layers as rows of a table."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.language import tr
from studio.maps.colours import Colouring, number_text
from studio.views.record_table import Column

if TYPE_CHECKING:
    from studio.insight.layer_health import LayerHealth

Numbers = npt.NDArray[Any]
_WIDTH = 55  # pixels of a column
_SPARE = ("turning", "peak", "spread")  # columns that a narrow table leaves out

MEASURES = (
    ("norms", "length"), ("attention", "share of attention"), ("feed_forward", "share of feed forward"),
    ("turning", "turning"), ("peaks", "outliers"), ("spread", "entropy of heads"), ("nan", "not numbers"),
    ("training", "length over the run"),
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """One map: rows are places in the model, columns tokens, heads or steps."""

    values: Numbers
    rows: Sequence[str]
    columns: Sequence[str]
    axes: tuple[str, str]
    colouring: Colouring
    words: str


@dataclass(frozen=True)
class LayerRow:
    """One place of the stream; a number that was not measured there is NaN."""

    place: int
    name: str
    length: float
    attention: float = math.nan
    feed_forward: float = math.nan
    turning: float = math.nan
    peak: float = math.nan
    off: float = math.nan
    spread: float = math.nan
    nan: float = math.nan
    kept: bool = False  # by a snapshot, which knows the length only


def map_of(found: "LayerHealth", measure: str, tokens: Sequence[str]) -> Shown:
    """The map of one measure of a text."""
    stream = found.stream
    layers = len(stream.turning)
    blocks = [tr("layer {layer}", layer=at) for at in range(layers)]
    all_rows, time = [tr("embedding"), *blocks], (tr("place in the model"), tr("token"))
    tables: dict[str, Numbers] = {
        "norms": stream.norms, "attention": stream.attention_share, "feed_forward": stream.feed_forward_share,
        "turning": stream.turning, "peaks": found.peaks, "spread": found.spread, "nan": stream.nan,
    }  # fmt: skip
    values = tables[measure]
    if measure == "spread":
        heads = [str(head) for head in range(found.spread.shape[1])]
        return Shown(values, blocks, heads, (tr("layer"), tr("head")), Colouring(0.0, 1.0), words_of(measure))
    rows = all_rows if len(values) == layers + 1 else blocks
    low = min(0.0, _end(values, np.nanmin)) if measure == "turning" else 0.0
    high = 1.0 if measure == "turning" else _end(values, np.nanmax)
    scale = "sqrt" if measure in ("norms", "peaks") else "linear"
    return Shown(values, rows, tokens, time, Colouring(low, high or 1.0, scale=scale), words_of(measure))


def difference_of(found: "LayerHealth", other: "LayerHealth", measure: str, tokens: Sequence[str]) -> Shown:
    """A minus B, on the diverging table."""
    mine, theirs = map_of(found, measure, tokens), map_of(other, measure, tokens)
    values = mine.values.astype(np.float64) - theirs.values
    most = _end(np.abs(values), np.nanmax) or 1.0
    words = tr("{measure}: A − B", measure=mine.words)
    return Shown(values, mine.rows, mine.columns, mine.axes, Colouring(-most, most, "difference"), words)


def training_of(series: Any, held: Any = None) -> Shown:
    """The stream's mean length over the run's snapshots, less those of one that is `held`."""
    values = series.stream.T
    names = [tr("embedding"), *(tr("layer {layer}", layer=at) for at in range(len(values) - 1))]
    steps = [f"{int(step):,}" for step in series.steps]
    axes = (tr("place in the model"), tr("step"))
    if held is not None and len(held.stream) == len(values):
        values = values - np.asarray(held.stream)[:, None]
        most = _end(np.abs(values), np.nanmax) or 1.0
        words = tr("{measure}, less step {step}", measure=words_of("training"), step=f"{held.step:,}")
        return Shown(values, names, steps, axes, Colouring(-most, most, "difference"), words)
    return Shown(values, names, steps, axes, Colouring(0.0, _end(values, np.nanmax), scale="sqrt"),
                 words_of("training"))  # fmt: skip


def _end(values: Numbers, pick: Callable[..., Any]) -> float:
    finite = values[np.isfinite(values)]
    return float(pick(finite)) if finite.size else 1.0


def words_of(measure: str) -> str:
    """What the colours say."""
    return {
        "norms": tr("length of the residual stream, |x|"),
        "attention": tr("|attention's part| / |what it is added to|"),
        "feed_forward": tr("|feed-forward part| / |what it is added to|"),
        "turning": tr("cosine of the stream before and after the block: 1 keeps its direction"),
        "peaks": tr("largest number / root mean square of a state: √width at most"),
        "spread": tr("attention's entropy / log of the tokens it may see: 1 looks everywhere alike"),
        "nan": tr("numbers of the state that are NaN or infinite"),
        "training": tr("mean length of the stream in each snapshot of the run"),
    }[measure]


def rows_of(found: "LayerHealth") -> list[LayerRow]:
    """The layers with their means over the text; NaN wherever a number of theirs is none."""
    stream = found.stream
    first = LayerRow(0, tr("embedding"), float(stream.norms[0].mean()), peak=float(found.peaks[0].max()),
                     nan=float(stream.nan[0].sum()))  # fmt: skip
    rest = [
        LayerRow(
            at + 1, tr("layer {layer}", layer=at), float(stream.norms[at + 1].mean()),
            float(stream.attention_share[at].mean()), float(stream.feed_forward_share[at].mean()),
            float(stream.turning[at].mean()), float(found.peaks[at + 1].max()), float(found.off[at]),
            float(found.spread[at].mean()), float(stream.nan[at + 1].sum()),
        )
        for at in range(len(stream.turning))
    ]  # fmt: skip
    return [first, *rest]


def snapshot_rows(stream: Numbers) -> list[LayerRow]:
    """What a snapshot kept of the layers: their mean lengths."""
    names = [tr("embedding"), *(tr("layer {layer}", layer=at) for at in range(len(stream) - 1))]
    return [
        LayerRow(at, name, float(length), kept=True)
        for at, (name, length) in enumerate(zip(names, stream, strict=True))
    ]


def columns_of() -> list[Column]:
    """The table of layers; every title says in its tip what is averaged over what."""
    tips = {
        "length": tr("mean length of the stream over the text"),
        "attention": tr("mean length of attention's part by that of what it is added to"),
        "feed_forward": tr("the same for the feed-forward part"),
        "turning": tr("mean cosine of the stream before and after"),
        "peak": tr("largest number of any state by its root mean square"),
        "off": tr("share of the neurons that no token of this text switched on"),
        "spread": tr("mean entropy of the block's heads: 0 one place, 1 everywhere alike"),
        "nan": tr("numbers that are NaN or infinite"),
    }
    titles = {
        "length": tr("|x|"), "attention": tr("attn"), "feed_forward": tr("ffn"), "turning": tr("cos"),
        "peak": tr("peak"), "off": tr("off"), "spread": tr("entropy"), "nan": tr("NaN"),
    }  # fmt: skip
    found = [Column("", _Field("place"), _Name(), width=88)]
    for name, title in titles.items():
        tip = _Tip(tips[name])
        found.append(
            Column(
                title,
                _Field(name),
                _Words(name),
                align="right",
                width=_WIDTH,
                role=_Role(name),
                tip=tip,
                spare=name in _SPARE,
            )
        )
    return found


@dataclass(frozen=True)
class _Field:
    name: str

    def __call__(self, row: LayerRow) -> float:
        return float(getattr(row, self.name))


@dataclass(frozen=True)
class _Name:
    def __call__(self, row: LayerRow) -> str:
        return row.name


@dataclass(frozen=True)
class _Tip:
    words: str

    def __call__(self, _row: LayerRow) -> str:
        return self.words


@dataclass(frozen=True)
class _Words:
    """A number as the table shows it: two or three figures, a dash where there is none to measure."""

    name: str

    def __call__(self, row: LayerRow) -> str:
        value = float(getattr(row, self.name))
        if row.place == 0 and self.name in ("attention", "feed_forward", "turning", "off", "spread"):
            return "–"
        if row.kept:
            return _short(value) if self.name == "length" else "–"
        if not math.isfinite(value):
            return number_text(value)
        if self.name == "nan":
            return f"{value:,.0f}"
        return f"{100 * value:.1f} %" if self.name == "off" else _short(value)


def _short(value: float) -> str:
    """Three figures at most: 0.43, 12.3, 1,234."""
    size = abs(value)
    return f"{value:.2f}" if size < 10 else f"{value:.1f}" if size < 100 else f"{value:,.0f}"


@dataclass(frozen=True)
class _Role:
    """What should worry a person stands out."""

    name: str

    def __call__(self, row: LayerRow) -> str:
        value = float(getattr(row, self.name))
        if self.name == "nan" and value > 0:
            return "danger"
        return "warning" if self.name == "off" and value > 0.5 else "text"
