"""Characters that rarely belong in a text to learn from: what was lost in reading it, or was never meant to be seen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from studio.rows.pieces import pieces


@dataclass(frozen=True)
class OddKind:
    """One kind of odd characters, and why they stand in texts."""

    name: str
    label: str
    about: str


_KINDS = (
    (OddKind("replaced", "Replacement marks", "“\ufffd” stands where a character could not be read."), "\ufffd"),
    (
        OddKind(
            "mojibake", "Wrongly decoded letters", "Such as “Ã©” for “é”: bytes that were read in another encoding."
        ),
        "[\u0080-\u009f]|Ã[\u00a0-\u00bf\u0192\u201a]|Â[\u00a0-\u00bf]|â€[™œ“”˜¦¢]|ðŸ|ï»¿",
    ),
    (
        OddKind("control", "Control characters", "Codes for machines that no reader sees, such as NUL or escape."),
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
    ),
    (
        OddKind(
            "invisible", "Invisible characters", "Soft hyphens, byte order marks, and marks that turn the direction."
        ),
        "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]",
    ),
    (
        OddKind("private", "Private or broken code points", "Have no meaning that everybody shares."),
        "[\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff]",
    ),
    (
        OddKind("entity", "HTML entities", "Such as “&amp;” for “&”: left over from a web page."),
        "&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});",
    ),
)
ODD_KINDS: dict[str, OddKind] = {kind.name: kind for kind, _ in _KINDS}

_ODD = re.compile("|".join(f"(?P<{kind.name}>{form})" for kind, form in _KINDS))


def odd_characters(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of every odd place in a text."""
    for offset, piece in pieces(text):
        for match in _ODD.finditer(piece):
            if match.lastgroup is not None:
                yield match.lastgroup, offset + match.start(), offset + match.end()
