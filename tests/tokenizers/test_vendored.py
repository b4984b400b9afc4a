"""The vocabularies of GPT-4 and GPT-4o that come with Atelier: their ids, their special tokens, their files."""

import threading
import time
from functools import cache
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.tokenizers import cl100k, gpt2, make_tokenizer, o200k
from studio.tokenizers.byte_pair import RESOURCES, read_ranks
from studio.vocabularies.comparison import words_split

KINDS = [pytest.param(cl100k, id="cl100k"), pytest.param(o200k, id="o200k")]


@pytest.mark.parametrize(("kind", "many", "last"), [(cl100k, 100_256, 100_255), (o200k, 199_998, 199_997)])
def test_as_many_pieces_as_published(kind, many: int, last: int) -> None:
    lines = kind.RANKS.read_bytes().splitlines()
    assert (len(lines), int(lines[-1].split()[1])) == (many, last)


@pytest.mark.parametrize(
    ("kind", "ids"),
    [(cl100k, [9906, 1917, 0]), (o200k, [13225, 2375, 0])],
)
def test_a_greeting_has_the_ids_of_tiktoken(kind, ids: list[int]) -> None:
    assert kind.make().encode("Hello world!") == ids
    assert kind.make().decode(ids) == "Hello world!"


@pytest.mark.parametrize("kind", [cl100k, o200k, gpt2])
def test_threads_that_ask_at_the_same_time_build_one_encoder(kind, monkeypatch: pytest.MonkeyPatch) -> None:
    built, gate = [], threading.Barrier(4)

    @cache
    def slow(path: Path) -> object:
        built.append(path)
        time.sleep(0.05)
        return object()

    def ask() -> None:
        gate.wait()
        kind.make()

    monkeypatch.setattr(kind, "_encoding", slow)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_numbers_up_to_three_digits_are_one_token() -> None:
    for name in ("cl100k", "o200k"):
        tokenizer = make_tokenizer(name)
        assert all(len(tokenizer.encode(str(number))) == 1 for number in range(1_000))
        assert len(tokenizer.encode("1234567")) == 3
    assert any(len(make_tokenizer("gpt2").encode(str(number))) > 1 for number in range(1_000))


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_are_found_only_where_asked_and_gaps_between_them_say_nothing(kind) -> None:
    tokenizer = kind.make()
    assert tokenizer.end_of_text == tokenizer.special["<|endoftext|>"]
    text = "a<|endoftext|><|endofprompt|>"
    assert not set(tokenizer.special.values()) & set(tokenizer.encode(text))
    assert tokenizer.encode(text, special=True)[1:] == [tokenizer.end_of_text, tokenizer.special["<|endofprompt|>"]]
    assert tokenizer.vocab_size == 1 + max(tokenizer.special.values())
    assert tokenizer.token_bytes(tokenizer.special["<|endofprompt|>"] - 1) == b""
    assert tokenizer.decode([tokenizer.special["<|endofprompt|>"] - 1]) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_saved_by_its_hash_and_other_ranks_are_refused(kind) -> None:
    assert kind.make().to_json()["ranks"] == kind.SHA256
    with pytest.raises(StudioError, match="other ranks"):
        kind.from_json({"ranks": "0" * 64})


def test_every_byte_is_a_piece_so_that_any_text_can_be_said() -> None:
    ranks = cl100k.make().ranks()
    assert all(bytes([byte]) in ranks for byte in range(256))
    assert cl100k.make().decode(cl100k.make().encode("\x00\uffff🐈")) == "\x00\uffff🐈"


def test_each_vocabulary_says_where_it_comes_from() -> None:
    for name, kind in (("cl100k", cl100k), ("o200k", o200k)):
        folder = RESOURCES / name
        assert kind.SHA256 in (folder / "SOURCE.md").read_text("utf-8")
        assert "MIT License" in (folder / "LICENSE").read_text("utf-8")


def test_a_file_of_ranks_that_was_changed_or_is_gone_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "cl100k.tiktoken"
    changed.write_bytes(cl100k.RANKS.read_bytes() + b"\n")
    with pytest.raises(StudioError, match="has been changed"):
        read_ranks(changed, cl100k.SHA256, "GPT-4's")
    with pytest.raises(StudioError, match="could not be read"):
        read_ranks(tmp_path / "gone", cl100k.SHA256, "GPT-4's")


def test_a_larger_vocabulary_splits_fewer_words_of_other_languages() -> None:
    text = "Все люди рождаются свободными и равными в своем достоинстве и правах."
    shares = [words_split(make_tokenizer(name), text) for name in ("gpt2", "cl100k", "o200k")]
    assert shares[0] >= shares[1] > shares[2]
