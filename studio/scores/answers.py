"""How near an answer comes to the wanted one, and how much of it was learned by heart."""

from collections import Counter
from collections.abc import Sequence

import numpy.typing as npt

from studio.scores.neighbours import Neighbours
from studio.scores.shared_runs import SharedRuns
from studio.scores.words import words_of

__all__ = ["Neighbours", "SharedRuns", "exact_match", "longest_shared_run", "nearest", "rouge_l", "token_f1"]


def exact_match(wanted: str, answered: str) -> float:
    """1 where both are the same but for blanks around them and the kind of line ends, else 0. Capitals count."""
    one, other = ("\n".join(text.strip().splitlines()) for text in (wanted, answered))
    return float(one == other)


def token_f1(wanted: str, answered: str) -> float:
    """F1 of the words that both hold, in any order (Rajpurkar et al. 2016, but articles count)."""
    right, given = words_of(wanted), words_of(answered)
    if not right or not given:
        return exact_match(wanted, answered) if not right and not given else 0.0
    return _harmonic(sum((Counter(right) & Counter(given)).values()), len(right), len(given))


def rouge_l(wanted: str, answered: str) -> float:
    """F1 of the longest common subsequence of words (ROUGE-L, Lin 2004, with β = 1)."""
    right, given = words_of(wanted), words_of(answered)
    if not right or not given:
        return exact_match(wanted, answered) if not right and not given else 0.0
    return _harmonic(_common(right, given), len(right), len(given))


def longest_shared_run(answer_ids: npt.ArrayLike, corpus: SharedRuns) -> int:
    """Tokens in the longest run of the answer that the corpus holds word for word."""
    return corpus.longest(answer_ids).length


def nearest(question: str, questions: Sequence[str]) -> int:
    """The row of the most alike question; for many at once build `Neighbours` once."""
    return Neighbours(questions).nearest(question)


def _harmonic(shared: int, right: int, given: int) -> float:
    return 2 * shared / (right + given)


def _common(one: list[str], other: list[str]) -> int:
    """Length of the longest common subsequence, a row of its table as the bits of one number (Hyyrö 2004)."""
    one, other = sorted((one, other), key=len)  # the bits are of the shorter: the work is their product
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    full = (1 << len(one)) - 1
    row = full
    for word in other:
        matches = row & places.get(word, 0)
        row = ((row + matches) | (row - matches)) & full
    return len(one) - row.bit_count()
