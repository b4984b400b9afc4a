"""Merges of a list of pieces: every pair that forms a piece, in the order of scores, however many there are."""

import itertools
import random
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.gate.sentencepiece_files import SentencePieces
from studio.vocabularies import piece_merges
from studio.vocabularies.piece_merges import merges_of


def listed(pieces: list[str], scores: list[float], kinds: list[int] | None = None) -> SentencePieces:
    return SentencePieces(pieces, scores, kinds or [1] * len(pieces))


def one_by_one(found: SentencePieces) -> list[tuple[str, str]]:
    """The same in the words of the rule."""
    normal = found.of_kind(1)
    ids = {found.pieces[number]: number for number in normal}
    merges = [
        (-found.scores[number], ids[piece[:cut]], ids[piece[cut:]])
        for number in normal
        for piece in (found.pieces[number],)
        for cut in range(1, len(piece))
        if piece[:cut] in ids and piece[cut:] in ids
    ]
    return [(found.pieces[left], found.pieces[right]) for _, left, right in sorted(merges)]


def test_the_higher_the_score_of_what_is_formed_the_earlier_it_is_joined_then_by_the_ids_of_the_halves() -> None:
    found = listed(["a", "b", "ab", "ba", "aba"], [-9, -9, -2, -1, -3])
    assert merges_of(Path("x"), found) == [("b", "a"), ("a", "b"), ("a", "ba"), ("ab", "a")]


def test_only_normal_pieces_are_joined_and_a_list_may_have_none() -> None:
    assert merges_of(Path("x"), listed(["a", "b", "ab"], [0, 0, 0], [1, 4, 1])) == []
    assert merges_of(Path("x"), listed(["<unk>"], [0], [2])) == []


def test_lists_in_which_everything_is_joined_from_everything_are_as_one_by_one() -> None:
    chance = random.Random(5)
    dense = ["".join(letters) for size in range(1, 5) for letters in itertools.product("aé猫🐈", repeat=size)]
    loose = sorted({"".join(chance.choices("ab▁cdé", k=chance.randint(1, 9))) for _ in range(3_000)})
    for pieces in (dense, loose):
        found = listed(pieces, [chance.choice((-1.0, -2.0, -3.5)) for _ in pieces])
        merges = merges_of(Path("x"), found)
        assert merges == one_by_one(found)
        assert len(merges) > 100


def test_more_ways_than_any_list_in_use_has_are_refused_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piece_merges, "MOST_MERGES", 2)
    with pytest.raises(StudioError, match="was not read: its pieces are joined in more than 2 ways"):
        merges_of(Path("x.model"), listed(["a", "b", "ab", "ba", "aba"], [0.0] * 5))
