"""Pieces of a text on every core: the same ids in the same order, a little ahead, and nothing left running."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from studio.core.errors import StudioError
from studio.store.encoding import cores, encoded
from studio.tokenizers import END_OF_TEXT, Tokenizer, make_tokenizer, tokenizer_json
from studio.tokenizers.byte_pair import BytePairTokenizer
from studio.tokenizers.extended import ExtendedTokenizer
from studio.tokenizers.raw_bytes import ByteTokenizer

SENTENCES = [
    "Once upon a time ",
    "日本の猫 🐈 ",
    "naïve <|endoftext|> gulls\n",
    "def f(x): return 3.14\n\n",
    "x" * 300,
    " ",
]
PIECES = [SENTENCES[place % len(SENTENCES)] * (1 + place % 3) for place in range(40)]


class Slow(ByteTokenizer):
    """The bytes, after a rest that is shorter for every later piece; it notes which threads it worked in."""

    parallel = True

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[str] = set()
        self.begun = 0

    def encode_array(self, text: str, *, marked: bool = False) -> npt.NDArray[Any]:
        self.threads.add(threading.current_thread().name)
        self.begun += 1
        time.sleep(0.002 * (self.begun % 4))
        return super().encode_array(text, marked=marked)


@cache
def all_kinds() -> Mapping[str, Tokenizer]:
    learned = {name: make_tokenizer(name, PIECES) for name in ("characters", "words")}
    return {
        **learned,
        "bytes": ByteTokenizer(),
        "gpt2": make_tokenizer("gpt2"),
        "tokenizer_json": tokenizer_json.make(),
    }


@pytest.mark.parametrize("marked", [False, True])
def test_threads_give_the_ids_that_encoding_one_piece_after_the_other_gives(marked: bool) -> None:
    for name, tokenizer in all_kinds().items():
        expected = [tokenizer.encode(piece, special=marked) for piece in PIECES]
        for threads in (1, 2, 5):
            found = list(encoded(tokenizer, iter(PIECES), 50, marked=marked, threads=threads))
            assert [piece for piece, _ in found] == PIECES, name
            assert [ids.tolist() for _, ids in found] == expected, (name, threads)


def with_own_tokens() -> dict[str, Tokenizer]:
    """Tokenizers that know an end of text and something that a document may spell."""
    single = [bytes([byte]) for byte in range(256)]
    engine = dict(tokenizer_json.make().content)
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    marks = [{"id": 256 + place, "content": mark, **flags} for place, mark in enumerate(("</s>", "[MASK]"))]
    return {
        "byte_pair": BytePairTokenizer(single, [END_OF_TEXT, "[MASK]", "</s>"]),
        "small letters": BytePairTokenizer(single, [END_OF_TEXT, "[MASK]", "</s>"], lower=True),
        "extended": ExtendedTokenizer(ByteTokenizer(), ["</s>", "[MASK]", END_OF_TEXT]),
        "extended gpt2": ExtendedTokenizer(all_kinds()["gpt2"], ["</s>", "[MASK]"]),  # type: ignore[arg-type]
        "a model's": tokenizer_json.JsonTokenizer({**engine, "added_tokens": marks}),
    }


@pytest.mark.parametrize("name", with_own_tokens())
def test_of_all_special_spellings_in_data_only_our_own_mark_is_a_token(name: str) -> None:
    tokenizer = with_own_tokens()[name]
    documents = ["<s>a</s> [MASK]", "", "<|im_start|>user [MASK]\n", "naïve <|unk|></s>"]
    end = tokenizer.special.get(END_OF_TEXT, tokenizer.end_of_text)
    expected = []
    for place, document in enumerate(documents):
        expected += [end] * (place > 0) + tokenizer.encode(document)
    assert tokenizer.encode_array(END_OF_TEXT.join(documents), marked=True).tolist() == expected
    assert [token for token in expected if token in tokenizer.special.values()] == [end] * 3


def test_capitals_that_become_our_mark_in_small_letters_stay_text() -> None:
    tokenizer = with_own_tokens()["small letters"]
    ids = tokenizer.encode_array(f"a{END_OF_TEXT.upper()}b{END_OF_TEXT}", marked=True).tolist()
    assert ids == [*tokenizer.encode(f"a{END_OF_TEXT.upper()}b"), 256]


def test_our_mark_stays_text_where_nothing_ends_a_text_or_nobody_put_it_there() -> None:
    text = f"one{END_OF_TEXT}two"
    assert ByteTokenizer().encode_array(text, marked=True).tolist() == list(text.encode())
    assert 50_256 not in all_kinds()["gpt2"].encode_array(text)


def test_pieces_come_in_order_although_later_ones_are_finished_first() -> None:
    tokenizer = Slow()
    found = list(encoded(tokenizer, iter(PIECES), 50, threads=4))
    assert [bytes(ids.tolist()).decode() for _, ids in found] == PIECES
    assert len(tokenizer.threads) == 4
    assert threading.current_thread().name not in tokenizer.threads


def test_only_a_tokenizer_that_lets_others_work_gets_threads() -> None:
    assert [kind for kind, tokenizer in all_kinds().items() if tokenizer.parallel] == ["gpt2", "tokenizer_json"]
    tokenizer = Slow()
    tokenizer.parallel = False
    assert len(list(encoded(tokenizer, iter(PIECES), 50, threads=4))) == len(PIECES)
    assert tokenizer.threads == {threading.current_thread().name}


def test_no_more_text_is_held_than_the_cores_need() -> None:
    taken = 0

    def pieces() -> Iterator[str]:
        nonlocal taken
        for _ in range(200):
            taken += 1
            yield "x" * 10

    ahead = []
    for place, _ in enumerate(encoded(Slow(), pieces(), 10, threads=3), 1):
        ahead.append(taken - place)
    assert max(ahead) <= 2 * 3 + 1
    assert place == 200


def test_an_overlong_piece_is_encoded_alone() -> None:
    tokenizer = Slow()
    sizes = [10] * 5 + [1_000, 1_000] + [10] * 5
    stream = encoded(tokenizer, ("x" * size for size in sizes), 10, threads=2)
    begun = [tokenizer.begun - place for place, (piece, _) in enumerate(stream) if len(piece) == 1_000]
    assert begun[0] <= 2  # itself, and at most the next one, which waited until it was done


def test_stopping_drops_what_nobody_has_begun_and_leaves_no_thread() -> None:
    before = threading.active_count()
    tokenizer = Slow()

    def stopped() -> Iterator[str]:
        yield from PIECES[:8]
        raise StudioError("Tokenizing was stopped before it was finished.")

    with pytest.raises(StudioError, match="stopped"), closing(encoded(tokenizer, stopped(), 900, threads=2)) as stream:
        list(stream)
    assert tokenizer.begun < 8
    assert threading.active_count() == before


def test_leaving_in_the_middle_ends_the_threads() -> None:
    before = threading.active_count()
    with closing(encoded(Slow(), iter(PIECES), 50, threads=3)) as stream:
        assert next(stream)[0] == PIECES[0]
    assert threading.active_count() == before


def test_what_a_tokenizer_refuses_is_told_with_its_own_words() -> None:
    class Refusing(Slow):
        def encode_array(self, text: str, *, marked: bool = False) -> npt.NDArray[Any]:
            raise StudioError("The character “猫” is not among them.")

    with pytest.raises(StudioError, match="猫"):
        list(encoded(Refusing(), iter(PIECES), 50, threads=2))


@pytest.mark.parametrize("kind", ["gpt2", "tokenizer_json"])
def test_encoding_on_a_thread_does_not_hold_up_the_others(kind: str) -> None:
    tokenizer = all_kinds()[kind]
    text = "The harbour was quiet, and 12 gulls sat on the wall. " * 4_000
    tokenizer.encode_array("warm")
    worker = threading.Thread(target=tokenizer.encode_array, args=(text,))
    began = time.thread_time()
    turns = 0
    worker.start()
    while worker.is_alive():
        turns += 1
        time.sleep(0)
    assert turns > 10, f"{turns} turns in {time.thread_time() - began:.3f} s"


def test_there_is_at_least_one_core_and_ids_are_whole_numbers() -> None:
    assert cores() >= 1
    for tokenizer in all_kinds().values():
        assert np.issubdtype(tokenizer.encode_array("Once").dtype, np.integer)
        assert tokenizer.encode_array("").shape == (0,)
