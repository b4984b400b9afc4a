"""A file as a stream of UTF-8, whatever its encoding and packing; what has to be unpacked for jumping lies aside."""

import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from studio.core.errors import StudioError
from studio.gate.compressed import DamagedError, blocks, is_compressed, require_regular, unpacked_copy
from studio.gate.names import visible
from studio.readers.encodings import MARKS, as_utf8, chosen_encoding, find_encoding, is_full_of_control, other_kind

SAMPLE = 1 << 18  # bytes at the beginning that are looked at
_PROBES, _PROBE = 12, 1 << 15  # pieces of a long file that are looked at for their encoding
_SAVE_AS = "Export the table as CSV in UTF-8, then choose that file."


class Source:
    """The bytes of one table file; `encoding` says how they are read, `sample` is its beginning in UTF-8.

    `damage` is set while streaming, when a compressed file breaks off; offsets count bytes of the UTF-8.
    """

    def __init__(self, path: Path, encoding: str = "") -> None:
        self.path = path
        self._status = require_regular(path)
        self.size = self._status.st_size
        self.damage = ""
        head, whole = self._beginning(blocks(path), SAMPLE)
        if not head.strip(b"\0\r\n\t ") and not head.startswith(b"\0"):
            raise StudioError(f"“{visible(path.name)}” is empty.", "Choose a file that has rows in it.")
        self.encoding = chosen_encoding(encoding) if encoding else find_encoding([head, *self._probes(whole)], whole)
        _refuse_other_kinds(path, head, self.encoding.codec)
        narrow = self.encoding.codec.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig", "ascii")
        self._translated = not narrow
        self._mark = len(MARKS[0][0]) if narrow and head.startswith(MARKS[0][0]) else 0  # no part of the text
        self._old_line_ends = False
        self._copy: Path | None = None
        self._damage_of_copy = ""
        self.sample, self.whole = self._beginning(self.stream(), SAMPLE)
        if b"\r" in self.sample and b"\n" not in self.sample:
            self._old_line_ends = True
            self.sample = self.sample.replace(b"\r", b"\n")

    def forget_sample(self) -> None:
        """Free the beginning, once it is known what the table is."""
        self.sample = b""

    @property
    def derived(self) -> bool:
        """Whether its UTF-8 is not the file itself, so that jumping needs a copy."""
        return is_compressed(self.path) or self._translated

    def stream(self, offset: int = 0, watch: Callable[[int], None] | None = None) -> Iterator[bytes]:
        """Its UTF-8 from `offset` on; a file that breaks off just ends, and `damage` says so.

        `watch` hears bytes of the file, also where a copy of it is read.
        """
        self.damage = self._damage_of_copy
        done = self._mark + offset
        try:
            for block in self._pieces(offset, watch):
                done += len(block)
                yield block.replace(b"\r", b"\n") if self._old_line_ends else block
        except DamagedError as error:
            self.damage = error.message
        if not self.derived and done < self.size:
            self.damage = "the file became shorter while it was read"

    def make_jumpable(self, watch: Callable[[int], None], keep_going: Callable[[], bool] | None) -> None:
        """Unpack what cannot be jumped in; the copy is deleted with this object."""
        if self.derived and self._copy is None:
            self._copy = unpacked_copy(self.stream(0, watch), keep_going)
            self._damage_of_copy = self.damage
            weakref.finalize(self, self._copy.unlink, missing_ok=True)

    def require_unchanged(self) -> None:
        """Refuse to jump in a file that is another one by now; one that only grew is as good as before."""
        status = require_regular(self.path)
        was = self._status
        same = (status.st_dev, status.st_ino) == (was.st_dev, was.st_ino)
        if not same or status.st_size < was.st_size or (
            status.st_size == was.st_size and status.st_mtime_ns != was.st_mtime_ns
        ):  # fmt: skip
            raise StudioError(
                f"“{visible(self.path.name)}” was changed since it was opened.",
                "Choose it again to read what it is now.",
            )

    def _pieces(self, offset: int, watch: Callable[[int], None] | None) -> Iterator[bytes]:
        if self._copy is not None:
            return blocks(self._copy, start=offset, watch=watch and _in_proportion(watch, self._copy, self.size))
        if not self.derived:
            return blocks(self.path, start=self._mark + offset, size=self.size, watch=watch)
        raw = blocks(self.path, size=self.size, watch=watch)
        if self._translated:
            return _without(as_utf8(raw, self.encoding.codec), offset)
        return _without(raw, self._mark + offset)

    def _beginning(self, stream: Iterator[bytes], size: int) -> tuple[bytes, bool]:
        """The first bytes, and whether they are all."""
        found = b""
        try:
            for block in stream:
                found += block
                if len(found) > size:
                    return found[:size], False
        except DamagedError:
            return found, True
        return found, True

    def _probes(self, whole: bool) -> list[bytes]:
        """Pieces spread over a file that is longer than its sample; of a compressed one only the beginning is seen."""
        if whole or is_compressed(self.path):
            return []
        places = [SAMPLE + (self.size - SAMPLE) * place // _PROBES for place in range(_PROBES)]
        with self.path.open("rb") as file:
            found = []
            for place in places:
                file.seek(place)
                found.append(file.read(_PROBE))
        return found


def _in_proportion(watch: Callable[[int], None], copy: Path, size: int) -> Callable[[int], None]:
    """Tells `watch` of a file with `size` bytes what hears of the bytes of its copy."""
    whole, done = copy.stat().st_size, 0

    def tell(more: int) -> None:
        nonlocal done
        watch(size * (done + more) // whole - size * done // whole)
        done += more

    return tell


def _without(raw: Iterator[bytes], count: int) -> Iterator[bytes]:
    """All but the first few bytes."""
    for block in raw:
        yield block[count:]
        count = max(0, count - len(block))


def _refuse_other_kinds(path: Path, head: bytes, codec: str) -> None:
    if kind := other_kind(head):
        raise StudioError(f"“{visible(path.name)}” is {kind}, not a table of text.", _SAVE_AS)
    wide = codec.lower().startswith(("utf-16", "utf-32", "utf_16", "utf_32", "utf16", "utf32"))
    if not wide and is_full_of_control(head, 8):
        raise StudioError(f"“{visible(path.name)}” is not a table of text: it is full of control bytes.", _SAVE_AS)
