"""The doctor's checks: small facts about this installation, each with what to do when it is not as it should be."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from studio.core.language import tr
from studio.live.first_run import sample_path
from studio.parts.wording import disk_size, short_count
from studio.store.places import Places

LITTLE_DISK, LITTLE_MEMORY = 2_000_000_000, 1_500_000_000
MOST_ERROR = 2.0  # fp32 products may err this much more than the most exact ones


@dataclass(frozen=True)
class Finding:
    """One check: `level` is "good", "warning" or "danger"; `hint` says what to do about the last two."""

    name: str
    level: str
    text: str
    hint: str = ""


def examine(places: Places, projects: Path, keep_going: Callable[[], bool] | None = None) -> Iterator[Finding]:
    """Everything that can be checked without torch, one after the other; runs on a worker."""
    checks: tuple[Callable[[], Finding], ...] = (
        python, qt, lambda: writable(tr("Atelier's folder"), places.home),
        lambda: writable(tr("Projects folder"), projects), lambda: disk(projects), memory,
        lambda: bundled(tr("Bundled stories"), sample_path(places.resources)),
        lambda: bundled(tr("GPT-2's vocabulary"), places.resources / "tokenizers" / "gpt2" / "gpt2.tiktoken"),
    )  # fmt: skip
    for check in checks:
        if keep_going is not None and not keep_going():
            return
        yield check()


def python() -> Finding:
    """The interpreter that runs this."""
    text = f"{platform.python_version()} · {platform.system()} {platform.machine()}"
    if sys.version_info < (3, 11):  # noqa: UP036  somebody may have come here by another way
        return Finding("Python", "danger", text, tr("Atelier needs Python 3.11 or newer."))
    return Finding("Python", "good", text)


def qt() -> Finding:
    """The one build of PySide6 that must not be used with an old Python."""
    try:
        version = metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return Finding("PySide6", "danger", tr("not installed"), tr("Start Atelier with `python3 main.py`."))
    if version.startswith("6.12.") and sys.version_info < (3, 12):
        return Finding("PySide6", "danger", version, tr("This build crashes here; `python3 main.py` installs 6.11.3."))
    return Finding("PySide6", "good", version)


def writable(name: str, folder: Path) -> Finding:
    """Whether a file can really be made there; the folder itself is made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, probe = tempfile.mkstemp(dir=folder)
        os.close(handle)
        os.unlink(probe)
    except OSError as error:
        return Finding(name, "danger", str(folder), tr("It cannot be written to: {why}.", why=error.strerror or error))
    return Finding(name, "good", str(folder))


def disk(folder: Path) -> Finding:
    """Free space where projects are kept."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(tr("Disk"), "warning", tr("unknown"), str(error))
    text = tr("{size} free", size=disk_size(free))
    hint = tr("Checkpoints need room; keep fewer of them or free some space.")
    return Finding(tr("Disk"), "warning", text, hint) if free < LITTLE_DISK else Finding(tr("Disk"), "good", text)


def memory() -> Finding:
    """Memory that is there, and that is free now."""
    facts = psutil.virtual_memory()
    text = tr("{free} free of {all}", free=disk_size(facts.available), all=disk_size(facts.total))
    if facts.available < LITTLE_MEMORY:
        return Finding(tr("Memory"), "warning", text, tr("Close other programs, or train a smaller model."))
    return Finding(tr("Memory"), "good", text)


def bundled(name: str, path: Path) -> Finding:
    """Something that comes with Atelier and needs no network."""
    if path.is_file():
        return Finding(name, "good", disk_size(path.stat().st_size))
    return Finding(name, "danger", tr("missing"), tr("Get a fresh copy of Atelier: {path} is not there.", path=path))


def torch_findings(facts: Mapping[str, Any]) -> list[Finding]:
    """What `studio.engine.device:describe` measured, as findings."""
    device = {"cpu": tr("CPU"), "cuda": facts["gpu"], "mps": tr("Apple GPU")}.get(facts["device"], facts["device"])
    ratio = facts["fp32_error_medium"] / facts["fp32_error_highest"]
    exact = facts["fp32_mode"] == "highest" or ratio <= MOST_ERROR
    error = facts["fp32_error_medium"] if facts["fp32_mode"] == "medium" else facts["fp32_error_highest"]
    error_text = tr("error {error} against fp64", error=f"{error:.1e}")
    advice = "" if exact else tr("Choose another precision on the Pretrain page.")
    return [
        Finding("PyTorch", "good", str(facts["torch"])),
        Finding(tr("Device"), "good", f"{device} · {facts['precision']}"),
        Finding(tr("Exactness of fp32"), "good" if exact else "warning", error_text, advice),
        Finding(tr("Largest model to train"), "good", f"≈ {short_count(facts['largest_model'])}"),
    ]  # fmt: skip


def report(findings: list[Finding]) -> str:
    """The findings as plain text to send to somebody."""
    marks = {"good": "ok", "warning": "look", "danger": "bad"}
    return "\n".join(
        f"[{marks[finding.level]}] {finding.name}: {finding.text}" + (f" ({finding.hint})" if finding.hint else "")
        for finding in findings
    )
