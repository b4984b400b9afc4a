"""Taking in a foreign model: weights under our names, shape, words and where it comes from, in one folder."""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from studio.core.config import ComputeConfig, DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.shelf import EXCHANGES
from studio.engine.checkpoint import Progress, Saved, write_state
from studio.engine.device import choose
from studio.engine.weights import empty_model, expected_shapes, finite_shares, parts_of, refuse_misfits
from studio.exchange import Exchange, Found
from studio.layers.stored_weights import ELEMENTS, raw_bytes
from studio.store.files import write_json
from studio.store.models import CARD, StoredModel, adding, read_model
from studio.store.tensor_file import Entry, in_order, write_tensors

VERSION = 1
_KEPT = {"fp16": "F16", "bf16": "BF16"}  # what is quantized or wider in the source is kept as fp32


def find_exchange(path: Path) -> Exchange:
    """The format that reads `path`; what none recognises is refused with the formats there are."""
    if not path.exists():
        raise StudioError(f"There is no file or folder “{path}”.", "Check the name, or choose it again.")
    shelf: list[Exchange] = [EXCHANGES.load(name) for name in EXCHANGES.names()]
    for exchange in shelf:
        if exchange.open is not None and exchange.recognises(path):
            return exchange
    known = ", ".join(exchange.label for exchange in shelf if exchange.open is not None)
    raise StudioError(f"“{path.name}” is not a model in a format that Atelier reads.", f"It reads: {known}.")


def look(path: Path) -> Found:
    """A foreign model, read so far as to say what it is."""
    exchange = find_exchange(path)
    if exchange.open is None:
        raise StudioError(f"A {exchange.label} is only written, not read.", "Choose another format.")
    return exchange.open(path)


def adopt(
    path: Path,
    project: Path,
    name: str = "",
    progress: Callable[[int, int], None] = lambda done, total: None,
    keep_going: Callable[[], bool] = lambda: True,
    said: Mapping[str, str] | None = None,
) -> StoredModel:
    """Import the model in `path` as `PROJECT/models/NAME`, one tensor in memory at a time; all of it or nothing.

    `said` is what is known from elsewhere: the "origin" of a download, and a "licence" where the files name none.
    """
    found = look(path)
    model = empty_model(found.config)
    expected = expected_shapes(model)
    refuse_misfits(expected, found.sources, found.tensors)
    writing = _Writing(found, expected, progress, keep_going)
    with adding(project, name or found.title, writing.bytes + (1 << 20)) as (folder, final):
        writing.write(folder / "model.safetensors")
        if found.tokenizer is not None:
            write_json(folder / "tokenizer.json", found.tokenizer.to_json())
        write_state(folder, _state(found))
        write_json(folder / CARD, _card(found, sum(map(math.prod, expected.values())), writing.precision, said or {}))
    return read_model(final)


def _state(found: Found) -> Saved:
    """What a checkpoint at step 0 would say."""
    tokenizer = found.tokenizer.name if found.tokenizer is not None else DataConfig().tokenizer
    config = RunConfig(model=found.config, data=DataConfig(tokenizer=tokenizer))
    return Saved(config, choose(ComputeConfig(precision="fp32")), Progress(0, 0, 0.0))


def _card(found: Found, parameters: int, precision: str, said: Mapping[str, str]) -> dict[str, Any]:
    facts = {**said, **found.facts, "title": found.title, "warnings": list(found.warnings)}
    facts["origin"] = said.get("origin") or facts.get("origin", "")
    return {"version": VERSION, "parameters": parameters, "precision": precision, "facts": facts}


class _Writing:
    """One pass over the foreign tensors: each is read once, checked, and its shares written under our names."""

    def __init__(
        self,
        found: Found,
        expected: dict[str, tuple[int, ...]],
        progress: Callable[[int, int], None],
        keep_going: Callable[[], bool],
    ) -> None:
        self._found, self._progress, self._keep_going = found, progress, keep_going
        self._groups = parts_of(found.sources, expected)
        entries = [
            Entry(ours, self._element(foreign), expected[ours])
            for foreign, parts in self._groups.items()
            for ours in parts
        ]
        self._entries = in_order(entries)  # the shares of one foreign tensor stay together: they have one type
        self.bytes = sum(entry.bytes for entry in entries)
        wide = any(entry.dtype == "F32" and len(entry.shape) > 1 for entry in entries)
        self.precision = "fp32" if wide or found.precision not in _KEPT else found.precision

    def write(self, path: Path) -> None:
        """The whole file."""
        write_tensors(path, self._entries, self._data(), {"format": "pt"})

    def _element(self, foreign: str) -> str:
        element = getattr(self._found.tensors, "element", None)  # files that mix formats tell it of each tensor
        if element is not None:
            return str(element(foreign)).replace("F64", "F32")
        return _KEPT.get(self._found.precision, "F32")

    def _data(self) -> Iterator[memoryview]:
        done, held, shares = 0, "", {}
        for entry in self._entries:
            if not self._keep_going():
                raise StudioError("The import was stopped.", "Nothing of it was kept.")
            foreign = self._found.sources[entry.name].name
            if foreign != held:
                theirs = self._found.tensors.read(foreign)
                held, shares = foreign, dict(finite_shares(theirs, foreign, self._groups[foreign]))
            yield raw_bytes(shares[entry.name].to(ELEMENTS[entry.dtype]))
            done += entry.bytes
            self._progress(done, self.bytes)
