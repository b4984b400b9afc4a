"""What a head of classes reads of each row, and nothing more: one place of the last block, and frozen blocks once.

Rows stand at the left, filled up at the right; what fills them up is never seen, unless it is to count as text.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from studio.layers.attention import Attention, seen_within

if TYPE_CHECKING:
    from studio.layers.decoder import Block, Decoder

PLACES = ("last", "mean", "first", "padded")
MOST = 512 << 20  # bytes of what frozen blocks computed that are kept


class KeptRows:
    """What frozen blocks made of rows, by the rows' own ids; once it is full, further rows are computed every time.

    Nothing is let go for others: rows come round in epochs, so whatever was thrown out would be the next one needed.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most, self.bytes = most, 0
        self._rows: dict[Any, Tensor] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __deepcopy__(self, memo: dict[int, Any]) -> "KeptRows":
        """A copy of the model may be changed, so it begins with nothing."""
        return KeptRows(self.most)

    def get(self, key: Any) -> Tensor | None:
        """What was kept under `key`."""
        return self._rows.get(key)

    def put(self, key: Any, value: Tensor) -> None:
        """Keep a copy while there is room."""
        if self.bytes + value.nbytes <= self.most and key not in self._rows:
            self._rows[key] = value.detach().clone()
            self.bytes += value.nbytes


class RowReader:
    """How the head reads: at the `place` of `PLACES`, for one class or `several`."""

    def __init__(self, place: str = "last", several: bool = False, kept: KeptRows | None = None) -> None:
        self.place, self.several = place, several
        self.kept = kept if kept is not None else KeptRows()

    def __call__(self, model: "Decoder", ids: Tensor, lengths: Tensor) -> Tensor:
        """Ids (rows, time) of which `lengths` (rows,) are text, to what the head reads: (rows, width), normed."""
        if self.place == "padded":
            lengths = torch.full_like(lengths, ids.shape[1])
        frozen = frozen_blocks(model) if model.drop_rate == 0 else 0
        if frozen <= 0:
            return self.read(model, model.embedded(ids), lengths, 0)
        whole = frozen == len(model.layers) and not any(p.requires_grad for p in model.norm.parameters())
        blocks = frozen if whole else min(frozen, len(model.layers) - 1)
        return self._remembering(model, ids, lengths, blocks, whole)

    def read(self, model: "Decoder", x: Tensor, lengths: Tensor, done: int) -> Tensor:
        """The same from x (rows, time, width), what comes out of the first `done` blocks."""
        last: Block = model.layers[-1]  # type: ignore[assignment]
        count = len(model.layers)
        x = self._through(model, x, lengths, done, count - 1)
        if self.place == "mean" or last.norm_after or last.self_attn.observe is not None:
            return self._pooled(model.norm(self._through(model, x, lengths, count - 1, count)), lengths)
        found: Tensor = model.norm(_block_at(last, x, self._places(lengths), lengths))[:, 0]
        return found

    def _remembering(self, model: "Decoder", ids: Tensor, lengths: Tensor, blocks: int, whole: bool) -> Tensor:
        """Compute the first `blocks` for rows that are new, the `whole` reading where nothing of it is trained."""
        sizes, kind = lengths.tolist(), torch.is_autocast_enabled(ids.device.type)
        rows = ids.cpu().numpy()
        keys = [(rows[row, :size].tobytes(), blocks, kind, self.place) for row, size in enumerate(sizes)]
        found = {row: value for row, key in enumerate(keys) if (value := self.kept.get(key)) is not None}
        new = [row for row in range(len(keys)) if row not in found]
        if new:
            longest = max(sizes[row] for row in new)
            with torch.no_grad():
                made = self._frozen(model, ids[new, :longest], lengths[new], blocks, whole)
            for place, row in enumerate(new):
                found[row] = made[place] if whole else made[place, : sizes[row]]
                self.kept.put(keys[row], found[row])
        if whole:
            return torch.stack([found[row] for row in range(len(keys))])
        x = found[0].new_zeros(len(keys), max(sizes), found[0].shape[-1])
        for row, size in enumerate(sizes):
            x[row, :size] = found[row]
        return self.read(model, x, lengths, blocks)

    def _frozen(self, model: "Decoder", ids: Tensor, lengths: Tensor, blocks: int, whole: bool) -> Tensor:
        x = model.embedded(ids)
        return self.read(model, x, lengths, 0) if whole else self._through(model, x, lengths, 0, blocks)

    def _through(self, model: "Decoder", x: Tensor, lengths: Tensor, first: int, end: int) -> Tensor:
        """Through the blocks from `first` to before `end`."""
        seen = _seen(model, x, lengths)
        for block in list(model.layers)[first:end]:
            x = block(x, None, seen)
        return x

    def _places(self, lengths: Tensor) -> Tensor:
        return torch.zeros_like(lengths) if self.place == "first" else lengths - 1

    def _pooled(self, x: Tensor, lengths: Tensor) -> Tensor:
        """(rows, time, width) to (rows, width)."""
        if self.place != "mean":
            return x[torch.arange(len(x), device=x.device), self._places(lengths)]
        real = (torch.arange(x.shape[1], device=x.device) < lengths[:, None]).unsqueeze(-1)
        return (x * real).sum(1) / lengths[:, None]


def frozen_blocks(model: "Decoder") -> int:
    """How many of the first blocks are not trained at all; -1 where the embedding is."""
    inner = ("layers.", "norm.", "lm_head.")
    if any(weight.requires_grad for name, weight in model.named_parameters() if not name.startswith(inner)):
        return -1
    trained = (any(weight.requires_grad for weight in block.parameters()) for block in model.layers)
    return next((number for number, learns in enumerate(trained) if learns), len(model.layers))


def _seen(model: "Decoder", x: Tensor, lengths: Tensor) -> Tensor | None:
    """Who sees whom (rows, 1, time, time); nothing where no text could see what fills its row up."""
    attention: Attention = model.layers[0].self_attn  # type: ignore[assignment]
    if attention.causal or bool((lengths == x.shape[1]).all()):
        return None
    filled = torch.arange(x.shape[1], device=x.device) >= lengths[:, None]
    return seen_within(filled.long(), attention.causal, attention.window)


def _block_at(block: "Block", x: Tensor, places: Tensor, lengths: Tensor) -> Tensor:
    """What a block makes of one place (rows,) of each row: (rows, 1, width). Its keys and values are of all places."""
    attention: Attention = block.self_attn
    steps, place = torch.arange(x.shape[1], device=x.device), places[:, None]
    seen = (steps <= place) if attention.causal else (steps < lengths[:, None])
    if attention.window:
        seen = seen & (steps > place - attention.window)
    here = x[torch.arange(len(x), device=x.device), places].unsqueeze(1)
    return block.finished(here, attention.at(block.input_layernorm(x), places, seen))
