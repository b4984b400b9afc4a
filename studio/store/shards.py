"""Token ids on disk: one flat file for training, one for validation, memory-mapped, made once and reused."""

import hashlib
import itertools
import json
import os
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.store.corpus import END_OF_TEXT, Text
from studio.store.disk import explained, require_space
from studio.store.encoding import Encoded, encoded, processes_for
from studio.store.files import read_json, remove_folder, rename_folder, sync_file, sync_folder, write_json
from studio.tokenizers import Tokenizer, chunked, make_tokenizer, tokenizer_from_json

VERSION = 1
PIECE = 1 << 18  # characters encoded in one call: short enough that cancelling answers at once
_OUR_MARK = f"{END_OF_TEXT} alone"  # shards made before may have other spellings of a text as tokens

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]


@dataclass(frozen=True)
class Shards:
    """A text as token ids, cut into what is trained on and what is only measured."""

    folder: Path
    training_tokens: int
    validation_tokens: int
    vocab_size: int
    dtype: str  # "uint16" up to 65,536 different tokens, else "uint32"
    tokenizer: Tokenizer

    def training(self) -> npt.NDArray[Any]:
        """The training ids, (training_tokens,), mapped from the file."""
        return _mapped(self.folder / "train.bin", self.dtype, self.training_tokens)

    def validation(self) -> npt.NDArray[Any]:
        """The held-back ids, (validation_tokens,), mapped from the file; empty when nothing is held back."""
        return _mapped(self.folder / "validation.bin", self.dtype, self.validation_tokens)


def shards_key(text: Text, tokenizer: str | Tokenizer, validation_share: float) -> str:
    """The folder name under which the same text, tokenizer and share are found again."""
    named = tokenizer if isinstance(tokenizer, str) else f"{tokenizer.name} {tokenizer.fingerprint}"
    separator = _OUR_MARK if text.marked else text.separator
    parts = [VERSION, text.sha256, separator, named, repr(float(validation_share))]
    return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()[:20]


def find_shards(text: Text, tokenizer: str | Tokenizer, validation_share: float, tokens_folder: Path) -> Shards | None:
    """Shards that were made before and are whole, else None."""
    return _open(tokens_folder / shards_key(text, tokenizer, validation_share))


def make_shards(
    text: Text,
    tokenizer: str | Tokenizer,
    validation_share: float,
    tokens_folder: Path,
    *,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Shards:
    """Encode `text` in streamed pieces, or return the shards made before; `progress` counts bytes of text read.

    `tokenizer` is the name of a kind, which is made for this text where it learns from one, or one that exists already.
    The cut is at int((1 - share) * characters) characters, as in the book. Stopped early, it leaves nothing behind.
    """
    found = find_shards(text, tokenizer, validation_share, tokens_folder)
    if found is not None:
        return found
    final = tokens_folder / shards_key(text, tokenizer, validation_share)
    temporary = tokens_folder / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    watch = _Watch(text.bytes, progress, keep_going)
    with explained("The tokens", tokens_folder, 2 * text.bytes):
        require_space(tokens_folder, 2 * text.bytes, f"the tokens of “{text.name}”")
        temporary.mkdir(parents=True)
        try:
            _make(text, tokenizer, validation_share, temporary, watch)
            _commit(temporary, final)
        except BaseException:
            remove_folder(temporary)
            raise
    made = _open(final)
    if made is None:
        raise StudioError(f"The tokens of “{text.name}” could not be read back.", "Check the disk, then try again.")
    return made


def _make(text: Text, asked: str | Tokenizer, share: float, folder: Path, watch: "_Watch") -> None:
    if isinstance(asked, str):
        kind, tokenizer = asked, make_tokenizer(asked, chunked(watch.first_pass(text.chunks(PIECE)), PIECE))
    else:
        kind, tokenizer = asked.name, asked
    watch.second_pass()
    dtype = "uint16" if tokenizer.vocab_size <= 65_536 else "uint32"
    cut = int((1 - share) * text.characters)
    with open(text.path, encoding="utf-8", newline="") as source:
        sides = (_take(source, characters) for characters in (cut, text.characters - cut))
        pieces = itertools.chain.from_iterable(chunked(watch.counted(side), PIECE) for side in sides)
        others = processes_for(tokenizer, text.characters)
        stream = encoded(tokenizer, pieces, PIECE, marked=text.marked, processes=others)
        training, validation = _write(stream, cut, folder, dtype)
        changed = bool(source.read(1)) or watch.done != text.bytes
    if changed:
        raise StudioError(
            f"The text “{text.name}” was changed after it was imported.", "Import the changed file as a new text."
        )
    write_json(folder / "tokenizer.json", tokenizer.to_json())
    meta = {
        "version": VERSION, "text": text.name, "sha256": text.sha256, "tokenizer": kind,
        "fingerprint": tokenizer.fingerprint, "validation_share": share, "vocab_size": tokenizer.vocab_size,
        "dtype": dtype, "training_tokens": training, "validation_tokens": validation,
    }  # fmt: skip
    write_json(folder / "meta.json", meta)


def _write(stream: Generator[Encoded, None, None], cut: int, folder: Path, dtype: str) -> tuple[int, int]:
    """Write down the ids as they come, those behind `cut` characters in a file of their own; how many of each."""
    counts, done = [0, 0], 0
    with closing(stream), open(folder / "train.bin", "wb") as before, open(folder / "validation.bin", "wb") as behind:
        for piece, ids in stream:
            side = int(done >= cut)
            (before, behind)[side].write(ids.astype(np.dtype(dtype).newbyteorder("<"), copy=False).tobytes())
            counts[side] += len(ids)
            done += len(piece)
    return counts[0], counts[1]


def _take(source: IO[str], characters: int) -> Iterator[str]:
    """The next `characters` characters, in pieces."""
    while characters > 0 and (piece := source.read(min(PIECE, characters))):
        characters -= len(piece)
        yield piece


def _commit(temporary: Path, final: Path) -> None:
    for path in sorted(temporary.iterdir()):
        sync_file(path)
    sync_folder(temporary)
    if final.exists():
        remove_folder(final)  # it was not whole, or `make_shards` had returned it
    rename_folder(temporary, final)
    sync_folder(final.parent)


def _open(folder: Path) -> Shards | None:
    """Shards whose files have the sizes their description says; None sends the caller to make them again."""
    try:
        meta = read_json(folder / "meta.json")
        if meta["version"] != VERSION:
            return None
        width = np.dtype(meta["dtype"]).itemsize
        for side, count in (("train", meta["training_tokens"]), ("validation", meta["validation_tokens"])):
            if (folder / f"{side}.bin").stat().st_size != count * width:
                return None
        tokenizer = tokenizer_from_json(read_json(folder / "tokenizer.json"))
    except (StudioError, OSError, KeyError, TypeError, ValueError):
        return None
    return Shards(
        folder, meta["training_tokens"], meta["validation_tokens"], meta["vocab_size"], meta["dtype"], tokenizer
    )


def _mapped(path: Path, dtype: str, count: int) -> npt.NDArray[Any]:
    if count == 0:
        return np.zeros(0, dtype=dtype)  # an empty file cannot be mapped
    return np.memmap(path, dtype=np.dtype(dtype).newbyteorder("<"), mode="r", shape=(count,))


class _Watch:
    """Counts bytes of text over one or two passes, and stops the work when it is not wanted any more."""

    def __init__(self, size: int, progress: Progress | None, keep_going: KeepGoing | None) -> None:
        self.done = 0
        self._size = size
        self._before = 0
        self._passes = 1
        self._progress = progress
        self._keep_going = keep_going

    def first_pass(self, pieces: Iterable[str]) -> Iterator[str]:
        """For tokenizers that read the whole text before they exist; others never start it."""
        self._passes = 2
        yield from self.counted(pieces)
        self._before = self._size

    def second_pass(self) -> None:
        """Count from the beginning again."""
        self.done = 0

    def counted(self, pieces: Iterable[str]) -> Iterator[str]:
        """Hand the pieces on, telling and asking at each."""
        for piece in pieces:
            if self._keep_going is not None and not self._keep_going():
                raise StudioError("Tokenizing was stopped before it was finished.", "Nothing was changed.")
            self.done += len(piece) if piece.isascii() else len(piece.encode("utf-8"))
            if self._progress is not None:
                self._progress(self._before + self.done, self._passes * self._size)
            yield piece
