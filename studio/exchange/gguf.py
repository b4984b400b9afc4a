"""GGUF, the one-file form of llama.cpp, Ollama and LM Studio: read in five element types, written in four."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.exchange import Exchange, Found, Outgoing
from studio.families import Family, Source
from studio.gate.names import safe_name, visible

if TYPE_CHECKING:
    from torch import Tensor

    from studio.gate.gguf_blocks import Floats
    from studio.gate.gguf_files import GgufHeader
    from studio.layers.gguf_names import Layout
    from studio.store.gguf_file import Planned

TEMPLATE_CHARACTERS = 200_000
# What a model is written in, and how llama.cpp numbers that (llama.h, enum llama_ftype).
PRECISIONS = {"f32": ("F32", 0), "f16": ("F16", 1), "q8_0": ("Q8_0", 7), "q4_0": ("Q4_0", 2)}
USUAL = "f16"
_KNOWN_AS = {"fp32": "f32", "fp16": "f16"}


def recognises(path: Path) -> bool:
    """A file that begins with GGUF's mark."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return False
        with open(path, "rb") as file:
            return file.read(4) == b"GGUF"
    except OSError:
        return False


# --- in ---------------------------------------------------------------------------------------------------------------


class GgufTensors:
    """The tensors of a checked file, in the order of `transformers`; plain ones are read as views of the file."""

    def __init__(self, path: Path, header: "GgufHeader", layout: "Layout") -> None:
        from studio.layers.gguf_names import ROPE_FREQUENCIES

        self._path = path
        self._layout = layout
        self._tensors = {name: tensor for name, tensor in header.tensors.items() if name != ROPE_FREQUENCIES}

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Every tensor's name and shape as `read` gives it."""
        return {
            name: tensor.shape[::-1] if self._layout.turned(name) else tensor.shape
            for name, tensor in self._tensors.items()
        }

    def read(self, name: str) -> "Tensor":
        """One tensor: fp32, fp16 and bf16 as stored, blocks as fp32."""
        return self._layout.from_file(name, _stored(self._path, self._tensors[name]))

    def kind(self, name: str) -> str:
        """The number format in which the file holds a tensor."""
        return self._tensors[name].kind

    def element(self, name: str) -> str:
        """The number format in which `read` gives a tensor."""
        kind = self.kind(name)
        return "F32" if kind in ("Q8_0", "Q4_0") else kind

    def bytes(self) -> int:
        """What all of them take on disk."""
        return sum(tensor.bytes for tensor in self._tensors.values())

    def precision(self) -> str:
        """The element type of most of the file."""
        from studio.gate.gguf_blocks import KINDS

        sizes: dict[str, int] = {}
        for tensor in self._tensors.values():
            sizes[tensor.kind] = sizes.get(tensor.kind, 0) + tensor.bytes
        return KINDS[max(sizes, key=sizes.__getitem__)].precision


def _stored(path: Path, place: Any) -> "Tensor":
    import numpy as np
    import torch

    from studio.gate.gguf_blocks import unpacked

    raw = np.memmap(path, dtype=np.uint8, mode="c", offset=place.start, shape=(place.bytes,))
    if place.kind in ("Q8_0", "Q4_0"):
        return torch.from_numpy(unpacked(raw, place.kind)).view(place.shape)
    dtypes = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    return torch.from_numpy(raw).view(dtypes[place.kind]).view(place.shape)


def open_file(path: Path) -> Found:
    """Look at a file: its shape, its tokenizer, where its weights lie."""
    from studio.gate.gguf_files import read_header, refuse
    from studio.layers.gguf_names import ROPE_FREQUENCIES, Layout, gguf_name, outside_config, scaling_of
    from studio.store.gguf_vocabulary import tokenizer_of

    header = read_header(path)
    outside = outside_config(header.metadata, {name: tensor.shape for name, tensor in header.tensors.items()})
    if frequencies := header.tensors.get(ROPE_FREQUENCIES):
        factors = _stored(path, frequencies)
        outside["rope_scaling"] = scaling_of(factors, outside["head_dim"], outside["rope_theta"])
    family, config = _config(outside, path)
    tokenizer, missing = tokenizer_of(header.metadata)
    if tokenizer is not None and tokenizer.vocab_size > config.vocab_size:
        refuse(path, f"its tokenizer has {tokenizer.vocab_size:,} tokens, but the model knows {config.vocab_size:,}")
    tensors = GgufTensors(
        path, header, Layout(header.metadata["general.architecture"], config.n_heads, _kv(outside, config))
    )
    sources = {
        ours: dataclasses.replace(source, name=gguf_name(source.name))
        for ours, source in family.sources(config).items()
        if ours != "lm_head.weight" or not config.tie_embeddings
    }
    return Found(
        title=visible(str(header.metadata.get("general.name") or path.stem), 80),
        config=config,
        tensors=tensors,
        sources=sources,
        tokenizer=tokenizer,
        precision=tensors.precision(),
        facts=_facts(path, header.metadata),
        warnings=(missing,) if missing else (),
    )


def _kv(outside: Mapping[str, Any], config: ModelConfig) -> int:
    return int(outside.get("num_key_value_heads") or config.n_heads)


def _config(outside: Mapping[str, Any], path: Path) -> tuple[Family, ModelConfig]:
    from studio.gate.gguf_files import refuse

    families = [FAMILIES.load(name) for name in FAMILIES.names()]
    family = next((one for one in families if outside["model_type"] in one.model_types), None)
    if family is None:
        raise StudioError(
            tr("Atelier cannot compute models of the kind “{kind}” yet.", kind=outside["model_type"]),
            tr("Choose a model of another family."),
        )
    config = family.from_outside(outside)
    if found := problems(config):
        refuse(path, f"it describes a model that cannot be: {found[0].message}")
    return family, config


def _facts(path: Path, metadata: Mapping[str, Any]) -> dict[str, Any]:
    template = metadata.get("tokenizer.chat_template")
    end = metadata.get("tokenizer.ggml.eos_token_id")
    facts = {
        "origin": str(path), "licence": metadata.get("general.license"),
        "chat_template": template if isinstance(template, str) and len(template) <= TEMPLATE_CHARACTERS else "",
        "ends": [end] if type(end) is int else [],
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value}


# --- out --------------------------------------------------------------------------------------------------------------


def write_file(outgoing: Outgoing, folder: Path, options: Mapping[str, Any]) -> None:
    """Put one file into `folder`; `precision` is f16 (left out), q8_0, q4_0 or f32. Vectors stay fp32."""
    from studio.layers.gguf_names import Layout, metadata_of
    from studio.store.gguf_file import U32, write_gguf
    from studio.store.gguf_vocabulary import metadata_of_tokenizer

    wanted = str(options.get("precision") or USUAL).lower()
    precision = _KNOWN_AS.get(wanted, wanted)
    if precision not in PRECISIONS:
        raise StudioError(
            tr("A GGUF file is not written in “{precision}” here.", precision=wanted),
            tr("Choose one of: {names}.", names=", ".join(PRECISIONS)),
        )
    config, family = outgoing.config, FAMILIES.load(outgoing.config.family)
    kind, number = PRECISIONS[precision]
    shape = metadata_of(family.to_outside(config))
    architecture = shape["general.architecture"]
    heads_key = f"{architecture}.attention.head_count"
    layout = Layout(architecture, shape[heads_key], shape.get(f"{heads_key}_kv", shape[heads_key]))
    metadata = {
        "general.architecture": architecture, "general.type": "model", "general.name": outgoing.title,
        "general.file_type": U32(number), "general.quantization_version": U32(2), **shape,
        **metadata_of_tokenizer(outgoing.tokenizer, config.vocab_size, outgoing.facts),
    }  # fmt: skip
    for fact, key in (("chat_template", "tokenizer.chat_template"), ("licence", "general.license")):
        if outgoing.facts.get(fact):
            metadata[key] = str(outgoing.facts[fact])
    planned = dict(_planned(outgoing, family, layout, kind))
    write_gguf(folder / f"{safe_name(outgoing.title)}-{precision}.gguf", metadata, planned)


def _planned(outgoing: Outgoing, family: Family, layout: "Layout", kind: str) -> "Iterator[tuple[str, Planned]]":
    """Every tensor of the file, gathered from ours under the names of `transformers`, in an order that streams well."""
    from studio.layers.gguf_names import ROPE_FREQUENCIES, gguf_name, rope_factors
    from studio.store.gguf_file import Planned

    if (factors := rope_factors(family.to_outside(outgoing.config))) is not None:
        yield ROPE_FREQUENCIES, Planned("F32", tuple(factors.shape), factors.numpy)
    # outside, a model has all of a part's biases or none; what ours does without is written as zeros
    config = family.from_outside(family.to_outside(outgoing.config))
    together: dict[str, dict[str, Source]] = {}
    for ours, source in family.sources(config).items():
        if ours != "lm_head.weight" or not config.tie_embeddings:
            together.setdefault(source.name, {})[ours] = source
    shapes = outgoing.tensors.shapes()
    for theirs, sources in together.items():
        name = gguf_name(theirs)
        first = next(iter(sources))
        shape = shapes[first] if first in shapes else shapes[f"{first.removesuffix('.bias')}.weight"][:1]
        rows = sum(shapes[ours][0] if ours in shapes else shape[0] for ours in sources)
        shape = (rows, *shape[1:])
        yield name, Planned(_kind(name, shape, kind), shape, _reader(outgoing, layout, name, sources))


def _kind(name: str, shape: tuple[int, ...], kind: str) -> str:
    """Vectors and learned positions stay fp32, the ends of a four-bit model eight bits; odd rows cannot be packed."""
    if len(shape) < 2 or name == "position_embd.weight":
        return "F32"
    if kind in ("Q8_0", "Q4_0") and shape[-1] % 32:
        return "F16"
    return "Q8_0" if kind == "Q4_0" and name in ("token_embd.weight", "output.weight") else kind


def _reader(outgoing: Outgoing, layout: "Layout", name: str, sources: Mapping[str, Source]) -> "Callable[[], Floats]":
    def read() -> "Floats":
        from studio.layers.foreign_weights import scatter

        held = outgoing.tensors.shapes()
        wanted = [one for ours in sources for one in (ours, f"{ours.removesuffix('.bias')}.weight") if one in held]
        whole = scatter({one: outgoing.tensors.read(one) for one in wanted}, sources)
        tensor = layout.to_file(name, next(iter(whole.values())).float())
        floats: Floats = tensor.contiguous().numpy()
        return floats

    return read


EXCHANGE = Exchange(
    name="gguf",
    label="GGUF",
    about="One file for llama.cpp, Ollama and LM Studio, with tokenizer and chat template; 4, 8, 16 or 32 bits.",
    recognises=recognises,
    open=open_file,
    write=write_file,
    precisions=tuple(PRECISIONS),
    usual=USUAL,
    suffix=".gguf",
)
