"""The book's byte pairs: characters, sweeps from left to right, blanks as Ġ."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, book_pairs, tokenizer_from_json
from studio.tokenizers.book_pairs import BookTokenizer, alphabet, words_of

CHARACTERS = alphabet("", [END_OF_TEXT])
A, B, C = (ord(letter) for letter in "abc")
NEW = len(CHARACTERS)


def small() -> BookTokenizer:
    merges = [(B, C, NEW), (A, B, NEW + 1), (256, A, NEW + 2)]
    return BookTokenizer([*CHARACTERS, "bc", "ab", "Ġa"], merges, [END_OF_TEXT])


def test_the_first_256_characters_the_blank_and_the_end_of_text_come_first() -> None:
    assert CHARACTERS[65] == "A"
    assert CHARACTERS[256:] == ["Ġ", END_OF_TEXT]
    assert alphabet("猫é", []) == [*CHARACTERS[:256], "猫", "Ġ"]


def test_words_keep_the_blank_before_them_and_line_ends_stand_alone() -> None:
    assert words_of("a  bc, d\n e ") == ["a", "Ġ", "Ġbc,", "Ġd", "\n", "Ġe", "Ġ"]


def test_a_word_is_swept_from_left_to_right_and_not_in_the_order_of_its_merges() -> None:
    assert small().encode("abc") == [NEW + 1, C]  # GPT-2 would join "bc", which was learned first
    assert small().encode("bab") == [B, NEW + 1]
    assert small().encode("x a") == [ord("x"), NEW + 2]


def test_a_word_that_is_a_token_is_taken_whole() -> None:
    assert small().encode("bc") == [NEW]
    assert small().encode(END_OF_TEXT, special=True) == [257]
    assert 257 not in small().encode(END_OF_TEXT)


@given(text=st.text(alphabet="abc \n\té\u00ff", max_size=40))
def test_what_it_knows_comes_back_with_every_blank(text: str) -> None:
    tokenizer = small()
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    stream = tokenizer.stream()
    assert "".join(map(stream, ids)) + stream.flush() == text


def test_a_character_it_lacks_is_named() -> None:
    with pytest.raises(StudioError, match=r"“猫” \(U\+732B\)"):
        small().encode("a猫")
    assert book_pairs.make(["猫"]).decode(book_pairs.make(["猫"]).encode("a 猫")) == "a 猫"


def test_it_comes_back_from_json() -> None:
    again = tokenizer_from_json(json.loads(json.dumps(small().to_json())))
    assert again.fingerprint == small().fingerprint
    assert again.encode("abc ab") == small().encode("abc ab")


@pytest.mark.parametrize(
    "change",
    [
        {"merges": [[B, C]]},
        {"merges": [[B, C, NEW + 1]]},
        {"merges": [[B, C, NEW + 99]]},
        {"merges": [["b", "c", NEW]]},
        {"merges": None},
        {"tokens": None},
        {"special": ["<nowhere>"]},
    ],
)
def test_what_does_not_belong_together_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(StudioError, match=r"damaged"):
        book_pairs.from_json({**small().to_json(), **change})
