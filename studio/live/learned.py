"""A vocabulary learned from a text or dataset of the project, and measured on what it has not seen. Knows no Qt."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from studio.core.errors import StudioError
from studio.store.corpus import Text
from studio.tokenizers import Tokenizer, make_tokenizer

if TYPE_CHECKING:
    from studio.store.datasets import Dataset
    from studio.vocabularies.training import Recipe

YARDSTICK = "gpt2"
LONGEST = 200  # tokens that are listed
_MEASURED = 200_000  # characters of the held-back part that are cut for the comparison
_SHOWN = 1_500  # of them that are shown

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Learned:
    """A tokenizer with what it was made of; token counts are of the same held-back characters, 0 where there are none.

    `longest` are ids of tokens of text, the longest first.
    """

    tokenizer: Tokenizer
    recipe: "Recipe"
    source: str  # name of the text or title of the dataset
    sha256: str
    characters: int  # learned from
    seconds: float
    unseen: int = 0  # held-back characters that were cut
    tokens: int = 0
    yardstick: int = 0
    sample: str = ""  # the beginning of the held-back part
    longest: tuple[int, ...] = ()


def learn(
    source: "Text | Dataset",
    recipe: "Recipe",
    held_back: float,
    *,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Learned:
    """Learn from all but the last `held_back` share of a text (rows of a dataset), then measure on that."""
    from studio.vocabularies.training import train_tokenizer

    pieces = _Pieces(source, held_back, keep_going)
    begun = time.monotonic()
    tokenizer = train_tokenizer(recipe, pieces.first(), pieces.characters, progress=progress, keep_going=keep_going)
    seconds = time.monotonic() - begun
    unseen = pieces.last(_MEASURED)
    tokens = len(tokenizer.encode(unseen))
    return Learned(
        tokenizer, recipe, pieces.name, source.sha256, pieces.read, seconds,
        len(unseen), tokens, len(make_tokenizer(YARDSTICK).encode(unseen)), _whole_words(unseen), longest(tokenizer),
    )  # fmt: skip


def _whole_words(unseen: str) -> str:
    """The beginning of a text that was cut somewhere: from its first whole word on."""
    first, blank, rest = unseen[: 2 * _SHOWN].partition(" ")
    return (rest if blank else first)[:_SHOWN]


def longest(tokenizer: Tokenizer, many: int = LONGEST) -> tuple[int, ...]:
    """Ids of the tokens of text with the most bytes, the longest first; neither special ones nor single bytes."""
    special = set(tokenizer.special.values())
    sizes = [(-len(tokenizer.token_bytes(token)), token) for token in range(tokenizer.vocab_size)]
    return tuple(token for size, token in sorted(sizes) if size < -1 and token not in special)[:many]


class _Pieces:
    """A source in two parts, each streamed: what is learned from, and what is held back."""

    def __init__(self, source: "Text | Dataset", held_back: float, keep_going: KeepGoing | None) -> None:
        self._source, self._keep_going = source, keep_going
        text = isinstance(source, Text)
        size = source.characters if isinstance(source, Text) else source.rows
        self._cut = size - int(held_back * size)
        self.name = source.name if isinstance(source, Text) else source.title
        self.characters = self._cut if text else 0  # 0: not known before they are read
        self.read = 0

    def first(self) -> Iterator[str]:
        """The pieces before the cut."""
        if isinstance(self._source, Text):
            left = self._cut
            for piece in self._source.chunks(1 << 16):
                if left <= 0:
                    return
                self.read += min(left, len(piece))
                yield piece[:left]
                left -= len(piece)
        else:
            for row in islice(self._rows(), self._cut):
                self.read += len(row)
                yield row

    def last(self, limit: int) -> str:
        """The beginning of the part behind the cut."""
        found, skip = "", self._cut
        if not isinstance(self._source, Text):
            for row in islice(self._rows(), self._cut, None):
                found += row[: limit - len(found)]
                if len(found) >= limit:
                    break
            return found
        for piece in self._source.chunks(1 << 16):
            if self._keep_going is not None and not self._keep_going():
                raise StudioError("Learning was stopped before it was finished.", "Nothing was changed.")
            found += piece[skip:]
            skip = max(0, skip - len(piece))
            if len(found) >= limit:
                break
        return found[:limit]

    def _rows(self) -> Iterator[str]:
        from studio.rows.kinds import text_of

        assert not isinstance(self._source, Text)
        for values in self._source.stream(self._keep_going):
            yield text_of(self._source.reading, values) + "\n"
