"""The question of the training set that is most like a new one: what a model has to beat that only looks up."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, pairwise

import numpy as np

from studio.core.errors import StudioError
from studio.scores.words import words_of


class Neighbours:
    """Questions as bags of words and pairs of words, each weighed by how rare it is; compared by cosine."""

    def __init__(self, questions: Sequence[str]) -> None:
        if not questions:
            raise StudioError("There is no question to be near to.", "Give the questions of the training set.")
        self._numbers: dict[str, int] = {}
        bags = [[self._numbers.setdefault(gram, len(self._numbers)) for gram in _grams(text)] for text in questions]
        sizes = [len(bag) for bag in bags]
        flat = np.fromiter(chain.from_iterable(bags), np.int64, sum(sizes))
        keys, times = np.unique(flat * len(bags) + np.repeat(np.arange(len(bags)), sizes), return_counts=True)
        grams, self._rows = np.divmod(keys, len(bags))  # by gram, then by row
        found = np.bincount(grams, minlength=len(self._numbers))
        self._starts = np.append(0, np.cumsum(found))
        self._rarity = 1 + np.log(len(bags) / found)
        self._weights = times * self._rarity[grams]
        squares = np.bincount(self._rows, self._weights**2, len(bags))
        self._lengths = np.sqrt(np.maximum(squares, np.finfo(np.float64).tiny))

    def nearest(self, question: str) -> int:
        """The row of the most alike question, the first of several, and the first of all where nothing is shared."""
        alike = np.zeros(len(self._lengths))
        for gram, times in Counter(_grams(question)).items():
            if gram in self._numbers:
                number = self._numbers[gram]
                place = slice(self._starts[number], self._starts[number + 1])
                alike[self._rows[place]] += times * self._rarity[number] * self._weights[place]
        return int(np.argmax(alike / self._lengths))


def _grams(text: str) -> list[str]:
    words = words_of(text)
    return [*words, *(f"{one} {other}" for one, other in pairwise(words))]
