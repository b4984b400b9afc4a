"""Where in a text each token stands, so that several tokenizers can be read under one another. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from studio.core.errors import StudioError
from studio.tokenizers import Tokenizer
from studio.tokenizers.words import split_words
from studio.views.token_text import Token

_REACH = 200  # characters ahead that a piece is looked for


@dataclass(frozen=True)
class Placed:
    """A token and the characters it covers, from `start` to `end`; fractions where it ends inside a character."""

    token: Token
    start: float
    end: float


@dataclass(frozen=True)
class Lane:
    """What one tokenizer makes of a text; `problem` is why it cannot say it, `loose` that it does not keep it."""

    name: str
    tokens: tuple[Placed, ...] = ()
    problem: str = ""
    loose: bool = False


def lane_of(name: str, tokenizer: Tokenizer, text: str) -> Lane:
    """Encode a text and find each token in it again."""
    try:
        ids = tokenizer.encode(text)
    except StudioError as error:
        return Lane(name, problem=error.message)
    special = set(tokenizer.special.values())
    known = {one: Token(tokenizer.token_text(one), one, tokenizer.token_bytes(one), one in special) for one in set(ids)}
    tokens = [known[one] for one in ids]
    if b"".join(token.data for token in tokens) == text.encode("utf-8", "replace"):
        return Lane(name, tuple(by_bytes(tokens, text)))
    return Lane(name, tuple(by_search(tokens, text)), loose=True)


def by_bytes(tokens: Sequence[Token], text: str) -> list[Placed]:
    """Places of tokens whose bytes together are those of the text."""
    sizes = [len(character.encode("utf-8", "replace")) for character in text]
    character_at = [place for place, size in enumerate(sizes) for _ in range(size)] + [len(text)]
    begins = list(accumulate(sizes, initial=0))
    ends = list(accumulate(len(token.data) for token in tokens))

    def place(byte: int) -> float:
        character = character_at[byte]
        inside = byte - begins[character]
        return character + (inside / sizes[character] if inside else 0.0)

    return [Placed(token, place(end - len(token.data)), place(end)) for token, end in zip(tokens, ends, strict=True)]


def by_search(tokens: Sequence[Token], text: str) -> list[Placed]:
    """Places of tokens that drop blanks or change letters: each is looked for behind the one before it.

    One that is not found, such as the token for unknown words, covers what lies between its neighbours.
    """
    small = "".join(character if len(character.lower()) != 1 else character.lower() for character in text)
    found: list[tuple[float, float] | None] = []
    at = 0
    for token in tokens:
        spelled = token.text.strip().removeprefix("##").lower()
        place = small.find(spelled, at, at + _REACH + len(spelled)) if spelled and not token.special else -1
        found.append((place, place + len(spelled)) if place >= 0 else None)
        at = place + len(spelled) if place >= 0 else at
    return _filled(tokens, found, text)


def _filled(tokens: Sequence[Token], found: list[tuple[float, float] | None], text: str) -> list[Placed]:
    placed: list[Placed] = []
    for lost, run in groupby(zip(tokens, found, strict=True), key=_is_lost):
        pairs = list(run)
        if not lost:
            placed += [Placed(token, *place) for token, place in pairs if place is not None]
            continue
        start = placed[-1].end if placed else 0.0
        later = next((place for place in found[len(placed) + len(pairs) :] if place is not None), None)
        spans = _shared(text, int(start), int(later[0]) if later is not None else len(text), len(pairs))
        placed += [Placed(token, *span) for (token, _), span in zip(pairs, spans, strict=True)]
    return placed


def _is_lost(pair: tuple[Token, tuple[float, float] | None]) -> bool:
    return pair[1] is None


def _shared(text: str, start: int, end: int, many: int) -> list[tuple[float, float]]:
    """A stretch of a text for so many tokens: its words where there are as many, else equal parts of it."""
    words = split_words(text[start:end])
    if len(words) == many:
        spans: list[tuple[float, float]] = []
        for word in words:
            start = text.index(word, start)
            spans.append((start, start + len(word)))
            start += len(word)
        return spans
    piece = text[start:end]
    if piece.strip():
        start, end = start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
    return [(start + (end - start) * place / many, start + (end - start) * (place + 1) / many) for place in range(many)]
