"""The compiled loops say what torch says, in every family, wherever they stand and on however many threads."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

from studio.core.config import ModelConfig
from studio.layers.decoder import Decoder
from studio.layers.int8_rows import Int8Rows
from studio.layers.key_value_cache import KeyValueCache
from studio.layers.lora import add_lora
from studio.layers.lora_linear import LoraShape
from studio.layers.token_loop import TokenLoop, can_be_written, fits, small
from studio.loops import decode
from tests.families.conftest import SHAPES, shaken, tiny

pytestmark = pytest.mark.torch

QUICK = ("gpt2", "qwen2 with window")  # between them: both norms, biases, a gate, turns, shared heads, a window
program = cache(decode.program)  # compiling takes a second
EVERY = pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SHAPES]
)
WIDE = {"emb_dim": 144, "n_heads": 2, "hidden_dim": 200}  # longer than a vector, and no multiple of one


def logits_of(loop: TokenLoop, cache: KeyValueCache, ids: list[int]) -> torch.Tensor:
    found = []
    for token in ids:
        found.append(torch.from_numpy(loop.read(token, cache)))
        cache.advance(1)
    return torch.stack(found)


def in_integers(model: Decoder) -> Decoder:
    for name, linear in [pair for pair in model.named_modules() if isinstance(pair[1], nn.Linear)]:
        place, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(place), leaf, Int8Rows(linear))
    return model


@EVERY
@torch.no_grad()
def test_every_token_gets_the_logits_of_the_ordinary_way(name: str) -> None:
    config = tiny(name)
    model, ids = shaken(config), torch.randint(0, 61, (1, 40))
    cache = KeyValueCache(config, like=model.embed_tokens.weight, capacity=48)
    model(ids[:, :7], cache)
    loop = TokenLoop(model, config, program(config, False), threads=2)
    whole = model(ids)[0]
    torch.testing.assert_close(logits_of(loop, cache, ids[0, 7:].tolist()), whole[7:], atol=1e-5, rtol=0)
    loop.close()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("whole", [False, True], ids=["floats", "integers"])
@torch.no_grad()
def test_rows_longer_than_a_vector_and_both_ways_in_turns_after_a_cut(threads: int, whole: bool) -> None:
    config = tiny("gpt2", **WIDE)
    model = in_integers(shaken(config)) if whole else shaken(config)
    ids, cache = torch.randint(0, 61, (1, 30)), KeyValueCache(config, like=model.embed_tokens.weight, capacity=32)
    loop = TokenLoop(model, config, program(config, whole), threads)
    logits_of(loop, cache, [7] * 20)
    cache.truncate(0)
    model(ids[:, :5], cache)
    plain = KeyValueCache(config, like=model.embed_tokens.weight, capacity=32)
    model(ids[:, :5], plain)
    for place in range(5, 30):
        wanted = model(ids[:, place : place + 1], plain)[0, -1]
        if place % 3:
            found = logits_of(loop, cache, ids[0, place : place + 1].tolist())[0]
        else:
            found = model(ids[:, place : place + 1], cache)[0, -1]
        # Where a number lies between two whole ones, another order of adding up may round it to the other.
        near = 1e-3 * float(wanted.abs().max()) if whole else 2e-5
        torch.testing.assert_close(found, wanted, atol=near, rtol=0)
    loop.close()


def laid(model: Decoder) -> None:
    add_lora(model, "all", LoraShape(rank=2))
    model.eval()


def hooked(model: Decoder) -> None:
    model.layers[1].mlp.register_forward_hook(lambda *_: None)


def observed(model: Decoder) -> None:
    model.layers[0].self_attn.observe = lambda *_: None  # type: ignore[assignment]


def moved(model: Decoder) -> None:
    weight = model.layers[2].mlp.up_proj.weight  # type: ignore[union-attr]
    weight.data = weight.data.clone()


def exchanged(model: Decoder) -> None:
    model.layers[0].mlp.up_proj = nn.Linear(24, 96)  # type: ignore[assignment]


def taught(model: Decoder) -> None:
    model.train()


@pytest.mark.parametrize("change", [laid, hooked, observed, moved, exchanged, taught], ids=lambda one: one.__name__)
def test_whatever_is_done_to_the_model_is_noticed(change: Callable[[Decoder], None]) -> None:
    config = tiny("gpt2")
    model = shaken(config)
    loop = TokenLoop(model, config, program(config, False), 1)
    assert loop.unchanged()
    assert fits(model)
    change(model)
    assert not loop.unchanged()
    assert fits(model) == (change in (moved, exchanged))


def test_what_the_loops_cannot_read_is_left_to_torch() -> None:
    model = shaken(tiny("gpt2"))
    assert (small(model), small(in_integers(shaken(tiny("gpt2"))))) == (False, True)
    model.lm_head = Int8Rows(model.lm_head)  # type: ignore[assignment]
    assert small(model) is None
    assert not fits(model)
    turned = shaken(tiny("gpt2"))
    turned.lm_head.weight.data = turned.lm_head.weight.data.t().contiguous().t()
    assert not fits(turned)
    assert not fits(shaken(tiny("gpt2")).double())


def test_programs_are_only_written_for_what_writes() -> None:
    config = tiny("gpt2")
    assert can_be_written(config)
    assert not can_be_written(replace(config, causal=False))
    assert not can_be_written(replace(config, norm_place="after"))
    assert not can_be_written(replace(config, segments=2))


def test_loops_whose_token_was_interrupted_are_not_used_again() -> None:
    config = tiny("gpt2")
    model = shaken(config)

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    loop = TokenLoop(model, config, interrupted, 1)
    assert loop.unchanged()
    with pytest.raises(KeyboardInterrupt):
        loop.read(0, KeyValueCache(config, like=model.embed_tokens.weight))
    assert not loop.unchanged()


@torch.no_grad()
def test_two_texts_are_read_at_once_by_loops_of_their_own() -> None:
    config: ModelConfig = tiny("gpt2")
    model, run, found = shaken(config), program(config, False), {}
    texts = [torch.randint(0, 61, (1, 30)) for _ in range(2)]

    def read(number: int) -> None:
        loop, cache = TokenLoop(model, config, run, 2), KeyValueCache(config, like=model.embed_tokens.weight)
        found[number] = logits_of(loop, cache, texts[number][0].tolist())
        loop.close()

    threads: list[Any] = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, text in enumerate(texts):
        torch.testing.assert_close(found[number], model(text)[0], atol=1e-5, rtol=0)
