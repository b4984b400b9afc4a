"""Files that PyTorch saved: the book's `.pth`, and older weights (`pytorch_model.bin`); converted behind a guard."""

import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.exchange import Exchange, Found
from studio.families import Family, Source
from studio.gate.names import visible

SUFFIXES = (".pth", ".pt", ".bin", ".ckpt")
_MARK = "trf_blocks.0.att.W_query.weight"  # behind what torch.compile or data parallel training put before every name
_BUFFERS = (".att.mask",)
# Heads of the published shapes, by width: the file does not say them.
_HEADS = {768: 12, 1_024: 16, 1_280: 20, 1_600: 25}
_BESIDE = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
_ENDS = {
    "embed_tokens.weight": "tok_emb.weight", "embed_positions.weight": "pos_emb.weight",
    "norm.weight": "final_norm.scale", "norm.bias": "final_norm.shift", "lm_head.weight": "out_head.weight",
}  # fmt: skip
_LAYER = {
    "self_attn.q_proj": "att.W_query", "self_attn.k_proj": "att.W_key", "self_attn.v_proj": "att.W_value",
    "self_attn.o_proj": "att.out_proj", "mlp.up_proj": "ff.layers.0", "mlp.down_proj": "ff.layers.2",
    "input_layernorm": "norm1", "post_attention_layernorm": "norm2",
}  # fmt: skip
_NORM = {"weight": "scale", "bias": "shift"}


def recognises(path: Path) -> bool:
    """A file by the usual endings that is a zip, as PyTorch writes it, or one of the older forms that are explained."""
    try:
        if path.suffix not in SUFFIXES or not path.is_file():
            return False
        with open(path, "rb") as file:
            start = file.read(4)
        return start == b"PK\x03\x04" or (start[:1] == b"\x80" and path.suffix != ".bin") or start[:2] == b"\x80\x02"
    except OSError:
        return False


def open_file(path: Path) -> Found:
    """Judge and convert a file, then look at what it holds: a model of the book, or one that `config.json` explains."""
    from studio.gate.pickle_files import check_pickle, converted

    shapes = {name: tensor.shape for name, tensor in check_pickle(path).tensors.items()}
    book = any(name.endswith(_MARK) for name in shapes)
    if book:
        _config(path, shapes)  # what is no model of the book is refused before it is converted
    elif not (path.parent / "config.json").is_file():
        raise StudioError(
            tr("“{name}” holds weights, but nothing says of which model.", name=path.name),
            tr("Atelier knows the book's GPT by its names; for others their “config.json” must lie beside the file."),
        )
    folder = tempfile.TemporaryDirectory(prefix="atelier-import-")
    try:
        written = converted(path, Path(folder.name))
        found = _book(path, written) if book else _described(path, written)
    except BaseException:
        folder.cleanup()
        raise
    weakref.finalize(found.tensors, folder.cleanup)  # what the guard wrote is kept as long as somebody may read it
    return found


def _described(path: Path, written: Path) -> Found:
    """A model whose `config.json` lies beside it: its converted weights are opened like a Hugging Face folder."""
    from studio.exchange.hugging_face import open_folder

    written = written.rename(written.with_name("model.safetensors"))
    for name in _BESIDE:
        if (path.parent / name).is_file():
            shutil.copyfile(path.parent / name, written.with_name(name))
    found = open_folder(written.parent)
    return replace(found, title=visible(path.resolve().parent.name, 80), facts={**found.facts, "origin": str(path)})


def _book(path: Path, written: Path) -> Found:
    from studio.layers.stored_weights import StoredWeights
    from studio.tokenizers.gpt2 import Gpt2Tokenizer

    stored = StoredWeights([written], _BUFFERS)
    shapes = stored.shapes()
    before = _before(shapes)
    config, warnings = _config(path, shapes)
    family: Family = FAMILIES.load("gpt2")
    gpt2 = config.vocab_size == Gpt2Tokenizer.vocab_size
    if not gpt2:
        warnings.append(tr("Its vocabulary is not GPT-2's, so the model reads and writes token ids only."))
    return Found(
        title=visible(path.stem, 80),
        config=config,
        tensors=stored,
        sources={ours: Source(before + _name(ours)) for ours in family.sources(config)},
        tokenizer=Gpt2Tokenizer() if gpt2 else None,
        precision=stored.precision(),
        facts={"origin": str(path)},
        warnings=tuple(warnings),
    )


def _before(shapes: Mapping[str, object]) -> str:
    """What stands before every name of the book's."""
    return next(name for name in shapes if name.endswith(_MARK)).removesuffix(_MARK)


def _config(path: Path, found: Mapping[str, tuple[int, ...]]) -> tuple[ModelConfig, list[str]]:
    """The shape of the book's `GPTModel`, read off its tensors; only the heads have to be guessed."""
    before = _before(found)
    shapes = {name.removeprefix(before): shape for name, shape in found.items()}
    try:
        vocabulary, width = shapes["tok_emb.weight"]
        context, _ = shapes["pos_emb.weight"]
        inner, _ = shapes["trf_blocks.0.ff.layers.0.weight"]
        answers, _ = shapes["out_head.weight"]
    except (KeyError, ValueError) as error:
        raise StudioError(
            tr("“{name}” is not a whole model of the book.", name=path.name),
            tr("It lacks an embedding, the output head or a layer's parts. Save the model's whole state dictionary."),
        ) from error
    if answers != vocabulary:
        raise StudioError(
            tr("“{name}” answers with {count} classes instead of words.", name=path.name, count=answers),
            tr("It was fine-tuned to sort texts; Atelier opens models that write."),
        )
    layers = sum(bool(re.fullmatch(r"trf_blocks\.\d+\.att\.W_query\.weight", name)) for name in shapes)
    heads = _HEADS.get(width) or next(count for count in (max(1, width // 64), 1) if width % count == 0)
    config = ModelConfig(
        family="gpt2", vocab_size=vocabulary, context_length=context, emb_dim=width, n_layers=layers, n_heads=heads,
        hidden_dim=0 if inner == 4 * width else inner, tie_embeddings=False, initialization="book",
        qkv_bias=_MARK.replace("weight", "bias") in shapes,
    )  # fmt: skip
    if wrong := problems(config):
        raise StudioError(tr("“{name}” cannot be: {why}", name=path.name, why=wrong[0].message), tr("It is damaged."))
    if width in _HEADS:
        return config, []
    return config, [tr("The file does not say its number of heads; {count} are assumed.", count=heads)]


def _name(ours: str) -> str:
    """The book's name of one of our parameters."""
    if ours in _ENDS:
        return _ENDS[ours]
    _, layer, rest = ours.split(".", 2)
    part, _, kind = rest.rpartition(".")
    return f"trf_blocks.{layer}.{_LAYER[part]}.{_NORM[kind] if part.endswith('layernorm') else kind}"


EXCHANGE = Exchange(
    name="book_checkpoint",
    label="PyTorch file",
    about="The .pth files of the book, and older .bin weights; taken apart behind a guard, never simply loaded.",
    recognises=recognises,
    open=open_file,
)
