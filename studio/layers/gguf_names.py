"""How llama.cpp's GGUF files name and lay out a model that `transformers` describes by `config.json` and its names."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.store.gguf_file import U32

# The model type of `config.json`, by the architecture of the file. Mistral's files call themselves llama.
ARCHITECTURES: Mapping[str, str] = {
    "llama": "llama", "mistral": "mistral", "gpt2": "gpt2", "qwen2": "qwen2", "qwen3": "qwen3", "gemma": "gemma",
}  # fmt: skip
ROPE_FREQUENCIES = "rope_freqs.weight"
_ENDS = {
    "token_embd": ("model.embed_tokens", "transformer.wte"),
    "position_embd": ("transformer.wpe",),
    "output_norm": ("model.norm", "transformer.ln_f"),
    "output": ("lm_head",),
}
_LAYER = {
    "attn_norm": ("input_layernorm", "ln_1"), "attn_q": ("self_attn.q_proj",), "attn_k": ("self_attn.k_proj",),
    "attn_v": ("self_attn.v_proj",), "attn_qkv": ("attn.c_attn",), "attn_output": ("self_attn.o_proj", "attn.c_proj"),
    "attn_q_norm": ("self_attn.q_norm",), "attn_k_norm": ("self_attn.k_norm",),
    "ffn_norm": ("post_attention_layernorm", "ln_2"), "ffn_gate": ("mlp.gate_proj",),
    "ffn_up": ("mlp.up_proj", "mlp.c_fc"), "ffn_down": ("mlp.down_proj", "mlp.c_proj"),
}  # fmt: skip
_THEIRS = {theirs: ours for table in (_ENDS, _LAYER) for ours, names in table.items() for theirs in names}
_TURNED = ("attn_qkv.weight", "attn_output.weight", "ffn_up.weight", "ffn_down.weight")  # Conv1D stores (in, out)


def gguf_name(name: str) -> str:
    """The name in a GGUF file of what `transformers` calls `name`."""
    inside, _, kind = name.rpartition(".")
    match = re.fullmatch(r"(?:model\.layers|transformer\.h)\.(\d+)\.(.+)", inside)
    return f"blk.{match[1]}.{_THEIRS[match[2]]}.{kind}" if match else f"{_THEIRS[inside]}.{kind}"


@dataclass(frozen=True)
class Layout:
    """What GGUF stores in another order than `transformers`: by architecture, with the heads of queries and keys."""

    architecture: str
    heads: int
    kv_heads: int

    def turned(self, name: str) -> bool:
        """Whether `transformers` has this matrix the other way round."""
        return self.architecture == "gpt2" and name.endswith(_TURNED)

    def from_file(self, name: str, tensor: Tensor) -> Tensor:
        """A tensor of the file as `transformers` has it; a view where nothing moves."""
        if self.turned(name):
            return tensor.t()
        if heads := self._rotated(name):
            return in_halves(tensor, heads)
        return tensor - 1 if self._raised(name) else tensor

    def to_file(self, name: str, tensor: Tensor) -> Tensor:
        """The reverse."""
        if self.turned(name):
            return tensor.t()
        if heads := self._rotated(name):
            return in_pairs(tensor, heads)
        return tensor + 1 if self._raised(name) else tensor

    def _rotated(self, name: str) -> int:
        """The heads of a projection whose rows lie in pairs, or 0."""
        if self.architecture not in ("llama", "mistral"):
            return 0
        part = name.split(".")[-2]
        return {"attn_q": self.heads, "attn_k": self.kv_heads}.get(part, 0)

    def _raised(self, name: str) -> bool:
        """Gemma multiplies by 1 + weight; llama.cpp stores the sum."""
        return self.architecture == "gemma" and name.endswith("norm.weight")


def in_halves(rows: Tensor, heads: int) -> Tensor:
    """Rows of each head from pairs (0, 1), (2, 3), … to RoPE's half rotation: first all even, then all odd ones."""
    return rows.reshape(heads, -1, 2, *rows.shape[1:]).transpose(1, 2).reshape(rows.shape)


def in_pairs(rows: Tensor, heads: int) -> Tensor:
    """The reverse of `in_halves`."""
    return rows.reshape(heads, 2, -1, *rows.shape[1:]).transpose(1, 2).reshape(rows.shape)


# --- a file's metadata as config.json ---------------------------------------------------------------------------------


def outside_config(metadata: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """What `config.json` would say of the model; what is missing, unusable or not computed here is a `StudioError`."""
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise StudioError(
            tr("This GGUF file holds a model of the architecture “{name}”.", name=str(architecture)[:40]),
            tr("Atelier reads these: {names}.", names=", ".join(ARCHITECTURES)),
        )
    said = _Said(metadata, architecture)
    if said.number("expert_count", 0):
        raise StudioError(
            tr("This model is a mixture of experts, which Atelier does not compute."),
            tr("Choose a model without experts."),
        )
    if "token_embd.weight" not in shapes:
        raise StudioError(tr("This GGUF file has no token embedding."), tr("It holds no whole model; get another one."))
    vocabulary = shapes["token_embd.weight"][0]
    return _gpt2(said, vocabulary, shapes) if architecture == "gpt2" else _llama_like(said, vocabulary, shapes)


def _gpt2(said: "_Said", vocabulary: int, shapes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    return {
        "model_type": "gpt2", "vocab_size": vocabulary,
        "n_positions": said.number("context_length"), "n_embd": said.number("embedding_length"),
        "n_layer": said.number("block_count"), "n_head": said.number("attention.head_count"),
        "n_inner": said.inner(), "layer_norm_epsilon": said.real("attention.layer_norm_epsilon"),
        "activation_function": "gelu_new", "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0,
        "tie_word_embeddings": "output.weight" not in shapes,
    }  # fmt: skip


def _llama_like(said: "_Said", vocabulary: int, shapes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    window = said.number("attention.sliding_window", 0)
    heads, width = said.number("attention.head_count"), said.number("embedding_length")
    base = said.real("rope.freq_base", 10_000.0)
    model_type = "mistral" if window and said.architecture == "llama" else ARCHITECTURES[said.architecture]
    return {
        "model_type": model_type, "vocab_size": vocabulary,
        "max_position_embeddings": said.number("context_length"), "hidden_size": width,
        "num_hidden_layers": said.number("block_count"), "num_attention_heads": heads,
        "num_key_value_heads": said.number("attention.head_count_kv", heads),
        "intermediate_size": said.number("feed_forward_length"),
        "head_dim": said.number("attention.key_length", said.number("rope.dimension_count", width // heads)),
        "rms_norm_eps": said.real("attention.layer_norm_rms_epsilon"),
        "rope_theta": base, "rope_scaling": said.scaling(),
        "sliding_window": window or None, "use_sliding_window": False,
        "hidden_act": "gelu_pytorch_tanh" if said.architecture == "gemma" else "silu",
        "hidden_activation": "gelu_pytorch_tanh" if said.architecture == "gemma" else None,
        "attention_bias": said.architecture != "qwen2" and "blk.0.attn_q.bias" in shapes,
        "mlp_bias": "blk.0.ffn_up.bias" in shapes,
        "tie_word_embeddings": "output.weight" not in shapes,
    }  # fmt: skip


class _Said:
    """Values of the metadata under their architecture's name, judged as they are asked for."""

    def __init__(self, metadata: Mapping[str, Any], architecture: str) -> None:
        self._metadata = metadata
        self.architecture = architecture

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number from 0 to two thousand millions."""
        value = self._metadata.get(f"{self.architecture}.{key}", default)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 0 <= value <= 1 << 31 or (value == 0 and default != 0):
            raise self._unusable(key)
        return int(value)

    def real(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        value = self._metadata.get(f"{self.architecture}.{key}", default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._unusable(key)
        return float(f"{value:.7g}")  # it was stored with 32 bits; 1e-5 shall be 1e-5 again

    def inner(self) -> int | None:
        """The width inside the feed-forward part, None for the usual four times the model's."""
        inner = self.number("feed_forward_length")
        return None if inner == 4 * self.number("embedding_length") else inner

    def scaling(self) -> dict[str, Any] | None:
        """The position scaling that is said in words; Llama 3's lies in a tensor of its own."""
        kind = self._metadata.get(f"{self.architecture}.rope.scaling.type", "none")
        if kind == "none":
            return None
        return {"rope_type": str(kind)[:40], "factor": self.real("rope.scaling.factor", 1.0)}

    def _unusable(self, key: str) -> StudioError:
        return StudioError(
            tr(
                "This GGUF file does not say its “{key}”, or says something unusable.", key=f"{self.architecture}.{key}"
            ),
            tr("It is damaged. Get it again, or choose another one."),
        )


# --- config.json as a file's metadata ---------------------------------------------------------------------------------


def metadata_of(outside: Mapping[str, Any]) -> dict[str, Any]:
    """What a GGUF file says about the shape of a model, from what `config.json` says."""
    kind = outside["model_type"]
    if kind == "gpt2":
        return _prefixed("gpt2", {
            "context_length": outside["n_positions"], "embedding_length": outside["n_embd"],
            "feed_forward_length": outside.get("n_inner") or 4 * outside["n_embd"], "block_count": outside["n_layer"],
            "attention.head_count": outside["n_head"], "attention.layer_norm_epsilon": outside["layer_norm_epsilon"],
        })  # fmt: skip
    if kind not in ARCHITECTURES:
        raise StudioError(
            tr("GGUF files of “{kind}” models cannot be written here.", kind=kind),
            tr("Export it as a Hugging Face folder instead."),
        )
    if kind == "gemma" and not outside["tie_word_embeddings"]:
        raise StudioError(
            tr("A Gemma in a GGUF file has no output head of its own, and this one has."),
            tr("Export it as a Hugging Face folder instead."),
        )
    rope = _rope(outside)
    head = outside.get("head_dim") or outside["hidden_size"] // outside["num_attention_heads"]
    window = outside.get("sliding_window") if kind == "mistral" or outside.get("use_sliding_window") else None
    context = outside["max_position_embeddings"]
    found = {
        # llama.cpp computes these without a window: beyond it the two would not say the same any more
        "context_length": min(context, window or context), "embedding_length": outside["hidden_size"],
        "feed_forward_length": outside["intermediate_size"], "block_count": outside["num_hidden_layers"],
        "attention.head_count": outside["num_attention_heads"],
        "attention.head_count_kv": outside.get("num_key_value_heads") or outside["num_attention_heads"],
        "attention.key_length": head, "attention.value_length": head, "rope.dimension_count": head,
        "attention.layer_norm_rms_epsilon": outside["rms_norm_eps"], "rope.freq_base": rope["rope_theta"],
        "vocab_size": outside["vocab_size"],
    }  # fmt: skip
    if window:
        found["attention.sliding_window"] = window
    if rope.get("rope_type", "default") == "linear":
        found |= {"rope.scaling.type": "linear", "rope.scaling.factor": float(rope["factor"])}
    elif rope.get("rope_type", "default") not in ("default", "llama3"):
        raise StudioError(
            tr("GGUF files with the position scaling “{kind}” cannot be written here.", kind=rope["rope_type"]),
            tr("Export it as a Hugging Face folder instead."),
        )
    return _prefixed("llama" if kind == "mistral" else kind, found)


def _prefixed(architecture: str, values: Mapping[str, Any]) -> dict[str, Any]:
    written = {
        f"{architecture}.{key}": U32(value) if isinstance(value, int) else value for key, value in values.items()
    }
    return {"general.architecture": architecture, **written}


def _rope(outside: Mapping[str, Any]) -> dict[str, Any]:
    """Base and scaling of the positions; transformers 5 keeps them together, earlier ones apart."""
    together = outside.get("rope_parameters") or outside.get("rope_scaling") or {}
    base = together.get("rope_theta") or outside.get("rope_theta") or 10_000.0
    return {
        **together,
        "rope_type": together.get("rope_type", together.get("type", "default")),
        "rope_theta": float(base),
    }


# --- Llama 3.1's scaling of positions ---------------------------------------------------------------------------------

_PUBLISHED = tuple((factor, 1.0, 4.0, 8_192) for factor in (8.0, 32.0))


def rope_factors(outside: Mapping[str, Any]) -> Tensor | None:
    """By how much each frequency is slowed down in Llama 3.1's scaling; None for a model without it."""
    rope = _rope(outside)
    if rope["rope_type"] != "llama3":
        return None
    head = outside.get("head_dim") or outside["hidden_size"] // outside["num_attention_heads"]
    numbers = (rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"],
               rope["original_max_position_embeddings"])  # fmt: skip
    return _factors(head, rope["rope_theta"], numbers)


def _factors(head: int, base: float, numbers: tuple[float, float, float, int]) -> Tensor:
    """Waves longer than the old context / low are slowed by `factor`, shorter than / high not, between them mixed."""
    factor, low, high, original = numbers
    waves = 2 * math.pi * base ** (torch.arange(0, head, 2, dtype=torch.float64) / head)
    share = ((original / waves - low) / (high - low)).clamp(0, 1)
    return (1 / ((1 - share) / factor + share)).float()


def scaling_of(factors: Tensor, head: int, base: float) -> dict[str, Any]:
    """The numbers of `config.json` that give these factors; ones that nobody published are a `StudioError`."""
    guesses = (*_PUBLISHED, (float(factors.max()), 1.0, 4.0, 8_192))
    for numbers in guesses:
        if factors.shape == (head // 2,) and torch.allclose(_factors(head, base, numbers), factors.float(), rtol=1e-4):
            names = ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings")
            return {"rope_type": "llama3", **dict(zip(names, numbers, strict=True))}
    raise StudioError(
        tr("This GGUF file scales its positions in a way that Atelier does not know."),
        tr("Get the model as a Hugging Face folder, which says how."),
    )
