"""More tokens for a model that exists: its embedding and its head grow by their rows, nothing else changes."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.engine.checkpoint import read_state, write_state
from studio.engine.opening import saved_tokenizer
from studio.engine.weights import empty_model, expected_shapes, own_weights
from studio.layers.stored_weights import StoredWeights, raw_bytes
from studio.store.checkpoints import check_sizes
from studio.store.files import read_json, write_json
from studio.store.models import CARD, StoredModel, adding, read_model
from studio.store.tensor_file import Entry, in_order, write_tensors
from studio.tokenizers import SpelledTokenizer, Tokenizer
from studio.tokenizers.extended import ExtendedTokenizer

VERSION = 1
_ROWS = 8_192  # of a table, looked at in one go


@dataclass(frozen=True)
class GrownTable:
    """One tensor that has a row for every token, before and after; `same` rows are the old ones to the bit.

    `mean` and `spread` (the standard deviation) are of the numbers in the old rows of tokens and in the new rows.
    """

    name: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    same: int
    mean: tuple[float, float]
    spread: tuple[float, float]


@dataclass(frozen=True)
class Grown:
    """A model with more tokens; `spare` of them took rows that the old one had and did not use."""

    model: StoredModel
    added: tuple[str, ...]
    ids: tuple[int, ...]
    tables: tuple[GrownTable, ...]
    spare: int
    tied: bool  # one table serves as embedding and as head


def grow_vocabulary(
    folder: Path,
    added: Sequence[str],
    seed: int = 0,
    *,
    project: Path,
    name: str = "",
    keep_going: Callable[[], bool] = lambda: True,
) -> Grown:
    """The model or checkpoint in `folder` with `added` special tokens, as the new model `name` of `project`.

    Old rows keep their bytes, a head without a bias gets none, and a shared table stays shared. New rows are drawn
    with the mean and the spread that each column has in the rows of the old tokens.
    """
    check_sizes(folder)
    saved, tokenizer = read_state(folder), saved_tokenizer(folder)
    if not isinstance(tokenizer, SpelledTokenizer):
        raise StudioError("This model came without a tokenizer.", "Choose one that brought its tokenizer.")
    extended = ExtendedTokenizer(tokenizer, list(added))
    rows = saved.config.model.vocab_size
    _refuse_mask_token(saved.config, tokenizer, extended)
    shape = dataclasses.replace(saved.config.model, vocab_size=max(rows, extended.vocab_size))
    data = dataclasses.replace(saved.config.data, tokenizer=extended.name)
    tokens = range(tokenizer.vocab_size, extended.vocab_size)
    writing = _Writing(own_weights(folder), expected_shapes(empty_model(shape)), tokens, seed, keep_going)
    title = f"{_title(folder)} +{len(added)}"
    with adding(project, name or title, writing.bytes + (1 << 20)) as (temporary, final):
        writing.write(temporary / "model.safetensors")
        tables = writing.compared(temporary)
        write_json(temporary / "tokenizer.json", extended.to_json())
        write_state(temporary, dataclasses.replace(saved, config=saved.config.with_part(model=shape, data=data)))
        write_json(temporary / CARD, _card(folder, added, writing))
    return Grown(
        model=read_model(final),
        added=tuple(added),
        ids=tuple(tokens),
        tables=tables,
        spare=min(len(added), rows - tokens.start),
        tied=shape.tie_embeddings,
    )


def _refuse_mask_token(config: RunConfig, tokenizer: Tokenizer, extended: Tokenizer) -> None:
    mask = config.model.mask_token
    if tokenizer.vocab_size <= mask < extended.vocab_size:
        raise StudioError(
            f"This model hides words behind a token of its own, number {mask:,}, where the first new one would be.",
            "Choose a model that predicts the next word, or one whose tokenizer has a mask token.",
        )


def _title(folder: Path) -> str:
    """A model's name, or the run's of a checkpoint."""
    return folder.parent.parent.name if folder.parent.name == "checkpoints" else folder.name


def _card(folder: Path, added: Sequence[str], writing: "_Writing") -> dict[str, Any]:
    """What was known of the old model, and what became of it."""
    card = read_json(folder / CARD) if (folder / CARD).is_file() else {}
    facts = card.get("facts") if isinstance(card, dict) else None
    grown = {"origin": f"{_title(folder)}, grown by {len(added):,} tokens", "added_tokens": list(added)}
    precision = writing.precision
    known = facts if isinstance(facts, dict) else {}
    return {"version": VERSION, "parameters": writing.parameters, "precision": precision, "facts": {**known, **grown}}


class _Writing:
    """One pass over the tensors of a model of ours: what has a row for each token grows, the others are copied."""

    def __init__(
        self,
        old: StoredWeights,
        expected: dict[str, tuple[int, ...]],
        tokens: range,
        seed: int,
        keep_going: Callable[[], bool],
    ) -> None:
        self._old, self._tokens, self._keep_going = old, tokens, keep_going
        self._generator = torch.Generator().manual_seed(seed)
        self._entries = in_order(Entry(name, old.element(name), shape) for name, shape in expected.items())
        shapes = old.shapes()
        self._grown = [entry.name for entry in self._entries if entry.shape != shapes[entry.name]]
        self._tables = [name for name in _TABLES if name in expected]
        self.bytes = sum(entry.bytes for entry in self._entries)
        self.parameters = sum(torch.Size(shape).numel() for shape in expected.values())
        self.precision = old.precision()

    def write(self, path: Path) -> None:
        """The whole file."""
        write_tensors(path, self._entries, self._data(), {"format": "pt"})

    def _data(self) -> Iterator[memoryview]:
        for entry in self._entries:
            if not self._keep_going():
                raise StudioError("Growing was stopped.", "Nothing of it was kept.")
            old = self._old.read(entry.name)
            more = entry.shape[0] - old.shape[0] if entry.name in self._grown else 0
            yield raw_bytes(
                torch.cat([old, rows_like(old[: self._tokens.start], more, self._generator)]) if more else old
            )

    def compared(self, folder: Path) -> tuple[GrownTable, ...]:
        """Every table as it was and as it was written, read back from the file."""
        new = own_weights(folder)
        return tuple(_compared(name, self._old.read(name), new.read(name), self._tokens) for name in self._tables)


_TABLES = ("embed_tokens.weight", "lm_head.weight", "lm_head.bias")  # what has one row for each token


def rows_like(old: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` new rows, (count, …), each column normal with the mean and the standard deviation it has in `old`."""
    mean, spread = _columns(old)
    drawn = torch.randn((count, *old.shape[1:]), generator=generator, dtype=torch.float64)
    return (mean + spread * drawn).to(old.dtype)


def _columns(table: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every column, a stretch of rows at a time."""
    total = torch.zeros(table.shape[1:], dtype=torch.float64)
    squares = torch.zeros_like(total)
    for part in _stretches(table):
        total += part.double().sum(0)
    mean = total / len(table)
    for part in _stretches(table):
        squares += (part.double() - mean).square().sum(0)
    return mean, (squares / len(table)).sqrt()


def _compared(name: str, old: Tensor, new: Tensor, tokens: range) -> GrownTable:
    same = sum(
        int((_bits(before) == _bits(after)).all(dim=1).sum().item())
        for before, after in zip(_stretches(old), _stretches(new[: len(old)]), strict=True)
    )
    stretches = old[: tokens.start], new[tokens.start : tokens.stop]
    mean, spread = zip(*((float(rows.double().mean()), _spread(rows)) for rows in stretches), strict=True)
    return GrownTable(name, tuple(old.shape), tuple(new.shape), same, mean, spread)


def _stretches(table: Tensor) -> Iterator[Tensor]:
    return (table[start : start + _ROWS] for start in range(0, len(table), _ROWS))


def _bits(rows: Tensor) -> Tensor:
    """The bytes of each row, (rows, bytes)."""
    return rows.contiguous().view(len(rows), -1).view(torch.uint8)


def _spread(rows: Tensor) -> float:
    return float(rows.double().std(correction=0)) if rows.numel() else 0.0
