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
from studio.parts.packages import core_parts, judge, missing, optional_parts
from studio.parts.processor import processor_name, usable_cores
from studio.parts.wording import disk_size, short_count
from studio.store.places import Places

LITTLE_DISK, LITTLE_MEMORY = 2_000_000_000, 1_500_000_000
MOST_ERROR = 2.0  # fp32 products may err this much more than the most exact ones


@dataclass(frozen=True)
class Finding:
    """One check: `level` is "good", "warning" or "danger"; `hint` says what to do, above all about the last two."""

    name: str
    level: str
    text: str
    hint: str = ""


def examine(places: Places, projects: Path, keep_going: Callable[[], bool] | None = None) -> Iterator[Finding]:
    """Everything that can be checked without torch, one after the other; runs on a worker."""
    checks: tuple[Callable[[], Finding], ...] = (
        python, qt, parts, extras, processor, memory, lambda: writable(tr("Atelier's folder"), places.home),
        lambda: writable(tr("Projects folder"), projects), lambda: disk(projects),
        lambda: bundled(tr("Bundled stories"), sample_path(places.resources)),
        lambda: bundled(tr("GPT-2's vocabulary"), places.resources / "tokenizers" / "gpt2" / "gpt2.tiktoken"),
    )  # fmt: skip
    for check in checks:
        if keep_going is not None and not keep_going():
            return
        yield check()


def python() -> Finding:
    """The interpreter that runs this."""
    fits, words = judge("python", platform.python_version())
    text = f"{words} · {platform.system()} {platform.machine()}"
    if sys.version_info < (3, 11):  # noqa: UP036  somebody may have come here by another way
        return Finding("Python", "danger", text, tr("Atelier needs Python 3.11 or newer."))
    return Finding("Python", "good", text) if fits else Finding("Python", "warning", text, tr("It may still work."))


def qt() -> Finding:
    """The one build of PySide6 that must not be used with an old Python."""
    try:
        version = metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return Finding("PySide6", "danger", tr("not installed"), tr("Start Atelier with `python3 main.py`."))
    if version.startswith("6.12.") and sys.version_info < (3, 12):
        return Finding("PySide6", "danger", version, tr("This build crashes here; `python3 main.py` installs 6.11.3."))
    fits, text = judge("PySide6-Essentials", version)
    hint = "" if fits else tr("Start Atelier with `python3 main.py`; it installs the tested one.")
    return Finding("PySide6", "good" if fits else "warning", text, hint)


def parts() -> Finding:
    """What `main.py` installs and the window can start without."""
    gone = missing(core_parts())
    if not gone:
        return Finding(tr("Parts"), "good", tr("all {count} are there", count=len(core_parts())))
    text = tr("missing: {names}", names=", ".join(f"{part.package} ({tr(part.what_for)})" for part in gone))
    return Finding(tr("Parts"), "warning", text, tr("Start Atelier with `python3 main.py`; it installs them."))


def extras() -> Finding:
    """What nobody needs before they miss it."""
    gone = missing(optional_parts())
    if not gone:
        return Finding(tr("Optional parts"), "good", tr("none is missing that would serve this computer"))
    text = tr("not installed: {names}", names=", ".join(f"{part.package} ({tr(part.what_for)})" for part in gone))
    groups = ",".join(sorted({part.extra for part in gone}))
    advice = tr("Atelier works without. To add: `pip install -e '.[{groups}]'` in its environment.", groups=groups)
    return Finding(tr("Optional parts"), "good", text, advice)


def processor() -> Finding:
    """The CPU, and how many of its cores this process may use."""
    cores, whole = usable_cores(), os.cpu_count() or 1
    words = tr("1 core") if cores == 1 else tr("{count} cores", count=cores)
    if cores < whole:
        words = tr("{count} of {whole} cores", count=cores, whole=whole)
    return Finding(tr("Processor"), "good", f"{processor_name()} · {words}")


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
    fits, version = judge("torch", str(facts["torch"]))
    hint = "" if fits else tr("Start Atelier with `python3 main.py`; it installs the tested one.")
    return [
        Finding("PyTorch", "good" if fits else "warning", version, hint),
        Finding(tr("Device"), "good", f"{device} · {facts['precision']}"),
        Finding(tr("Exactness of fp32"), "good" if exact else "warning", error_text, advice),
        Finding(tr("Largest model to train"), "good", f"≈ {short_count(facts['largest_model'])}"),
    ]  # fmt: skip
