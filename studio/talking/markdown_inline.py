"""The inside of one paragraph: emphasis, code, links as stretches of a plain text; pictures are only named."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from studio.core.language import tr
from studio.talking.addresses import safe_address, shown_address
from studio.talking.clean_text import clean

_SPECIALS = 120  # signs in one stretch above which it stays as it was written: reading them takes too long
_BRACKETS = 50  # the same for what could begin a link
_BARE = re.compile(r"https?://[^\s<>\[\]()\"'`|\\^{}⟨⟩]{1,1000}", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?:;,]\s+|\n")
_SIGN = re.compile(r"[*_`~\[\]()]")
_SHORTEST = 60  # characters of a stretch
_STEP = 300  # characters that are cut into stretches once
_ENDS = ".,;:!?…*_~"


class Style:
    """How a stretch of text stands out: bits, of which several may be set at once."""

    PLAIN, STRONG, EMPHASIS, CODE, STRUCK, LINK, QUIET = 0, 1, 2, 4, 8, 16, 32


class Span(NamedTuple):
    """Letters `start` to `end` of a block; `role` is a colour of the theme, `link` an address that was checked."""

    start: int
    end: int
    style: int = Style.PLAIN
    role: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Inline:
    """A plain text and what stands out in it."""

    text: str
    spans: tuple[Span, ...] = ()

    def __hash__(self) -> int:
        return hash(self.text)  # which Python keeps: the cells of a table that grows are looked up at every token


@cache
def reader() -> Any:
    """The one Markdown reader: no HTML, no references, at most a dozen levels; `validateLink` knows http(s) only."""
    from markdown_it import MarkdownIt

    made: Any = MarkdownIt("commonmark", {"html": False, "maxNesting": 12}).enable(["table", "strikethrough"])
    made.disable(["reference", "html_block", "html_inline", "code"])
    made.core.ruler.disable(["inline", "text_join"])  # paragraphs are read one by one, and kept
    made.validateLink = _is_allowed
    made.normalizeLink = str
    return made


def _is_allowed(address: str) -> bool:
    return safe_address(address) is not None


def inline(source: str) -> Inline:
    """Read one paragraph, cell or heading, sentence by sentence: of a growing one only the last is read again."""
    found: list[Inline] = []
    at = 0
    while len(source) - at > _STEP:
        known, length = _beginning(source[at : at + _STEP])
        if not length:
            break
        found.append(known)
        at += length
    found += map(_read, _stretches(source[at:]))
    return found[0] if len(found) == 1 else _joined(found)


@lru_cache(maxsize=512)
def _beginning(source: str) -> tuple[Inline, int]:
    """All stretches but the last one, which may go on, and how many characters they have."""
    stretches = list(_stretches(source))[:-1]
    return _joined([_read(stretch) for stretch in stretches]), sum(map(len, stretches))


def _joined(found: Sequence[Inline]) -> Inline:
    starts = accumulate((len(one.text) for one in found), initial=0)
    spans = tuple(
        Span(span.start + start, span.end + start, *span[2:])
        for one, start in zip(found, starts, strict=False)
        for span in one.spans
    )
    return Inline("".join(one.text for one in found), spans)


def _stretches(source: str) -> Iterator[str]:
    """Cut after sentences and lines, only where nothing that was opened before is still open."""
    start = 0
    for found in _SENTENCE.finditer(source):
        part = source[start : found.end()]
        if len(part) >= _SHORTEST and (_SIGN.search(part) is None or _is_closed(part)):
            yield part
            start = found.end()
    if start < len(source) or not source:
        yield source[start:]


def _is_closed(part: str) -> bool:
    """Whether no sign or bracket in it waits for another one."""
    if any(part.count(sign) % 2 for sign in "*_`~"):
        return False
    return part.count("[") == part.count("]") and part.count("(") == part.count(")")


@lru_cache(maxsize=4_096)
def _read(source: str) -> Inline:
    """One stretch; one with too many signs stays as it was written."""
    signs = sum(map(source.count, "[]!")), sum(map(source.count, "*_~`<&\\"))
    writer = _Writer()
    if signs[0] > _BRACKETS or sum(signs) > _SPECIALS:
        writer.text(clean(source))
        return writer.done()
    tokens: list[Any] = []
    reader().inline.parse(source, reader(), {}, tokens)
    writer.walk(tokens)
    return writer.done()


class _Writer:
    """Collects the plain text while it walks over the reader's tokens."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._spans: list[Span] = []
        self._length = 0
        self._style = Style.PLAIN
        self._link, self._link_start = "", 0

    def walk(self, tokens: Sequence[Any]) -> None:
        """Everything between the beginning and the end of a paragraph."""
        opening = {"strong": Style.STRONG, "em": Style.EMPHASIS, "s": Style.STRUCK}
        for token in tokens:
            kind, _, edge = token.type.rpartition("_")
            if kind in opening:
                self._style = self._style | opening[kind] if edge == "open" else self._style & ~opening[kind]
            elif token.type == "link_open":
                self._link = safe_address(str(token.attrGet("href"))) or ""
                self._link_start = self._length
                self._style |= Style.LINK if self._link else Style.PLAIN
            elif token.type == "link_close":
                self._end_link()
            elif token.type == "image":
                self._name_picture(token)
            elif token.type in ("softbreak", "hardbreak"):
                self.text("\n")
            elif token.type == "code_inline":
                self._put(clean(token.content), self._style | Style.CODE)
            else:
                self.text(clean(token.content))

    def text(self, text: str) -> None:
        """Plain letters; addresses that stand there by themselves become links."""
        at = 0
        for start, end, address in () if self._link else _bare_links(text):
            self._put(text[at:start], self._style)
            self._put(text[start:end], self._style | Style.LINK, address)
            at = end
        self._put(text[at:], self._style, self._link)

    def done(self) -> Inline:
        """Everything that was written."""
        return Inline("".join(self._parts), tuple(self._spans))

    def _put(self, text: str, style: int, link: str = "") -> None:
        if not text:
            return
        if style:
            self._spans.append(Span(self._length, self._length + len(text), style, "", link or self._link))
        self._parts.append(text)
        self._length += len(text)

    def _end_link(self) -> None:
        """Behind a link stands where it leads, unless it says so itself."""
        link, said = self._link, "".join(self._parts)[self._link_start :]
        self._style &= ~Style.LINK
        self._link = ""
        if link and said.strip() not in (link, link.removesuffix("/")):
            self._put(f" ({shown_address(link)})", self._style | Style.QUIET)

    def _name_picture(self, token: Any) -> None:
        """Nothing is loaded: the picture's words and its address stand there."""
        address = safe_address(str(token.attrGet("src"))) or tr("no address on the web")
        words = clean(token.content)[:200] or tr("picture")
        self._put(tr("[picture, not loaded: {words} · {address}]", words=words, address=shown_address(address)),
                  self._style | Style.QUIET)  # fmt: skip


def _bare_links(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, address) of the addresses that stand in plain text."""
    if "://" not in text:
        return
    for found in _BARE.finditer(text):
        said = found[0].rstrip(_ENDS)
        address = safe_address(said)
        if address is not None:
            yield found.start(), found.start() + len(said), address
