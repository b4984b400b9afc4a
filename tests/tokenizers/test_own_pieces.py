"""WordPiece and Unigram over bytes: any text comes back, pieces are chosen as published, damage is refused."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, Tokenizer, tokenizer_from_json, unigram, word_piece
from studio.tokenizers.byte_pair import byte_of
from studio.tokenizers.unigram import UnigramTokenizer
from studio.tokenizers.word_piece import WordPieceTokenizer

MARKS = sorted(byte_of())
SINGLE = [*MARKS, *("##" + mark for mark in MARKS)]
PIECES = WordPieceTokenizer([*SINGLE, "Ġun", "##aff", "##able"], [END_OF_TEXT])
LIKELY = UnigramTokenizer([*MARKS, "Ġhug", "Ġhu", "gs", "s!"], [*[-9.0] * 256, -2.0, -3.0, -2.5, -30.0], [END_OF_TEXT])


@pytest.mark.parametrize("tokenizer", [PIECES, LIKELY, word_piece.make(), unigram.make()])
@given(text=st.text(max_size=80))
def test_any_text_comes_back(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.encode_array(text).tolist() == ids
    stream = tokenizer.stream()
    assert "".join(map(stream, ids)) + stream.flush() == text


def test_word_pieces_are_the_longest_that_fit_from_the_left() -> None:
    assert [PIECES.token_text(token) for token in PIECES.encode(" unaffable")] == [" un", "aff", "able"]
    assert [PIECES.token_text(token) for token in PIECES.encode(" unable")] == [" un", "able"]


def test_a_piece_inside_a_word_and_one_at_its_beginning_are_two_tokens() -> None:
    inside, first = PIECES.encode("xa")[1], PIECES.encode("a")[0]
    assert inside != first
    assert PIECES.token_bytes(inside) == PIECES.token_bytes(first) == b"a"


def test_the_sign_of_pieces_inside_a_word_may_stand_in_a_text() -> None:
    for text in ("##", "a##b", "### ## #", "##able"):
        assert PIECES.decode(PIECES.encode(text)) == text


def test_a_word_without_end_is_cut_instead_of_searched_for_ever() -> None:
    text = "a" * 5_000
    assert PIECES.decode(PIECES.encode(text)) == text


def test_unigram_takes_the_cut_whose_pieces_are_likeliest_together() -> None:
    assert [LIKELY.token_text(token) for token in LIKELY.encode(" hugs")] == [" hu", "gs"]  # -5.5 beats -2 - 9
    assert [LIKELY.token_text(token) for token in LIKELY.encode(" hug")] == [" hug"]
    assert [LIKELY.token_text(token) for token in LIKELY.encode("s!")] == ["s", "!"]  # -18 beats -30


@pytest.mark.parametrize("tokenizer", [PIECES, LIKELY])
def test_special_tokens_come_last_and_are_text_unless_asked(tokenizer: Tokenizer) -> None:
    assert tokenizer.special == {END_OF_TEXT: tokenizer.vocab_size - 1}
    assert tokenizer.end_of_text not in tokenizer.encode(f"a{END_OF_TEXT}")
    assert tokenizer.encode(f"a{END_OF_TEXT}", special=True)[-1] == tokenizer.end_of_text


@pytest.mark.parametrize("tokenizer", [PIECES, LIKELY])
def test_it_comes_back_from_json(tokenizer: Tokenizer) -> None:
    again = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert (again.name, again.fingerprint, again.special) == (tokenizer.name, tokenizer.fingerprint, tokenizer.special)
    assert again.encode(" hugs unaffable") == tokenizer.encode(" hugs unaffable")


def test_small_letters_where_it_was_learned_so() -> None:
    assert WordPieceTokenizer(SINGLE, lower=True).encode("ABC") == WordPieceTokenizer(SINGLE).encode("abc")
    small = UnigramTokenizer(MARKS, [-1.0] * 256, lower=True)
    assert small.decode(small.encode("ABC")) == "abc"


@pytest.mark.parametrize(
    "data",
    [
        {"tokens": SINGLE[1:], "special": []},
        {"tokens": [*SINGLE, "Ġ"], "special": []},
        {"tokens": SINGLE, "special": ["a"]},
        {"tokens": SINGLE, "special": ["<a>", "<a>"]},
        {"tokens": None, "special": []},
        {"tokens": SINGLE},
    ],
)
def test_damaged_word_pieces_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(StudioError, match="damaged"):
        word_piece.from_json(data)


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": MARKS[1:]},
        {"scores": [-1.0] * 255},
        {"scores": [*[-1.0] * 255, math.nan]},
        {"scores": [*[-1.0] * 255, "x"]},
        {"scores": None},
        {"special": ["a"]},
        {"special": None},
    ],
)
def test_damaged_unigrams_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(StudioError, match="damaged"):
        unigram.from_json({**unigram.make().to_json(), **change})
