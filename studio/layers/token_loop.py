"""A decoder's next token by the compiled loops of `studio.loops`: where its weights and its cache lie in memory.

Nothing is copied. Whoever exchanges a weight, lays an adapter on or wants to watch is noticed at the next token.
"""

import ctypes
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio.core.config import ModelConfig
from studio.layers.attention import Attention
from studio.layers.decoder import Block, Decoder
from studio.layers.feed_forward import FeedForward, GatedFeedForward
from studio.layers.int8_rows import Int8Rows
from studio.layers.key_value_cache import KeyValueCache
from studio.layers.norms import RMSNorm
from studio.loops.addresses import MEETING, STEP, Field, Matrix, Norm
from studio.loops.team import Program, Team

Floats = npt.NDArray[np.float32]
Addresses = npt.NDArray[np.int64]
_LINE = 64  # bytes
_PLAIN = (Decoder, Block, Attention, FeedForward, GatedFeedForward, nn.Linear, nn.LayerNorm, RMSNorm, nn.Embedding)
_KNOWN = frozenset((*_PLAIN, nn.ModuleList, Int8Rows))
_PLACES = {name: place for place, name in enumerate(STEP)}
_LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_library = ctypes.WinDLL("kernel32") if os.name == "nt" else ctypes.CDLL(None)  # type: ignore[attr-defined]
_yield = _library.SwitchToThread if os.name == "nt" else _library.sched_yield
_GIVE_WAY = ctypes.cast(_yield, ctypes.c_void_p).value or 0


class Watch:
    """Notices whether a model is still the network that it was: asked at every token, so it looks at no more than that.

    A module that was exchanged or has a hook, weights that lie elsewhere, somebody who observes attention.
    """

    def __init__(self, model: Decoder) -> None:
        self._model = model
        self._children = [
            (parent._modules, name, child) for parent in model.modules() for name, child in parent.named_children()
        ]
        self._hooks = [
            hooks for module in model.modules() for hooks in (module._forward_hooks, module._forward_pre_hooks)
        ]
        self._parameters = [
            (module._parameters, name, part, part.data_ptr())
            for module in model.modules()
            for name, part in module._parameters.items()
            if part is not None
        ]
        self._attentions = [module for module in model.modules() if isinstance(module, Attention)]

    def unchanged(self) -> bool:
        """Whether loops that were made for it still say what it says."""
        return (
            not self._model.training
            and not any(self._hooks)
            and all(children.get(name) is child for children, name, child in self._children)
            and all(attention.observe is None for attention in self._attentions)
            and all(own.get(name) is part and part.data_ptr() == at for own, name, part, at in self._parameters)
        )


def can_be_written(config: ModelConfig) -> bool:
    """Whether there is a program for it: for what writes token after token, with norms before each part."""
    return (
        config.causal and config.norm_place == "before" and not (config.word_head or config.outputs or config.segments)
    )


def fits(model: Decoder) -> bool:
    """Whether the loops can take the model as it is: fp32 or 8-bit on a CPU, of plain parts that nobody watches."""
    weight = model.embed_tokens.weight
    plain = (type(module) in _KNOWN for module in model.modules())
    lying = (module.weight.is_contiguous() for module in model.modules() if isinstance(module, nn.Linear))
    right = weight.device.type == "cpu" and weight.dtype == torch.float32
    return right and all(plain) and all(lying) and small(model) is not None and Watch(model).unchanged()


def small(model: Decoder) -> bool | None:
    """Whether all its matrices are 8-bit integers, or none (False); None where it has both."""
    kinds = {type(module) for module in model.modules() if isinstance(module, nn.Linear | Int8Rows)}
    return kinds == {Int8Rows} if len(kinds) == 1 else None


class TokenLoop:
    """Reads one token after another into a cache of one text, by a program that was compiled for the architecture."""

    def __init__(self, model: Decoder, config: ModelConfig, program: Program, threads: int) -> None:
        self._model, self._program, self.threads = model, program, threads
        self._watch = Watch(model)
        self._tables = {"linears": _linears_of(model), "norms": _norms_of(model)}
        self._floats = {name: _aligned(size) for name, size in _shared(config).items()}
        self._desks = [_desk(config) for _ in range(threads)]
        self._meeting = np.zeros(MEETING, np.int64)
        self._weights = (*model.parameters(), *model.modules())  # what the tables point at stays alive
        self._arguments = np.zeros((threads, len(STEP)), np.int64)
        self._set(_begins(self._tables | self._floats | {"meeting": self._meeting}))
        self._set({"give_way": _GIVE_WAY, "parts": threads})
        for part, desk in enumerate(self._desks):
            self._set(_begins(desk) | {"part": part}, part)
        memory = self._tables, self._floats, self._desks, self._meeting, self._arguments, self._weights
        self._team = Team(threads, memory)

    def read(self, token: int, cache: KeyValueCache) -> Floats:
        """Logits (vocabulary,) behind `token`, the next of the cache's one text; the cache does not advance."""
        model, x = self._model, self._floats["x"]
        x[:] = model.embed_tokens.weight.detach()[token].numpy()
        if model.embedding_scale != 1.0:
            x *= np.float32(model.embedding_scale)
        if model.embed_positions is not None:
            x += model.embed_positions.weight.detach()[cache.length].numpy()
        memory = {"keys": cache.keys, "values": cache.values}
        rotary = _attention(model.layers[0]).rotary
        if rotary is not None:
            memory |= zip(("cosines", "sines"), rotary.tables(cache.keys, cache.capacity), strict=True)
        places = {name: tensor.data_ptr() for name, tensor in memory.items()}
        self._set(places | {"capacity": cache.capacity, "place": cache.length})
        self._team.run(self._program, [arguments.ctypes.data for arguments in self._arguments])
        return self._floats["logits"].copy()

    def unchanged(self) -> bool:
        """Whether the model is still the one that the loops read, nobody wants to watch it, and no token broke off."""
        return self._team.whole and self._watch.unchanged()

    def close(self) -> None:
        """End its threads."""
        self._team.close()

    def _set(self, values: Mapping[str, int], part: int | None = None) -> None:
        """For one thread, or for all."""
        for name, value in values.items():
            self._arguments[slice(None) if part is None else part, _PLACES[name]] = value


def _begins(memory: Mapping[str, npt.NDArray[Any]]) -> dict[str, int]:
    return {name: array.ctypes.data for name, array in memory.items()}


def _shared(config: ModelConfig) -> dict[str, int]:
    """How many numbers the memory holds that all threads share."""
    width, wide = config.emb_dim, config.feed_forward_dim
    queries, keys = config.n_heads * config.head_dim, config.kv_heads * config.head_dim
    return {
        "x": width, "out": width, "queries": queries, "mixed": queries, "new_keys": keys, "new_values": keys,
        "wide": wide, "gates": wide, "logits": config.vocab_size,
    }  # fmt: skip


def _desk(config: ModelConfig) -> dict[str, npt.NDArray[Any]]:
    """Memory of one thread's own."""
    widest = max(config.emb_dim, config.feed_forward_dim, config.n_heads * config.head_dim)
    return {
        "row": _aligned(widest),
        "whole": _aligned(widest).view(np.int16),
        "scores": _aligned(config.context_length),
    }


def _linears_of(model: Decoder) -> Addresses:
    """Where weights, scales and biases of the linear layers lie, 0 for none: (layers * matrices + 1, fields)."""
    found = np.zeros((len(model.layers) * len(Matrix) + 1, len(Field)), np.int64)
    for layer, block in enumerate(model.layers):
        for place, name in enumerate(_LINEARS):
            linear = getattr(block.self_attn, name, None) or getattr(block.mlp, name, None)
            found[layer * len(Matrix) + place] = _lies(linear, ("weight", "scales", "bias"))
    found[-1] = _lies(model.lm_head, ("weight", "scales", "bias"))
    return found


def _norms_of(model: Decoder) -> Addresses:
    """Where weights and biases of the norms lie: (layers * norms + 1, 2)."""
    found = np.zeros((len(model.layers) * len(Norm) + 1, 2), np.int64)
    for layer, block in enumerate(model.layers):
        attention = _attention(block)
        norms = (block.input_layernorm, block.post_attention_layernorm, attention.q_norm, attention.k_norm)
        for place, norm in enumerate(norms):
            found[layer * len(Norm) + place] = _lies(norm, ("weight", "bias"))
    found[-1] = _lies(model.norm, ("weight", "bias"))
    return found


def _attention(block: nn.Module) -> Attention:
    attention: Attention = block.self_attn  # type: ignore[assignment]
    return attention


def _lies(module: object, names: tuple[str, ...]) -> list[int]:
    tensors = (getattr(module, name, None) for name in names)
    return [tensor.data_ptr() if isinstance(tensor, Tensor) else 0 for tensor in tensors]


def _aligned(count: int) -> Floats:
    """Zeros that begin with a line of the processor's cache."""
    memory = np.zeros(4 * count + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + 4 * count].view(np.float32)
