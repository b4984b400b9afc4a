"""Encoding in another process: the same ids, in the order of the pieces, and nothing lost when it dies."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from studio.core.errors import StudioError
from studio.store import encoding
from studio.store.encoder_process import EncoderProcess
from studio.store.encoding import encoded, processes_for
from studio.tokenizers import END_OF_TEXT, Tokenizer, make_tokenizer
from studio.tokenizers.byte_pair import PATIENCE
from studio.tokenizers.o200k import O200kTokenizer
from studio.tokenizers.raw_bytes import ByteTokenizer


def children() -> set[int]:
    """Processes that this one has started and that live."""
    return {child.pid for child in psutil.Process().children()}


PIECES = [f"{place}: naïve 猫 🐈, {END_OF_TEXT} once upon a time.\n" * (1 + place % 5) for place in range(30)]


@pytest.fixture(scope="module")
def process() -> Iterator[EncoderProcess]:
    """One for all tests that leave it whole: it takes a while to begin."""
    with closing(EncoderProcess(make_tokenizer("gpt2"), marked=True)) as found:
        yield found


def test_it_gives_the_ids_that_the_tokenizer_gives(process: EncoderProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = make_tokenizer("gpt2")
    process.encode("a beginning")
    monkeypatch.setattr(process, "_tokenizer", None)  # it has been told; nothing is encoded here
    for piece in PIECES:
        found = process.encode(piece)
        assert found.tolist() == tokenizer.encode_array(piece, marked=True).tolist()
        assert np.issubdtype(found.dtype, np.integer)
    assert process.encode("").shape == (0,)
    assert not process.broken


def test_several_threads_each_get_the_ids_of_their_own_piece(process: EncoderProcess) -> None:
    tokenizer = make_tokenizer("gpt2")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(process.encode, PIECES * 3))
    assert [ids.tolist() for ids in found] == [tokenizer.encode(piece, special=True) for piece in PIECES * 3]


def test_half_a_character_is_mended_as_everywhere(process: EncoderProcess) -> None:
    assert process.encode("a\ud800b").tolist() == make_tokenizer("gpt2").encode("a\ufffdb")
    assert not process.broken


def test_with_a_process_the_pieces_come_in_order_with_their_ids() -> None:
    tokenizer = make_tokenizer("characters", PIECES)
    assert not tokenizer.parallel
    before = children()
    found = list(encoded(tokenizer, iter(PIECES * 4), 40, threads=2, processes=1))
    assert children() == before
    assert [piece for piece, _ in found] == PIECES * 4
    assert [ids.tolist() for _, ids in found] == [tokenizer.encode(piece) for piece in PIECES * 4]


@pytest.mark.slow
def test_what_the_vocabulary_cannot_say_is_told_in_its_own_words_and_leaves_no_process() -> None:
    tokenizer, before = make_tokenizer("characters", ["abc "]), children()
    with pytest.raises(StudioError, match="猫"):
        list(encoded(tokenizer, iter(["abc "] * 30 + ["猫"]), 4, threads=2, processes=1))
    assert children() == before


def test_when_it_is_killed_the_pieces_are_encoded_here_and_none_is_lost() -> None:
    process = EncoderProcess(ByteTokenizer(), marked=False)
    with closing(process):
        assert process.encode("before").tolist() == list(b"before")
        os.kill(process.pid, signal.SIGTERM)
        process._process.wait(10)
        assert [process.encode(word).tolist() for word in ("after", "it")] == [list(b"after"), list(b"it")]
        assert process.broken


@pytest.mark.slow
def test_it_ends_with_whoever_started_it() -> None:
    process = EncoderProcess(ByteTokenizer(), marked=False)
    with closing(process):
        child = psutil.Process(process.pid)
        process._process.stdin.close()  # as the system does when its owner is killed
        assert child.wait(10) == 0


def test_where_no_process_can_be_started_everything_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(encoding, "EncoderProcess", refuse)
    found = list(encoded(ByteTokenizer(), iter(PIECES), 40, threads=2, processes=1))
    assert [bytes(ids.tolist()).decode() for _, ids in found] == PIECES


@pytest.mark.slow
def test_leaving_in_the_middle_ends_the_process_at_once() -> None:
    before, began = children(), time.monotonic()
    with closing(encoded(ByteTokenizer(), iter(PIECES * 100), 40, threads=2, processes=1)) as stream:
        next(stream)
    assert children() == before
    assert time.monotonic() - began < 10


def test_only_a_long_text_on_several_cores_is_worth_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, expected in ((1, 0), (2, 1), (16, 2)):
        monkeypatch.setattr(encoding, "cores", lambda cores=cores: cores)
        assert processes_for(ByteTokenizer(), 100_000_000) == expected
        assert processes_for(ByteTokenizer(), 1_000_000) == 0


def test_an_encoder_that_would_hold_up_the_window_is_built_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    large = make_tokenizer("o200k")
    monkeypatch.setattr(encoding, "cores", lambda: 1)
    monkeypatch.setattr(O200kTokenizer, "_spent", 0)
    assert [processes_for(large, size) for size in (1_000_000, 5_000_000, 100_000_000)] == [0, 1, 1]
    monkeypatch.setattr(O200kTokenizer, "_spent", PATIENCE)
    assert [processes_for(large, size) for size in (1_000_000, 5_000_000, 100_000_000)] == [0, 0, 0]


@pytest.mark.parametrize(("cores", "small", "large"), [(2, 1, 2), (4, 1, 3)])
def test_no_core_is_idle_while_nothing_is_encoded_here(
    monkeypatch: pytest.MonkeyPatch, cores: int, small: int, large: int
) -> None:
    monkeypatch.setattr(encoding, "cores", lambda: cores)
    monkeypatch.setattr(O200kTokenizer, "_spent", 0)
    tokenizer = make_tokenizer("o200k")
    assert [processes_for(tokenizer, size) for size in (5_000_000, 100_000_000)] == [small, large]
    monkeypatch.setattr(O200kTokenizer, "_spent", PATIENCE)
    assert processes_for(tokenizer, 100_000_000) == large - 1, "then this process is one of them"


def test_meanwhile_nothing_of_it_is_encoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere:
        lanes = 2

        def __init__(self, tokenizer: Tokenizer, marked: bool) -> None:
            pass

        def encode(self, piece: str) -> npt.NDArray[Any]:
            return np.array([len(piece)])

        def close(self) -> None:
            pass

    monkeypatch.setattr(encoding, "EncoderProcess", Elsewhere)
    for spent, here in ((1, False), (PATIENCE, True)):
        monkeypatch.setattr(O200kTokenizer, "_spent", spent)
        pieces = ["one two"] * 40
        found = [ids.tolist() for _, ids in encoded(make_tokenizer("o200k"), pieces, 8, threads=2, processes=1)]
        assert all(ids == [7] for ids in found) is not here
