"""llama2.c's `.bin` (Karpathy 2023): seven numbers, then a Llama's weights in fp32, one kind after the other."""

import dataclasses
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.exchange import Exchange, Found
from studio.families import Family
from studio.gate.names import visible

if TYPE_CHECKING:
    from torch import Tensor

    from studio.tokenizers import Tokenizer

HEADER = struct.Struct("<7i")
_NEWER = 0x616B3432  # "ak42", with which the later versions of the format begin
_LAYER = {
    "input_layernorm": "attention_norm", "self_attn.q_proj": "attention.wq", "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv", "self_attn.o_proj": "attention.wo", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "feed_forward.w1", "mlp.down_proj": "feed_forward.w2", "mlp.up_proj": "feed_forward.w3",
}  # fmt: skip
_ENDS = {"embed_tokens": "tok_embeddings", "norm": "norm", "lm_head": "output"}


@dataclass(frozen=True)
class Shape:
    """The header; a negative vocabulary there means that the output head is stored by itself."""

    width: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int
    tied: bool

    @property
    def usable(self) -> bool:
        """Whether the numbers go together and stay below what any model has."""
        sizes = (self.width, self.hidden, self.layers, self.heads, self.kv_heads, self.vocabulary, self.context)
        return (
            all(0 < size < 1 << 24 for size in sizes)
            and self.layers <= 1_000
            and self.width % (2 * self.heads) == 0
            and self.heads % self.kv_heads == 0
        )

    def tensors(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name and shape of everything behind the header, in the order of the file; `freqs_…` can be computed."""
        width, shared = self.width, self.width // self.heads * self.kv_heads
        yield "tok_embeddings.weight", (self.vocabulary, width)
        kinds = (
            ("attention_norm", (width,)), ("attention.wq", (width, width)), ("attention.wk", (shared, width)),
            ("attention.wv", (shared, width)), ("attention.wo", (width, width)), ("ffn_norm", (width,)),
            ("feed_forward.w1", (self.hidden, width)), ("feed_forward.w2", (width, self.hidden)),
            ("feed_forward.w3", (self.hidden, width)),
        )  # fmt: skip
        for name, shape in kinds:
            for layer in range(self.layers):
                yield f"layers.{layer}.{name}.weight", shape
        yield "norm.weight", (width,)
        table = (self.context, width // self.heads // 2)
        yield from (("freqs_cos", table), ("freqs_sin", table))
        if not self.tied:
            yield "output.weight", (self.vocabulary, width)

    @property
    def bytes(self) -> int:
        """What a file of this shape takes, exactly."""
        return HEADER.size + 4 * sum(math.prod(shape) for _, shape in self.tensors())


class Llama2cTensors:
    """Views of the file, queries and keys in the order of `transformers`."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self._path = path
        self._heads = {"attention.wq": shape.heads, "attention.wk": shape.kv_heads}
        self._places: dict[str, tuple[int, tuple[int, ...]]] = {}
        at = HEADER.size
        for name, size in shape.tensors():
            if not name.startswith("freqs_"):
                self._places[name] = (at, size)
            at += 4 * math.prod(size)

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Every tensor's name and shape."""
        return {name: shape for name, (_, shape) in self._places.items()}

    def read(self, name: str) -> "Tensor":
        """One tensor, fp32."""
        import numpy as np
        import torch

        from studio.layers.gguf_names import in_halves

        at, shape = self._places[name]
        raw = np.memmap(self._path, dtype=np.uint8, mode="c", offset=at, shape=(4 * math.prod(shape),))
        tensor = torch.from_numpy(raw).view(torch.float32).view(shape)
        heads = self._heads.get(".".join(name.split(".")[2:-1]), 0)
        return in_halves(tensor, heads) if heads else tensor

    def bytes(self) -> int:
        """What all of them take on disk."""
        return sum(4 * math.prod(shape) for _, shape in self._places.values())


def _header(path: Path) -> tuple[Shape | None, int]:
    """What the first seven numbers say, None where they go together in no model, and the bytes that are there."""
    with open(path, "rb") as file:
        raw = file.read(HEADER.size)
        size = file.seek(0, 2)
    if len(raw) < HEADER.size:
        return None, size
    width, hidden, layers, heads, kv_heads, vocabulary, context = HEADER.unpack(raw)
    shape = Shape(width, hidden, layers, heads, kv_heads, abs(vocabulary), context, tied=vocabulary > 0)
    return shape if shape.usable else None, size


def _is_newer(path: Path) -> bool:
    with open(path, "rb") as file:
        return int.from_bytes(file.read(4), "little") == _NEWER


def recognises(path: Path) -> bool:
    """A `.bin` whose first seven numbers explain its size, or more: it is cut off then. Later versions too."""
    try:
        if path.suffix != ".bin" or not path.is_file():
            return False
        shape, size = _header(path)
        return _is_newer(path) or (shape is not None and shape.bytes >= size)
    except OSError:
        return False


def open_file(path: Path) -> Found:
    """Look at a file: its shape, where its weights lie, and the tokenizer that lies beside it."""
    try:
        shape, size = _header(path)
        if _is_newer(path):
            raise StudioError(
                tr("“{name}” is written in a later version of llama2.c's format.", name=path.name),
                tr("Export it in the first version (version 0), with fp32 weights."),
            )
    except OSError as error:
        raise StudioError(tr("“{name}” could not be read: {why}.", name=path.name, why=error.strerror)) from error
    if shape is None or shape.bytes < size:
        raise StudioError(
            tr("“{name}” was not opened: its header does not explain its size.", name=path.name),
            tr("It is damaged, or not a model of llama2.c."),
        )
    if shape.bytes > size:
        raise StudioError(
            tr("“{name}” was not opened: its header asks for a size of {need} bytes, but {size} are there.",
               name=path.name, need=f"{shape.bytes:,}", size=f"{size:,}"),
            tr("It is cut off, damaged, or not a model of llama2.c. Get it again from its source."),
        )  # fmt: skip
    family: Family = FAMILIES.load("llama")
    config = family.from_outside(_outside(shape))
    tokenizer, warnings = _tokenizer(path, shape)
    return Found(
        title=visible(path.stem, 80),
        config=config,
        tensors=Llama2cTensors(path, shape),
        sources={
            ours: dataclasses.replace(source, name=_name(ours))
            for ours, source in family.sources(config).items()
            if ours != "lm_head.weight" or not config.tie_embeddings
        },
        tokenizer=tokenizer,
        facts={"origin": str(path)},
        warnings=warnings,
    )


def _outside(shape: Shape) -> dict[str, Any]:
    return {
        "model_type": "llama", "vocab_size": shape.vocabulary, "hidden_size": shape.width,
        "intermediate_size": shape.hidden, "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads, "max_position_embeddings": shape.context, "rms_norm_eps": 1e-5,
        "rope_theta": 10_000.0, "tie_word_embeddings": shape.tied,
    }  # fmt: skip


def _name(ours: str) -> str:
    """The name of Meta's release, from which llama2.c writes its files."""
    inside = ours.removesuffix(".weight")
    if inside in _ENDS:
        return f"{_ENDS[inside]}.weight"
    layers, number, part = inside.split(".", 2)
    return f"{layers}.{number}.{_LAYER[part]}.weight"


def _tokenizer(path: Path, shape: Shape) -> "tuple[Tokenizer | None, tuple[str, ...]]":
    """The first tokenizer beside the model that fits its vocabulary."""
    from studio.tokenizers.llama2c import read_bin

    names = (f"{path.stem}.tokenizer.bin", f"tok{shape.vocabulary}.bin", "tokenizer.bin")
    for name in names:
        beside = path.with_name(name)
        if beside != path and beside.is_file():
            try:
                return read_bin(beside, shape.vocabulary), ()
            except StudioError as error:
                return None, (str(error),)
    missing = tr(
        "No tokenizer lies beside it ({names}), so the model reads and writes token ids only.", names=" · ".join(names)
    )
    return None, (missing,)


EXCHANGE = Exchange(
    name="llama2c",
    label="llama2.c",
    about="The .bin files of llama2.c and its tiny story tellers, with the tokenizer.bin beside them.",
    recognises=recognises,
    open=open_file,
)
