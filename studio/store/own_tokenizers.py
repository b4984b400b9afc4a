"""The tokenizers that a project has of its own: trained here or opened from files, each in a folder by its name."""

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.shelf import TOKENIZERS
from studio.gate.names import safe_name
from studio.store.disk import explained
from studio.store.files import free_name, read_json, remove_folder, rename_folder, sync_folder, write_json
from studio.tokenizers import Tokenizer, TokenizerKind, tokenizer_from_json

VERSION = 1
FOLDER = "tokenizers"
_LARGEST = 256 << 20  # bytes of one saved tokenizer


@dataclass(frozen=True)
class OwnTokenizer:
    """A tokenizer of a project, without its vocabulary; `load` reads that."""

    name: str
    folder: Path
    kind: str  # name on the shelf
    label: str  # of the kind, for people
    vocab_size: int
    made: str  # ISO time, UTC
    about: str  # where it comes from, as a sentence
    source: str  # the text or dataset that it learned from, or the file it was read from
    text_sha256: str
    fingerprint: str

    def load(self) -> Tokenizer:
        """The tokenizer itself; a damaged one is a `StudioError`."""
        path = self.folder / "tokenizer.json"
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise StudioError(f"The tokenizer “{self.name}” is too large to be one of Atelier's.", "Train it again.")
        return tokenizer_from_json(read_json(path))


def add_tokenizer(
    folder: Path, tokenizer: Tokenizer, name: str, source: str = "", text_sha256: str = ""
) -> OwnTokenizer:
    """Save a tokenizer in a project's `tokenizers` folder; a name that is taken gets a number."""
    temporary = folder / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    about = {
        "version": VERSION, "kind": tokenizer.name, "vocabulary": tokenizer.vocab_size, "source": source,
        "text_sha256": text_sha256, "fingerprint": tokenizer.fingerprint,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    with explained("The tokenizer", folder):
        temporary.mkdir(parents=True)
        try:
            write_json(temporary / "tokenizer.json", tokenizer.to_json())
            write_json(temporary / "about.json", about)
            final = folder / _free(folder, safe_name(name or source or "My tokenizer"))
            rename_folder(temporary, final)
        except BaseException:
            remove_folder(temporary)
            raise
        sync_folder(folder)
    made = _read(final)
    if made is None:
        raise StudioError(f"The tokenizer “{final.name}” could not be read back.", "Check the disk, then try again.")
    return made


def _free(folder: Path, wanted: str) -> str:
    """A name that neither another one nor a kind of tokenizer has: what a run asks for means one thing."""
    if wanted.casefold() in {name.casefold() for name in kind_names()}:
        wanted = f"My {wanted}"
    return free_name(folder, wanted)


def list_tokenizers(folder: Path) -> list[OwnTokenizer]:
    """Those that are whole, by name."""
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return []
    found = [_read(entry) for entry in entries if (entry / "tokenizer.json").is_file()]
    return sorted((one for one in found if one is not None), key=lambda one: one.name.casefold())


def find_tokenizer(folder: Path, name: str) -> str | Tokenizer:
    """What `DataConfig.tokenizer` means: a kind of the shelf by its name, else one of the project's own, loaded."""
    if name in kind_names():
        return name
    return own_tokenizer(folder, name).load()


def own_tokenizer(folder: Path, name: str) -> OwnTokenizer:
    """One of the project's own by name; an unknown one is a `StudioError` that lists what there is."""
    known = list_tokenizers(folder)
    for one in known:
        if one.name == name:
            return one
    offered = [kind.name for kind in _kinds() if not kind.comes_with_models]
    own = ", ".join(f"“{one.name}”" for one in known)
    raise StudioError(
        f"There is no tokenizer called “{name}” in this project.",
        f"Choose one of: {', '.join(offered)}{'; its own: ' + own if own else ''}.",
    )


def kind_names() -> frozenset[str]:
    """The names that mean a kind of tokenizer and never one of a project."""
    return frozenset(kind.name for kind in _kinds())


def _kinds() -> list[TokenizerKind]:
    return [TOKENIZERS.load(name) for name in TOKENIZERS.names()]


def _read(folder: Path) -> OwnTokenizer | None:
    """None when its description is damaged or newer."""
    try:
        about = read_json(folder / "about.json")
    except StudioError:
        return None
    if not isinstance(about, Mapping) or about.get("version") != VERSION:
        return None
    labels = {kind.name: kind.label for kind in _kinds()}
    kind, size = about.get("kind"), about.get("vocabulary")
    if not isinstance(kind, str) or kind not in labels or type(size) is not int:
        return None
    return OwnTokenizer(
        folder.name, folder, kind, labels[kind], size, _said(about, "made"), _sentence(size, about),
        _said(about, "source"), _said(about, "text_sha256"), _said(about, "fingerprint"),
    )  # fmt: skip


def _said(about: Mapping[str, Any], name: str) -> str:
    value = about.get(name)
    return value if isinstance(value, str) else ""


def _sentence(size: int, about: Mapping[str, Any]) -> str:
    source = _said(about, "source")
    return f"{size:,} tokens, from “{source}”." if source else f"{size:,} tokens."
