"""Which encoding some bytes are in: by mark, because they fit, or by a guess that is said."""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from studio.core.errors import StudioError
from studio.gate.names import visible

# The longer mark first: UTF-32's begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
CERTAIN = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-32"})  # by mark, or because every byte fits
# Accented letters inside or at the end of words, typographic marks anywhere.
_WESTERN = re.compile(
    r"(?:[\x00-\x7f‘’“”„‚–—…•€£§©®«»°·àÀèÈéÉóÓåÅöÖ]|[À-ÖØ-öø-ÿŒœŠšŽžŸ](?=[A-Za-z])|(?<=[A-Za-z])[À-ÖØ-öø-ÿŒœŠšŽžŸ])*"
)
_USUAL = frozenset("éèêëàâçùûüöäßñóíáúïîôœæøåÉÈÀÇÜÖÄÓÍÁÚÑÅØÆ‘’“”…–—€£°«»")
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
    (b"PAR1", "a Parquet file"),
)
_CONTROL = bytes(sorted(frozenset(range(32)) - frozenset(b"\t\n\r\f\x1a\x1b\b\v")))
_LABELS = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32", "cp1252": "Windows-1252",
    "utf-16-le": "UTF-16 (little-endian)", "utf-16-be": "UTF-16 (big-endian)", "cp949": "Korean (cp949)",
    "euc_kr": "Korean (euc-kr)", "shift_jis": "Japanese (Shift JIS)", "cp932": "Japanese (cp932)",
    "gb18030": "Chinese (gb18030)", "big5": "Chinese (Big5)", "cp1251": "Cyrillic (Windows-1251)",
}  # fmt: skip
_UNFIT = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7"})
UNREADABLE = "\udcff"  # stands for bytes that do not fit; becomes a byte that UTF-8 never has
_AROUND = 1 << 15


@dataclass(frozen=True)
class Encoding:
    """A codec by Python's name, a sentence on how it was found, and whether that was a guess."""

    codec: str
    why: str
    guessed: bool = False


def other_kind(head: bytes) -> str:
    """What a file is that is known by its first bytes and holds no plain text; empty otherwise."""
    return next((kind for beginning, kind in _KINDS if head.startswith(beginning)), "")


def is_full_of_control(head: bytes, few: int = 0) -> bool:
    """Whether more than one byte in a hundred, and more than a few, are such that no text has."""
    return len(head) - len(head.translate(None, _CONTROL)) > max(few, len(head) // 100)


def label(codec: str) -> str:
    """A codec's name for people."""
    return _LABELS.get(codec, codec)


def chosen_encoding(name: str) -> Encoding:
    """What a person asked for; a name that is no encoding of text is refused."""
    try:
        info = codecs.lookup(name)
        decodes = codecs.getincrementaldecoder(name) is not None
        fit = decodes and info._is_text_encoding and info.name.replace("-", "_") not in _UNFIT
    except (LookupError, ValueError):
        fit = False
    if not fit:
        raise StudioError(f"“{visible(name)}” is not an encoding of text.", "Try utf-8, cp949, euc-kr or utf-16.")
    return Encoding(name, f"{label(name)}, as you chose.")


def find_encoding(samples: Sequence[bytes], whole: bool) -> Encoding:
    """Look at pieces of a file, the first being its beginning; `whole` if there is nothing else in it."""
    head = samples[0]
    for mark, codec, words in MARKS:
        if head.startswith(mark):
            return Encoding(codec, f"{words}, as the byte order mark at its beginning says.")
    if codec := wide_codec(head):
        return Encoding(codec, f"{label(codec)}, since every other byte is zero; it has no byte order mark.", True)
    flaws = [_flaw(piece, place > 0, whole) for place, piece in enumerate(samples)]
    where = next((place for place, flaw in enumerate(flaws) if flaw is not None), None)
    if where is None:
        return Encoding("utf-8", "UTF-8: every byte fits." if whole else "UTF-8: every byte that was looked at fits.")
    flaw = flaws[where] or 0
    sample = samples[where][max(0, flaw - _AROUND) : flaw + _AROUND]
    if is_mostly_utf8(sample):
        return Encoding("utf-8", "UTF-8, though it is damaged: rows with bytes that do not fit are left out.")
    codec = older_codec(sample)
    if not codec:
        return Encoding("utf-8", "UTF-8 for want of a better one: rows with bytes that do not fit are left out.", True)
    byte = samples[where][flaw]
    return Encoding(codec, f"{label(codec)}, a guess, since the byte {byte:#04x} in it is not UTF-8.", True)


def wide_codec(sample: bytes) -> str:
    """UTF-16 without its mark: zero bytes, and all of them on the same side of their pairs; empty otherwise."""
    sample = sample[: len(sample) // 2 * 2]
    even, odd, pairs = sample[0::2].count(0), sample[1::2].count(0), len(sample) // 2
    few = max(even, odd) < max(8, pairs // 50) and max(even, odd) <= pairs // 2
    if not pairs or few or min(even, odd) > max(even, odd) // 4:
        return ""
    codec = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = codecs.getincrementaldecoder(codec)("strict").decode(sample)
    except UnicodeDecodeError:
        return ""
    common = sum(character.isprintable() or character in "\r\n\t" for character in text)
    return codec if common > 0.95 * len(text) else ""


def is_mostly_utf8(sample: bytes) -> bool:
    """Whether more characters beyond ASCII are good UTF-8 than are not."""
    lenient = sample.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    return sum(character > "\x7f" for character in lenient) - broken > broken


def older_codec(sample: bytes) -> str:
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
    return "cp1252" if "cp1252" in best.could_be_from_charset or _is_western(sample) else best.encoding


def _is_western(sample: bytes) -> bool:
    """Whether Windows' Western code page gives words, and nearly only the marked letters that Western languages use."""
    text = sample.decode("cp1252", "replace")
    high = [character for character in text if character > "\x7f"]
    return bool(_WESTERN.fullmatch(text)) and sum(mark in _USUAL for mark in high) > 0.97 * len(high)


def decoder_of(codec: str, lenient: bool = False) -> codecs.IncrementalDecoder:
    """A strict decoder, or one that puts `UNREADABLE` in the place of every stretch that does not fit."""
    codecs.register_error("atelier.mark", _mark)
    return codecs.getincrementaldecoder(codec)("atelier.mark" if lenient else "strict")


def as_utf8(pieces: Iterator[bytes], codec: str) -> Iterator[bytes]:
    """The same text as UTF-8 without its mark; bytes that do not fit become a byte that UTF-8 refuses.

    So a row with such a byte is found and left out where rows are read, and no other one suffers.
    """
    decoder = decoder_of(codec, lenient=True)
    try:
        for piece in pieces:
            if text := decoder.decode(piece):
                yield text.encode("utf-8", "surrogateescape")
        if text := decoder.decode(b"", final=True):
            yield text.encode("utf-8", "surrogateescape")
    except UnicodeError as error:  # such as utf-16 without its mark
        raise StudioError(f"This cannot be read as {codec}: {error}.", "Choose another encoding.") from error


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNREADABLE, error.end


def _flaw(piece: bytes, inner: bool, whole: bool) -> int | None:
    """Offset of the first byte that is not UTF-8; characters that the piece's borders cut do not count."""
    start = 0
    while inner and start < min(3, len(piece)) and 0x80 <= piece[start] < 0xC0:
        start += 1
    decode: Callable[[bytes, bool], str] = codecs.getincrementaldecoder("utf-8")("strict").decode
    try:
        decode(piece[start:], whole)
    except UnicodeDecodeError as error:
        return start + error.start
    return None
