"""Checkpoint folders: committed by one rename, a manifest with SHA-256 written last, damaged ones set aside."""

import dataclasses
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.store.disk import explained, require_space
from studio.store.files import free_name, read_json, remove_folder, rename_folder, sha256_of, sync_file, sync_folder

if TYPE_CHECKING:
    from studio.store.runs import RunRecord

VERSION = 1  # of the manifest and of state.json
MANIFEST = "manifest.json"
QUARANTINE = "quarantine"
_NAME = re.compile(r"step-(\d{6,})")
_ASIDE = ".replaced"
_UNFINISHED = ".writing"


class NewerVersionError(StudioError):
    """The checkpoint is whole, but only a newer Atelier reads it."""


@dataclass(frozen=True)
class CheckpointInfo:
    """What the list of checkpoints shows without opening any tensor."""

    step: int
    folder: Path
    bytes: int
    validation_loss: float | None
    training_loss: float | None
    best: bool  # the lowest validation loss among those that lie there
    saved: str  # ISO time, UTC
    passed_over: tuple[str, ...] = ()  # sentences about newer damaged ones, filled by `newest_valid`


def folder_name(step: int) -> str:
    """`step-000500`: sorts by step up to a million and still parses beyond."""
    return f"step-{step:06d}"


@contextmanager
def saving(folder: Path, step: int, needed: int = 0) -> Iterator[Path]:
    """An empty folder to write a checkpoint's files into; committed on leaving, removed on any error.

    `needed` bytes are checked on the real volume first. Errors of the disk come out as `StudioError` with figures.
    """
    final = folder / folder_name(step)
    temporary = folder / (final.name + _UNFINISHED)
    with explained(f"The checkpoint of step {step:,}", folder, needed):
        folder.mkdir(parents=True, exist_ok=True)
        if temporary.exists():
            remove_folder(temporary)
        require_space(folder, needed, f"the checkpoint of step {step:,}")
        try:
            temporary.mkdir()
            yield temporary
            _seal(temporary)
            _keep_newer(final)
            _exchange(temporary, final)
        except BaseException:
            if temporary.exists():
                remove_folder(temporary)
            raise


def commit(temporary: Path, final: Path) -> None:
    """Make a written folder the checkpoint `final`: files synced, manifest last, one rename, parent synced.

    At every moment either the old or the new `final` can be read, or `sweep` brings the old one back.
    """
    with explained(f"The checkpoint “{final.name}”", final.parent):
        _seal(temporary)
        _exchange(temporary, final)


def _keep_newer(folder: Path) -> None:
    """What a newer Atelier saved at this step is not ours to overwrite: it goes aside, or the save is refused."""
    if not folder.exists():
        return
    try:
        if "state.json" in check_sizes(folder):
            _refuse_newer(folder, read_json(folder / "state.json"))
    except NewerVersionError as error:
        _set_aside(folder, error.message)
        if folder.exists():
            raise
    except StudioError:
        return  # a damaged one may go


def _seal(folder: Path) -> None:
    """Everything on the disk, then the manifest that says so, then the folder itself."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    listed = {path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in files}
    for path in files:
        sync_file(path)
    manifest = {"version": VERSION, "saved": datetime.now(UTC).isoformat(timespec="seconds"), "files": listed}
    with open(folder / MANIFEST, "wb") as file:
        file.write(json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def _exchange(temporary: Path, final: Path) -> None:
    aside = final.with_name(final.name + _ASIDE)
    if final.exists():
        if aside.exists():
            remove_folder(aside)
        rename_folder(final, aside)
    try:
        rename_folder(temporary, final)
    except OSError:
        if aside.exists():
            rename_folder(aside, final)
        raise
    sync_folder(final.parent)
    if aside.exists():
        remove_folder(aside)


def sweep(folder: Path) -> None:
    """Clear what a killed writer left behind. Only for somebody who knows that nobody is writing."""
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if not entry.is_dir() or not entry.name.startswith((".", "step-")) or _NAME.fullmatch(entry.name):
            continue
        final = folder / entry.name.removesuffix(_ASIDE)
        if entry.name.endswith(_ASIDE) and not final.exists():
            rename_folder(entry, final)  # killed between the two renames: the old one is whole
        else:
            remove_folder(entry)


def list_checkpoints(folder: Path) -> list[CheckpointInfo]:
    """Every checkpoint whose manifest and file sizes are in order, oldest step first; sums are left to `verify`."""
    found: list[CheckpointInfo] = []
    for path in _folders(folder):
        try:
            check_sizes(path)
            found.append(_info(path))
        except StudioError:
            continue
    measured = [info for info in found if info.validation_loss is not None]
    best = min(measured, key=lambda info: (info.validation_loss, info.step), default=None)
    return [dataclasses.replace(info, best=True) if info is best else info for info in found]


def verify(folder: Path) -> None:
    """Compare every file with the manifest, by size and SHA-256; a `StudioError` names the one that differs."""
    files = check_sizes(folder)
    for name, expected in files.items():
        try:
            actual = sha256_of(folder / name)
        except OSError as error:
            raise _damaged(folder, f"“{name}” cannot be read ({error.strerror or error})") from error
        if actual != expected["sha256"]:
            raise _damaged(folder, f"“{name}” is not what was saved")
    if "state.json" in files:
        _refuse_newer(folder, read_json(folder / "state.json"))


def newest_valid(folder: Path) -> CheckpointInfo:
    """The newest checkpoint that verifies; damaged ones on the way go to `quarantine/` and are named in the result."""
    passed: list[str] = []
    for path in reversed(_folders(folder)):
        try:
            verify(path)
        except NewerVersionError as error:
            passed.append(str(error))
        except StudioError as error:
            passed.append(_set_aside(path, error.message))
        else:
            info = next(info for info in list_checkpoints(folder) if info.folder == path)
            return dataclasses.replace(info, passed_over=tuple(passed))
    if not passed:
        raise StudioError("This run has no checkpoint yet.", "Start it again; its settings are kept.")
    raise StudioError("None of this run's checkpoints can be used. " + " ".join(passed), "Start the run again.")


def prune(folder: Path, keep: int) -> list[int]:
    """Delete all but the newest `keep` checkpoints, the best one, and those that another run's adapter lies on.

    Returns the steps that went.
    """
    infos = list_checkpoints(folder)
    going = [info for info in infos[: max(0, len(infos) - max(1, keep))] if not info.best]
    bases = _bases(folder.parent.parent) if going else set()
    going = [info for info in going if bases.isdisjoint((f"{folder.parent.name}@{info.step}", str(info.folder)))]
    for info in going:
        with explained("The list of checkpoints", folder):
            unfinished = info.folder.with_name(info.folder.name + _UNFINISHED)
            if unfinished.exists():
                remove_folder(unfinished)
            rename_folder(info.folder, unfinished)  # so that a kill leaves no half checkpoint
            remove_folder(unfinished)
    return [info.step for info in going]


def _bases(runs: Path) -> set[str]:
    """What the adapters of runs lie on, as their configurations name it; without it they could not be opened."""
    found = set()
    for path in runs.glob("*/config.json"):
        with suppress(StudioError):
            config = read_json(path)
            adapter = config.get("adapter") if isinstance(config, dict) else None
            if isinstance(adapter, dict) and adapter.get("kind", "none") != "none":
                found.add(str(config.get("start_from")))
    return found


def choose(record: "RunRecord", which: str | int) -> CheckpointInfo:
    """One of a run's checkpoints: "best" (the last one when nothing was measured), "last", or a step."""
    infos = record.checkpoints()
    unlisted = set(_folders(record.checkpoints_folder)) - {info.folder for info in infos}
    for path in sorted(unlisted, key=_step, reverse=True):
        if not infos or str(_step(path)) == str(which):
            check_sizes(path)  # says what is wrong with the one that is asked for, or with all there is
    if not infos:
        raise StudioError(f"The run “{record.name}” has no checkpoint yet.", "Let it train until its first save.")
    if which == "last":
        return infos[-1]
    if which == "best":
        return next((info for info in infos if info.best), infos[-1])
    for info in infos:
        if str(info.step) == str(which):
            return info
    steps = ", ".join(f"{info.step}" for info in infos)
    raise StudioError(f"The run “{record.name}” has no checkpoint at step {which}.", f"It has: {steps}, best, last.")


def _folders(folder: Path) -> list[Path]:
    """Checkpoint folders in the order of their steps."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(found, key=_step)


def _step(path: Path) -> int:
    return int(path.name.removeprefix("step-"))


def check_sizes(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest's files after their sizes were compared; their contents are left to `verify`."""
    files = _manifest(folder)["files"]
    for name, expected in files.items():
        try:
            size = (folder / name).stat().st_size
        except OSError as error:
            raise _damaged(folder, f"“{name}” is missing") from error
        if size != expected["bytes"]:
            raise _damaged(folder, f"“{name}” has {size:,} bytes instead of {expected['bytes']:,}")
    return files  # type: ignore[no-any-return]


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = read_json(folder / MANIFEST)
    except StudioError as error:
        raise _damaged(folder, f"its list of files “{MANIFEST}” is missing or damaged") from error
    if not isinstance(manifest, dict):
        raise _damaged(folder, f"its list of files “{MANIFEST}” is damaged")
    _refuse_newer(folder, manifest)
    files = manifest.get("files")
    whole = isinstance(files, dict) and files and all(_is_entry(name, entry) for name, entry in files.items())
    if not whole or not isinstance(manifest.get("saved"), str):
        raise _damaged(folder, f"its list of files “{MANIFEST}” is damaged")
    return manifest


def _is_entry(name: str, entry: Any) -> bool:
    """A plain file name with a size and a sum: the manifest may not point anywhere else."""
    if name in ("", ".", "..") or any(mark in name for mark in "/\\:\0") or not isinstance(entry, dict):
        return False
    return isinstance(entry.get("bytes"), int) and isinstance(entry.get("sha256"), str)


def _refuse_newer(folder: Path, data: Any) -> None:
    version = data.get("version") if isinstance(data, dict) else None
    if not isinstance(version, int) or version < 1:
        raise _damaged(folder, "it does not say its version")
    if version > VERSION:
        raise NewerVersionError(
            f"The checkpoint “{folder.name}” was written by a newer Atelier "
            f"(version {version}; this one reads up to {VERSION}).",
            "Nothing was changed. Open it there, or update Atelier.",
        )


def _info(folder: Path) -> CheckpointInfo:
    manifest = _manifest(folder)
    state = read_json(folder / "state.json") if "state.json" in manifest["files"] else {}
    state = state if isinstance(state, dict) else {}
    return CheckpointInfo(
        step=_step(folder),
        folder=folder,
        bytes=sum(entry["bytes"] for entry in manifest["files"].values()),
        validation_loss=_number(state.get("validation_loss")),
        training_loss=_number(state.get("training_loss")),
        best=False,
        saved=manifest["saved"],
    )


def _number(value: Any) -> float | None:
    """A finite number, else None: a loss that is not a number is the best of nothing."""
    usable = isinstance(value, int | float) and value == value and abs(value) != float("inf")
    return float(value) if usable else None


def _set_aside(folder: Path, reason: str) -> str:
    """Move a damaged checkpoint into quarantine with its reason; the sentence to tell."""
    quarantine = folder.parent / QUARANTINE
    try:
        quarantine.mkdir(exist_ok=True)
        target = quarantine / free_name(quarantine, folder.name)
        rename_folder(folder, target)
        target.with_name(target.name + ".reason.txt").write_text(reason + "\n", "utf-8")
    except OSError:
        return f"{reason} It could not be set aside and was passed over."
    return f"{reason} It was set aside in “{QUARANTINE}/{target.name}”."


def _damaged(folder: Path, reason: str) -> StudioError:
    return StudioError(f"The checkpoint “{folder.name}” is damaged: {reason}.", "Choose another checkpoint of the run.")
