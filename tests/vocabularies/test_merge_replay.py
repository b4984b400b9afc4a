"""Merges one after the other: the published examples, and at the end always what the tokenizer itself says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.tokenizers import byte_pair, make_tokenizer
from studio.tokenizers.byte_pair import BytePairTokenizer
from studio.vocabularies.merge_replay import LONGEST, NEVER, Pair, learn, replay, replayable


def test_the_book_s_example_makes_th_the_and_the_with_its_blank() -> None:
    """ "the cat in the hat": 256 = "th", 257 = 256 + "e", 258 = 257 + " " (bonus of chapter 2)."""
    found = learn("the cat in the hat", 3)
    assert found.learned
    assert [(step.made, found.spelling(step.made)) for step in found.steps[1:]] == [
        (256, b"th"),
        (257, b"the"),
        (258, b"the "),
    ]
    assert [(step.merged.left, step.merged.right, step.merged.count) for step in found.steps[1:] if step.merged] == [
        (ord("t"), ord("h"), 2),
        (256, ord("e"), 2),
        (257, ord(" "), 2),
    ]
    assert found.pieces(3) == (b"the ", b"c", b"a", b"t", b" ", b"i", b"n", b" ", b"the ", b"h", b"a", b"t")
    assert found.steps[3].places == (0, 8)


def test_the_pair_that_comes_next_is_the_first_of_the_moment() -> None:
    found = learn("the cat in the hat", 5)
    for before, after in zip(found.steps, found.steps[1:], strict=False):
        assert after.merged == before.pairs[0]
        assert before.pairs[0].count == max(pair.count for pair in before.pairs)
        assert len(after.ids) == len(before.ids) - len(after.places)


def test_learning_ends_when_one_piece_is_left() -> None:
    found = learn("abab", 50)
    assert [found.pieces(number) for number in range(len(found.steps))] == [
        (b"a", b"b", b"a", b"b"),
        (b"ab", b"ab"),
        (b"abab",),
    ]
    assert found.steps[-1].pairs == ()


def test_three_equal_ones_are_joined_once() -> None:
    assert learn("aaa", 1).pieces(1) == (b"aa", b"a")


def test_within_words_no_merge_crosses_a_blank() -> None:
    found = learn("the cat the cat the cat", 50, within_words=True)
    assert all(b" " not in piece[1:] for piece in found.pieces(len(found.steps) - 1))
    assert found.steps[0].words == (*[0] * 3, *[1] * 4, *[2] * 4, *[3] * 4, *[4] * 4, *[5] * 4)


def test_gpt2_joins_this_is_some_text_into_its_published_ids() -> None:
    found = replay(make_tokenizer("gpt2"), "This is some text")
    assert found.steps[-1].ids == (1212, 318, 617, 2420)
    assert found.pieces(0) == tuple(bytes([byte]) for byte in b"This is some text")
    assert [(step.made, found.spelling(step.made), len(step.places)) for step in found.steps[1:4]] == [
        (256, b" t", 1),
        (264, b" s", 1),
        (271, b"is", 2),
    ]
    merged = found.steps[3].merged
    assert merged is not None
    assert (merged.rank, merged.count) == (271, 2)
    assert not found.learned


def test_of_all_pairs_of_a_moment_the_one_with_the_lowest_rank_comes_first() -> None:
    for step in replay(make_tokenizer("gpt2"), "Every effort moves you, doesn't it?").steps:
        ranks = [pair.rank for pair in step.pairs if pair.rank != NEVER]
        assert ranks == sorted(ranks)
        assert [pair.rank != NEVER for pair in step.pairs] == sorted(
            (pair.rank != NEVER for pair in step.pairs), reverse=True
        )


@pytest.mark.parametrize("name", ["gpt2", "cl100k"])
@settings(max_examples=25)
@given(text=st.text(max_size=40))
def test_the_last_step_is_what_the_tokenizer_says(name: str, text: str) -> None:
    tokenizer = make_tokenizer(name)
    found = replay(tokenizer, text)
    assert list(found.steps[-1].ids) == tokenizer.encode(text)
    assert all(b"".join(found.pieces(number)) == text.encode() for number in range(len(found.steps)))


def test_own_pairs_with_small_letters_begin_with_small_letters() -> None:
    tokenizer = BytePairTokenizer([*byte_pair.make().tokens, b"ab"], lower=True)
    found = replay(tokenizer, "AB")
    assert found.pieces(0) == (b"a", b"b")
    assert found.steps[-1].ids == (256,)


def test_an_empty_text_has_one_step_without_pieces() -> None:
    assert learn("").steps == replay(make_tokenizer("gpt2"), "").steps
    assert learn("").steps[0].ids == ()


def test_only_byte_pairs_have_merges_to_follow() -> None:
    assert replayable(make_tokenizer("gpt2"))
    assert not replayable(make_tokenizer("bytes"))
    with pytest.raises(StudioError, match="no merges to follow"):
        replay(make_tokenizer("bytes"), "a")


def test_a_long_text_is_refused_with_both_numbers() -> None:
    with pytest.raises(StudioError, match=r"1,001 characters; merges are followed in at most 1,000"):
        learn("a" * (LONGEST + 1))


def test_a_pair_without_a_rank_says_so() -> None:
    assert Pair(1, 2, 3).rank == NEVER
