"""The small files of a foreign model's folder: plain JSON within limits, names that stay inside, nothing that runs."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from studio.core.errors import StudioError
from studio.gate.names import inside, visible

JSON_BYTES = 4 << 20
INDEX_BYTES = 16 << 20
SHARDS = 10_000
TEMPLATE_CHARACTERS = 200_000
_GENERATION = (
    "do_sample", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "max_new_tokens", "max_length",
    "bos_token_id", "eos_token_id", "pad_token_id",
)  # fmt: skip
_LARGEST_NUMBER = 1 << 53
_UNREAD = "model_max_length"  # transformers writes 10^30 there for “no limit”; nothing here reads it
_CODE_KEYS = ("auto_map", "trust_remote_code", "custom_pipelines", "custom_generate")
_CODE_PREFIXES = ("_attn_implementation", "attn_implementation", "_experts_implementation")


def file_in(folder: Path, name: str) -> Path | None:
    """The regular file `name` of `folder`, or None; a link that leads out of the folder is a `StudioError`."""
    path = inside(folder, name)
    try:
        return path if stat.S_ISREG(path.stat().st_mode) else None
    except OSError:
        return None


def read_table(folder: Path, name: str, largest: int = JSON_BYTES) -> dict[str, Any]:
    """A JSON file that holds a table of plain values; an absent one is empty."""
    path = file_in(folder, name)
    if path is None:
        return {}
    try:
        size = path.stat().st_size
        if size > largest:
            _refuse(name, f"it has {size:,} bytes; at most {largest:,} are read")
        value = json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_no_constant)
        _check_numbers(value)
    except OSError as error:
        raise StudioError(f"“{name}” could not be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _NumberError) else "it is not the JSON it should be"
        raise _refusal(name, reason) from error
    if not isinstance(value, dict):
        _refuse(name, "it is not a table of named values")
    return value


class _NumberError(ValueError):
    """A number that no model has."""


def _no_constant(word: str) -> NoReturn:
    raise _NumberError(f"it holds {word}, which is no number")


def _check_numbers(value: Any) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            if name != _UNREAD or not isinstance(item, int | float):
                _check_numbers(item)
    elif isinstance(value, list):
        for item in value:
            _check_numbers(item)
    elif isinstance(value, int | float) and not abs(value) <= _LARGEST_NUMBER:
        raise _NumberError("it holds a number that is too large")


def code_mentioned(config: Mapping[str, Any]) -> list[str]:
    """Settings that would make other programs run code of the model; Atelier ignores them and says so."""
    found = {name for name in config if name in _CODE_KEYS or name.startswith(_CODE_PREFIXES)}
    for value in config.values():
        if isinstance(value, dict):
            found.update(code_mentioned(value))
    return sorted(found)


def read_index(folder: Path, name: str) -> dict[str, str]:
    """Tensor to shard as the index lists them; every shard is a safetensors file that lies in the folder itself."""
    found = read_table(folder, name, INDEX_BYTES).get("weight_map")
    if not isinstance(found, dict) or not found:
        _refuse(name, "it lists no tensors")
    for tensor, shard in found.items():
        if not isinstance(shard, str) or "/" in shard or "\\" in shard:
            _refuse(name, f"it looks for “{_shown(tensor)}” in “{_shown(shard)}”, which is not a file of this folder")
    shards = sorted(set(found.values()))
    if len(shards) > SHARDS:
        _refuse(name, f"it names {len(shards):,} files; at most {SHARDS:,} are read")
    for shard in shards:
        if not shard.endswith(".safetensors"):
            _refuse(name, f"it names “{_shown(shard)}”, which is not a safetensors file")
        if file_in(folder, shard) is None:
            _refuse(name, f"the file “{_shown(shard)}” that it names is missing")
    return found


def generation_of(folder: Path, outside: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and switches on how the model likes to write; anything else in that file is left out."""
    found = {**outside, **read_table(folder, "generation_config.json")}
    ids = ("bos_token_id", "eos_token_id", "pad_token_id")
    kept = {name: found[name] for name in _GENERATION if isinstance(found.get(name), bool | int | float)}
    lists = {name: found[name] for name in ids if _short_list(found.get(name))}
    return {**kept, **lists}


def _short_list(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 64 and all(type(item) is int for item in value)


def ends_of(generation: Mapping[str, Any]) -> list[int]:
    """Every id after which the model has nothing more to say."""
    found = generation.get("eos_token_id")
    return [found] if type(found) is int else list(found) if isinstance(found, list) else []


def template_of(folder: Path) -> str:
    """The chat template, as text that nobody runs."""
    path = file_in(folder, "chat_template.jinja")
    if path is not None and path.stat().st_size <= TEMPLATE_CHARACTERS:
        return path.read_text("utf-8", errors="replace")
    found = read_table(folder, "tokenizer_config.json").get("chat_template")
    if isinstance(found, list):  # several by name; the default one
        named = {item.get("name"): item.get("template") for item in found if isinstance(item, dict)}
        found = named.get("default")
    return found if isinstance(found, str) and len(found) <= TEMPLATE_CHARACTERS else ""


def licence_of(folder: Path) -> str:
    """What the model's own files say of its licence, in a few words: README's header, else a licence file's title."""
    for name in ("README.md", "LICENSE", "LICENSE.txt", "LICENSE.md"):
        path = file_in(folder, name)
        if path is None:
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(8_192).splitlines()
        if name != "README.md":
            return _shown(next((line.strip("# \t") for line in lines if line.strip("# \t")), ""))
        said = [
            line.partition(":")[2].strip(" \"'") for line in lines if line.startswith(("license:", "license_name:"))
        ]
        if any(said):
            return _shown(next(words for words in reversed(said) if words))
    return ""


def _shown(value: Any) -> str:
    return visible(str(value), 80)


def _refusal(name: str, reason: str) -> StudioError:
    return StudioError(
        f"“{_shown(name)}” was not read: {reason}.", "The model is damaged or incomplete. Get it again from its source."
    )


def _refuse(name: str, reason: str) -> NoReturn:
    raise _refusal(name, reason)
