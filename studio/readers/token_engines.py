"""The library `tokenizers`, given what was checked before: models as tables, not as text to be taken apart again."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Engine
    from tokenizers.models import Model

_LARGE = ("BPE", "Unigram")
_FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")
_RULES = ("dropout", "unk_token", "fuse_unk", "byte_fallback", "ignore_merges")


def engine_of(content: Mapping[str, Any], special: bool) -> "Engine":
    """The library's own for a checked `tokenizer.json`; `special`: what spells a special token becomes one."""
    from tokenizers import Tokenizer as Engine

    try:
        engine = _of_tables(content) if content["model"]["type"] in _LARGE else Engine.from_str(json.dumps(content))
        engine.encode_special_tokens = not special
        return engine
    except BaseException as error:
        raise failed(error) from None


def _of_tables(content: Mapping[str, Any]) -> "Engine":
    """Merges and pieces handed over as they are: written out and read again, half a million of them take seconds."""
    from tokenizers import AddedToken
    from tokenizers import Tokenizer as Engine

    added = content["added_tokens"] or []
    bare = {**content, "added_tokens": [], "model": {"type": "BPE", "vocab": {}, "merges": []}}
    engine = Engine.from_str(json.dumps(bare))
    engine.model = _model(content["model"])
    engine.add_tokens([AddedToken(entry["content"], **{flag: entry[flag] for flag in _FLAGS}) for entry in added])
    return engine


def _model(model: Mapping[str, Any]) -> "Model":
    from tokenizers import models

    if model["type"] == "Unigram":
        pieces = [(piece, float(score)) for piece, score in model["vocab"]]
        return models.Unigram(pieces, unk_id=model.get("unk_id"), byte_fallback=bool(model.get("byte_fallback")))
    merges = model["merges"]
    if not set(map(type, merges)) <= {tuple}:
        merges = [tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in merges]
    rules = {name: model[name] for name in _RULES if model.get(name) is not None}
    return models.BPE(vocab=model["vocab"], merges=merges, **rules)


def failed(error: BaseException) -> BaseException:
    """The sentence for what the library threw; its panics are no ordinary exceptions."""
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        return error
    return StudioError(
        "The tokenizer in “tokenizer.json” could not be used: the library that reads it refused it.",
        "Get the file again from where the model comes from.",
    )
