"""Small shapes of every family, each with what makes it itself, and the same network in `transformers`."""

import dataclasses
from typing import Any

import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.shelf import FAMILIES

_TINY = {"vocab_size": 61, "context_length": 96, "emb_dim": 24, "n_layers": 3, "n_heads": 4, "drop_rate": 0.0}
_SCALED = {"rope_scaling": "llama3", "rope_factor": 4.0, "rope_original_context": 16, "rope_base": 100.0}
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("gpt2", {"qkv_bias": True}),
    "gpt2 untied": ("gpt2", {"qkv_bias": True, "tie_embeddings": False, "hidden_dim": 40}),
    "llama 2": ("llama", {"n_kv_heads": 0, "tie_embeddings": False}),
    "llama 3.1": ("llama", {"n_kv_heads": 2, "tie_embeddings": False, **_SCALED}),
    "llama with biases": (
        "llama",
        {"head_width": 10, "qkv_bias": True, "output_bias": True, "feed_forward_bias": True},
    ),
    "llama stretched": ("llama", {"n_kv_heads": 1, "rope_scaling": "linear", "rope_factor": 3.0}),
    "mistral": ("mistral", {"n_kv_heads": 2, "sliding_window": 7, "head_width": 8}),
    "mistral without window": ("mistral", {"n_kv_heads": 2, "sliding_window": 0, "tie_embeddings": False}),
    "qwen2": ("qwen2", {"n_kv_heads": 2}),
    "qwen2 with window": ("qwen2", {"n_kv_heads": 2, "sliding_window": 9, "tie_embeddings": False}),
    "qwen3": ("qwen3", {"n_kv_heads": 2, "head_width": 10}),
    "qwen3 with biases": ("qwen3", {"n_kv_heads": 1, "head_width": 8, "qkv_bias": True, "output_bias": True}),
    "gemma": ("gemma", {"n_kv_heads": 1, "head_width": 10}),
    "gemma untied": ("gemma", {"n_kv_heads": 0, "tie_embeddings": False}),
}


def tiny(name: str, **changes: Any) -> ModelConfig:
    """One of the shapes above, its feed-forward part of a width of its own."""
    family, special = SHAPES[name]
    preset = FAMILIES.load(family).presets[0].config
    inner = {"hidden_dim": 40} if preset.hidden_dim else {}
    return dataclasses.replace(preset, **{**_TINY, **inner, **special, **changes})


def shaken(config: ModelConfig, seed: int = 1) -> Any:
    """A model whose norms and biases are not at their defaults, which would hide mistakes."""
    torch.manual_seed(seed)
    model = FAMILIES.load(config.family).build(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def theirs_for(config: ModelConfig) -> Any:
    """The network that `transformers` builds from the `config.json` we write, shaken."""
    transformers = pytest.importorskip("transformers")
    outside = FAMILIES.load(config.family).to_outside(config)
    read = transformers.AutoConfig.for_model(**outside, bos_token_id=None, eos_token_id=None, pad_token_id=None)
    torch.manual_seed(2)
    model = transformers.AutoModelForCausalLM.from_config(read, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model
