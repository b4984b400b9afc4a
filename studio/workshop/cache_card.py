"""What writing remembers: the cache of keys and values by context, and four ways to make it smaller."""

from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.controls.editors import ChoiceEdit, NumberEdit
from studio.core.config import ModelConfig
from studio.core.costs import cache_bytes, latent_cache_bytes
from studio.core.language import tr
from studio.parts.wording import count, disk_size
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look
from studio.workshop.plots import LinePlot, PlotLine, Swatch

LOCAL, FULL = 5, 1  # layers that look through the window for each that sees everything, as in the book and in Gemma 3
_POINTS = 64
_WIDTHS = ((2, "16 bit"), (4, "32 bit"), (1, "8 bit"))


@dataclass(frozen=True)
class Ways:
    """What the small ways are set to: key-value heads that are shared, tokens in the window, numbers in a latent."""

    kv_heads: int
    window: int
    latent: int


@dataclass(frozen=True)
class Way:
    """One way to keep the past: its name, its bytes, and where they come from."""

    name: str
    size: int
    formula: str


def usual_ways(model: ModelConfig) -> Ways:
    """The model's own where it has them; else four queries to a head, a quarter of the context, half the width."""
    own = model.kv_heads if model.kv_heads < model.n_heads else max(1, model.n_heads // 4)
    return Ways(own, model.sliding_window or max(1, model.context_length // 4), max(1, model.emb_dim // 2))


def ways(model: ModelConfig, chosen: Ways, context: int, each: int, batch: int = 1) -> list[Way]:
    """Bytes of one cache in every way, as the book's estimators compute them."""
    whole = replace(model, n_kv_heads=model.n_heads, sliding_window=0)
    grouped = replace(whole, n_kv_heads=chosen.kv_heads)
    layers, heads, width = model.n_layers, model.n_heads, model.head_dim
    local = layers - max(1, layers * FULL // (LOCAL + FULL))
    near = min(context, chosen.window)
    kept = local * near + (layers - local) * context
    tail = f"{width} × {each} B"

    def sliding(shape: ModelConfig) -> int:
        return cache_bytes(replace(shape, sliding_window=chosen.window), context, batch, each, local)

    front = f"{batch} × " if batch > 1 else ""
    return [
        Way(tr("Every head its own"), cache_bytes(whole, context, batch, each),
            f"2 × {front}{layers} × {context:,} × {heads} × {tail}"),
        Way(tr("Grouped queries"), cache_bytes(grouped, context, batch, each),
            f"2 × {front}{layers} × {context:,} × {chosen.kv_heads} × {tail}"),
        Way(tr("Sliding window"), sliding(whole),
            f"2 × {front}({local} × {near:,} + {layers - local} × {context:,}) × {heads} × {tail}"),
        Way(tr("Grouped, with a window"), sliding(grouped), f"2 × {front}{kept:,} × {chosen.kv_heads} × {tail}"),
        Way(tr("Latent attention"), latent_cache_bytes(model, chosen.latent, context, batch, each),
            f"{front}{layers} × {context:,} × {chosen.latent} × {each} B"),
    ]  # fmt: skip


class CacheCard(Card):
    """A row for each way, with what it is set to and its bytes at the whole context; the picture shows them grow."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("KV cache"), look, parent)
        self._look = look
        self._model: ModelConfig | None = None
        self.bytes = ChoiceEdit([(size, words) for size, words in _WIDTHS], look)
        self.bytes.setAccessibleName(tr("Bits of each number in the cache"))
        self.bytes.setMinimumWidth(84)
        self.bytes.changed.connect(self._edited)
        self.header.addWidget(self.bytes)
        self.kv_heads = self._number(tr("Key-value heads of grouped queries"))
        self.span = self._number(tr("Tokens in the sliding window"))
        self.latent = self._number(tr("Numbers in a latent vector"))
        self.names = [ElidedLabel("", "quiet") for _ in range(5)]
        self.sizes = [Label("") for _ in range(5)]
        self.shares = [Label("", "quiet") for _ in range(5)]
        self.body.addLayout(self._rows())
        self.body.addLayout(self._editors())
        self.plot = LinePlot(look, tr("Cache by context"), disk_size)
        self.plot.setMinimumHeight(132)
        self.body.addWidget(self.plot, 1)
        self.own = Label("", "small", wrap=True)
        self.body.addWidget(self.own)

    def _number(self, name: str) -> NumberEdit:
        edit = NumberEdit(self._look, True)
        edit.minimum, edit.maximum = 1, 1_048_576
        edit.setAccessibleName(name)
        edit.setToolTip(name)
        edit.setMinimumWidth(56)
        edit.changed.connect(self._edited)
        return edit

    def _rows(self) -> QGridLayout:
        """A line for each way: its colour in the picture, its name, its bytes, how many times less."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row in range(len(self.names)):
            grid.addWidget(Swatch(self._look, row), row, 0)
            for column, label in enumerate((self.names[row], self.sizes[row], self.shares[row]), 1):
                grid.addWidget(label, row, column)
                if column > 1:
                    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return grid

    def _editors(self) -> QGridLayout:
        """What the ways are set to, each number under its words."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        words = (tr("Shared heads"), tr("Window"), tr("Latent"))
        for column, (text, edit) in enumerate(zip(words, (self.kv_heads, self.span, self.latent), strict=True)):
            grid.addWidget(ElidedLabel(text, "small"), 0, column)
            grid.addWidget(edit, 1, column)
            grid.setColumnStretch(column, 1)
        return grid

    def set_model(self, model: ModelConfig) -> None:
        """Follow the draft; another shape starts the small ways anew."""
        before = self._model
        self._model = model
        if before is None or usual_ways(before) != usual_ways(model):
            usual = usual_ways(model)
            self.kv_heads.set_value(usual.kv_heads)
            self.span.set_value(usual.window)
            self.latent.set_value(usual.latent)
        self._show()

    @property
    def kept(self) -> int:
        """Bytes of this model's own cache at its whole context."""
        model = self._model
        return cache_bytes(model, model.context_length, 1, self._each) if model is not None and model.causal else 0

    @property
    def _each(self) -> int:
        return int(self.bytes.value())

    def _edited(self) -> None:
        self._show()
        self.changed.emit()

    def _chosen(self) -> Ways:
        values = [max(1, int(edit.value())) for edit in (self.kv_heads, self.span, self.latent)]
        return Ways(*values)

    def _show(self) -> None:
        model = self._model
        if model is None:
            return
        context, chosen = model.context_length, self._chosen()
        found = ways(model, chosen, context, self._each)
        for row, way in enumerate(found):
            self.names[row].setText(way.name)
            self.sizes[row].setText(disk_size(way.size))
            self.shares[row].setText(tr("÷ {times}", times=_times(found[0].size / max(1, way.size))) if row else "")
            for label in (self.names[row], self.sizes[row], self.shares[row]):
                label.setToolTip(f"{way.name} = {way.formula} = {count(way.size)} B")
        steps = [max(1, round(context * at / _POINTS)) for at in range(_POINTS + 1)]
        drawn = [ways(model, chosen, step, self._each) for step in steps]
        self.plot.set_lines(
            [PlotLine(way.name, steps, [at[row].size for at in drawn], row) for row, way in enumerate(found)],
            (tr("1 token"), tr("{count} tokens", count=count(context))),
        )
        self._show_own(model)

    def _show_own(self, model: ModelConfig) -> None:
        self.set_note(tr("{size} in this model", size=disk_size(self.kept)) if model.causal else "")
        words = tr("This model: {heads} key-value heads in {layers} layers of {context} tokens.",
                   heads=model.kv_heads, layers=model.n_layers,
                   context=count(min(model.context_length, model.sliding_window or model.context_length)))  # fmt: skip
        if not model.causal:
            words = tr("This model looks both ways and keeps no cache; one that looks back would need this.")
        self.own.setText(words)


def _times(ratio: float) -> str:
    return f"{ratio:.2f}".rstrip("0").rstrip(".")
