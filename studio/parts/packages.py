"""The packages that Atelier stands on: which versions are here, which were tested, which parts are missing."""

import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import studio
from studio.core.language import tr
from studio.core.versions import within

ROOT = Path(studio.__file__).resolve().parents[1]


@dataclass(frozen=True)
class Part:
    """A package that may be missing without taking the window down; `extra` names its group in pyproject.toml."""

    package: str
    what_for: str
    extra: str = ""


PARTS = (
    Part("tokenizers", "tokenizers of other people's models"),
    Part("huggingface-hub", "downloading models"),
    Part("gguf", "files for llama.cpp, Ollama and LM Studio"),
    Part("jinja2", "chat templates"),
    Part("llvmlite", "writing several times as fast on a processor"),
    Part("duckdb", "Parquet and large tables"),
    Part("scikit-learn", "maps of embeddings"),
    Part("charset-normalizer", "texts in old encodings"),
    Part("zstandard", "compressed texts"),
    Part("bitsandbytes", "8-bit and 4-bit weights on NVIDIA cards", "cuda"),
    Part("nvidia-ml-py", "load and temperature of NVIDIA cards", "cuda"),
)


def installed(package: str) -> str:
    """The version that is here, or ""; nothing is imported."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def missing(parts: tuple[Part, ...] = PARTS) -> list[Part]:
    """Parts that are not installed."""
    return [part for part in parts if not installed(part.package)]


def core_parts() -> tuple[Part, ...]:
    """What `main.py` installs everywhere, though the window starts without."""
    return tuple(part for part in PARTS if not part.extra)


def optional_parts() -> tuple[Part, ...]:
    """What serves this machine and is not installed by itself: without an NVIDIA driver nothing for its cards."""
    nvidia = bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/version").exists()
    return tuple(part for part in PARTS if part.extra and (part.extra != "cuda" or nvidia))


@lru_cache(maxsize=1)
def pins() -> Mapping[str, str]:
    """Versions that constraints.txt pins, by name in small letters; empty where there is no checkout."""
    path = ROOT / "constraints.txt"
    lines = path.read_text("utf-8").split() if path.is_file() else []
    pairs = [line.split("==") for line in lines if line.count("==") == 1]
    return {name.lower(): version for name, version in pairs}


@lru_cache(maxsize=1)
def wanted() -> Mapping[str, str]:
    """Conditions of pyproject.toml, by name in small letters; "python" among them; empty without a checkout."""
    path = ROOT / "pyproject.toml"
    if not path.is_file():
        return {}
    project = tomllib.loads(path.read_text("utf-8"))["project"]
    found = {"python": str(project["requires-python"])}
    for line in project["dependencies"]:
        asked = line.partition(";")[0]  # behind it stands for which machines
        name = re.split("[<>=!]", asked, maxsplit=1)[0]
        found[name.strip().lower()] = asked[len(name) :]
    return found


def judge(package: str, version: str) -> tuple[bool, str]:
    """Whether a version is one that Atelier asks for, and words on how it compares with the tested one."""
    asked, pinned = wanted().get(package.lower(), ""), pins().get(package.lower(), "")
    if not within(version, asked):
        return False, tr("{version} · Atelier asks for {asked}", version=version, asked=asked)
    if not pinned:
        return True, version
    if version.partition("+")[0] == pinned:
        return True, tr("{version} · as tested", version=version)
    return True, tr("{version} · tested with {pinned}", version=version, pinned=pinned)
