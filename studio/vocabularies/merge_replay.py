"""Byte pairs one merge after the other: how a text is cut by learned ranks, or how merges are learned from it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.tokenizers import Tokenizer, lowered
from studio.tokenizers.byte_pair import WRITTEN, BytePairTokenizer, RankedTokenizer

LONGEST = 1_000  # characters that are followed
NEVER = -1  # rank of two neighbours that no merge joins, id of a token where none was made


@dataclass(frozen=True)
class Pair:
    """Two neighbours by their ids, how often they stand side by side, and the rank of their merge."""

    left: int
    right: int
    count: int
    rank: int = NEVER


@dataclass(frozen=True)
class Step:
    """The text after a merge; `words` says for every piece which word it is in, for no merge crosses a word."""

    ids: tuple[int, ...]
    words: tuple[int, ...]
    merged: Pair | None  # what was joined to come here, counted before; None at the beginning
    made: int  # the id that it became
    places: tuple[int, ...]  # where in `ids` it stands now
    pairs: tuple[Pair, ...]  # the neighbours of this moment; what is joined next comes first


@dataclass(frozen=True)
class Replay:
    """All steps from the bytes of a text to its tokens; `learned` where the merges come from the text itself."""

    steps: tuple[Step, ...]
    learned: bool
    _spellings: Mapping[int, bytes]

    def spelling(self, token: int) -> bytes:
        """The bytes of a token of these steps."""
        return self._spellings[token]

    def pieces(self, step: int) -> tuple[bytes, ...]:
        """The bytes of every piece after so many merges."""
        return tuple(self._spellings[token] for token in self.steps[step].ids)


def replayable(tokenizer: Tokenizer) -> bool:
    """Whether its merges can be shown: byte pairs with ranks."""
    return isinstance(tokenizer, RankedTokenizer)


def learn(text: str, merges: int = 20, *, within_words: bool = False) -> Replay:
    """Learn merges from a text itself: always the pair that is most frequent now, the first one where several are.

    Ids from 256 on are new tokens, as in the algorithm of Gage (1994). `within_words` never joins across a blank.
    """
    words = _words(_short(text), WRITTEN) if within_words else [_short(text)]
    spellings = {byte: bytes([byte]) for byte in range(256)}

    def order(pair: tuple[int, int], count: int, place: int) -> tuple[int, int, int]:
        return NEVER, -count, place

    def join(pair: Pair) -> int:
        new = len(spellings)
        spellings[new] = spellings[pair.left] + spellings[pair.right]
        return new

    steps = _steps([list(word.encode("utf-8")) for word in words], order, join, merges)
    return Replay(tuple(steps), True, spellings)


def replay(tokenizer: Tokenizer, text: str) -> Replay:
    """Follow a tokenizer: from the bytes of a text, merge by merge in the order of the ranks, to its tokens."""
    if not isinstance(tokenizer, RankedTokenizer):
        raise StudioError("This tokenizer has no merges to follow.", "Choose one of byte pairs, such as GPT-2's.")
    text = _short(text)
    if isinstance(tokenizer, BytePairTokenizer) and tokenizer.lower:
        text = lowered(text)
    ranks = tokenizer.ranks()
    spellings = {ranks[bytes([byte])]: bytes([byte]) for byte in range(256)}

    def order(pair: tuple[int, int], count: int, place: int) -> tuple[int, int, int]:
        rank = ranks.get(spellings[pair[0]] + spellings[pair[1]], NEVER)
        return rank, -count, place

    def join(pair: Pair) -> int:
        if pair.rank != NEVER:
            spellings[pair.rank] = spellings[pair.left] + spellings[pair.right]
        return pair.rank

    start = [[ranks[bytes([byte])] for byte in word.encode("utf-8")] for word in _words(text, tokenizer.written)]
    return Replay(tuple(_steps(start, order, join, len(text.encode("utf-8")))), False, spellings)


Order = Callable[[tuple[int, int], int, int], tuple[int, int, int]]  # rank, then what decides between equals


def _steps(start: list[list[int]], order: Order, join: Callable[[Pair], int], most: int) -> Iterator[Step]:
    ids = [token for word in start for token in word]
    words = [number for number, word in enumerate(start) for _ in word]
    pairs = _pairs(ids, words, order)
    yield Step(tuple(ids), tuple(words), None, NEVER, (), pairs)
    for _ in range(most):
        made = join(pairs[0]) if pairs else NEVER
        if made == NEVER:
            return
        merged = pairs[0]
        ids, words, places = _joined(ids, words, merged, made)
        pairs = _pairs(ids, words, order)
        yield Step(tuple(ids), tuple(words), merged, made, tuple(places), pairs)


def _pairs(ids: list[int], words: list[int], order: Order) -> tuple[Pair, ...]:
    """Every two neighbours of one word with their count; those with a rank first, by it."""
    counts: dict[tuple[int, int], int] = {}
    for place, pair in enumerate(pairwise(ids)):
        if words[place] == words[place + 1]:
            counts[pair] = counts.get(pair, 0) + 1
    keys = {pair: order(pair, count, place) for place, (pair, count) in enumerate(counts.items())}
    last = 1 << 62
    ordered = sorted(counts, key=lambda pair: (last if keys[pair][0] == NEVER else keys[pair][0], *keys[pair][1:]))
    return tuple(Pair(*pair, counts[pair], keys[pair][0]) for pair in ordered)


def _joined(ids: list[int], words: list[int], pair: Pair, made: int) -> tuple[list[int], list[int], list[int]]:
    """Join the pair wherever it stands, from left to right; also where the new token stands then."""
    after: list[int] = []
    numbers: list[int] = []
    places: list[int] = []
    place = 0
    while place < len(ids):
        inside = place + 1 < len(ids) and words[place] == words[place + 1]
        found = inside and (ids[place], ids[place + 1]) == (pair.left, pair.right)
        if found:
            places.append(len(after))
        after.append(made if found else ids[place])
        numbers.append(words[place])
        place += 2 if found else 1
    return after, numbers, places


def _words(text: str, rule: str) -> list[str]:
    """The words that merges stay inside of, by the rule of a tokenizer."""
    from tokenizers import Regex, pre_tokenizers

    if not text:
        return []
    return [word for word, _ in pre_tokenizers.Split(Regex(rule), "isolated").pre_tokenize_str(text)]


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise StudioError(
            f"This text has {len(text):,} characters; merges are followed in at most {LONGEST:,}.",
            "Take a sentence of it.",
        )
    return without_halves(text)
