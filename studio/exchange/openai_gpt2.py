"""OpenAI's own files of GPT-2: a TensorFlow checkpoint, `hparams.json` and the vocabulary; read without TensorFlow."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.exchange import Exchange, Found
from studio.families import Family, Source
from studio.gate.names import inside, visible

if TYPE_CHECKING:
    from torch import Tensor

    from studio.gate.tensorflow_files import BundleTensor
    from studio.tokenizers import Tokenizer

HPARAMS, CHECKPOINT = "hparams.json", "checkpoint"
_LIMIT = 4 << 20  # bytes of a text file of OpenAI's
_SIZES = {"n_vocab": "vocab_size", "n_ctx": "n_positions", "n_embd": "n_embd", "n_head": "n_head", "n_layer": "n_layer"}
_ENDS = {"transformer.wte.weight": "model/wte", "transformer.wpe.weight": "model/wpe",
         "transformer.ln_f.weight": "model/ln_f/g", "transformer.ln_f.bias": "model/ln_f/b"}  # fmt: skip


class BundleTensors:
    """The tensors of a checkpoint; each is read with its checksum, without the leading 1 of its kernels."""

    def __init__(self, data: Path, tensors: "Mapping[str, BundleTensor]") -> None:
        self._data = data
        self._tensors = tensors

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Every tensor's name and shape."""
        return {name: _squeezed(tensor.shape) for name, tensor in self._tensors.items()}

    def read(self, name: str) -> "Tensor":
        """One tensor, fp32."""
        import torch

        from studio.gate.tensorflow_files import read_tensor

        tensor = self._tensors[name]
        raw = read_tensor(self._data, name, tensor)
        return torch.frombuffer(raw, dtype=torch.float32).view(_squeezed(tensor.shape))

    def bytes(self) -> int:
        """What all of them take on disk."""
        return sum(tensor.bytes for tensor in self._tensors.values())


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """OpenAI stored its matrices as convolutions of one step."""
    return shape[1:] if len(shape) == 3 and shape[0] == 1 else shape


def recognises(path: Path) -> bool:
    """The folder, or a file of the checkpoint in it."""
    try:
        folder = _folder(path)
        return (folder / HPARAMS).is_file() and any(folder.glob("*.index"))
    except OSError:
        return False


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def open_folder(path: Path) -> Found:
    """Look at a checkpoint: its shape, where its weights lie, and its vocabulary."""
    from studio.gate.tensorflow_files import read_index

    folder = _folder(path)
    name = _checkpoint(folder)
    data = inside(folder, f"{name}.data-00000-of-00001")
    tensors = BundleTensors(data, read_index(inside(folder, f"{name}.index"), data))
    family: Family = FAMILIES.load("gpt2")
    config = family.from_outside(_outside(folder))
    tokenizer, warnings = _tokenizer(folder, config.vocab_size)
    return Found(
        title=visible(folder.resolve().name, 80),
        config=config,
        tensors=tensors,
        sources={
            ours: Source(_name(source.name), source.transposed, source.part, source.parts)
            for ours, source in family.sources(config).items()
            if ours != "lm_head.weight"
        },
        tokenizer=tokenizer,
        facts={"origin": str(path), "licence": "MIT (modified)"},
        warnings=warnings,
    )


def _checkpoint(folder: Path) -> str:
    """The name that the file `checkpoint` points at, or the only one there is."""
    if (folder / CHECKPOINT).is_file():
        found = re.search(r'^model_checkpoint_path:\s*"([^"]{1,200})"', _text(folder / CHECKPOINT), re.MULTILINE)
        if found:
            return found[1]
    names = sorted(one.name.removesuffix(".index") for one in folder.glob("*.index"))
    if len(names) != 1:
        raise StudioError(
            tr("“{folder}” holds no checkpoint of TensorFlow, or several.", folder=folder.name),
            tr("A file “checkpoint” should say which one is meant."),
        )
    return names[0]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LIMIT:
            raise StudioError(tr("“{name}” is larger than OpenAI's files are.", name=path.name), tr("Get it again."))
        return path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise StudioError(
            tr("“{name}” could not be read: {why}.", name=path.name, why=error.strerror or error),
            tr("OpenAI's GPT-2 consists of seven files; get those that are missing."),
        ) from error


def _outside(folder: Path) -> dict[str, Any]:
    """The hyperparameters in the words of `config.json`."""
    try:
        said = json.loads(_text(folder / HPARAMS))
        sizes = {theirs: said[name] for name, theirs in _SIZES.items()}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable() from error
    if not all(type(size) is int and 0 < size < 1 << 24 for size in sizes.values()) or sizes["n_layer"] > 1_000:
        raise _unusable()
    return {**sizes, "resid_pdrop": 0.1, "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True}


def _unusable() -> StudioError:
    return StudioError(
        tr("“{name}” does not say the sizes of a GPT-2.", name=HPARAMS), tr("Get it again from OpenAI's release.")
    )


def _name(theirs: str) -> str:
    """OpenAI's name of what `transformers` calls transformer.h.0.attn.c_attn.weight."""
    if theirs in _ENDS:
        return _ENDS[theirs]
    _, _, layer, *parts, kind = theirs.split(".")
    letter = {"weight": "g" if parts[-1].startswith("ln_") else "w", "bias": "b"}[kind]
    return "/".join([f"model/h{layer}", *parts, letter])


def _tokenizer(folder: Path, vocab_size: int) -> "tuple[Tokenizer | None, tuple[str, ...]]":
    """GPT-2's own, where the vocabulary beside the weights is the same or its size says so."""
    from studio.tokenizers.gpt2 import Gpt2Tokenizer
    from studio.tokenizers.tokenizer_json import as_file

    ours = Gpt2Tokenizer()
    words, merges = folder / "encoder.json", folder / "vocab.bpe"
    if not words.is_file() or not merges.is_file():
        same = vocab_size == ours.vocab_size
        missing = tr("“encoder.json” and “vocab.bpe” do not lie beside it.")
        taken = tr("Its vocabulary has GPT-2's size, so GPT-2's is used.") if same else tr("It answers token ids only.")
        return (ours if same else None), (f"{missing} {taken}",)
    content = as_file(ours)
    assert content is not None
    try:
        equal = json.loads(_text(words)) == content["model"]["vocab"]
    except (ValueError, RecursionError):
        equal = False
    pairs = [line for line in _text(merges).split("\n") if line and not line.startswith("#version")]
    if equal and pairs == [" ".join(pair) for pair in content["model"]["merges"]]:
        return ours, ()
    return None, (tr("The vocabulary beside it is not GPT-2's, so the model reads and writes token ids only."),)


EXCHANGE = Exchange(
    name="openai_gpt2",
    label="OpenAI's GPT-2",
    about="The seven files of OpenAI's release, as the book downloads them: a TensorFlow checkpoint.",
    recognises=recognises,
    open=open_folder,
)
