"""What a checkpoint made of one side of its rows, kept beside its run, so that it opens at once the next time."""

import os
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from studio.core.errors import StudioError
from studio.gate.tensor_files import check_header
from studio.store.disk import explained, require_space
from studio.store.files import read_json, remove_folder, rename_folder, sha256_of, write_json

VERSION = 1
FOLDER, ARRAYS, CARD = "scored", "scores.safetensors", "scores.json"
Arrays = dict[str, npt.NDArray[Any]]


def kept_or_made(
    checkpoint: Path, side: str, rows_sha256: str, make: Callable[[], Arrays], facts: Mapping[str, Any] | None = None
) -> Arrays:
    """The arrays that were kept, or those that `make` makes, kept for the next time."""
    known = load(checkpoint, side, rows_sha256)
    if known is not None:
        return known[0]
    arrays = make()
    keep(checkpoint, side, rows_sha256, arrays, facts or {})
    return arrays


def load(checkpoint: Path, side: str, rows_sha256: str) -> tuple[Arrays, dict[str, Any]] | None:
    """Arrays and facts that `keep` left for this very checkpoint and these rows; None without them."""
    folder = _folder(checkpoint, side)
    with suppress(StudioError, OSError, KeyError, TypeError, AttributeError):
        card = read_json(folder / CARD)
        if card["version"] == VERSION and card["key"] == _key(checkpoint, rows_sha256):
            check_header(folder / ARRAYS)
            return dict(load_file(folder / ARRAYS)), dict(card["facts"])
    return None


def keep(checkpoint: Path, side: str, rows_sha256: str, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Write them for the next time; where there is no room, they are computed again."""
    folder = _folder(checkpoint, side)
    temporary = folder.parent / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    size = sum(array.nbytes for array in arrays.values()) + (1 << 16)
    with suppress(StudioError), explained("The scores", checkpoint, size):
        require_space(checkpoint, size, "the scores")
        try:
            temporary.mkdir(parents=True)
            save_file(arrays, temporary / ARRAYS)
            write_json(
                temporary / CARD, {"version": VERSION, "key": _key(checkpoint, rows_sha256), "facts": dict(facts)}
            )
            if folder.exists():
                remove_folder(folder)
            rename_folder(temporary, folder)
        finally:
            if temporary.exists():
                remove_folder(temporary)


def _folder(checkpoint: Path, side: str) -> Path:
    return checkpoint.parents[1] / FOLDER / f"{checkpoint.name}-{side}"


def _key(checkpoint: Path, rows_sha256: str) -> str:
    """Another checkpoint of the same step, written after the run went back, has another manifest."""
    return f"{sha256_of(checkpoint / 'manifest.json')} {rows_sha256}"
