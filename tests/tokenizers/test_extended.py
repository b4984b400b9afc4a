"""Special tokens behind the ids of another tokenizer: found only where they are meant, everything else unchanged."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, SpelledTokenizer, make_tokenizer, tokenizer_from_json, tokenizer_kinds
from studio.tokenizers.extended import LONGEST, MOST, ExtendedTokenizer, from_json
from studio.tokenizers.raw_bytes import ByteTokenizer
from studio.tokenizers.tokenizer_json import make as make_json

USER, ANSWER = "<|user|>", "<|answer|>"
CHAT = f"{USER}Who is there?{ANSWER}Nobody — 猫 🐈.{END_OF_TEXT}"


def made(name: str) -> SpelledTokenizer:
    inner = make_tokenizer(name, [CHAT, " the cat "])
    assert isinstance(inner, SpelledTokenizer)
    return inner


def test_the_book_s_two_tokens_follow_gpt2_s_last_id() -> None:
    tokenizer = ExtendedTokenizer(made("gpt2"), ["MyNewToken_1", "MyNewToken_2"])
    assert (tokenizer.special["MyNewToken_1"], tokenizer.special["MyNewToken_2"]) == (50_257, 50_258)
    assert tokenizer.vocab_size == 50_259
    text = "Sample MyNewToken_1 text. MyNewToken_2"
    ids = tokenizer.encode(text, special=True)
    assert ids == [36_674, 220, 50_257, 2_420, 13, 220, 50_258]
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("name", ["gpt2", "bytes", "characters", "words"])
def test_without_special_a_text_has_the_ids_it_had_before(name: str) -> None:
    inner = made(name)
    tokenizer = ExtendedTokenizer(inner, [USER, ANSWER])
    assert tokenizer.encode(CHAT) == inner.encode(CHAT)
    assert tokenizer.encode_array(CHAT).tolist() == inner.encode(CHAT)
    assert (tokenizer.end_of_text, tokenizer.parallel) == (inner.end_of_text, inner.parallel)


@pytest.mark.parametrize("name", ["gpt2", "bytes", "characters", "words"])
def test_added_tokens_are_one_token_each_where_they_are_meant(name: str) -> None:
    inner = made(name)
    tokenizer = ExtendedTokenizer(inner, [USER, ANSWER])
    ids = tokenizer.encode(CHAT, special=True)
    assert ids.count(inner.vocab_size) == ids.count(inner.vocab_size + 1) == 1
    assert ids[0] == inner.vocab_size
    assert tokenizer.encode_array(CHAT).tolist() == tokenizer.encode(CHAT) != ids
    if name != "words":
        assert tokenizer.decode(ids) == CHAT


def test_the_inner_one_s_special_tokens_are_still_found() -> None:
    ids = ExtendedTokenizer(made("gpt2"), [USER]).encode(CHAT, special=True)
    assert (ids[0], ids[-1]) == (50_257, 50_256)


def test_among_words_an_added_token_is_written_like_a_word() -> None:
    tokenizer = ExtendedTokenizer(made("words"), [USER])
    ids = tokenizer.encode(f"the cat {USER} the cat", special=True)
    assert tokenizer.decode(ids) == f"the cat {USER} the cat"
    stream = tokenizer.stream()
    assert "".join(map(stream, ids)) + stream.flush() == f"the cat {USER} the cat"


def test_of_two_that_fit_the_longer_one_is_taken() -> None:
    tokenizer = ExtendedTokenizer(ByteTokenizer(), ["<a>", "<a><b>"])
    assert tokenizer.encode("<a><b><a>", special=True) == [257, 256]


def test_an_end_of_text_can_be_added_where_there_was_none() -> None:
    assert ByteTokenizer().end_of_text is None
    assert ExtendedTokenizer(ByteTokenizer(), [USER, END_OF_TEXT]).end_of_text == 257


def test_extending_twice_is_extending_once_by_both() -> None:
    twice = ExtendedTokenizer(ExtendedTokenizer(ByteTokenizer(), [USER]), [ANSWER])
    assert twice.fingerprint == ExtendedTokenizer(ByteTokenizer(), [USER, ANSWER]).fingerprint
    assert twice.inner.name == "bytes"


@settings(max_examples=50)
@given(st.text(max_size=60), st.lists(st.sampled_from([USER, ANSWER]), max_size=4))
def test_any_text_comes_back_with_tokens_between(text: str, tokens: list[str]) -> None:
    whole = text.join(tokens) + text
    tokenizer = ExtendedTokenizer(ByteTokenizer(), [USER, ANSWER])
    ids = tokenizer.encode(whole, special=True)
    assert tokenizer.decode(ids) == whole
    assert tokenizer.encode_array(whole).tolist() == tokenizer.encode(whole)
    stream = tokenizer.stream()
    assert "".join(map(stream, ids)) + stream.flush() == whole


@pytest.mark.parametrize(
    "added", [[], [""], ["  "], ["x" * (LONGEST + 1)], ["\ud800"], [str(n) for n in range(MOST + 1)]]
)
def test_what_is_no_special_token_is_refused(added: list[str]) -> None:
    with pytest.raises(StudioError):
        ExtendedTokenizer(ByteTokenizer(), added)


def test_a_token_that_is_there_already_is_named() -> None:
    with pytest.raises(StudioError, match="is there already"):
        ExtendedTokenizer(made("gpt2"), [END_OF_TEXT])
    with pytest.raises(StudioError, match=r"“<\|user\|>” is there already"):
        ExtendedTokenizer(ByteTokenizer(), [USER, USER])


@pytest.mark.parametrize("inner", ["gpt2", "words", "tokenizer_json"])
def test_it_comes_back_from_its_file(inner: str) -> None:
    tokenizer = ExtendedTokenizer(make_json() if inner == "tokenizer_json" else made(inner), [USER, ANSWER])
    again = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert again.fingerprint == tokenizer.fingerprint
    assert again.encode(CHAT, special=True) == tokenizer.encode(CHAT, special=True)
    assert "extended" not in [kind.name for kind in tokenizer_kinds()]  # it comes with a model, nobody chooses it


def test_a_damaged_file_is_refused_with_a_sentence() -> None:
    good = ExtendedTokenizer(ByteTokenizer(), [USER]).to_json()
    for change in ({"added": None}, {"added": [1]}, {"added": "<a>"}, {"inner": None}, {"inner": good}, {"inner": 3}):
        with pytest.raises(StudioError):
            from_json({**good, **change})
