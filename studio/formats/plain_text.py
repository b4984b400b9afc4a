"""Plain text files: the encoding found and explained, the text streamed with uniform line ends."""

import codecs
import io
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from studio.core.errors import StudioError
from studio.formats import Format, TextFacts

SUFFIXES = (".txt", ".md")
_BLOCK = 1 << 20  # bytes read at once
_SAMPLE = 1 << 16  # bytes looked at to tell text from other things, and to guess an encoding

# The longer mark first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_KINDS = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"{\\rtf", "a rich text document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x28\xb5\x2f\xfd", "a compressed file"),
    (b"\xfd7zXZ", "a compressed file"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
)
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1a\x1b\b\v")
# Accented letters inside or at the end of words, typographic marks anywhere.
_WESTERN = re.compile(
    r"(?:[\x00-\x7f‘’“”„‚–—…•€£§©®«»°·àÀèÈéÉóÓåÅöÖ]|[À-ÖØ-öø-ÿŒœŠšŽžŸ](?=[A-Za-z])|(?<=[A-Za-z])[À-ÖØ-öø-ÿŒœŠšŽžŸ])*"
)
_SAVE_AS = "Open it in a text editor and save it as UTF-8, then choose it again."
_EXPORT = "Export its text as .txt, then choose that file."
CERTAIN = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-32"})  # by mark, or because every byte fits
_LABELS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32", "cp1252": "Windows-1252"}


def recognises(path: Path) -> bool:
    """Whether the suffix is one of plain text."""
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def describe(path: Path, watch: Callable[[int], None] | None = None) -> TextFacts:
    """Decide the encoding: by mark, else UTF-8 if every byte fits, else a guess. What is no text is refused."""
    size, head = _open_up(path)
    if not size:
        raise StudioError(f"“{path.name}” is empty.", "Choose a file that has text in it.")
    for mark, codec, label in _MARKS:
        if head.startswith(mark):
            if size == len(mark):
                raise StudioError(
                    f"“{path.name}” is empty but for a byte order mark.", "Choose a file with text in it."
                )
            return TextFacts(codec, f"{label}, as the byte order mark at its beginning says.", size)
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
    for block in itertools.chain(_blocks(path), (b"",)):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            where = _offset(error, block, done)
            sentence = f"“{path.name}” was read as {_label(codec)}, but the byte at offset {where:,} does not fit."
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


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise _unreadable(path, error) from error


def _open_up(path: Path) -> tuple[int, bytes]:
    """Size and first bytes; only a regular file is opened, since a pipe or a device may never end."""
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "not a regular file" if path.exists() else "not there"
            raise StudioError(f"“{path.name}” is {what}.", "Choose a text file.")
        with path.open("rb") as file:
            return path.stat().st_size, file.read(_SAMPLE)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> StudioError:
    if isinstance(error, PermissionError):
        return StudioError(f"You are not allowed to read “{path.name}”.", "Change its permissions, or choose a copy.")
    return StudioError(f"“{path.name}” could not be read: {error.strerror or error}.", "Try again, or choose a copy.")


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    for beginning, kind in _KINDS:
        if head.startswith(beginning):
            raise StudioError(f"“{path.name}” is {kind}, not plain text.", _EXPORT)
    even, odd, pairs = head[0::2].count(0), head[1::2].count(0), len(head) // 2
    if pairs and max(even, odd) > pairs // 2 and min(even, odd) <= pairs // 20:
        raise StudioError(f"“{path.name}” looks like UTF-16 without its byte order mark.", _SAVE_AS)
    _refuse_zero(path, head, 0)
    if sum(map(head.count, _CONTROL)) > len(head) // 100:
        raise StudioError(f"“{path.name}” is not a text: it is full of control bytes.", _EXPORT)


def _refuse_zero(path: Path, block: bytes, done: int) -> None:
    if (place := block.find(0)) >= 0:
        raise StudioError(
            f"“{path.name}” holds a zero byte at offset {done + place:,}, so it is probably not a text.",
            "If it is one, remove that byte in a text editor; otherwise export its text as .txt.",
        )


def _first_flaw(path: Path, watch: Callable[[int], None] | None) -> int | None:
    """Offset of the first byte that is not UTF-8, found by reading the whole file; a zero byte is refused."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    done = 0
    for block in itertools.chain(_blocks(path), (b"",)):
        _refuse_zero(path, block, done)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return _offset(error, block, done)
        done += len(block)
        if watch is not None:
            watch(len(block))
    return None


def _offset(error: UnicodeDecodeError, block: bytes, done: int) -> int:
    """Place in the file; the decoder may have kept bytes of the block before, which stand first in its view."""
    return done + error.start - (len(error.object) - len(block))


def _guess(path: Path, flaw: int) -> tuple[str, str]:
    """Codec and reason for a file that is not UTF-8; one that almost is counts as damaged and is refused."""
    with path.open("rb") as file:
        file.seek(max(0, flaw - _SAMPLE // 2))
        sample = file.read(_SAMPLE)
    found = f"the byte {sample[min(flaw, _SAMPLE // 2)]:#04x} at offset {flaw:,} is not UTF-8"
    lenient = sample.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    if sum(character > "\x7f" for character in lenient) - broken > broken:
        raise StudioError(f"“{path.name}” is damaged: {found}, though the rest around it is.", _SAVE_AS)
    codec = _older_codec(sample)
    if not codec:
        raise StudioError(
            f"The encoding of “{path.name}” could not be found: {found}, and no other one fits.", _SAVE_AS
        )
    return codec, f"{_label(codec)}, a guess, since {found}. Compare the first lines with what you expect."


def _older_codec(sample: bytes) -> str:
    """The likeliest encoding from before UTF-8; empty when none makes sense."""
    high = sum(byte > 0x7F for byte in sample)
    if high < 8 or (high < 20 and high < 0.3 * len(sample)):
        # Too few to compare languages: Windows' Western code page, if that gives words, or nothing.
        return "cp1252" if _WESTERN.fullmatch(sample.decode("cp1252", "replace")) else ""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_exclusion=["utf_16", "utf_32", "utf_16_be", "utf_16_le", "utf_7"]).best()
    if best is None:
        return ""
    # Among the Western code pages that read a text alike, Windows' own is the one in use.
    return "cp1252" if "cp1252" in best.could_be_from_charset else best.encoding


def _label(codec: str) -> str:
    return _LABELS.get(codec, codec)


FORMAT = Format(
    name="plain_text",
    label="Plain text",
    suffixes=SUFFIXES,
    recognises=recognises,
    files=_files,
    describe=describe,
    read=read,
)
