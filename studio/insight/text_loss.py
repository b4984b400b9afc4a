"""How hard a text is for the model, place by place: by position in the window, and by row, the hardest first."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.health import loss_by_position
from studio.insight.own_text import HELD_BACK, Looked, OwnText, own_text
from studio.insight.reading import Doubles, blocks
from studio.layers.decoder import Decoder

ROWS, LENGTH = 64, 256  # windows that are measured, and the longest of them


@dataclass(frozen=True)
class TextLoss:
    """`losses` (rows, time - 1) in nats: entry i of a row is that of its token i + 1 behind those before it.

    `ids` (rows, time) are the rows themselves, in the order of the text; they begin at `starts`.
    """

    text: OwnText
    starts: tuple[int, ...]
    ids: npt.NDArray[np.int64]
    losses: Doubles

    @property
    def by_position(self) -> Doubles:
        """(time - 1,): the mean over all rows."""
        found: Doubles = self.losses.mean(axis=0)
        return found

    @property
    def by_row(self) -> Doubles:
        """(rows,): the mean over each row."""
        found: Doubles = self.losses.mean(axis=1)
        return found

    @property
    def hardest(self) -> tuple[int, ...]:
        """Rows by their loss, the highest first, the earlier one among equals; those that are no number come first."""
        mean = self.by_row
        return tuple(int(row) for row in np.argsort(np.where(np.isnan(mean), -np.inf, -mean), kind="stable"))


def text_loss(
    looked: Looked,
    other: Path | None = None,
    rows: int = ROWS,
    progress: Callable[[int, int], None] = lambda done, total: None,
    keep_going: Callable[[], bool] = lambda: True,
) -> TextLoss | None:
    """The losses of rows spread over the part of the text that was held back; None when asked to stop."""
    model = looked.model
    if not next(blocks(model)).self_attn.causal:
        raise StudioError(
            tr("This model sees the whole text at once, so no token has a loss behind those before it."),
            tr("Choose a model that writes from left to right."),
        )
    text = own_text(looked, HELD_BACK, other)
    length = _length(model, looked.config.model.context_length)
    starts = text.starts(length, rows)
    ids = text.rows(length, rows)
    losses = []
    for number, row in enumerate(ids):
        if not keep_going():
            return None
        losses.append(loss_by_position(model, [row.tolist()]))
        progress(number + 1, len(ids))
    return TextLoss(text, starts, ids, np.concatenate(losses))


def _length(model: Decoder, context: int) -> int:
    longest = model.embed_positions.num_embeddings if model.embed_positions is not None else context
    return max(2, min(LENGTH, context, longest))
