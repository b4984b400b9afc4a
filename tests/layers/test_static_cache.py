"""A step whose shapes never change says what the ordinary one says, wherever it stands."""

import weakref
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from studio.engine.replay import Step
from studio.layers.key_value_cache import KeyValueCache
from tests.families.conftest import SHAPES, shaken, tiny

pytestmark = pytest.mark.torch

QUICK = ("gpt2", "mistral")  # between them: places added and turned, shared heads, a window
EVERY = pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SHAPES]
)


def step_for(model: Any, cache: KeyValueCache) -> Step:
    """A step that is computed anew each time instead of being recorded."""
    return Step(model, cache, lambda launch: launch)


@EVERY
@torch.no_grad()
def test_every_place_of_every_row_gets_the_logits_of_the_ordinary_step(name: str) -> None:
    config = tiny(name)
    model, ids = shaken(config), torch.randint(0, 61, (3, 30))
    cache = KeyValueCache(config, like=model.embed_tokens.weight, batch=3, capacity=32)
    model(ids[:, :4], cache)
    step, whole = step_for(model, cache), model(ids)
    for place in range(4, 30):
        found = torch.from_numpy(step(ids[:, place].tolist(), place))
        torch.testing.assert_close(found, whole[:, place], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["gpt2", "mistral", "gemma"])
@torch.no_grad()
def test_both_ways_take_turns_in_the_same_memory_and_after_it_was_cut_back(name: str) -> None:
    config = tiny(name)
    model, ids = shaken(config), torch.randint(0, 61, (1, 40))
    cache = KeyValueCache(config, like=model.embed_tokens.weight, capacity=48)
    model(torch.randint(0, 61, (1, 30)), cache)
    step = step_for(model, cache)
    step([7], cache.length)
    cache.truncate(0)
    model(ids[:, :10], cache)
    cache.truncate(9)
    whole = model(ids)[0]
    for place in range(9, 40):
        if place % 3:
            found = model(ids[:, place : place + 1], cache)[0, -1]
        else:
            found = torch.from_numpy(step(ids[0, place : place + 1].tolist(), place))[0]
            cache.advance(1)
        torch.testing.assert_close(found, whole[place], atol=1e-5, rtol=0)


class Launches(TorchDispatchMode):
    """Writes down every operation with the shapes it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, ...]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        shapes = [str(tuple(one.shape)) for one in args if isinstance(one, torch.Tensor)]
        self.seen.append((str(func), *shapes, *(str(one) for one in args if isinstance(one, int))))
        return func(*args, **(kwargs or {}))


@EVERY
@torch.no_grad()
def test_a_step_launches_the_same_at_every_place_and_never_asks_the_device_for_a_number(name: str) -> None:
    config = tiny(name)
    model = shaken(config)
    cache = KeyValueCache(config, like=model.embed_tokens.weight, capacity=40)
    kept: list[Any] = []
    step = Step(model, cache, lambda launch: kept.append(launch) or launch)  # type: ignore[func-returns-value]
    launched = []
    for place in (0, 8, 31):
        step([3], place)
        with Launches() as launches:
            kept[0]()
        launched.append(launches.seen)
    assert launched[0] == launched[1] == launched[2]
    assert len(launched[0]) > 20
    # Numbers that come from the host or go there: a graph cannot hold them.
    crossing = ("_local_scalar_dense", "lift_fresh", "_to_copy", "nonzero", "is_nonzero")
    assert [name for name, *_ in launched[0] if any(word in name for word in crossing)] == []


@torch.no_grad()
def test_memory_that_was_never_written_does_not_count() -> None:
    config = tiny("llama 2")
    model, ids = shaken(config), torch.randint(0, 61, (1, 6))
    cache = KeyValueCache(config, like=model.embed_tokens.weight, capacity=16)
    model(ids[:, :5], cache)
    for held in (cache.keys, cache.values):
        held[:, :, :, 5:] = float("nan")
    found = torch.from_numpy(step_for(model, cache)(ids[0, 5:].tolist(), 5))
    torch.testing.assert_close(found, model(ids)[:, -1], atol=1e-5, rtol=0)


@torch.no_grad()
def test_tables_stay_where_a_graph_reads_them_when_a_longer_text_makes_new_ones() -> None:
    config = tiny("llama 2")
    model, ids = shaken(config), torch.randint(0, 61, (1, 6))
    cache = KeyValueCache(config, like=model.embed_tokens.weight, capacity=16)
    model(ids[:, :5], cache)
    step = step_for(model, cache)
    step([3], 5)
    rotary: Any = model.layers[0].self_attn.rotary
    held = [weakref.ref(table) for table in next(iter(rotary._tables.values()))]
    rotary.tables(model.embed_tokens.weight, 4_096)
    step([3], 5)
    kept = next(iter(step._cache._tables.values()))
    assert [view._base is old() for view, old in zip(kept, held, strict=True)] == [True, True]
