"""Deleting with a way back: things move to the project's `trash/` and can be put where they were for a month."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.store.disk import explained
from studio.store.files import free_name, read_json, remove_folder, rename_folder, write_json

KEPT_DAYS = 30
_DAY = 24 * 3600.0


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
            where = folder.parent.relative_to(trash.parent).as_posix()
            write_json(place / "origin.json", {"name": item.name, "place": where, "deleted": item.deleted})
            rename_folder(folder, place / "content")
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    return item


def trashed(trash: Path) -> list[Trashed]:
    """What lies in the trash, oldest first."""
    found: list[Trashed] = []
    for place in _places(trash):
        try:
            note = read_json(place / "origin.json")
            parts = [part for part in str(note["place"]).split("/") if Path(part).name == part != ".."]
            origin = trash.parent.joinpath(*parts, Path(str(note["name"])).name)
            found.append(Trashed(place, str(note["name"]), origin, float(note["deleted"])))
        except (StudioError, KeyError, TypeError, ValueError):
            continue
    return sorted(found, key=lambda item: item.deleted)


def expire(trash: Path) -> None:
    """Delete for good what was put into the trash more than `KEPT_DAYS` days ago."""
    for item in trashed(trash):
        if time.time() - item.deleted > KEPT_DAYS * _DAY:
            item.erase()


def empty(trash: Path) -> None:
    """Delete everything in the trash for good, also what no longer says where it was."""
    for place in _places(trash):
        remove_folder(place)
    if left := sum(1 for _ in _places(trash)):
        words = "One thing in the trash" if left == 1 else f"{left:,} things in the trash"
        raise StudioError(f"{words} could not be deleted.", "Allow writing in its folder, then try again.")


def weigh(trash: Path) -> tuple[int, int]:
    """How many things lie in the trash, and their bytes."""
    places = list(_places(trash))
    return len(places), sum(_bytes(place) for place in places)


def _places(trash: Path) -> Iterator[Path]:
    """Folders of deleted things. A link is never followed: what it points to was not deleted here."""
    if trash.is_symlink() or not trash.is_dir():
        return
    for place in sorted(trash.iterdir()):
        if not place.is_symlink() and (place / "content").is_dir():
            yield place


def _bytes(folder: Path) -> int:
    """Bytes of the files in `folder`; a link counts as the few bytes that it is."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue
    return total
