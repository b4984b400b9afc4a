"""From a token to the vector a model begins with: a row of a table, a row for its place, and their sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.core.config import ModelConfig, config_from_json
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.layers.decoder import Decoder
from studio.layers.stored_weights import StoredWeights
from studio.store.files import read_json

Floats = npt.NDArray[np.float32]

LARGEST = 60_000_000  # weights of an untrained model that is built to be looked at
BOOK_IDS = (2, 3, 5, 1)
TOY = ((0.5, -0.2, 0.1), (0.1, 0.3, -0.1))  # a token's vector and its place's, of the course's smallest example


@dataclass(frozen=True, eq=False)
class Vectors:
    """What the first block of a model reads: `tokens` and `places` (time, width), and their sum times nothing else.

    `places` is None where a model turns queries and keys instead. `scale` multiplies the token's row (Gemma).
    """

    ids: tuple[int, ...]
    tokens: Floats
    places: Floats | None
    sums: Floats
    rows: int  # of the table
    context: int
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Lookup:
    """The same rows twice: taken out of the table, and as one-hot vectors times the table."""

    table: Floats
    one_hot: Floats  # (time, rows)
    taken: Floats  # (time, width)
    multiplied: Floats  # (time, width)
    same: bool  # bit by bit


def book_table(rows: int = 6, width: int = 3, seed: int = 123) -> Tensor:
    """The table of the book's chapter 2.7, as `torch.nn.Embedding` draws it."""
    return torch.randn(rows, width, generator=torch.Generator().manual_seed(seed))


def lookup(ids: Sequence[int] = BOOK_IDS, rows: int = 6, width: int = 3, seed: int = 123) -> Lookup:
    """Look tokens up in a fresh table, and multiply their one-hot vectors with it."""
    return compare(ids, book_table(rows, width, seed))


def compare(ids: Sequence[int], table: Tensor) -> Lookup:
    """Both ways to the rows of `ids`; an id that the table does not have is a `StudioError`."""
    _refuse_ids(ids, len(table))
    wanted = torch.tensor(list(ids), dtype=torch.int64)
    one_hot = F.one_hot(wanted, len(table)).to(table.dtype)
    taken, multiplied = F.embedding(wanted, table), one_hot @ table
    same = torch.equal(taken, multiplied)
    return Lookup(_array(table), _array(one_hot), _array(taken), _array(multiplied), same)


def added(token: Sequence[float] = TOY[0], place: Sequence[float] = TOY[1]) -> tuple[float, ...]:
    """The sum of two vectors, number by number."""
    return tuple((torch.tensor(token) + torch.tensor(place)).tolist())


def of_untrained(config: ModelConfig, seed: int, ids: Sequence[int]) -> Vectors:
    """The vectors that a run of this shape begins with: the whole network is drawn as a run draws it."""
    family = FAMILIES.load(config.family)
    weights = family.ledger(config).total
    if weights > LARGEST:
        raise StudioError(
            tr("Drawing this shape's {count} weights takes too long for a lesson.", count=f"{weights:,}"),
            tr("Choose a trained model above, or a smaller shape on the Model page."),
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = family.build(config)
    return of_model(model, config, ids)


def of_model(model: Decoder, config: ModelConfig, ids: Sequence[int]) -> Vectors:
    """The rows of a network that is in memory."""
    places = model.embed_positions.weight if model.embed_positions is not None else None
    return _vectors(model.embed_tokens.weight, places, config, ids)


def of_folder(folder: Path, ids: Sequence[int]) -> Vectors:
    """The rows of a checkpoint, or of a model of a project: only its two tables are opened."""
    data = read_json(folder / "state.json")
    config = config_from_json(data["config"]).model
    if not (folder / "model.safetensors").is_file():
        raise StudioError(
            tr("Here lies only an adapter; the vectors are those of the model it was trained on."),
            tr("Choose that model."),
        )
    weights = StoredWeights([folder / "model.safetensors"], mapped=True)
    names = weights.shapes()
    places = weights.read("embed_positions.weight") if "embed_positions.weight" in names else None
    return _vectors(weights.read("embed_tokens.weight"), places, config, ids)


def _vectors(table: Tensor, places: Tensor | None, config: ModelConfig, ids: Sequence[int]) -> Vectors:
    _refuse_ids(ids, len(table))
    if places is not None and len(ids) > len(places):
        raise StudioError(
            tr("This model has {count} places, the text has {tokens} tokens.", count=len(places), tokens=len(ids)),
            tr("Write a shorter text."),
        )
    scale = config.emb_dim**0.5 if config.embedding_scale else 1.0
    with torch.no_grad():
        tokens = table[torch.tensor(list(ids), dtype=torch.int64)].float()
        sums = tokens * scale if scale != 1.0 else tokens
        own = places[: len(ids)].float() if places is not None else None
        sums = sums + own if own is not None else sums
    return Vectors(
        tuple(ids), _array(tokens), _array(own) if own is not None else None, _array(sums), len(table),
        config.context_length, scale,
    )  # fmt: skip


def _refuse_ids(ids: Sequence[int], rows: int) -> None:
    if not ids:
        raise StudioError(tr("There is no token to look up."), tr("Write a text."))
    wrong = next((token for token in ids if not 0 <= token < rows), None)
    if wrong is not None:
        raise StudioError(
            tr("The table has {rows} rows, from 0 to {last}; there is no row {id}.", rows=f"{rows:,}",
               last=f"{rows - 1:,}", id=f"{wrong:,}"),
            tr("Choose an id that it has, or a model that reads with this tokenizer."),
        )  # fmt: skip


def _array(tensor: Tensor) -> Floats:
    return tensor.detach().to(torch.float32).numpy().copy()
