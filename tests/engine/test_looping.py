"""Compiled loops are used only where they were found right and faster; the ordinary way is always there."""

import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from studio.engine import looping, replay
from studio.engine.reader import Reader
from studio.engine.replay import TRIED
from studio.layers.lora import add_lora, lora_layers, remove_lora
from studio.layers.lora_linear import LoraShape
from tests.engine.writing_model import SHAPE, fed_tokens, opinionated

pytestmark = pytest.mark.torch

_PROGRAMS: dict[Any, Any] = {}  # compiling takes a second
TEXT = [int(token) for token in np.random.default_rng(6).integers(0, 40, 60)]


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the trial measures: of the loops, then of the ordinary way. Compiling pays at once, and is waited for."""
    took = [1.0, 3.0]

    def timed(read: Callable[[], Any]) -> tuple[Any, float]:
        took.append(took.pop(0))
        return read(), took[-1]

    def at_once(make: Callable[[], Any]) -> looping.Future[Any]:
        made = beside(make)
        made.exception()
        return made

    beside = looping.beside
    monkeypatch.setattr(replay, "timed", timed)
    monkeypatch.setattr(looping, "COMPILING", 0.0)
    monkeypatch.setattr(looping, "beside", at_once)
    monkeypatch.setattr(looping, "_PROGRAMS", _PROGRAMS)
    return took


def read_all(reader: Reader, text: list[int]) -> np.ndarray:
    return np.stack([reader.read([token]) for token in text])


def wanted(model: Any, text: list[int]) -> np.ndarray:
    return read_all(Reader(model, SHAPE, cached=False), text)


def test_after_a_trial_the_loops_go_on_alone_with_the_same_logits(seconds: list[float]) -> None:
    model = opinionated()
    with fed_tokens(model) as sizes:
        reader = Reader(model, SHAPE)
        found = read_all(reader, TEXT)
    assert reader.looping is not None
    assert reader.looping.settled
    assert len(sizes) == TRIED
    np.testing.assert_allclose(found, wanted(model, TEXT), atol=1e-5)


def test_a_text_that_is_cut_back_or_outgrows_its_room_is_read_as_ever(
    seconds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.reader._FIRST_ROOM", 16)
    model = opinionated()
    reader = Reader(model, SHAPE)
    read_all(reader, TEXT[:30])
    reader.read_from(TEXT[:5])
    np.testing.assert_allclose(read_all(reader, TEXT[5:50])[-1], wanted(model, TEXT[:50])[-1], atol=1e-5)


def test_loops_that_were_slow_are_tried_again_later_and_later(
    seconds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looping, "PAUSE", 4)
    seconds[:] = [3.0, 1.0]
    model, by_loops, read = opinionated(), [], looping.TokenLoop.read
    reader = Reader(model, SHAPE)
    monkeypatch.setattr(looping.TokenLoop, "read", lambda *given: by_loops.append(place) or read(*given))
    for place in range(2 * TRIED + 4 + 8):
        reader.read([TEXT[place]])
    first, again = range(TRIED), range(TRIED + 4, 2 * TRIED + 4)
    assert by_loops == [*first, *again]
    seconds[:] = [1.0, 3.0]
    for place in range(len(TEXT[:18]), 30):
        reader.read([TEXT[place]])
    assert by_loops == [*first, *again, *range(18, 30)]
    np.testing.assert_allclose(reader.read([7]), wanted(model, [*TEXT[:30], 7])[-1], atol=1e-5)


@pytest.mark.parametrize("fault", ["wrong", "no compiler", "no thread"])
def test_loops_that_are_wrong_or_cannot_be_made_are_given_up_silently(
    seconds: list[float], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "wrong":
        monkeypatch.setattr(looping.TokenLoop, "read", lambda *_: np.ones(SHAPE.vocab_size, np.float32))
    else:
        compiler = fault == "no compiler"
        error = ImportError("No module named 'llvmlite'") if compiler else RuntimeError("can't start new thread")

        def missing(*_: Any) -> None:
            raise error

        monkeypatch.setattr(looping, "_program" if compiler else "TokenLoop", missing)
        monkeypatch.setattr(looping, "_PROGRAMS", {} if compiler else _PROGRAMS)
    model = opinionated()
    reader = Reader(model, SHAPE)
    found = read_all(reader, TEXT[:20])
    assert reader.looping is not None
    assert reader.looping.given_up
    np.testing.assert_allclose(found, wanted(model, TEXT[:20]), atol=1e-5)


def test_nothing_is_compiled_before_the_ordinary_way_has_taken_as_long(
    seconds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looping, "COMPILING", 3_600.0)
    monkeypatch.setattr(looping, "_PROGRAMS", {})
    # A look at the whole model takes as long as a third of its token: there is none before it is of use.
    monkeypatch.setattr(looping, "fits", lambda _: pytest.fail("the model was looked at for nothing"))
    reader = Reader(opinionated(), SHAPE)
    read_all(reader, TEXT)
    assert looping._PROGRAMS == {}


def test_what_is_prepared_is_tried_from_the_first_token_on(
    seconds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looping, "COMPILING", 3_600.0)
    reader = Reader(opinionated(), SHAPE)
    assert reader.looping is not None
    reader.looping.prepare()
    read_all(reader, TEXT[:TRIED])
    assert reader.looping.settled


def test_loops_that_fall_behind_in_a_long_text_are_left_there_and_tried_again_in_a_shorter_one(
    seconds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looping, "LONG", 10)
    model = opinionated()
    with fed_tokens(model) as sizes:
        reader = Reader(model, SHAPE)
        read_all(reader, TEXT[:18])
        assert len(sizes) == 2 * TRIED
        seconds.reverse()
        found = read_all(reader, TEXT[18:30])
        assert len(sizes) == 2 * TRIED + 10
        seconds.reverse()
        del sizes[:]
        reader.read_from(TEXT[:1])
        read_all(reader, TEXT[1:9])
        assert len(sizes) == TRIED
    np.testing.assert_allclose(found, wanted(model, TEXT[:30])[18:], atol=1e-5)


def test_an_adapter_laid_on_between_two_tokens_counts_from_the_next_one_on(seconds: list[float]) -> None:
    model = opinionated()
    reader, plain = Reader(model, SHAPE), Reader(model, SHAPE)
    read_all(reader, TEXT[:20])
    expected = read_all(plain, TEXT[:21])[-1]
    add_lora(model, "all", LoraShape(rank=2, alpha=64.0))
    for layer in lora_layers(model).values():
        for parameter in layer.parameters():
            parameter.data.normal_() if parameter.requires_grad else None
    model.eval()
    assert np.abs(reader.read(TEXT[20:21]) - expected).max() > 1e-2
    assert reader.looping is not None
    assert not reader.looping.settled
    remove_lora(model)
    read_all(reader, TEXT[21:30])
    assert reader.looping.settled


def test_a_model_and_its_threads_are_gone_with_its_reader(seconds: list[float]) -> None:
    torch.set_num_threads(3)
    before = set(threading.enumerate())
    reader = Reader(opinionated(), SHAPE)
    read_all(reader, TEXT[:20])
    team = [thread for thread in set(threading.enumerate()) - before if thread.name.endswith("(_work)")]
    model = weakref.ref(reader.model)
    assert len(team) == 2
    del reader
    for thread in team:
        thread.join(5)
        assert not thread.is_alive()
    assert model() is None
