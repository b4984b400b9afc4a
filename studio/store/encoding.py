"""Pieces of a text to token ids on every core, in order, a bounded stretch ahead of whoever writes them down.

What is spelled like a special token inside data is text; only the marks between documents are tokens.
"""

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy.typing as npt

from studio.tokenizers import Tokenizer

Encoded = tuple[str, npt.NDArray[Any]]  # a piece and its ids, (tokens,)

_AHEAD = 2  # pieces of ordinary size for each core: one is encoded while the next one waits


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def encoded(
    tokenizer: Tokenizer, pieces: Iterable[str], size: int, *, marked: bool = False, threads: int = 0
) -> Generator[Encoded, None, None]:
    """Every piece with its ids, in order; `size` is the characters of an ordinary piece, `marked` as in `encode_array`.

    Only where a tokenizer lets other threads work are there any: as many as cores unless `threads` says how many. What
    `pieces` raises ends the work: pieces nobody has begun are dropped, and every thread has ended on leaving.
    """
    threads = threads or cores()
    if threads == 1 or not tokenizer.parallel:
        for piece in pieces:
            yield piece, tokenizer.encode_array(piece, marked=marked)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="encode")
    try:
        yield from _in_order(pool, tokenizer, pieces, _AHEAD * threads * size, marked)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor, tokenizer: Tokenizer, pieces: Iterable[str], ahead: int, marked: bool
) -> Generator[Encoded, None, None]:
    """Hand pieces out, at most `ahead` characters of them at a time; a longer piece goes alone."""
    waiting: deque[tuple[str, Future[npt.NDArray[Any]]]] = deque()
    held = 0
    for piece in pieces:
        held += len(piece)
        while waiting and held > ahead:
            held -= len(waiting[0][0])
            yield _finished(waiting.popleft())
        waiting.append((piece, pool.submit(tokenizer.encode_array, piece, marked=marked)))
    while waiting:
        yield _finished(waiting.popleft())


def _finished(one: "tuple[str, Future[npt.NDArray[Any]]]") -> Encoded:
    """A piece, once it is encoded."""
    piece, future = one
    return piece, future.result()
