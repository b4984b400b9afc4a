"""Recording what a CUDA device is told to do: a matter of the whole process, of which torch keeps one state for all.

While something is recorded, random numbers that another thread draws on the device are an error there, so that nothing
is recorded while a model takes a step. And when a recording fails, torch 2.13 stops at the first error: the thread is
still on its stream, the allocator in its memory, and the generator of random numbers refuses every later number.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from studio.core.language import tr

Play = Callable[[], None]  # launches kernels


@dataclass
class _Process:
    drawing: int = 0  # threads that may draw random numbers on a device
    refused: bool = False  # a recording failed: none is tried again


_PROCESS, _GATE = _Process(), threading.Lock()


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Inside, random numbers may be drawn on a device; whoever comes while something is recorded waits for its end."""
    with _GATE:
        _PROCESS.drawing += 1
    try:
        yield
    finally:
        with _GATE:
            _PROCESS.drawing -= 1


def may_record() -> bool:
    """Whether a recording can be tried now."""
    return not _PROCESS.refused and not _PROCESS.drawing


def recorded(launch: Play) -> Play:
    """A CUDA graph of the kernels that `launch` starts, recorded after two runs that make tables and workspaces.

    A `RuntimeError` where it cannot be; everything is then as it was before.
    """
    with _GATE:
        if not may_record():
            raise RuntimeError(tr("Nothing is recorded while a model is trained, or once a recording has failed."))
        try:
            return _captured(launch)
        except BaseException:
            _PROCESS.refused = True
            raise


quiet = partial(torch.cuda.graph, capture_error_mode="thread_local")  # other threads may ask for memory meanwhile


def _captured(launch: Play) -> Play:
    stream: Any = torch.cuda.Stream
    before, beside = torch.cuda.current_stream(), stream()
    beside.wait_stream(before)
    with torch.cuda.stream(beside):
        launch()
        launch()
    before.wait_stream(beside)
    graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
    try:
        with quiet(graph, pool=pool):
            launch()
    except BaseException:
        _tidy(before, pool)
        raise
    play: Play = graph.replay
    return play


def _tidy(before: Any, pool: Any) -> None:
    """What torch leaves undone behind a recording that failed; where it did do it, it says so by an error."""
    torch.cuda.set_stream(before)
    with contextlib.suppress(RuntimeError):
        torch._C._cuda_endAllocateToPool(before.device_index, pool)
    try:  # the end of a recording that succeeds frees the generator
        with contextlib.suppress(RuntimeError), quiet(torch.cuda.CUDAGraph()):
            torch.zeros(1, device=before.device)
    finally:
        torch.cuda.set_stream(before)
