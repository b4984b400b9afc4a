"""A recording concerns the whole process: it happens alone, and one that failed leaves everything as it was."""

import contextlib
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from studio.engine import recording
from studio.engine.recording import drawing, may_record, recorded

pytestmark = pytest.mark.torch


class Card:
    """What torch does on a CUDA device, as far as a recording goes; 2.13 stops at the first error in the same way."""

    def __init__(self) -> None:
        self.stream, self.pools, self.marked, self.launched = "own", [], False, 0
        self.broken = False
        self.modes: list[str] = []

    def graph(self, graph: Any, pool: Any = "another", capture_error_mode: str = "global") -> Any:
        return self.recording(pool, capture_error_mode)

    @contextlib.contextmanager
    def recording(self, pool: Any, mode: str) -> Iterator[None]:
        self.modes.append(mode)
        before, self.stream = self.stream, "beside"
        self.pools.append(pool)
        self.marked = True
        try:
            yield
        finally:
            if self.broken:
                self.broken = False
                raise RuntimeError("operation failed due to a previous error during capture")
            self.pools.remove(pool)
            self.marked, self.stream = False, before

    def launch(self) -> None:
        self.launched += 1

    def refuse(self) -> None:
        self.launch()
        if self.launched == 3:  # the two runs before were ordinary ones
            self.broken = True
            raise RuntimeError("operation not permitted when stream is capturing")


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card()
    stream = SimpleNamespace(wait_stream=lambda other: None, device_index=0, device="cpu")
    there = SimpleNamespace(
        Stream=lambda: stream, current_stream=lambda: stream, stream=lambda one: contextlib.nullcontext(),
        CUDAGraph=lambda: SimpleNamespace(replay=made.launch), graph_pool_handle=lambda: "own pool",
        set_stream=lambda one: setattr(made, "stream", "own"),
    )  # fmt: skip
    parts = SimpleNamespace(_cuda_endAllocateToPool=lambda device, pool: made.pools.remove(pool))
    monkeypatch.setattr(recording, "torch", SimpleNamespace(cuda=there, _C=parts, zeros=torch.zeros))
    monkeypatch.setattr(recording, "quiet", recording.partial(made.graph, **recording.quiet.keywords))
    monkeypatch.setattr(recording, "_PROCESS", recording._Process())
    return made


def test_what_was_recorded_behind_two_ordinary_runs_is_launched_anew(card: Card) -> None:
    play = recorded(card.launch)
    assert card.launched == 3
    play()
    assert card.launched == 4
    assert (card.stream, card.pools, card.marked, card.modes) == ("own", [], False, ["thread_local"])
    assert may_record()


def test_a_recording_that_fails_leaves_stream_memory_and_generator_as_they_were_and_is_the_last(card: Card) -> None:
    with pytest.raises(RuntimeError, match="operation"):
        recorded(card.refuse)
    assert (card.stream, card.pools, card.marked) == ("own", [], False)
    assert card.modes == ["thread_local"] * 2
    assert not may_record()
    with pytest.raises(RuntimeError, match="once a recording has failed"):
        recorded(card.launch)
    assert card.launched == 3


def test_nothing_is_recorded_while_numbers_are_drawn(card: Card) -> None:
    with drawing(), drawing():
        assert not may_record()
        with pytest.raises(RuntimeError, match="while a model is trained"):
            recorded(card.launch)
    assert may_record()
    recorded(card.launch)


def test_whoever_draws_numbers_waits_for_the_end_of_a_recording(card: Card) -> None:
    order: list[str] = []

    def draw() -> None:
        with drawing():
            order.append("drawn")

    other = threading.Thread(target=draw)

    def launch() -> None:
        if not other.ident:
            other.start()
        other.join(0.02)
        order.append("launched")

    recorded(launch)
    other.join()
    assert order == ["launched"] * 3 + ["drawn"]
