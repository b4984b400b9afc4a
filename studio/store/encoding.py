"""Pieces of a text to token ids on every core, in order, a bounded stretch ahead of whoever writes them down.

What is spelled like a special token inside data is text; only the marks between documents are tokens. Threads of one
process lose a fifth to one another; so a long text is shared with another process.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any

import numpy.typing as npt

from studio.store.encoder_process import EncoderProcess
from studio.tokenizers import Tokenizer
from studio.tokenizers.byte_pair import PATIENCE, VendoredTokenizer

Encoded = tuple[str, npt.NDArray[Any]]  # a piece and its ids, (tokens,)
Lane = Callable[[str], npt.NDArray[Any]]  # one that encodes a piece at a time

_AHEAD = 2  # pieces of ordinary size for each core: one is encoded while the next one waits
_BEGINNING = 24  # further ones for each process: the others go on while it begins
_WORTH = 1 << 24  # characters of a text from which on another process pays, which takes half a second to begin
_MOST = 2  # further processes: each takes some eighty megabytes


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes_for(tokenizer: Tokenizer, characters: int) -> int:
    """How many further processes a text of so many characters is worth.

    Where tiktoken's encoder is still to be built, which would hold up the window, this process encodes nothing of the
    text: one more takes its place, so that no core is idle. The encoder of a process that has ended helps nobody.
    """
    worth = min(cores() - 1, _MOST) if characters >= _WORTH else 0
    return worth + _holds_up(tokenizer, characters)


def _holds_up(tokenizer: Tokenizer, characters: int) -> bool:
    """Whether no other thread would work here while an encoder is built."""
    return isinstance(tokenizer, VendoredTokenizer) and tokenizer.waits(characters)


def encoded(
    tokenizer: Tokenizer,
    pieces: Iterable[str],
    size: int,
    *,
    marked: bool = False,
    threads: int = 0,
    processes: int = 0,
) -> Generator[Encoded, None, None]:
    """Every piece with its ids, in order; `size` is the characters of an ordinary piece, `marked` as in `encode_array`.

    As many are encoded at a time as there are cores unless `threads` says how many: `processes` of them in processes of
    their own, the others in threads, but only one here where a tokenizer lets no other thread work. What `pieces`
    raises ends the work: pieces nobody has begun are dropped, and threads and processes have ended on leaving.
    """
    threads = threads or cores()
    here = max(1, threads - processes) if tokenizer.parallel else 1
    encode: Lane = partial(tokenizer.encode_array, marked=marked)
    held_up = processes > 0 and _holds_up(tokenizer, PATIENCE + 1)
    if here + processes == 1:
        for piece in pieces:
            yield piece, encode(piece)
        return
    others = _started(tokenizer, marked, processes)
    here = 0 if others and held_up else here  # `processes_for` has counted one for it
    lanes = [encode] * here + [other.encode for other in others for _ in range(other.lanes)]
    pool = ThreadPoolExecutor(len(lanes), thread_name_prefix="encode")
    ahead = _AHEAD * len(lanes) + _BEGINNING * len(others)
    try:
        yield from _in_order(pool, lanes, pieces, ahead * size)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for other in others:
            other.close()  # nobody waits for what it has begun
        pool.shutdown()


def _started(tokenizer: Tokenizer, marked: bool, count: int) -> list[EncoderProcess]:
    """As many processes as the system gives."""
    others: list[EncoderProcess] = []
    with suppress(OSError):
        for _ in range(count):
            others.append(EncoderProcess(tokenizer, marked))  # noqa: PERF401 - those that came stay
    return others


def _in_order(
    pool: ThreadPoolExecutor, lanes: list[Lane], pieces: Iterable[str], ahead: int
) -> Generator[Encoded, None, None]:
    """Hand pieces out, at most `ahead` characters of them at a time; a longer piece goes alone."""
    free: SimpleQueue[Lane] = SimpleQueue()
    for lane in lanes:
        free.put(lane)
    waiting: deque[tuple[str, Future[npt.NDArray[Any]]]] = deque()
    held = 0
    for piece in pieces:
        held += len(piece)
        while waiting and held > ahead:
            held -= len(waiting[0][0])
            yield _finished(waiting.popleft())
        waiting.append((piece, pool.submit(_on_a_lane, free, piece)))
    while waiting:
        yield _finished(waiting.popleft())


def _on_a_lane(free: "SimpleQueue[Lane]", piece: str) -> npt.NDArray[Any]:
    """Encode a piece on a lane that nobody uses; there are as many as threads."""
    lane = free.get()
    try:
        return lane(piece)
    finally:
        free.put(lane)


def _finished(one: "tuple[str, Future[npt.NDArray[Any]]]") -> Encoded:
    """A piece, once it is encoded."""
    piece, future = one
    return piece, future.result()
