"""Clearing a project of what processes that are gone left half done, and of what was deleted long ago."""

import time
from pathlib import Path

from studio.store.files import clear_stubs, remove_folder
from studio.store.trash import expire

_STALE_SECONDS = 24 * 3600.0
_HALF_SECONDS = 60.0


def sweep(project: Path) -> None:
    """Clear unfinished imports, shards and runs in the project's folder; only its one writer may."""
    import psutil

    expire(project / "trash")
    for part in ("texts", "datasets", "tokens", "tokenizers", "models"):
        folder = project / part
        for entry in folder.glob(".making-*") if folder.is_dir() else []:
            number = entry.name.split("-")[1]
            old = time.time() - entry.stat().st_mtime > _STALE_SECONDS
            if old or not number.isdigit() or not psutil.pid_exists(int(number)):
                remove_folder(entry)
    for part in ("trash", "runs"):
        folder = project / part
        for entry in folder.iterdir() if folder.is_dir() and not folder.is_symlink() else []:
            if entry.is_dir() and not entry.is_symlink() and _is_stub(entry):
                remove_folder(entry)
    clear_stubs(project)


def _is_stub(folder: Path) -> bool:
    """Whether a run or a piece of trash was killed while it was being made, and holds nothing of the person's yet."""
    if time.time() - folder.stat().st_mtime < _HALF_SECONDS:
        return False
    known = {"run.json", "origin.json", "checkpoints"}
    if any(entry.name not in known and not entry.name.startswith(".") for entry in folder.iterdir()):
        return False
    checkpoints = folder / "checkpoints"
    return not checkpoints.is_dir() or not any(checkpoints.iterdir())
