"""Learning byte pairs as the book does (bonus of chapter 2): in Python, over characters, the first of equal pairs."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.tokenizers import END_OF_TEXT
from studio.tokenizers.book_pairs import BookTokenizer, Merge, alphabet, words_of

_BORDER = -1  # between two words of an array of ids


def train_book_pairs(
    text: str,
    vocabulary: int,
    special: Sequence[str] = (END_OF_TEXT,),
    *,
    keep_going: Callable[[], bool] | None = None,
) -> BookTokenizer:
    """The vocabulary that the book learns from `text`: its characters, the special tokens, then a merge at a time.

    Of several pairs that are equally frequent the one that comes first in the text is joined first.
    """
    words = words_of(without_halves(text))
    tokens = alphabet(set().union(*words), special)
    places = {token: number for number, token in enumerate(tokens)}
    ids = np.array([number for word in words for number in (*map(places.__getitem__, word), _BORDER)], dtype=np.int64)
    merges: list[Merge] = []
    for new in range(len(tokens), vocabulary):
        if keep_going is not None and not keep_going():
            raise StudioError("Learning the vocabulary was stopped before it was finished.", "Nothing was changed.")
        pair = most_frequent(ids)
        if pair is None:
            break
        ids = joined(ids, pair, new)
        tokens.append(tokens[pair[0]] + tokens[pair[1]])
        merges.append((*pair, new))
    return BookTokenizer(tokens, merges, special)


def most_frequent(ids: npt.NDArray[np.int64]) -> tuple[int, int] | None:
    """The two neighbours inside of words that stand side by side most often, the first such ones; None without any."""
    inside = (ids[:-1] != _BORDER) & (ids[1:] != _BORDER)
    if not inside.any():
        return None
    width = int(ids.max()) + 1
    keys, first, counts = np.unique((ids[:-1] * width + ids[1:])[inside], return_index=True, return_counts=True)
    best = np.flatnonzero(counts == counts.max())
    left, right = divmod(int(keys[best[np.argmin(first[best])]]), width)
    return left, right


def joined(ids: npt.NDArray[np.int64], pair: tuple[int, int], new: int) -> npt.NDArray[np.int64]:
    """`ids` with `new` wherever the pair stands, from left to right: of three equal ones the first two are joined."""
    found = np.flatnonzero((ids[:-1] == pair[0]) & (ids[1:] == pair[1]))
    if pair[0] == pair[1] and len(found):
        runs = np.cumsum(np.diff(found, prepend=found[0]) > 1)
        starts = found[np.searchsorted(runs, runs)]
        found = found[(found - starts) % 2 == 0]
    after = ids.copy()
    after[found] = new
    return np.delete(after, found + 1)
