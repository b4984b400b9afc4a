"""Hugging Face's folders: `config.json`, safetensors (one file or shards) and `tokenizer.json`, in and out."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.exchange import Exchange, Found, Outgoing
from studio.families import Family, Source
from studio.gate.model_folders import (
    code_mentioned,
    ends_of,
    file_in,
    generation_of,
    licence_of,
    read_index,
    read_table,
    template_of,
)
from studio.gate.names import visible

if TYPE_CHECKING:
    from studio.layers.stored_weights import StoredWeights
    from studio.store.tensor_file import Entry
    from studio.tokenizers import Tokenizer

MERGES, VOCABULARY = "merges.txt", "vocab.json"
WEIGHTS, INDEX, CONFIG = "model.safetensors", "model.safetensors.index.json", "config.json"
SHARD_BYTES = 5_000_000_000
# Masks and rotations that old files carry along; they are computed, not learned.
_BUFFERS = (".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq")
_ELEMENTS = {"fp32": "F32", "fp16": "F16", "bf16": "BF16"}


# --- in ---------------------------------------------------------------------------------------------------------------


def recognises(path: Path) -> bool:
    """A folder with a `config.json` that names its kind, or a safetensors file beside one."""
    try:
        folder = path.parent if path.suffix == ".safetensors" and path.is_file() else path
        return (folder / CONFIG).is_file()
    except OSError:
        return False


def open_folder(path: Path) -> Found:
    """Look at a model: its shape, where its weights lie, its words; nothing of the weights is read yet."""
    folder = path if path.is_dir() else path.parent
    outside = read_table(folder, CONFIG)
    family = _family(outside)
    stored = _stored(folder, path, family.spare(outside))
    config, sources = _read_config(family, outside, stored)
    generation = generation_of(folder, outside)
    tokenizer, warnings = _tokenizer(folder, config, generation)
    if code := sorted({*code_mentioned(outside), *code_mentioned(read_table(folder, "tokenizer_config.json"))}):
        warnings.append(
            f"The model asks for program code of its own ({', '.join(code)}). Atelier never runs such code."
        )
    facts: dict[str, Any] = {
        "origin": str(path), "licence": licence_of(folder), "generation": generation, "ends": ends_of(generation),
        "chat_template": template_of(folder),
    }  # fmt: skip
    return Found(
        title=visible(folder.resolve().name, 80),
        config=config,
        tensors=stored,
        sources=sources,
        tokenizer=tokenizer,
        precision=stored.precision(),
        facts={name: value for name, value in facts.items() if value not in ("", {}, [])},
        warnings=tuple(warnings),
    )


def _family(outside: Mapping[str, Any]) -> Family:
    """The family that computes this `model_type`; what none computes is refused by name."""
    wanted = outside.get("model_type")
    families = [FAMILIES.load(name) for name in FAMILIES.names()]
    known = {kind: family for family in families for kind in family.model_types}
    if not isinstance(wanted, str) or wanted not in known:
        said = f"is of the kind “{visible(str(wanted), 40)}”" if wanted else "does not say its kind (model_type)"
        raise StudioError(f"The model {said}.", f"Atelier computes: {', '.join(sorted(known))}.")
    if quantized := outside.get("quantization_config"):
        method = quantized.get("quant_method", "") if isinstance(quantized, Mapping) else ""
        raise StudioError(
            f"The model's weights are quantized ({visible(str(method or 'unknown method'), 40)}).",
            "Choose the copy of the model that is not quantized, or a GGUF file.",
        )
    family: Family = known[wanted]
    return family


def _stored(folder: Path, path: Path, spare: tuple[str, ...]) -> "StoredWeights":
    """The weights: the file that was named, `model.safetensors`, or the shards of the index."""
    from studio.layers.stored_weights import StoredWeights

    ignored = (*_BUFFERS, *spare)
    if path.is_file():
        return StoredWeights([path], ignored)
    if single := file_in(folder, WEIGHTS):
        return StoredWeights([single], ignored)
    if file_in(folder, INDEX):
        listed = read_index(folder, INDEX)
        stored = StoredWeights([folder / shard for shard in sorted(set(listed.values()))], ignored)
        for name in stored.shapes():
            if listed.get(name) != stored.file_of(name):
                raise _index_lies(name, stored.file_of(name))
        for name, shard in listed.items():
            if name not in stored.shapes() and not name.endswith(ignored):
                raise _index_lies(name, shard)
        return stored
    others = sorted(entry.name for entry in folder.iterdir() if entry.suffix in (".bin", ".pt", ".pth", ".ckpt"))
    if others:
        raise StudioError(
            f"This folder holds its weights as a pickle (“{visible(others[0])}”), which can run programs when opened.",
            "Choose the model's safetensors version; most have one. Or import that file by itself: it is then taken "
            "apart behind a guard and converted once.",
        )
    raise StudioError(f"“{folder}” has no weights.", f"A file “{WEIGHTS}” or “{INDEX}” should lie there.")


def _index_lies(name: str, shard: str) -> StudioError:
    return StudioError(
        f"“{INDEX}” and “{visible(shard)}” do not agree on the tensor “{visible(name)}”.",
        "The model is damaged or incomplete. Get it again from its source.",
    )


def _read_config(
    family: Family, outside: Mapping[str, Any], stored: "StoredWeights"
) -> tuple[ModelConfig, dict[str, Source]]:
    """Our config, and the sources under the names that the file really uses."""
    try:
        config = family.from_outside(outside)
    except StudioError as error:
        where = "" if CONFIG in error.message else f"“{CONFIG}” was not accepted. "
        raise StudioError(f"{where}{error.message}", error.hint or "Get the model again from its source.") from error
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, ZeroDivisionError) as error:
        raise StudioError(
            f"“{CONFIG}” holds values of a kind that no {family.label} model has.",
            "The model is damaged. Get it again from its source.",
        ) from error
    names = stored.shapes().keys()
    head = family.sources(config)["lm_head.weight"].name
    if head not in names and "tie_word_embeddings" not in outside:
        config = dataclasses.replace(config, tie_embeddings=True)
    return config, _as_named(family.sources(config), names, config)


def _as_named(sources: Mapping[str, Source], names: Any, config: ModelConfig) -> dict[str, Source]:
    """The bare network is saved without its prefix (`transformer.`, `model.`), as GPT-2's own files are."""
    bare = not any(source.name in names for ours, source in sources.items() if ours != "lm_head.weight")
    found = {}
    for ours, source in sources.items():
        if ours == "lm_head.weight" and config.tie_embeddings:
            continue
        shorter = source.name.partition(".")[2]
        named = shorter if bare and ours != "lm_head.weight" else source.name
        found[ours] = dataclasses.replace(source, name=_as_spelled(named, names))
    return found


def _as_spelled(name: str, names: Any) -> str:
    """The files of the first BERT models call a norm's weight gamma and its offset beta."""
    older = name.replace(".LayerNorm.weight", ".LayerNorm.gamma").replace(".LayerNorm.bias", ".LayerNorm.beta")
    return older if older in names and name not in names else name


def _pairs_of_gpt2(folder: Path) -> Path | None:
    """`merges.txt` beside `vocab.json`, unless the folder says that other rules than GPT-2's cut words apart."""
    kind = str(read_table(folder, "tokenizer_config.json").get("tokenizer_class") or "GPT2Tokenizer")
    whole = kind.startswith("GPT2") and file_in(folder, VOCABULARY) is not None
    return file_in(folder, MERGES) if whole else None


def _tokenizer(
    folder: Path, config: ModelConfig, generation: Mapping[str, Any]
) -> tuple["Tokenizer | None", list[str]]:
    path, ends = file_in(folder, "tokenizer.json"), ends_of(generation)
    tokenizer: Tokenizer | None
    warnings: list[str] = []
    if path is not None:
        from studio.tokenizers.tokenizer_json import read_tokenizer

        tokenizer = read_tokenizer(path, ends[0] if ends else None)
    elif (pairs := _pairs_of_gpt2(folder)) is not None:
        from studio.vocabularies.files import open_tokenizer

        tokenizer = open_tokenizer(pairs)  # as older folders spell byte pairs
    else:
        from studio.vocabularies.older_files import words_of

        tokenizer, warnings = words_of(folder, ends[0] if ends else None)
    if tokenizer is not None and tokenizer.vocab_size > config.vocab_size:
        raise StudioError(
            f"The tokenizer has {tokenizer.vocab_size:,} tokens, but the model knows {config.vocab_size:,}.",
            "These files belong to different models. Get the model again from its source.",
        )
    return tokenizer, warnings


# --- out --------------------------------------------------------------------------------------------------------------


def write_folder(outgoing: Outgoing, folder: Path, options: Mapping[str, Any]) -> None:
    """Fill `folder` with what `transformers` loads; `precision` is fp32, fp16, bf16 or, left out, as stored."""
    from studio.store.files import write_json
    from studio.tokenizers.tokenizer_json import as_file

    precision = str(options.get("precision") or "")
    if precision and precision not in _ELEMENTS:
        raise StudioError(
            f"A Hugging Face folder is not written in “{precision}” here.", f"Choose one of: {', '.join(_ELEMENTS)}."
        )
    family: Family = FAMILIES.load(outgoing.config.family)
    outside = family.to_outside(outgoing.config)
    end = outgoing.tokenizer.end_of_text if outgoing.tokenizer is not None else None
    generation = {"bos_token_id": end, "eos_token_id": end} | dict(outgoing.facts.get("generation") or {})
    ids = {name: generation.get(name) for name in ("bos_token_id", "eos_token_id")}
    write_json(folder / CONFIG, {**outside, **ids})
    write_json(
        folder / "generation_config.json", {name: value for name, value in generation.items() if value is not None}
    )
    _write_weights(outgoing, _their_sources(family, outside), folder, _ELEMENTS.get(precision, ""))
    content = as_file(outgoing.tokenizer) if outgoing.tokenizer is not None else None
    if content is not None:
        write_json(folder / "tokenizer.json", content)
        write_json(folder / "tokenizer_config.json", _tokenizer_config(outgoing))
    (folder / "README.md").write_text(_readme(outgoing, family, content is not None), "utf-8")


def classifier_sources(config: ModelConfig) -> dict[str, Source]:
    """Where `transformers` looks for the weights of a model of classes: its head is called `score` and has no bias."""
    family: Family = FAMILIES.load(config.family)
    sources = family.sources(family.from_outside(family.to_outside(config)))
    return {**sources, "lm_head.weight": Source("score.weight")}


def write_classifier(outgoing: Outgoing, folder: Path, more: Mapping[str, Any]) -> None:
    """Fill `folder` with a sequence-classification model; `more` are config.json's fields on its classes."""
    from studio.store.files import write_json
    from studio.tokenizers.tokenizer_json import as_file

    outside = FAMILIES.load(outgoing.config.family).to_outside(outgoing.config)
    kind = outside["architectures"][0].removesuffix("LMHeadModel").removesuffix("ForCausalLM")
    end = outgoing.tokenizer.end_of_text if outgoing.tokenizer is not None else None
    ids = {"bos_token_id": end, "eos_token_id": end}
    write_json(folder / CONFIG, {**outside, **ids, "architectures": [f"{kind}ForSequenceClassification"], **more})
    _write_weights(outgoing, classifier_sources(outgoing.config), folder, "F32")
    content = as_file(outgoing.tokenizer) if outgoing.tokenizer is not None else None
    if content is not None:
        write_json(folder / "tokenizer.json", content)
        write_json(folder / "tokenizer_config.json", _tokenizer_config(outgoing))
    readme = _readme(outgoing, FAMILIES.load(outgoing.config.family), content is not None)
    (folder / "README.md").write_text(readme, "utf-8")


def _their_sources(family: Family, outside: Mapping[str, Any]) -> dict[str, Source]:
    """Where `transformers` looks for every weight, those included that our model does without."""
    theirs = family.from_outside(outside)
    return {
        ours: source
        for ours, source in family.sources(theirs).items()
        if ours != "lm_head.weight" or not theirs.tie_embeddings
    }


def _write_weights(outgoing: Outgoing, sources: Mapping[str, Source], folder: Path, element: str) -> None:
    """One file, or shards with their index when there is more than fits into one."""
    from studio.store.files import write_json
    from studio.store.tensor_file import in_order, write_tensors

    laid = _Laid(outgoing, sources, element)
    shards = _sharded(laid.entries())
    names = [WEIGHTS] if len(shards) == 1 else [
        f"model-{number:05d}-of-{len(shards):05d}.safetensors" for number in range(1, len(shards) + 1)
    ]  # fmt: skip
    for name, entries in zip(names, shards, strict=True):
        ordered = in_order(entries)
        write_tensors(folder / name, ordered, laid.data(ordered), {"format": "pt"})
    if len(shards) > 1:
        total = sum(entry.bytes for entries in shards for entry in entries)
        where = {entry.name: name for name, entries in zip(names, shards, strict=True) for entry in entries}
        write_json(folder / INDEX, {"metadata": {"total_size": total}, "weight_map": where})


def _sharded(entries: "list[Entry]") -> "list[list[Entry]]":
    shards: list[list[Entry]] = [[]]
    for entry in entries:
        if shards[-1] and sum(other.bytes for other in shards[-1]) + entry.bytes > SHARD_BYTES:
            shards.append([])
        shards[-1].append(entry)
    return shards


class _Laid:
    """Our weights as they lie in the outside file, read one outside tensor at a time."""

    def __init__(self, outgoing: Outgoing, sources: Mapping[str, Source], element: str) -> None:
        self._tensors, self._element = outgoing.tensors, element
        self._shapes = outgoing.tensors.shapes()
        self._parts: dict[str, dict[str, Source]] = {}
        for ours, source in sources.items():
            self._parts.setdefault(source.name, {})[ours] = source

    def entries(self) -> "list[Entry]":
        """Name, number format and shape of every outside tensor."""
        from studio.store.tensor_file import Entry

        return [Entry(name, self._format(parts), self._shape(parts)) for name, parts in self._parts.items()]

    def data(self, entries: "list[Entry]") -> Iterator[memoryview]:
        """The bytes of these tensors in this order."""
        import torch

        from studio.layers.foreign_weights import scatter
        from studio.layers.stored_weights import ELEMENTS, raw_bytes

        for entry in entries:
            parts = self._parts[entry.name]
            ours = {
                name: self._tensors.read(name) if name in self._shapes else torch.zeros(self._ours(name))
                for name in parts
            }
            yield raw_bytes(scatter(ours, parts)[entry.name].to(ELEMENTS[entry.dtype]))

    def _ours(self, name: str) -> tuple[int, ...]:
        """Our shape; a bias that the model does without has one number for each row of its matrix."""
        if name in self._shapes:
            return tuple(self._shapes[name])
        return (self._shapes[f"{name.removesuffix('.bias')}.weight"][0],)

    def _shape(self, parts: Mapping[str, Source]) -> tuple[int, ...]:
        shapes = [self._ours(name)[::-1] if part.transposed else self._ours(name) for name, part in parts.items()]
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))

    def _format(self, parts: Mapping[str, Source]) -> str:
        from studio.layers.stored_weights import element_of

        stored = next((name for name in parts if name in self._shapes), "")
        return self._element or (element_of(self._tensors, stored) if stored else "F32")


def _tokenizer_config(outgoing: Outgoing) -> dict[str, Any]:
    tokenizer = outgoing.tokenizer
    end = tokenizer.end_of_text if tokenizer is not None else None
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": outgoing.config.context_length,
        "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    if tokenizer is not None and end is not None:
        config["eos_token"] = tokenizer.token_text(end)
    if template := outgoing.facts.get("chat_template"):
        config["chat_template"] = template
    return config


def _readme(outgoing: Outgoing, family: Family, spelled: bool) -> str:
    licence = str(outgoing.facts.get("licence") or "")
    origin = str(outgoing.facts.get("origin_name") or "")
    header = (
        f"---\nlicense: {licence}\n---\n\n" if licence and licence.replace("-", "").replace(".", "").isalnum() else ""
    )
    config = outgoing.config
    kind = "SequenceClassification" if config.outputs else "CausalLM" if config.causal else "MaskedLM"
    auto = f"AutoModelFor{kind}"
    lines = [
        f"# {outgoing.title}",
        "",
        f"A {family.label} model of {family.ledger(config).total:,} parameters: {config.n_layers} layers, "
        f"{config.n_heads} heads, width {config.emb_dim:,}, context {config.context_length:,}. Written by Atelier.",
        "",
        f"Licence: {licence or 'not known; ask whoever made the model before you pass it on'}.",
        *([f"It was made from “{origin}”, whose terms go on to hold."] if origin else []),
        "",
        "```python",
        f"from transformers import {auto}" + (", AutoTokenizer" if spelled else ""),
        "",
        f'model = {auto}.from_pretrained(".")',
        *(['tokenizer = AutoTokenizer.from_pretrained(".")'] if spelled else []),
        "```",
    ]
    return header + "\n".join(lines) + "\n"


EXCHANGE = Exchange(
    name="hugging_face",
    label="Hugging Face folder",
    about="config.json, safetensors and tokenizer.json: what `transformers` and most other programs read.",
    recognises=recognises,
    open=open_folder,
    write=write_folder,
    precisions=tuple(_ELEMENTS),
)
