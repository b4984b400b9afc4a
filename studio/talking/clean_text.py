"""Text of a model made harmless for the screen: what would hide, reverse or overprint other letters is marked."""

import re

_MARKS_KEPT = 8  # combining marks on one letter; more of them climb over the lines above
# Controls except line end and tab, what turns the writing direction, tags and other letters without ink
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_HALF = re.compile("[\ud800-\udfff]")
_COMBINING = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31-\u0e4e\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_PILE = re.compile(f"({_COMBINING}{{{_MARKS_KEPT}}}){_COMBINING}+")


def clean(text: str) -> str:
    """The same text with marks such as ⟨1B⟩ for letters that must not act; line ends are \\n."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNSAFE.sub(_spelled, text)
    return _PILE.sub(r"\1…", text)


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"⟨{code:02X}⟩"


class Joiner:
    """Joins pieces of a stream whose cuts may lie inside a pair of surrogates or of a line end."""

    def __init__(self) -> None:
        self._held = ""

    def take(self, text: str) -> str:
        """What can be shown of everything so far that was not shown yet, made harmless."""
        text = self._held + text
        self._held = ""
        if text and ("\ud800" <= text[-1] <= "\udbff" or text[-1] == "\r"):
            text, self._held = text[:-1], text[-1]
        if not text.isascii() and _HALF.search(text):  # both halves may be there as two letters
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return clean(text)

    def flush(self) -> str:
        """What was held back at the end."""
        held, self._held = self._held, ""
        return clean(held)
