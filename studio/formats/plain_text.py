"""Plain text files: the encoding found and explained, the text streamed with uniform line ends."""

import codecs
import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.formats import Format, TextFacts
from studio.gate.compressed import blocks, plain_suffix, require_regular
from studio.readers.encodings import (
    CERTAIN,
    MARKS,
    is_full_of_control,
    is_mostly_utf8,
    label,
    older_codec,
    other_kind,
    wide_codec,
)

__all__ = ["CERTAIN", "FORMAT", "SUFFIXES", "describe", "read", "recognises"]

SUFFIXES = (".txt", ".md")
_SAMPLE = 1 << 16  # bytes looked at to tell text from other things, and to guess an encoding
_SAVE_AS = "Open it in a text editor and save it as UTF-8, then choose it again."
_EXPORT = "Export its text as .txt, then choose that file."


def recognises(path: Path) -> bool:
    """Whether the suffix is one of plain text, that of the file inside for a compressed one."""
    return plain_suffix(path) in SUFFIXES and not path.is_dir()


def describe(path: Path, watch: Callable[[int], None] | None = None) -> TextFacts:
    """Decide the encoding: by mark, else UTF-8 if every byte fits, else a guess. What is no text is refused."""
    size, head = _open_up(path)
    if not head:
        raise StudioError(f"“{path.name}” is empty.", "Choose a file that has text in it.")
    for mark, codec, words in MARKS:
        if head.startswith(mark):
            if head == mark:
                raise StudioError(
                    f"“{path.name}” is empty but for a byte order mark.", "Choose a file with text in it."
                )
            return TextFacts(codec, f"{words}, as the byte order mark at its beginning says.", size)
    if codec := wide_codec(head):
        why = f"{label(codec)}, since every other byte is zero; it has no byte order mark. Compare the first lines."
        return TextFacts(codec, why, size)
    _refuse_other_kinds(path, head)
    flaw = _first_flaw(path, watch)
    if flaw is None:
        return TextFacts("utf-8", "UTF-8: every byte fits.", size)
    return TextFacts(*_guess(path, flaw), size)


def read(path: Path, encoding: str = "") -> Iterator[str]:
    """The text in pieces of about a million characters; `encoding` saves deciding it again after `describe`."""
    codec = encoding or describe(path).encoding
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)("strict"), translate=True)
    done, blank = 0, True
    for block in itertools.chain(blocks(path), (b"",)):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            where = _offset(error, block, done)
            sentence = f"“{path.name}” was read as {label(codec)}, but the byte at offset {where:,} does not fit."
            raise StudioError(sentence, _SAVE_AS) from error
        done += len(block)
        if "\0" in text:
            raise StudioError(f"“{path.name}” holds a zero character, so it is probably not a text.", _EXPORT)
        blank = blank and (not text or text.isspace())
        if text:
            yield text
    if blank:
        raise StudioError(f"“{path.name}” holds nothing but blanks.", "Choose a file that has text in it.")


def _files(path: Path) -> tuple[Path, ...]:
    return (path,)


def _open_up(path: Path) -> tuple[int, bytes]:
    """Size on disk and first bytes; only a regular file is opened, since a pipe or a device may never end."""
    size, head = require_regular(path).st_size, b""
    for block in blocks(path):
        head += block
        if len(head) >= _SAMPLE:
            break
    return size, head[:_SAMPLE]


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    if kind := other_kind(head):
        raise StudioError(f"“{path.name}” is {kind}, not plain text.", _EXPORT)
    _refuse_zero(path, head, 0)
    if is_full_of_control(head):
        raise StudioError(f"“{path.name}” is not a text: it is full of control bytes.", _EXPORT)


def _refuse_zero(path: Path, block: bytes, done: int) -> None:
    if (place := block.find(0)) >= 0:
        raise StudioError(
            f"“{path.name}” holds a zero byte at offset {done + place:,}, so it is probably not a text.",
            "If it is one, remove that byte in a text editor; otherwise export its text as .txt.",
        )


@dataclass(frozen=True)
class _Flaw:
    """The first byte that is not UTF-8: where it is, what it is, and the bytes around it."""

    offset: int
    byte: int
    around: bytes


def _first_flaw(path: Path, watch: Callable[[int], None] | None) -> _Flaw | None:
    """Found by reading the whole file; a zero byte is refused."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    done, before = 0, b""
    for block in itertools.chain(blocks(path, watch=watch), (b"",)):
        _refuse_zero(path, block, done)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            offset = _offset(error, block, done)
            place = offset - done + len(before)
            around = (before + block)[max(0, place - _SAMPLE // 2) : place + _SAMPLE // 2]
            return _Flaw(offset, error.object[error.start], around)
        done += len(block)
        before = block[-_SAMPLE:]
    return None


def _offset(error: UnicodeDecodeError, block: bytes, done: int) -> int:
    """Place in the file; the decoder may have kept bytes of the block before, which stand first in its view."""
    return done + error.start - (len(error.object) - len(block))


def _guess(path: Path, flaw: _Flaw) -> tuple[str, str]:
    """Codec and reason for a file that is not UTF-8; one that almost is counts as damaged and is refused."""
    found = f"the byte {flaw.byte:#04x} at offset {flaw.offset:,} is not UTF-8"
    if is_mostly_utf8(flaw.around):
        raise StudioError(f"“{path.name}” is damaged: {found}, though the rest around it is.", _SAVE_AS)
    codec = older_codec(flaw.around)
    if not codec:
        raise StudioError(
            f"The encoding of “{path.name}” could not be found: {found}, and no other one fits.", _SAVE_AS
        )
    return codec, f"{label(codec)}, a guess, since {found}. Compare the first lines with what you expect."


FORMAT = Format(
    name="plain_text",
    label="Plain text",
    suffixes=SUFFIXES,
    recognises=recognises,
    files=_files,
    describe=describe,
    read=read,
)
