"""A hub of models on the network: what it lists, what is fetched from it, and nothing before a person asks.

Torch and Qt are unknown here; nothing but the standard library speaks to the network.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from studio.core.errors import StudioError
from studio.gate.names import visible

PUBLIC = "https://huggingface.co"
COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")
_TOKEN = re.compile(r"[!-~]{1,512}")  # what a header may hold


@dataclass(frozen=True)
class Hub:
    """Where to ask and with whose word; the token is never shown, written or sent to another host."""

    address: str = PUBLIC
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Listed:
    """One result of a search; None where the hub does not say."""

    repo: str
    licence: str = ""
    gated: bool = False
    downloads: int | None = None
    parameters: int | None = None


@dataclass(frozen=True)
class RemoteFile:
    """A file as the hub lists it: large ones have a SHA-256, small ones git's name for their content."""

    name: str
    bytes: int
    sha256: str = ""
    blob: str = ""


@dataclass(frozen=True)
class Repository:
    """The files of a model or of a dataset at one commit, so that nothing changes between looking and fetching."""

    repo: str
    commit: str
    files: tuple[RemoteFile, ...] = field(repr=False)
    licence: str = ""
    gated: bool = False
    kind: str = "models"  # or "datasets"


@dataclass(frozen=True)
class Choice:
    """One version of a model: the files it needs; `opens` is the file to import, empty for the folder itself."""

    label: str
    files: tuple[RemoteFile, ...] = field(repr=False)
    opens: str = ""
    note: str = ""

    @property
    def bytes(self) -> int:
        """What there is to fetch."""
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True)
class Seen:
    """A model before it is fetched: its versions, its `config.json`, and why either of them is missing."""

    repository: Repository
    choices: tuple[Choice, ...] = ()
    config: Mapping[str, Any] | None = None
    trouble: StudioError | None = None


@dataclass(frozen=True)
class Order:
    """What is to be fetched."""

    repository: Repository
    choice: Choice

    def facts(self, hub: Hub) -> dict[str, str]:
        """What only the hub knows of the files: where they lie at that commit, and the licence it names."""
        repository = self.repository
        origin = f"{hub.address}/{repository.repo}/tree/{repository.commit}"
        return {"origin": origin} | ({"licence": repository.licence} if repository.licence else {})


def hub_of(preferred: str = "", token: str = "") -> Hub:
    """The hub in `HF_ENDPOINT`, else the preferred one, else the public one; with the token that there is for it."""
    return Hub(checked_address(os.environ.get("HF_ENDPOINT", "") or preferred or PUBLIC), token or known_token())


def checked_address(text: str) -> str:
    """An address that may be asked: https, or http on this computer itself."""
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    plain = parts.scheme == "http" and is_loopback(host)
    if not host or not (parts.scheme == "https" or plain) or parts.query or parts.fragment or "@" in parts.netloc:
        raise StudioError(
            f"“{visible(address)}” is not the address of a model hub.",
            f"It begins with https://, such as {PUBLIC}. Change it under Settings, or in HF_ENDPOINT.",
        )
    return address


def is_loopback(host: str) -> bool:
    """Whether a host is this computer."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def known_token(surroundings: Mapping[str, str] = os.environ) -> str:
    """The person's token from `HF_TOKEN`, or from the file in which `hf auth login` left it; empty without one."""
    token = surroundings.get("HF_TOKEN", "").strip()
    if not token:
        home = surroundings.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
        try:
            with open(surroundings.get("HF_TOKEN_PATH") or Path(home) / "token", encoding="utf-8") as file:
                token = file.read(1_000).strip()
        except (OSError, ValueError):
            return ""
    return checked_token(token) if token else ""


def checked_token(token: str) -> str:
    """The token, if it is one word that a header may hold; it is not repeated in what is said about it."""
    token = token.strip()
    if token and not _TOKEN.fullmatch(token):
        raise StudioError(
            "This is not a token: it holds characters that no token has.",
            "Copy it again from the hub's page of access tokens. It begins with “hf_”.",
        )
    return token


def repo_in(text: str, address: str = PUBLIC) -> str:
    """The model that a typed name or a copied web address means; empty when it is neither."""
    text = text.strip().removesuffix("/")
    for start in (f"{address}/", f"{PUBLIC}/"):
        if text.startswith(start):
            text = "/".join(text.removeprefix(start).split("/")[:2])
    return text if _REPO.fullmatch(text) and ".." not in text else ""


def checked_repo(text: str) -> str:
    """A name that a model on a hub can have."""
    if not (repo := repo_in(text)):
        raise StudioError(
            f"“{visible(text)}” is not the name of a model on a hub.",
            "Such names look like “openai-community/gpt2”.",
        )
    return repo
