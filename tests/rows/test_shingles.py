"""Texts as sets of word shingles: the sets, how alike they are, and what their signatures keep of that."""

import random

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.rows.shingles import PERMUTATIONS, ShingleSets, Steps, mixed, shingle_sets

QUIET = Steps()


def sets_of(*texts: str, shingle: int = 3) -> ShingleSets:
    return shingle_sets(list(texts), shingle, QUIET)


def alike(one: str, other: str, shingle: int = 3) -> float:
    return float(sets_of(one, other, shingle=shingle).jaccard(np.array([0]), np.array([1]))[0])


def test_a_text_has_a_shingle_for_every_run_of_three_words() -> None:
    sets = sets_of("one two three four five", "one two three", "one two", "one")
    assert sets.sizes.tolist() == [3, 1, 1, 1]
    assert sets.rows.tolist() == [0, 1, 2, 3]
    assert len(sets.hashes) == 6


def test_a_shingle_that_comes_twice_counts_once() -> None:
    assert sets_of("again and again and again and again").sizes.tolist() == [2]


def test_a_text_without_words_has_no_set_and_the_numbers_of_the_others_stay() -> None:
    sets = sets_of("…", "one two three", "", "four five six")
    assert sets.rows.tolist() == [1, 3]


def test_short_texts_are_not_taken_for_parts_of_longer_ones() -> None:
    assert alike("one two", "one two three") == 0
    assert alike("one", "two") == 0
    assert alike("one two", "One, two!") == 1


def test_the_order_of_words_counts_and_their_capitals_do_not() -> None:
    assert alike("the cat sat down", "The CAT sat: down") == 1
    assert alike("the cat sat down", "down sat cat the") == 0
    assert alike("the cat sat down", "down sat cat the", shingle=1) == 1


@pytest.mark.parametrize(("changed", "expected"), [(0, 1.0), (1, 7 / 9), (2, 6 / 10), (8, 0.0)])
def test_similarity_is_shared_shingles_over_all(changed: int, expected: float) -> None:
    words = [f"w{number}" for number in range(10)]
    other = words[: len(words) - changed] + [f"x{number}" for number in range(changed)]
    assert alike(" ".join(words), " ".join(other)) == pytest.approx(expected)


def test_similarity_does_not_mind_which_text_is_the_first_or_the_longer() -> None:
    sets = sets_of("a b c d e f g h", "a b c d e", "x y z")
    left, right = np.array([0, 1, 0, 2]), np.array([1, 0, 2, 0])
    assert sets.jaccard(left, right).tolist() == pytest.approx([0.5, 0.5, 0.0, 0.0])


def test_many_pairs_are_compared_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(f"w{number + place}" for place in range(12)) for number in range(60)]
    sets = sets_of(*texts)
    left, right = np.arange(59), np.arange(1, 60)
    whole = sets.jaccard(left, right)
    monkeypatch.setattr("studio.rows.shingles._SHINGLES", 4)
    assert sets_of(*texts).jaccard(left, right).tolist() == whole.tolist()
    assert whole.tolist() == pytest.approx([9 / 11] * 59)


def test_texts_cut_in_batches_are_those_cut_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)
    texts = [" ".join(f"w{chance.randrange(50)}" for _ in range(chance.randrange(9))) for _ in range(200)]
    whole = sets_of(*texts)
    monkeypatch.setattr("studio.rows.shingles._TEXTS", 7)
    parts = sets_of(*texts)
    for one, other in zip(
        (whole.rows, whole.starts, whole.hashes), (parts.rows, parts.starts, parts.hashes), strict=True
    ):
        assert one.tolist() == other.tolist()


def test_a_long_text_in_pieces_has_the_shingles_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "the quick brown fox jumps over the lazy dog and the sleepy cat looks on from its place\n" * 50
    whole = sets_of(text).hashes.tolist()
    monkeypatch.setattr("studio.rows.pieces.pieces.__defaults__", (64,))
    assert sets_of(text).hashes.tolist() == whole


def test_equal_sets_are_one_kind_and_every_set_knows_its_own() -> None:
    sets, kind = sets_of("a b c d", "x y z", "A b c d!", "x y z", "").different()
    assert sets.rows.tolist() == [0, 1]
    assert kind.tolist() == [0, 1, 0, 1]
    assert sets.starts.tolist() == [0, 2]


def test_equal_sets_on_two_sides_of_a_border_are_two_kinds() -> None:
    sets, kind = sets_of("a b c", "a b c", "a b c", "a b c").different(border=2)
    assert sets.rows.tolist() == [0, 2]
    assert kind.tolist() == [0, 0, 1, 1]


def test_no_texts_have_no_kinds() -> None:
    sets, kind = sets_of().different()
    assert len(sets.rows) == len(kind) == 0
    assert sets.signatures(QUIET).shape == (0, PERMUTATIONS)


def test_signatures_agree_in_as_many_places_as_the_sets_share() -> None:
    words = [f"w{number}" for number in range(400)]
    texts = [" ".join(words), " ".join(words[:300]), " ".join(reversed(words))]
    sets = sets_of(*texts)
    found = sets.signatures(QUIET)
    same = [(found[0] == found[other]).mean() for other in (0, 1, 2)]
    assert same[0] == 1
    assert same[1] == pytest.approx(298 / 398, abs=0.12)  # three standard deviations of 126 draws
    assert same[2] < 0.05


def test_a_signature_does_not_depend_on_the_texts_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"a b c d e f{number % 3} g h" for number in range(40)]
    whole = sets_of(*texts).signatures(QUIET)
    monkeypatch.setattr("studio.rows.shingles._SHINGLES", 5)
    assert sets_of(*texts).signatures(QUIET).tolist() == whole.tolist()
    assert whole[0].tolist() == whole[3].tolist() != whole[1].tolist()


def test_mixing_spreads_neighbours_over_all_bits_and_loses_none() -> None:
    spread = mixed(np.arange(10_000, dtype=np.uint64))
    assert len(np.unique(spread)) == 10_000
    share = [float((spread >> np.uint64(bit) & np.uint64(1)).mean()) for bit in range(64)]
    assert min(share) > 0.47
    assert max(share) < 0.53


def test_more_rows_than_can_be_told_apart_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.rows.shingles.MOST_ROWS", 3)
    with pytest.raises(StudioError, match="4 rows are too many"):
        sets_of("a", "b", "c", "d")


def test_steps_tell_hundredths_until_nobody_listens() -> None:
    told: list[tuple[int, int]] = []
    Steps(lambda done, total: told.append((done, total)), lambda: True).tell(30)
    assert told == [(30, 100)]
    with pytest.raises(StudioError, match="stopped"):
        Steps(None, lambda: False).tell(0)
