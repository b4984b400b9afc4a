"""Byte pairs of one's own: any text comes back, the ranks are the ids, and what is damaged is refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, byte_pair, lowered, split_special, tokenizer_from_json
from studio.tokenizers.byte_pair import BytePairTokenizer, byte_of, bytes_of, marks_of

BYTES = byte_pair.make().tokens


def small(lower: bool = False) -> BytePairTokenizer:
    return BytePairTokenizer([*BYTES, b"th", b"the", b" the", "é".encode()], [END_OF_TEXT, "<|User|>"], lower)


SMALL = small()


def test_bytes_come_first_then_pairs_then_special_tokens() -> None:
    tokenizer = small()
    assert tokenizer.encode("the the é") == [257, 258, tokenizer.ranks()[b" "], 259]
    assert tokenizer.special == {END_OF_TEXT: 260, "<|User|>": 261}
    assert (tokenizer.vocab_size, tokenizer.end_of_text) == (262, 260)


def test_a_special_spelling_is_a_token_only_where_asked() -> None:
    tokenizer = small()
    assert 261 not in tokenizer.encode("<|User|>the")
    assert tokenizer.encode("<|User|>the", special=True) == [261, 257]


def test_small_letters_do_not_touch_special_tokens() -> None:
    tokenizer = small(lower=True)
    assert tokenizer.encode("THE") == tokenizer.encode("the") == [257]
    assert tokenizer.encode("<|User|>THE", special=True) == [261, 257]
    assert tokenizer.encode_array("THE").tolist() == [257]
    assert tokenizer.encode_array("<|User|>THE").tolist() == tokenizer.encode("<|user|>the")


def test_capitals_become_small_one_by_one_so_that_pieces_have_the_letters_of_the_whole() -> None:
    assert lowered("ΟΔΟΣ") == "οδοσ" == lowered("ΟΔΟ") + lowered("Σ")
    assert lowered("ÄB") == "äb"


def test_a_text_is_cut_at_the_longest_special_spelling() -> None:
    assert split_special("a<|x|>b<|x|>!", ["<|x|>", "<|x|>!"]) == ["a", "<|x|>", "b", "<|x|>!"]
    assert split_special("abc", []) == ["abc"]
    assert split_special("", ["a"]) == []


@given(text=st.text(max_size=60))
def test_any_text_comes_back_and_its_array_has_the_same_ids(text: str) -> None:
    tokenizer = SMALL
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.encode_array(text).tolist() == ids
    assert np.issubdtype(tokenizer.encode_array(text).dtype, np.integer)


def test_every_byte_has_a_mark_of_its_own_that_can_be_printed() -> None:
    assert sorted(byte_of().values()) == list(range(256))
    assert marks_of(b" \nA\xff") == "ĠĊAÿ"
    assert bytes_of("ĠĊAÿ") == b" \nA\xff"
    assert bytes_of("猫") is None


def test_it_comes_back_from_json_and_its_fingerprint_tells_others_apart() -> None:
    tokenizer = small()
    again = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert again.encode("the théâtre") == tokenizer.encode("the théâtre")
    assert again.fingerprint == tokenizer.fingerprint != small(lower=True).fingerprint


@pytest.mark.parametrize(
    ("tokens", "special", "reason"),
    [
        (BYTES[1:], [], "one of the 256 bytes is missing"),
        ([*BYTES, b"a"], [], "twice"),
        ([*BYTES, b""], [], "empty or too long"),
        ([*BYTES, b"a" * 3_000], [], "empty or too long"),
        (BYTES, ["<a>", "<a>"], "twice"),
    ],
)
def test_a_vocabulary_that_cannot_be_is_refused(tokens: list[bytes], special: list[str], reason: str) -> None:
    with pytest.raises(StudioError, match=reason):
        BytePairTokenizer(tokens, special)


@pytest.mark.parametrize("tokens", [None, "abc", [1], ["猫"], [""]])
def test_damaged_tokens_in_a_file_are_refused(tokens: object) -> None:
    with pytest.raises(StudioError, match="damaged"):
        byte_pair.from_json({"tokens": tokens, "special": []})
