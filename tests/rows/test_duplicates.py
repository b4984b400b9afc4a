"""Equal and nearly equal rows: against counting by hand, in crowds, across a split, and when nobody waits any more."""

import itertools
import random
import re
import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.rows.duplicates import Seen, exact_groups, leaks, near_groups

LINES = ["I was here before", "the cat sat on the mat", "I was here before", "The cat sat on the mat.", "alone"]


@cache
def shingles_by_hand(text: str, size: int = 3) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    if len(words) < size:
        return frozenset([tuple(words)]) if words else frozenset()
    return frozenset(tuple(words[place : place + size]) for place in range(len(words) - size + 1))


def jaccard_by_hand(one: str, other: str) -> float:
    left, right = shingles_by_hand(one), shingles_by_hand(other)
    return len(left & right) / len(left | right) if left | right else 0.0


def groups_by_hand(texts: list[str], threshold: float) -> list[tuple[int, ...]]:
    label = list(range(len(texts)))
    for one, other in itertools.combinations(range(len(texts)), 2):
        if shingles_by_hand(texts[one]) and jaccard_by_hand(texts[one], texts[other]) >= threshold:
            old, new = sorted((label[one], label[other]), reverse=True)
            label = [new if item == old else item for item in label]
    members = [tuple(row for row, item in enumerate(label) if item == wanted) for wanted in range(len(texts))]
    return [group for group in members if len(group) > 1]


def some_texts(count: int, seed: int, words: int = 400, before: str = "") -> list[str]:
    """Random sentences, every fourth of them followed by itself with one word changed."""
    chance = random.Random(seed)
    texts: list[str] = []
    while len(texts) < count:
        sentence = [f"word{chance.randrange(words)}" for _ in range(chance.randint(1, 40))]
        texts.append(before + " ".join(sentence))
        if chance.random() < 0.25:
            sentence[chance.randrange(len(sentence))] = "other"
            texts.append(before + " ".join(sentence))
    return texts


def test_equal_texts_are_grouped_in_the_order_of_their_first_rows() -> None:
    assert exact_groups(["b", "a", "b", "c", "a", "b", "B"]) == [(0, 2, 5), (1, 4)]


def test_near_duplicates_do_not_mind_capitals_and_marks() -> None:
    assert near_groups(LINES) == [(0, 2), (1, 3)]


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9, 1.0])
def test_near_groups_are_those_found_by_comparing_every_pair_by_hand(threshold: float) -> None:
    texts = some_texts(120, seed=4)
    expected = groups_by_hand(texts, threshold)
    assert near_groups(texts, threshold) == expected
    assert (len(expected) > 4) == (threshold <= 0.8)


def test_a_pair_just_below_the_threshold_is_left_apart() -> None:
    one, other = "a b c d e f g h i j k l", "a b c d e f g h i j k x"  # 9 of 11 shingles are shared
    assert near_groups([one, other], 0.81) == [(0, 1)]
    assert near_groups([one, other], 0.82) == []


def test_rows_that_all_begin_with_the_same_long_words_are_still_told_apart() -> None:
    texts = some_texts(800, seed=5, words=4_000, before="below is an instruction that describes a task " * 2)
    twins = [pair for pair in itertools.pairwise(range(len(texts))) if jaccard_by_hand(*(texts[i] for i in pair)) > 0.8]
    together = {pair for group in near_groups(texts) for pair in itertools.pairwise(group)}
    assert len(twins) > 80
    assert len(set(twins) - together) <= len(twins) // 100


def test_a_thousand_copies_make_one_group_at_once() -> None:
    assert near_groups(["the same row over and over again"] * 1_000) == [tuple(range(1_000))]


def test_texts_without_words_and_no_texts_have_no_near_duplicates() -> None:
    assert near_groups(["", "…", "!!", "", " "]) == []
    assert near_groups([]) == []
    assert exact_groups(["", "…", ""]) == [(0, 2)]


def test_writing_without_blanks_is_compared_by_its_characters() -> None:
    one = "我今天早上在公园里看见了一只很大的黑色的狗和它的主人一起慢慢地走"
    assert near_groups([one, one[:-1] + "跑", "他昨天晚上在家里看了一本非常有意思的书然后就睡觉了"]) == [(0, 1)]


@given(st.lists(st.text(max_size=12), max_size=12))
@settings(max_examples=15, deadline=None)
def test_any_texts_at_all_are_grouped_as_by_hand(texts: list[str]) -> None:
    equal = [group for group in near_groups(texts, 1.0, 1) if len({texts[row] for row in group}) == 1]
    assert all(group in exact_groups(texts) for group in equal)
    for group in exact_groups(texts):
        if any(character.isalnum() for character in texts[group[0]]):
            assert any(set(group) <= set(near) for near in near_groups(texts))


def test_the_seed_is_fixed_so_that_two_searches_agree() -> None:
    texts = some_texts(500, seed=8)
    assert near_groups(texts) == near_groups(texts)


def test_leaks_name_the_most_alike_trained_row_for_each_held_back_one() -> None:
    train = ["a b c d e f g h i j k l m n", "a b c d e f g h i j k l m x", "quite another matter altogether"]
    held_back = ["nothing like it is there", "A b c d e f g h i j k l m x!", "a b c d e f g h i j k l m y"]
    assert leaks(train, held_back) == [(1, 1), (0, 2)]


def test_duplicates_within_one_side_are_no_leak_and_every_copy_held_back_is_one() -> None:
    assert leaks(["one two three", "one two three"], ["four five six", "four five six"]) == []
    assert leaks(["one two three"] * 3, ["x y z", "one two three", "One, two, three."]) == [(0, 1), (0, 2)]
    assert leaks([], ["a b c"]) == []
    assert leaks(["a b c"], []) == []


def test_a_leak_is_found_among_hundreds_of_alike_rows() -> None:
    train = [f"dear customer number {place} your parcel is waiting for you at the post office in town please come soon"
             for place in range(300)]  # fmt: skip
    held_back = [row.replace("soon", "now") for row in train[:20]]
    assert [row for _, row in leaks(train, held_back, 0.6)] == list(range(20))


def test_seen_remembers_texts_of_a_stream() -> None:
    seen = Seen()
    assert [seen.again(text) for text in ("a", "b", "a", "A", "\ud800", "\ud800")] == [
        False, False, True, False, False, True,
    ]  # fmt: skip
    assert len(seen) == 4


def test_progress_rises_to_a_hundred_and_a_stopped_search_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.rows.shingles._TEXTS", 64)
    heard: list[tuple[int, int]] = []
    near_groups(some_texts(400, seed=2), progress=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (100, 100)
    assert len({done for done, _ in heard}) > 20
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    for search in (near_groups, exact_groups):
        with pytest.raises(StudioError, match="stopped"):
            search(["a"] * 5_000, keep_going=lambda: False)


@pytest.mark.slow
def test_a_hundred_thousand_short_rows_are_searched_in_a_minute_of_one_core() -> None:
    chance = random.Random(11)
    texts = [" ".join(f"word{chance.randrange(5_000)}" for _ in range(chance.randint(8, 30))) for _ in range(95_000)]
    texts += [text.rpartition(" ")[0] + " changed" for text in texts[:5_000]]
    expected = sum(jaccard_by_hand(texts[place], texts[95_000 + place]) >= 0.8 for place in range(5_000))
    began = time.process_time()
    found = near_groups(texts)
    assert time.process_time() - began < 60
    assert len(found) == pytest.approx(expected, rel=0.002)
