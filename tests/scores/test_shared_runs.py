"""The longest shared run against trying every run, the order of suffixes, and a corpus of a million tokens."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.scores.shared_runs import MOST_TOKENS, Run, SharedRuns


def longest_by_hand(answer: list[int], corpus: list[int]) -> int:
    runs = {tuple(corpus[one:other]) for one in range(len(corpus)) for other in range(one + 1, len(corpus) + 1)}
    return max((other - one for one in range(len(answer)) for other in range(one + 1, len(answer) + 1)
                if tuple(answer[one:other]) in runs), default=0)  # fmt: skip


@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), max_size=40), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_the_longest_run_is_that_of_trying_every_run(answer: list[int], corpus: list[int], offset: int) -> None:
    answer, corpus = [item + offset for item in answer], [item + offset for item in corpus]
    found = SharedRuns(corpus).longest(answer)
    assert found.length == longest_by_hand(answer, corpus)
    run = answer[found.start : found.start + found.length]
    assert run == corpus[found.place : found.place + found.length]


@pytest.mark.parametrize("period", [1, 7, 100])
def test_a_corpus_that_repeats_itself_is_searched_too(period: int) -> None:
    corpus = SharedRuns(np.arange(2_000) % period)
    assert corpus.longest(np.arange(3, 900) % period).length == 897
    assert corpus.longest(np.arange(3_000) % period).length == 2_000


def test_large_and_small_ids_are_told_apart_by_all_their_bytes() -> None:
    corpus = SharedRuns([1, 256, 65_536, 2**32 - 1])
    assert corpus.longest([256, 65_536, 2**32 - 1]) == Run(0, 1, 3)
    assert corpus.longest([0, 65_537, 512]).length == 0


def test_the_first_of_several_longest_runs_is_named() -> None:
    assert SharedRuns([5, 6, 0, 7, 8]).longest([7, 8, 1, 5, 6]) == Run(0, 3, 2)


def test_nothing_is_shared_with_nothing() -> None:
    assert SharedRuns([]).longest([1, 2]) == Run(0, 0, 0)
    assert SharedRuns([1, 2]).longest([]) == Run(0, 0, 0)
    assert len(SharedRuns([1, 2])) == 2


@pytest.mark.parametrize("ids", [[-1], [0.5], [[1, 2]], [2**32]])
def test_what_is_no_token_id_is_refused(ids: list[int]) -> None:
    for use in (lambda: SharedRuns(ids), lambda: SharedRuns([1]).longest(ids)):
        with pytest.raises(StudioError, match="ids"):
            use()


def test_a_corpus_that_is_too_large_is_refused_before_anything_is_sorted() -> None:
    with pytest.raises(StudioError, match="16,777,217 tokens are too many"):
        SharedRuns(np.broadcast_to(np.uint8(0), MOST_TOKENS + 1))


def test_a_million_tokens_take_bounded_memory_and_answer_in_milliseconds() -> None:
    random = np.random.default_rng(8)
    ids = random.zipf(1.3, 1_000_000) % 50_000
    ids[700_000:700_400] = ids[100:500]  # some of it stands there twice
    tracemalloc.start()
    corpus = SharedRuns(ids)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 9e6  # bytes: eight a token
    assert peak < 80e6
    answer = np.concatenate([random.zipf(1.3, 120) % 50_000, ids[4_321:4_421], random.zipf(1.3, 80) % 50_000])
    begin = time.process_time()
    found = corpus.longest(answer)
    assert time.process_time() - begin < 0.05
    assert found.start <= 120 <= found.start + found.length - 100
    assert found.place + 120 - found.start == 4_321
