"""Names that come from outside: made harmless for a new folder, or refused before they reach a path."""

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

from studio.core.errors import StudioError

LONGEST = 80  # characters; the bytes of most file systems end at 255
LONGEST_BYTES = 200
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')
# Marks that turn the direction of writing make a name read differently from what it is.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029]")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)


def safe_name(text: str) -> str:
    """A name for one file or folder that every system accepts, as close to `text` as that allows; never empty."""
    name = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))
    name = _FORBIDDEN.sub("-", _TURNING.sub("", re.sub(r"\s+", " ", name)))
    name = _shorter(name.strip(" ."))
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    return name or "untitled"


def inside(root: Path, name: str) -> Path:
    """The path of `name` under `root`; whatever would leave it, or is no plain name on some system, is refused.

    `name` may have several parts with `/` between them. Links on the way that lead out of `root` are refused too.
    """
    parts = name.split("/")
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or any(_refused(part) for part in parts):
        raise StudioError(
            f"“{visible(name)}” is not a name that is allowed here.",
            "Use letters, digits, blanks and dashes, without path marks.",
        )
    path = root.joinpath(*parts)
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise StudioError(f"“{visible(name)}” leads out of “{root}” through a link, and was refused.")
    return path


def visible(text: str, longest: int = 100) -> str:
    """A foreign name for a sentence: marks that cannot be seen are spelled out, overlong ones are cut."""
    shown = "".join(
        mark if mark.isprintable() and not _TURNING.match(mark) else f"\\u{ord(mark):04x}" for mark in text[:longest]
    )
    return shown + "…" if len(text) > longest else shown


def _refused(part: str) -> bool:
    return (
        part in ("", ".", "..")
        or part != part.rstrip(" .")
        or len(part) > 255
        or bool(_FORBIDDEN.search(part) or _TURNING.search(part) or _DEVICES.fullmatch(part))
        or any("\ud800" <= mark <= "\udfff" for mark in part)
    )


def _shorter(name: str) -> str:
    name = name[:LONGEST]
    while len(name.encode("utf-8")) > LONGEST_BYTES:
        name = name[:-1]
    return name.strip(" .")
