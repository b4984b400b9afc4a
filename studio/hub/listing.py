"""What a hub lists: models by name, one model's files at one commit, and which of them are needed."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from studio.core.errors import StudioError
from studio.gate.names import inside, visible
from studio.hub import COMMIT, Choice, Hub, Listed, RemoteFile, Repository, Seen, checked_repo, repo_in
from studio.hub.client import get_json
from studio.hub.line import StoppedError
from studio.store.places import places

RESULTS = 40
CONFIG_BYTES = 4 << 20
KINDS = ("safetensors", "gguf", "")  # what a search may be narrowed to
_EXPANDED = ("downloads", "gated", "tags", "safetensors")
_SHA256, _SHA1 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{40}")
_SHARD = re.compile(r"model-(\d{5})-of-(\d{5})\.safetensors")
_PART = re.compile(r"-\d{5}-of-\d{5}\.gguf")
WHOLE, INDEX, PICKLE = "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"
_WORDS = {  # small files that belong to a model: shape, tokenizer, ways to write, how to talk to it
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model", "spiece.model",
    "chat_template.jinja", "chat_template.json",
}  # fmt: skip
_PAPERS = re.compile(r"(readme|licen[cs]e|notice|use_policy)(\.(md|txt))?", re.IGNORECASE)
_SMALL = 64 << 20  # what claims to be such a file and is larger stays there


def search(
    hub: Hub, words: str, kind: str = "safetensors", keep_going: Callable[[], bool] = lambda: True
) -> list[Listed]:
    """Models whose name holds `words`, those fetched most often first; `kind` narrows to a format."""
    words = repo_in(words, hub.address) or words.strip()
    asked = [("search", words), ("sort", "downloads"), ("direction", "-1"), ("limit", str(RESULTS))]
    asked += [("filter", kind)] if kind else []
    found = get_json(hub, "/api/models?" + urlencode(asked + [("expand", name) for name in _EXPANDED]), keep_going)
    if not isinstance(found, list):
        raise _strange("models")
    return [_listed(entry) for entry in found[:RESULTS] if isinstance(entry, dict) and _name(entry)]


def look(hub: Hub, repo: str, revision: str = "main", keep_going: Callable[[], bool] = lambda: True) -> Repository:
    """A model's licence, its files with sizes and checksums, and the commit that they belong to."""
    return repository_at(hub, "models", checked_repo(repo), revision, keep_going)


def repository_at(hub: Hub, kind: str, asked: str, revision: str, keep_going: Callable[[], bool]) -> Repository:
    """The same for `kind` models or datasets, whose name was checked."""
    at = "" if revision == "main" else f"/revision/{quote(revision, safe='')}"
    found = get_json(hub, f"/api/{kind}/{asked}{at}?blobs=true", keep_going)
    if not isinstance(found, dict) or not isinstance(found.get("siblings"), list):
        raise _strange(asked)
    commit = found.get("sha")
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
        raise _strange(asked)
    files = tuple(file for entry in found["siblings"] if (file := _file(entry)) is not None)
    return Repository(_name(found) or asked, commit, files, _licence(found), bool(found.get("gated")), kind)


def examine(hub: Hub, repo: str, keep_going: Callable[[], bool] = lambda: True) -> Seen:
    """Everything that can be known of a model without fetching its weights; a gated one still shows its files."""
    repository = look(hub, repo, keep_going=keep_going)
    try:
        found = tuple(choices(repository))
    except StudioError as trouble:
        return Seen(repository, trouble=trouble)
    try:
        return Seen(repository, found, config_of(hub, repository, keep_going))
    except StoppedError:
        raise
    except StudioError as trouble:
        return Seen(repository, found, trouble=trouble)


def config_of(
    hub: Hub, repository: Repository, keep_going: Callable[[], bool] = lambda: True
) -> Mapping[str, Any] | None:
    """What the model's `config.json` says of its shape; None when it has none."""
    if not any(file.name == "config.json" for file in repository.files):
        return None
    found = get_json(hub, file_path(repository, "config.json"), keep_going, CONFIG_BYTES)
    if not isinstance(found, dict):
        raise _strange(repository.repo)
    return found


def file_path(repository: Repository, name: str) -> str:
    """Where a file lies on its hub."""
    place = "/datasets" if repository.kind == "datasets" else ""
    return f"{place}/{repository.repo}/resolve/{repository.commit}/{quote(name)}"


# --- what is needed ---------------------------------------------------------------------------------------------------


def choices(repository: Repository) -> list[Choice]:
    """The versions of a model that Atelier can import, the one to prefer first; none is a `StudioError` that says why.

    A pickle is offered only where there is nothing else.
    """
    files = {file.name: file for file in repository.files if _usable(file)}
    papers = [file for file in files.values() if _PAPERS.fullmatch(file.name) and file.bytes <= _SMALL]
    beside = papers + [file for file in files.values() if file.name in _WORDS and file.bytes <= _SMALL]
    found = []
    if "config.json" in files and (weights := _safetensors(files)):
        found.append(_choice("safetensors", [*weights, *beside]))
    whole = [file for file in files.values() if file.name.endswith(".gguf") and not _PART.search(file.name)]
    found += [_choice(file.name, [file, *papers], file.name) for file in sorted(whole, key=lambda file: file.bytes)]
    if not found and PICKLE in files and "config.json" in files:
        note = (
            "This model comes as a pickle only, a kind of file that can run programs when it is opened. Atelier takes "
            "it apart behind a guard and converts it once."
        )
        found.append(_choice(PICKLE, [files[PICKLE], *beside], PICKLE, note))
    if not found:
        raise StudioError(
            f"“{repository.repo}” has no weights in a form that Atelier fetches.",
            "It looks for “config.json” with “model.safetensors” or its shards, for a GGUF file in one piece, or else "
            f"for “{PICKLE}”. Look for another copy of the model.",
        )
    return found


def _choice(label: str, files: Iterable[RemoteFile], opens: str = "", note: str = "") -> Choice:
    return Choice(label, tuple(sorted(files, key=lambda file: (file.bytes, file.name))), opens, note)


def _safetensors(files: Mapping[str, RemoteFile]) -> list[RemoteFile]:
    """One file, or an index with every shard that the names count; else nothing."""
    if WHOLE in files:
        return [files[WHOLE]]
    shards = {name: match for name in files if (match := _SHARD.fullmatch(name))}
    counts = {match[2] for match in shards.values()}
    if INDEX not in files or len(counts) != 1 or len(shards) != int(counts.pop()):
        return []
    return [files[INDEX], *(files[name] for name in sorted(shards))]


def _usable(file: RemoteFile) -> bool:
    """In the repository's own folder, of a known size and content, under a name that every system accepts."""
    if "/" in file.name or file.bytes < 0 or not (file.sha256 or file.blob):
        return False
    try:
        inside(places().home, file.name)
    except StudioError:
        return False
    return True


# --- reading what a hub says ------------------------------------------------------------------------------------------


def _listed(entry: Mapping[str, Any]) -> Listed:
    tensors = entry.get("safetensors")
    parameters = _count(tensors.get("total")) if isinstance(tensors, dict) else None
    return Listed(
        _name(entry), _licence(entry), bool(entry.get("gated")), _count(entry.get("downloads")), parameters or None
    )


def _file(entry: Any) -> RemoteFile | None:
    if not isinstance(entry, dict) or not isinstance(name := entry.get("rfilename"), str):
        return None
    large = entry.get("lfs")
    if isinstance(large, dict):
        return RemoteFile(name, _size(large.get("size")), _match(_SHA256, large.get("sha256")))
    return RemoteFile(name, _size(entry.get("size")), "", _match(_SHA1, entry.get("blobId")))


def _name(entry: Mapping[str, Any]) -> str:
    name = entry.get("id") or entry.get("modelId")
    return repo_in(name) if isinstance(name, str) else ""


def _licence(entry: Mapping[str, Any]) -> str:
    """What the model's card says, else its tags."""
    card = entry.get("cardData")
    said = [card.get("license_name"), card.get("license")] if isinstance(card, dict) else []
    tags = entry.get("tags")
    named = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    said += [tag.removeprefix("license:") for tag in named if tag.startswith("license:")]
    return next((visible(words, 60) for words in said if isinstance(words, str) and words), "")


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 63 else None


def _size(value: Any) -> int:
    count = _count(value)
    return -1 if count is None else count


def _match(pattern: re.Pattern[str], value: Any) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _strange(what: str) -> StudioError:
    return StudioError(
        f"The hub's answer about “{visible(what)}” does not hold what it should.",
        "Try again later, or check the hub's address under Settings.",
    )
