"""A recorded graph is used only where it was found right and faster; the ordinary way is always there."""

import gc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from studio.engine import replay
from studio.engine.reader import Reader, Rows
from studio.engine.recording import drawing, recorded
from studio.engine.replay import TRIED, WARM, Step, possible, same
from tests.engine.writing_model import SHAPE, fed_tokens, opinionated

pytestmark = pytest.mark.torch

TEXT = [int(token) for token in np.random.default_rng(6).integers(0, 40, 60)]
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


class Bench:
    """Counts the recordings and plays that would happen on CUDA; `clock` gives the seconds of each way in turn."""

    def __init__(self) -> None:
        self.recorded, self.played = 0, 0
        self.spoil: Callable[[], None] = lambda: None
        self.seconds: Iterator[float] = iter(())

    def record(self, launch: Callable[[], None]) -> Callable[[], None]:
        self.recorded += 1

        def play() -> None:
            self.played += 1
            launch()
            self.spoil()

        return play

    def timed(self, read: Callable[[], Any]) -> tuple[Any, float]:
        return read(), next(self.seconds)


@pytest.fixture(autouse=True)
def no_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the CPU a reader would write by compiled loops instead."""
    monkeypatch.setattr("studio.engine.reader.Looping", lambda *_: None)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Graphs that compute on the CPU, three times as fast as the ordinary way by the bench's clock."""
    made = Bench()
    made.seconds = iter([1.0, 3.0] * 100)
    monkeypatch.setattr(replay, "recorded", made.record)
    monkeypatch.setattr(replay, "timed", made.timed)
    monkeypatch.setattr(replay, "possible", lambda model: True)
    return made


def read_all(reader: Reader, text: list[int]) -> np.ndarray:
    return np.stack([reader.read([token]) for token in text])


def test_after_some_tokens_a_graph_goes_on_with_the_same_logits(bench: Bench) -> None:
    model = opinionated()
    with fed_tokens(model) as sizes:
        found = read_all(Reader(model, SHAPE), TEXT)
    assert (bench.recorded, bench.played) == (1, len(TEXT) - WARM)
    assert len(sizes) == len(TEXT) + TRIED  # the tokens of the trial were computed both ways
    np.testing.assert_allclose(found, read_all(Reader(model, SHAPE, cached=False), TEXT), atol=1e-5)


def test_what_was_cut_back_or_outgrew_its_room_is_read_as_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.reader._FIRST_ROOM", 24)
    model = opinionated()
    reader, fresh = Reader(model, SHAPE), Reader(model, SHAPE, cached=False)
    read_all(reader, TEXT[:20])
    reader.read_from(TEXT[:5])
    np.testing.assert_allclose(read_all(reader, TEXT[5:50])[-1], fresh.read(TEXT[:50]), atol=1e-5)
    assert bench.recorded == 2  # in rooms of 24 and 48; the two tokens behind them are not worth it


def test_several_texts_are_written_by_one_graph_until_one_of_them_ends(bench: Bench) -> None:
    model = opinionated()
    reader = Reader(model, SHAPE)
    reader.read(TEXT[:4])
    rows = Rows(reader, 3)
    others = [[int(token) for token in np.random.default_rng(row).integers(0, 40, 40)] for row in range(3)]
    for place in range(20):
        found = rows.read([text[place] for text in others])
    rows.keep([0, 2])
    for place in range(20, 36):
        found = rows.read([others[row][place] for row in (0, 2)])
    assert bench.recorded == 2
    for row, logits in zip((0, 2), found, strict=True):
        wanted = Reader(model, SHAPE, cached=False).read(TEXT[:4] + others[row][:36])
        np.testing.assert_allclose(logits, wanted, atol=1e-5)


@pytest.mark.parametrize("fault", ["wrong", "slow", "refused", "not a number"])
def test_a_graph_that_is_wrong_slow_or_refused_is_given_up_silently(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    made: list[Step] = []
    if fault == "slow":
        bench.seconds = iter([3.0, 1.0] * TRIED)
    elif fault == "refused":

        def refuse(launch: Callable[[], None]) -> Callable[[], None]:
            raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

        monkeypatch.setattr(replay, "recorded", refuse)
    else:
        monkeypatch.setattr(replay, "Step", lambda *given: made.append(Step(*given)) or made[-1])  # type: ignore[func-returns-value]
        bench.spoil = lambda: made[-1]._logits.mul_(float("nan") if fault == "not a number" else -1.0).sum()
    model = opinionated()
    reader = Reader(model, SHAPE)
    found = read_all(reader, TEXT[:40])
    assert reader.replay.given_up
    assert bench.played == {"wrong": 1, "slow": TRIED, "refused": 0, "not a number": 1}[fault]
    np.testing.assert_allclose(found, read_all(Reader(model, SHAPE, cached=False), TEXT[:40]), atol=1e-5)


def test_nothing_is_recorded_while_a_model_takes_a_step(bench: Bench) -> None:
    reader = Reader(opinionated(), SHAPE)
    with drawing():
        read_all(reader, TEXT[: WARM + 4])
    assert (bench.recorded, reader.replay.given_up) == (0, False)
    read_all(reader, TEXT[: TRIED + 1])
    assert bench.recorded == 1


def test_a_model_is_freed_with_its_reader_and_an_outgrown_memory_as_soon_as_graphs_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def found_wrong(launch: Callable[[], None]) -> Callable[[], None]:
        return lambda: None

    monkeypatch.setattr("studio.engine.reader._FIRST_ROOM", 16)
    monkeypatch.setattr(replay, "recorded", found_wrong)
    monkeypatch.setattr(replay, "possible", lambda model: True)
    model = opinionated()
    reader = Reader(model, SHAPE)
    read_all(reader, TEXT[: WARM + 2])
    assert reader.replay.given_up
    assert reader.replay._memory is None
    assert reader.cache is not None
    reader.replay._step = Step(model, reader.cache, found_wrong)
    gone = weakref.ref(model)
    gc.disable()
    try:
        del model, reader
        assert gone() is None
    finally:
        gc.enable()


def test_logits_agree_when_they_are_close_and_the_likeliest_is_the_same() -> None:
    wanted = np.array([[1.0, 10.0], [4.0, -10.0]], dtype=np.float32)
    assert same(wanted + 0.005, wanted)
    assert not same(wanted + 0.05, wanted)
    close = np.array([[1.0, 1.0005]], dtype=np.float32)
    assert not same(close[:, ::-1], close)


def test_only_a_resting_model_on_cuda_without_adapters_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not possible(opinionated())  # on the CPU
    there: Any = SimpleNamespace(
        embed_tokens=SimpleNamespace(weight=SimpleNamespace(device=torch.device("cuda"))), training=False
    )
    laid: dict[str, str] = {}
    monkeypatch.setattr(replay, "lora_layers", lambda _: laid)
    assert possible(there)
    there.training = True
    assert not possible(there)
    there.training = False
    laid["layers.0.self_attn.q_proj"] = "an adapter"
    assert not possible(there)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize("samples", [1, 3])
def test_on_cuda_a_graph_writes_what_the_ordinary_way_writes(samples: int) -> None:
    shape = replace(SHAPE, emb_dim=256, n_layers=6)
    model = opinionated(shape).cuda()
    reader = Reader(model, shape)
    reader.read(TEXT[:4])
    rows = Rows(reader, samples)
    for place in range(4, 50):
        found = rows.read([TEXT[place]] * samples)
    assert rows.replay._step is not None
    wanted = Reader(model, shape, cached=False).read(TEXT[:50])
    for logits in found:
        np.testing.assert_allclose(logits, wanted, atol=1e-3 * np.abs(wanted).max())


@pytest.mark.gpu
@needs_gpu
def test_on_cuda_a_recorded_step_gives_other_logits_for_other_tokens() -> None:
    model = opinionated().cuda()
    reader = Reader(model, SHAPE)
    reader.read(TEXT[:4])
    assert reader.cache is not None
    step = Step(model, reader.cache, recorded)
    first, second = step([1], 4), step([2], 4)
    assert not np.allclose(first, second)
    np.testing.assert_allclose(second[0], Reader(model, SHAPE, cached=False).read([*TEXT[:4], 2]), atol=1e-3)
