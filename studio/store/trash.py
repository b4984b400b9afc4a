"""Deleting with a way back: things move to the project's `trash/` and can be put where they were."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.store.disk import explained
from studio.store.files import free_name, read_json, remove_folder, rename_folder, write_json


@dataclass(frozen=True)
class Trashed:
    """Something deleted: `folder` holds it and a note on where it was."""

    folder: Path
    name: str
    origin: Path
    deleted: float  # seconds since 1970

    def restore(self) -> Path:
        """Put it back, under a numbered name if its own was taken meanwhile; returns where it lies now."""
        with explained(f"“{self.name}”", self.origin.parent):
            if not (self.folder / "content").is_dir():
                raise StudioError(f"“{self.name}” is not in the trash any more.")
            self.origin.parent.mkdir(parents=True, exist_ok=True)
            target = self.origin.parent / free_name(self.origin.parent, self.origin.name)
            rename_folder(self.folder / "content", target)
        remove_folder(self.folder)
        return target

    def erase(self) -> None:
        """Delete it for good."""
        remove_folder(self.folder)


def discard(folder: Path, trash: Path) -> Trashed:
    """Move `folder` to the trash of its project; one rename, so it is either here or there."""
    with explained(f"“{folder.name}”", trash):
        place = trash / free_name(trash, f"{int(time.time())} {folder.name}")
        place.mkdir(parents=True)
        item = Trashed(place, folder.name, folder, time.time())
        try:
            write_json(place / "origin.json", {"name": item.name, "place": folder.parent.name, "deleted": item.deleted})
            rename_folder(folder, place / "content")
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    return item


def trashed(trash: Path) -> list[Trashed]:
    """What lies in the trash, oldest first."""
    found: list[Trashed] = []
    for place in sorted(trash.iterdir()) if trash.is_dir() else []:
        try:
            if not (place / "content").is_dir():
                continue
            note = read_json(place / "origin.json")
            origin = trash.parent / Path(str(note["place"])).name / Path(str(note["name"])).name
            found.append(Trashed(place, str(note["name"]), origin, float(note["deleted"])))
        except (StudioError, KeyError, TypeError, ValueError):
            continue
    return sorted(found, key=lambda item: item.deleted)
