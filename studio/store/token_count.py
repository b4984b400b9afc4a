"""How many tokens a text is and how often each comes: counted in pieces, so that any split of it is known at once."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.store.corpus import Text
from studio.store.encoding import encoded, processes_for
from studio.tokenizers import Tokenizer, chunked, make_tokenizer

PIECE = 1 << 16  # characters in a piece: encoded within milliseconds

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]


@dataclass(frozen=True)
class Mark:
    """Where a piece begins: characters, bytes and tokens of the text before it."""

    characters: int = 0
    bytes: int = 0
    tokens: int = 0


@dataclass(frozen=True, eq=False)
class TokenCount:
    """A tokenizer with what it makes of a text; without a text everything counted is 0.

    `exact` is False when only the beginning was read: then `tokens` is projected, and a vocabulary that is learned
    from the text may still grow.
    """

    tokenizer: Tokenizer
    text: Text | None
    tokens: int
    occurrences: npt.NDArray[np.int64]  # (vocabulary,), of what was read
    marks: tuple[Mark, ...]
    exact: bool = True

    @property
    def vocab_size(self) -> int:
        """Number of different tokens."""
        return self.tokenizer.vocab_size

    @property
    def used(self) -> int:
        """How many different tokens come in what was read."""
        return int(np.count_nonzero(self.occurrences))

    def split(self, validation_share: float) -> tuple[int, int]:
        """Tokens of both sides when the text is cut as for training: each side is encoded by itself."""
        if self.text is None:
            return 0, 0
        if not self.exact:
            held_back = round(validation_share * self.tokens)
            return self.tokens - held_back, held_back
        place, before, after = self._cut(validation_share)
        behind = self.tokens - self.marks[place + 1].tokens
        return self.marks[place].tokens + self._count(before), self._count(after) + behind

    def around(self, validation_share: float, reach: int = 60) -> tuple[str, str]:
        """The last characters that are trained on and the first that are held back; empty where not counted."""
        if self.text is None or not self.exact:
            return "", ""
        _, before, after = self._cut(validation_share)
        return before[-reach:], after[:reach]

    def _cut(self, share: float) -> tuple[int, str, str]:
        """The piece that the cut goes through, by its number, and its two halves."""
        assert self.text is not None
        cut = int((1 - share) * self.text.characters)
        place = bisect_right(self.marks, cut, key=_characters) - 1
        place = min(max(place, 0), len(self.marks) - 2)
        start, end = self.marks[place], self.marks[place + 1]
        with open(self.text.path, "rb") as file:
            file.seek(start.bytes)
            piece = file.read(end.bytes - start.bytes).decode("utf-8", "replace")
        return place, piece[: cut - start.characters], piece[cut - start.characters :]

    def _count(self, piece: str) -> int:
        return len(self.tokenizer.encode_array(piece, marked=self.text is not None and self.text.marked))


def count_tokens(
    text: Text | None,
    tokenizer: str | Tokenizer,
    limit: int = 0,
    *,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> TokenCount:
    """Build the tokenizer for `text` and count; `limit` characters are read, 0 means all. For a worker thread."""
    if text is None:
        tokenizer = make_tokenizer(tokenizer) if isinstance(tokenizer, str) else tokenizer
        return TokenCount(tokenizer, None, 0, np.zeros(tokenizer.vocab_size, dtype=np.int64), (Mark(),))
    read = min(limit or text.characters, text.characters)
    if isinstance(tokenizer, str):
        tokenizer = make_tokenizer(tokenizer, _pieces(text, read, keep_going))
    occurrences = np.zeros(tokenizer.vocab_size, dtype=np.int64)
    mark = Mark()
    marks = [mark]
    pieces = _pieces(text, read, keep_going)
    others = processes_for(tokenizer, read)
    with closing(encoded(tokenizer, pieces, PIECE, marked=text.marked, processes=others)) as stream:
        for piece, ids in stream:
            np.add.at(occurrences, ids, 1)
            size = len(piece) if piece.isascii() else len(piece.encode("utf-8"))
            mark = Mark(mark.characters + len(piece), mark.bytes + size, mark.tokens + len(ids))
            marks.append(mark)
            if progress is not None:
                progress(mark.characters, read)
    exact = mark.characters >= text.characters
    tokens = mark.tokens if exact else round(mark.tokens * text.characters / max(1, mark.characters))
    return TokenCount(tokenizer, text, tokens, occurrences, tuple(marks), exact)


def _pieces(text: Text, limit: int, keep_going: KeepGoing | None) -> Iterator[str]:
    return chunked(_beginning(text, limit, keep_going), PIECE)


def _beginning(text: Text, limit: int, keep_going: KeepGoing | None) -> Iterator[str]:
    """The first `limit` characters in pieces, as long as they are wanted."""
    for piece in text.chunks(PIECE):
        if keep_going is not None and not keep_going():
            raise StudioError("Counting was stopped before it was finished.", "Nothing was changed.")
        yield piece[:limit]
        limit -= len(piece)
        if limit <= 0:
            return


def _characters(mark: Mark) -> int:
    return mark.characters
