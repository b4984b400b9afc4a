"""Text in motion: bytes that become characters as they arrive, and long texts cut where no token is cut."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator

CHUNK = 1 << 20  # characters in a piece of a long text
_NEAR = 128  # characters before the place that are looked through first: a blank is rarely further away
_LONGEST = 16  # chunks a stretch without a place to cut may grow to before it is cut anyway

# A single blank between two visible characters starts a new token for every tokenizer here, and a single line end ends
# one; in writing without blanks a letter or digit before a mark ends one. The ranges are letters whose kind no Unicode
# version disputes.
_CUTS = (
    re.compile(r"(?<=\S)(?= \S)|(?<=\S\n)(?=[^\s/])"),
    re.compile(r"(?<=[0-9A-Za-zÀ-ÖØ-öø-ɏぁ-ゖァ-ヺ一-龥가-힣])(?=[,.;:?!\"()])"),
)


class StreamDecoder:
    """Turns token ids into text one by one and keeps back the bytes of a character that is not complete yet.

    `spell(id, first)` gives the bytes of a token; `first` says that nothing stands before it.
    """

    def __init__(self, spell: Callable[[int, bool], bytes]) -> None:
        self._spell = spell
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._first = True

    def __call__(self, token: int) -> str:
        """The characters that this token completes; often empty for the first bytes of an emoji."""
        spelled = self._spell(token, self._first)
        self._first = False
        return self._decoder.decode(spelled)

    def flush(self) -> str:
        """What is left at the end: a replacement mark for each broken character. Afterwards a new text may begin."""
        self._first = True
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest


def chunked(stream: Iterable[str], size: int = CHUNK) -> Iterator[str]:
    """Cut a stream into pieces of about `size` characters whose tokens, put together, are those of the whole text.

    Only a stretch of sixteen times `size` characters without blank or mark is cut inside what could be one token.
    """
    parts: list[str] = []
    held = 0
    wait_for = size
    for part in stream:
        parts.append(part)
        held += len(part)
        if held < wait_for:
            continue
        text = "".join(parts)
        while len(text) >= size and (cut := last_cut(text, size)):
            yield text[:cut]
            text = text[cut:]
        parts, held = [text], len(text)
        # Searching again pays only when clearly more text has come in.
        wait_for = min(held + held // 2, _LONGEST * size) if held >= size else size
    yield from filter(None, ["".join(parts)])


def last_cut(text: str, size: int) -> int:
    """The best place at or before `size` to cut; else the first one after it; 0 while more text should be awaited."""
    for pattern in _CUTS:
        for back in (min(size, _NEAR), min(size, 4_096), size):
            start = max(0, size - back - 1)
            cuts = [start + match.start() for match in pattern.finditer(text[start : size + 2])]
            usable = [cut for cut in cuts if 0 < cut <= size]
            if usable:
                return usable[-1]
    for pattern in _CUTS:
        if later := pattern.search(text, size):
            return later.start()
    return _LONGEST * size if len(text) >= _LONGEST * size else 0


def without_halves(text: str) -> str:
    """Join surrogate pairs and replace lone halves by U+FFFD, so that every text has UTF-8 bytes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
