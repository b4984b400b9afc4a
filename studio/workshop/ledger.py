"""What a model costs before it exists: four sums as cards, and the one that is chosen in its parts."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.controls.choice_cards import CardChoice, ChoiceCards
from studio.core.config import ModelConfig
from studio.core.costs import memory, operations
from studio.core.language import tr
from studio.core.ledger import Ledger as Sums
from studio.parts.wording import NOT_MEASURED, count, disk_size, short_count
from studio.views.itemized import Item, Itemized
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.workshop.cache_card import CacheCard
from studio.workshop.titles import PART_SERIES

SUMS = (
    ("parameters", "Parameters"),
    ("operations", "FLOPs a token"),
    ("training", "Training"),
    ("writing", "KV cache"),
)


class Ledger(QWidget):
    """Parameters, operations, memory while training and while writing; `pointed` names the part under the pointer."""

    pointed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.sums = ChoiceCards([CardChoice(name, tr(words)) for name, words in SUMS], look, tr("Sums"))
        self.sums.changed.connect(self.show_sum)
        self.parameters, self.parts = self._card(tr("Parameters"), tr("Parameters by part"), count)
        self.heads = FactRows()
        self.parameters.body.addWidget(self.heads)
        self.parts.pointed.connect(self._pointed)
        self.operations, self.steps = self._card(tr("Operations"), tr("Operations by purpose"), short_count)
        self.speeds = FactRows()
        self.operations.body.addWidget(self.speeds)
        self.memory, self.bytes = self._card(tr("Memory while training"), tr("Memory by purpose"), disk_size)
        self.fits = Label("", "good", wrap=True)
        self.fits.setToolTip(tr("A smaller model, batch or context needs less."))
        self.memory.body.addWidget(self.fits)
        self.cache = CacheCard(look)
        self.cache.changed.connect(self._cache_changed)
        self._cards = dict(
            zip((name for name, _ in SUMS), (self.parameters, self.operations, self.memory, self.cache), strict=True)
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for widget in (self.sums, *self._cards.values()):
            column.addWidget(widget)
        self.show_sum("parameters")

    def _card(self, title: str, name: str, text: Callable[[float], str]) -> tuple[Card, Itemized]:
        card, items = Card(title, self.look), Itemized(self.look, text, short_count if text is count else None)
        items.setAccessibleName(name)
        card.body.addWidget(items)
        return card, items

    def show_sum(self, name: str) -> None:
        """Show the parts of one of the four."""
        self.sums.set_value(name)
        for other, card in self._cards.items():
            card.setVisible(other == name)

    # --- figures --------------------------------------------------------------------------------------------------

    def set_model(self, model: ModelConfig, totals: tuple[Sums, Sums], batch: int, precision: str) -> int:
        """Compute everything anew; `totals` are the sums with a tied head and its own. Returns training's bytes."""
        self._show_parameters(model, totals)
        self._show_operations(model, batch)
        self.cache.set_model(model)
        self._cache_changed()
        return self._show_memory(model, batch, precision)

    def _show_parameters(self, model: ModelConfig, totals: tuple[Sums, Sums]) -> None:
        sums = totals[0] if model.tie_embeddings else totals[1]
        self.parts.set_items(
            [Item(tr(part.name), part.count, part.formula, PART_SERIES.get(part.name, 7)) for part in sums.parts]
        )
        known = bool(model.vocab_size)
        words = tr("{count} in all", count=count(sums.total)) if known else tr("vocabulary not known yet")
        self.parameters.set_note(words)
        self.sums.set_facts("parameters", short_count(sums.total) if known else NOT_MEASURED)
        table = f"{count(model.vocab_size) if known else NOT_MEASURED} × {count(model.emb_dim)}"
        roles = ("strong", "quiet") if model.tie_embeddings else ("quiet", "strong")
        self.heads.set_rows([
            FactRow(tr("With a tied head"), count(totals[0].total), tr("Embedding and head share a table."), roles[0]),
            FactRow(tr("With a head of its own"), count(totals[1].total),
                    tr("{table} more than with a shared table.", table=table), roles[1]),
        ])  # fmt: skip

    def _show_operations(self, model: ModelConfig, batch: int) -> None:
        needed = operations(model)
        seen = min(model.context_length, model.sliding_window or model.context_length)
        self.steps.set_items([
            Item(tr("Matrices, forward"), needed.matrices, f"2 × {count(needed.matrices // 2)}", 1),
            Item(tr("Attention, forward"), needed.attention,
                 f"4 × {model.n_layers} × {model.n_heads} × {model.head_dim} × {count(seen)}", 2),
            Item(tr("Backward"), needed.backward, f"2 × {count(needed.forward)}", 3),
        ])  # fmt: skip
        whole = needed.forward + needed.backward
        self.operations.set_note(tr("{count} FLOPs for a token in training", count=short_count(whole)))
        self.sums.set_facts("operations", short_count(whole))
        tokens = batch * model.context_length
        self.speeds.set_rows([
            FactRow(tr("Forward, one token"), tr("{count} FLOPs", count=short_count(needed.forward)),
                    tr("Matrices + attention = {left} + {right}; a multiplication and an addition are two.",
                       left=count(needed.matrices), right=count(needed.attention))),
            FactRow(tr("With backward, one token"), tr("{count} FLOPs", count=short_count(whole)),
                    f"3 × {count(needed.forward)}", "strong"),
            FactRow(tr("A batch in training"), tr("{count} FLOPs", count=short_count(whole * tokens)),
                    f"{batch} × {count(model.context_length)} × {count(whole)}"),
        ])  # fmt: skip

    def _show_memory(self, model: ModelConfig, batch: int, precision: str) -> int:
        need = memory(model, batch, precision)
        parameters = count(need.weights // 4)
        self.bytes.set_items([
            Item(tr("Weights"), need.weights, f"4 B × {parameters}", 0),
            Item(tr("Gradients"), need.gradients, f"4 B × {parameters}", 2),
            Item(tr("AdamW's averages"), need.optimizer, f"8 B × {parameters}", 3),
            Item(tr("Activations"), need.activations, activation_formula(model, batch, precision), 1),
        ])  # fmt: skip
        self.bytes.setToolTip(tr("Activations = {formula}", formula=activation_formula(model, batch, precision)))
        total = disk_size(need.total)
        self.memory.set_note(tr("{total} with {batch} windows a batch", total=total, batch=count(batch)))
        self.sums.set_facts("training", total)
        return need.total

    def set_fit(self, role: str, words: str) -> None:
        """Whether this machine has so much memory."""
        self.fits.set_role(role)
        self.fits.setText(words)

    def _cache_changed(self) -> None:
        self.sums.set_facts("writing", disk_size(self.cache.kept) if self.cache.kept else NOT_MEASURED)

    # --- pointing -------------------------------------------------------------------------------------------------

    def _pointed(self, index: int) -> None:
        name = self.parts.items[index].name if index >= 0 else ""
        self.pointed.emit(next((part for part in PART_SERIES if tr(part) == name), ""))

    def light(self, part: str) -> None:
        """Bring a part's row forward."""
        names: Sequence[str] = [item.name for item in self.parts.items]
        self.parts.point_at(names.index(tr(part)) if part and tr(part) in names else -1)


def activation_formula(model: ModelConfig, batch: int, precision: str) -> str:
    """The numbers of `core.costs.activation_bytes`: per layer norms, projections, scores and the feed-forward part."""
    width, inner = model.emb_dim, model.feed_forward_dim
    queries, keys = model.n_heads * model.head_dim, model.kv_heads * model.head_dim
    seen = min(model.context_length, model.sliding_window or model.context_length)
    wide = 8 if model.feed_forward == "gated" else 4
    heads = f"5 × {model.n_heads} × {seen}"
    if queries == keys == width and inner == 4 * width and wide == 4:
        layer = f"34 × {width} + {heads}"
    else:
        layer = f"10 × {width} + 4 × {queries} + 4 × {keys} + {wide} × {inner} + {heads}"
    scale = "" if precision == "bf16" else " × 2"
    return f"{batch} × {model.context_length} × ({model.n_layers} × ({layer}){scale} + 8 × {model.vocab_size})"
