"""Plain text files: the encoding found and explained, the text streamed with uniform line ends."""

import codecs
import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.formats import AS_FOUND, Format, TextChoices, TextFacts
from studio.gate.compressed import blocks, plain_suffix, require_regular
from studio.readers.encodings import (
    CERTAIN,
    MARKS,
    UNREADABLE,
    chosen_encoding,
    decoder_of,
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
_REPLACED = "\ufffd"
_SAVE_AS = "Choose another encoding, have what cannot be read replaced, or save it as UTF-8 in a text editor."
_EXPORT = "Export its text as .txt, then choose that file."


def recognises(path: Path) -> bool:
    """Whether the suffix is one of plain text, that of the file inside for a compressed one."""
    return plain_suffix(path) in SUFFIXES and not path.is_dir()


def describe(
    path: Path,
    watch: Callable[[int], None] | None = None,
    choices: TextChoices = AS_FOUND,
) -> TextFacts:
    """Decide the encoding: as chosen, else by mark, else UTF-8 if every byte fits, else a guess. What is no text is
    refused; so is a text with bytes that do not fit, unless they are to be replaced.
    """
    size, head = _open_up(path)
    if not head:
        raise StudioError(f"“{path.name}” is empty.", "Choose a file that has text in it.")
    if choices.encoding:
        codec, why = _as_chosen(path, head, choices)
    else:
        codec, why = _found(path, head, watch, choices.replace)
    if not (choices.replace or choices.encoding):
        return TextFacts(codec, why, size)
    pieces = _decoded(path, codec, choices.replace, watch)
    count = sum(text.count(UNREADABLE) + text.count("\0") for text in pieces)
    places = "1 place" if count == 1 else f"{count:,} places"
    return TextFacts(codec, f"{why} {places} that cannot be read: �." if count else why, size, count)


def read(path: Path, encoding: str = "", replace: bool = False) -> Iterator[str]:
    """The text in pieces of about a million characters; `encoding` saves deciding it again after `describe`."""
    codec = encoding or describe(path, None, TextChoices(replace=replace)).encoding
    blank = True
    for text in _decoded(path, codec, replace):
        blank = blank and text.isspace()
        yield text.replace(UNREADABLE, _REPLACED).replace("\0", _REPLACED) if replace else text
    if blank:
        raise StudioError(f"“{path.name}” holds nothing but blanks.", "Choose a file that has text in it.")


def _decoded(path: Path, codec: str, replace: bool, watch: Callable[[int], None] | None = None) -> Iterator[str]:
    """Pieces that are not empty; what cannot be read is refused, or stands in them as `UNREADABLE` or zero."""
    decoder = io.IncrementalNewlineDecoder(decoder_of(codec, replace), translate=True)
    done = 0
    for block in itertools.chain(blocks(path, watch=watch), (b"",)):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            where = _offset(error, block, done)
            sentence = f"“{path.name}” was read as {label(codec)}, but the byte at offset {where:,} does not fit."
            raise StudioError(sentence, _SAVE_AS) from error
        except UnicodeError as error:  # UTF-16 that was chosen, without the mark that says which half comes first
            sentence = f"“{path.name}” cannot be read as {label(codec)}: it has no byte order mark."
            raise StudioError(sentence, "Choose another encoding, such as utf-16-le.") from error
        done += len(block)
        if not replace and "\0" in text:
            raise StudioError(f"“{path.name}” holds a zero character, so it is probably not a text.", _EXPORT)
        if text:
            yield text


def _as_chosen(path: Path, head: bytes, choices: TextChoices) -> tuple[str, str]:
    """The codec that a person asked for, without a mark at the beginning that says the same."""
    chosen = chosen_encoding(choices.encoding)
    name = codecs.lookup(chosen.codec).name  # however it was spelled
    for mark, codec, _ in MARKS:
        half = "le" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF32_LE) else "be"
        if head.startswith(mark) and name in (codec, codec.removesuffix("-sig"), f"{codec}-{half}"):
            return codec, chosen.why
    if not name.startswith(("utf-16", "utf-32")):
        _refuse_other_kinds(path, head, choices.replace)
    return chosen.codec, chosen.why


def _found(path: Path, head: bytes, watch: Callable[[int], None] | None, replace: bool) -> tuple[str, str]:
    """Codec and reason by looking."""
    for mark, codec, words in MARKS:
        if head.startswith(mark):
            if head == mark:
                raise StudioError(
                    f"“{path.name}” is empty but for a byte order mark.", "Choose a file with text in it."
                )
            return codec, f"{words}, as the byte order mark at its beginning says."
    if codec := wide_codec(head):
        why = f"{label(codec)}, since every other byte is zero; it has no byte order mark. Compare the first lines."
        return codec, why
    _refuse_other_kinds(path, head, replace)
    flaw = _first_flaw(path, watch, replace)
    return ("utf-8", "UTF-8: every byte fits.") if flaw is None else _guess(path, flaw, replace)


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


def _refuse_other_kinds(path: Path, head: bytes, replace: bool) -> None:
    if kind := other_kind(head):
        raise StudioError(f"“{path.name}” is {kind}, not plain text.", _EXPORT)
    if not replace:
        _refuse_zero(path, head, 0)
    if is_full_of_control(head.replace(b"\0", b"") if replace else head):
        raise StudioError(f"“{path.name}” is not a text: it is full of control bytes.", _EXPORT)


def _refuse_zero(path: Path, block: bytes, done: int) -> None:
    if (place := block.find(0)) >= 0:
        raise StudioError(
            f"“{path.name}” holds a zero byte at offset {done + place:,}, so it is probably not a text.",
            "If it is one, have what cannot be read replaced; otherwise export its text as .txt.",
        )


@dataclass(frozen=True)
class _Flaw:
    """The first byte that is not UTF-8: where it is, what it is, and the bytes around it."""

    offset: int
    byte: int
    around: bytes


def _first_flaw(path: Path, watch: Callable[[int], None] | None, replace: bool) -> _Flaw | None:
    """Found by reading the whole file; a zero byte is refused, unless it is to be replaced."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    done, before = 0, b""
    for block in itertools.chain(blocks(path, watch=watch), (b"",)):
        if not replace:
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


def _guess(path: Path, flaw: _Flaw, replace: bool) -> tuple[str, str]:
    """Codec and reason for a file that is not UTF-8; one that almost is counts as damaged and is refused or mended."""
    found = f"the byte {flaw.byte:#04x} at offset {flaw.offset:,} is not UTF-8"
    if is_mostly_utf8(flaw.around):
        if replace:
            return "utf-8", f"UTF-8, though {found}."
        raise StudioError(f"“{path.name}” is damaged: {found}, though the rest around it is.", _SAVE_AS)
    codec = older_codec(flaw.around)
    if not codec and replace:
        return "utf-8", f"UTF-8 for want of a better one: {found}."
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
