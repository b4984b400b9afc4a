"""What holds for every tokenizer of the shelf."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.tokenizers import Tokenizer, chunked, make_tokenizer, tokenizer_from_json, tokenizer_kinds

NAMES = [kind.name for kind in tokenizer_kinds()]
ALPHABET = "ab Z1's.,;:?!\"()—--\n\t\r\x1c\x85 é世。界🙂_|<>"
texts = st.text(alphabet=st.sampled_from(ALPHABET), max_size=120)


@pytest.fixture(params=NAMES, scope="module")
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return make_tokenizer(request.param, [ALPHABET, " the cat sat on the mat "])


def test_the_shelf_has_these_seven() -> None:
    assert NAMES == ["characters", "words", "words_strict", "bytes", "cl100k", "gpt2", "o200k"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, size=st.integers(1, 12), part=st.integers(1, 30))
def test_a_text_encoded_in_pieces_has_the_ids_of_the_whole(
    tokenizer: Tokenizer, text: str, size: int, part: int
) -> None:
    stream = (text[start : start + part] for start in range(0, len(text), part))
    pieces = list(chunked(stream, size))
    if tokenizer.name not in ("characters", "bytes") and max(map(len, pieces), default=0) >= 16 * size:
        return  # cut inside what may be one token, as announced
    try:
        whole = tokenizer.encode(text)
    except StudioError:
        assert tokenizer.name == "words_strict"  # a word that it has never seen
        return
    assert [token for piece in pieces for token in tokenizer.encode(piece)] == whole


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(st.integers(0, 10**6), max_size=30))
def test_decoding_one_by_one_equals_decoding_at_once(tokenizer: Tokenizer, ids: list[int]) -> None:
    ids = [token % tokenizer.vocab_size for token in ids]
    stream = tokenizer.stream()
    assert "".join(map(stream, ids)) + stream.flush() == tokenizer.decode(ids)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts)
def test_a_text_comes_back_whole(tokenizer: Tokenizer, text: str) -> None:
    if tokenizer.name not in ("words", "words_strict"):  # words forget the blanks between them
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_it_comes_back_equal_from_json(tokenizer: Tokenizer) -> None:
    again = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert again.fingerprint == tokenizer.fingerprint
    assert (again.vocab_size, again.special, again.end_of_text) == (
        tokenizer.vocab_size,
        tokenizer.special,
        tokenizer.end_of_text,
    )
    assert again.encode("the cat") == tokenizer.encode("the cat")


def test_an_id_outside_the_vocabulary_is_refused_with_a_sentence(tokenizer: Tokenizer) -> None:
    for token in (-1, tokenizer.vocab_size):
        with pytest.raises(StudioError, match=f"no token {token}"):
            tokenizer.decode([token])


def test_the_spelling_of_a_special_token_is_text_unless_asked(tokenizer: Tokenizer) -> None:
    if tokenizer.end_of_text is None:
        assert not tokenizer.special
        return
    text = "the cat <|endoftext|> the mat"
    assert tokenizer.end_of_text not in tokenizer.encode(text)
    assert tokenizer.encode(text, special=True).count(tokenizer.end_of_text) == 1


def test_half_a_surrogate_pair_does_not_stop_it() -> None:
    for name in ("bytes", "gpt2"):
        assert make_tokenizer(name).decode(make_tokenizer(name).encode("a\ud83d")) == "a\ufffd"


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(StudioError, match="Did you mean “words”"):
        make_tokenizer("word")
    with pytest.raises(StudioError, match="Choose one of: characters, words, words_strict, bytes, cl100k, gpt2, o200k"):
        make_tokenizer("zzz")


@pytest.mark.parametrize("name", ["characters", "words"])
def test_a_vocabulary_cannot_be_learned_without_text(name: str) -> None:
    with pytest.raises(StudioError, match="--corpus"):
        make_tokenizer(name)
    with pytest.raises(StudioError, match="not empty"):
        make_tokenizer(name, [])


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"name": 3},
        {"name": "characters", "version": 2},
        {"name": "characters", "version": 1},
        {"name": "characters", "version": 1, "alphabet": "aa"},
        {"name": "words", "version": 1, "words": ["a", "a"], "special": []},
        {"name": "words", "version": 1, "words": ["a", 1], "special": []},
        {"name": "words", "version": 1, "words": ["a"]},
        {"name": "gpt2", "version": 1, "ranks": "other"},
        {"name": "nobody", "version": 1},
        {"name": "byte_pair", "version": 1},
        {"name": "words_strict", "version": 1, "words": ["a", "a"]},
        {"name": "cl100k", "version": 1},
    ],
)
def test_damaged_json_is_a_sentence(data: object) -> None:
    with pytest.raises(StudioError):
        tokenizer_from_json(data)


def shakespeare(folder: Path) -> Iterator[str]:
    with (folder / "tinyshakespeare.txt").open(encoding="utf-8") as file:
        while part := file.read(10_000):
            yield part


@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name in ("characters", "words", "bytes", "gpt2") for size in (1_000, 65_536)],
)
def test_shakespeare_in_pieces_has_the_ids_of_the_whole(data_folder: Path, name: str, size: int) -> None:
    tokenizer = make_tokenizer(name, shakespeare(data_folder))
    whole = "".join(shakespeare(data_folder))
    pieces = list(chunked(shakespeare(data_folder), size))
    assert max(map(len, pieces)) <= size
    assert [token for piece in pieces for token in tokenizer.encode(piece)] == tokenizer.encode(whole)
    if name == "characters":
        assert tokenizer.vocab_size == 65


@pytest.mark.parametrize("name", ["cl100k", "o200k"])
def test_a_play_in_pieces_has_the_ids_of_the_whole(data_folder: Path, name: str) -> None:
    """Marks and the line ends behind them are one token there: no piece may end between them."""
    play = next(iter(shakespeare(data_folder))) * 10
    pieces = list(chunked([play], 200))
    assert len(pieces) > 400
    tokenizer = make_tokenizer(name)
    assert [token for piece in pieces for token in tokenizer.encode(piece)] == tokenizer.encode(play)
