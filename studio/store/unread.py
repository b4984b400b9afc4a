"""What lies in a project and cannot be read: named with its reason, and mended where the text itself is still there."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from studio.core.errors import StudioError
from studio.store.corpus import VERSION, NewerError, Text, read_text
from studio.store.datasets import VERSION as DATASET_VERSION
from studio.store.datasets import open_dataset
from studio.store.files import free_name, read_json, rename_folder, write_json
from studio.tokenizers import END_OF_TEXT

_ANEW = "Described anew from what lay in the project, because its description was damaged."


@dataclass(frozen=True)
class Unread:
    """One text, or one version of a dataset, as "sms@2"; `mendable` where its description can be made anew."""

    kind: str  # "text" or "dataset"
    name: str
    folder: Path
    why: str
    hint: str
    mendable: bool = False


def unread_sources(project: Path) -> list[Unread]:
    """What the project's folder holds and its lists leave out: texts, then versions of datasets."""
    return [*unread_texts(project / "texts"), *unread_datasets(project / "datasets")]


def unread_texts(texts: Path) -> list[Unread]:
    """The texts that are left out of the list, by name."""
    found = []
    for folder in _folders(texts):
        if not any((folder / name).exists() for name in ("text.json", "text.txt")):
            continue
        try:
            read_text(folder)
        except StudioError as error:
            mendable = not isinstance(error, NewerError) and (folder / "text.txt").is_file()
            found.append(Unread("text", folder.name, folder, error.message, error.hint, mendable))
    return found


def unread_datasets(datasets: Path) -> list[Unread]:
    """The versions of datasets that are left out of the list, by name and number."""
    found = []
    for folder in _folders(datasets):
        places = [place for place in folder.glob("v*") if place.name[1:].isdecimal()]
        for place in sorted(places, key=lambda place: int(place.name[1:])):
            if open_dataset(place) is None:
                name = f"{folder.name}@{place.name[1:]}"
                found.append(Unread("dataset", name, place, *_why(name, place)))
    return found


def _why(name: str, place: Path) -> tuple[str, str]:
    try:
        newer = read_json(place / "dataset.json")["version"] > DATASET_VERSION
    except (StudioError, KeyError, TypeError):
        newer = False
    if newer:
        return f"The dataset “{name}” cannot be read: a newer Atelier wrote it.", "Update Atelier to read it."
    words = "its description is damaged, or its rows are not the ones that it describes"
    return f"The dataset “{name}” cannot be read: {words}.", "Import its source again; its other versions stay."


def _folders(parent: Path) -> list[Path]:
    try:
        entries = [entry for entry in parent.iterdir() if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []
    return sorted(entries, key=lambda entry: entry.name.casefold())


def mend_text(folder: Path, *, keep_going: Callable[[], bool] | None = None) -> Text:
    """Describe the text in `folder` anew from what lies there; the former description stays beside it as `.bak`.

    Where documents parted is not known any more: the mark is text from now on. What is no UTF-8 is a `StudioError`.
    """
    try:
        whole = read_text(folder)
    except NewerError:
        raise
    except StudioError:
        counts = _counted(folder, keep_going)
    else:
        return whole
    path = folder / "text.json"
    if path.exists():
        rename_folder(path, path.with_name(free_name(folder, "text.json.bak")))
    made = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(path, {"version": VERSION, **counts, "sources": [], "encoding": _ANEW, "imported": made})
    return read_text(folder)


def _counted(folder: Path, keep_going: Callable[[], bool] | None) -> dict[str, int | str]:
    """What a description says of the text itself."""
    digest, characters, lines, size, marks, last, tail = hashlib.sha256(), 0, 0, 0, 0, "\n", ""
    for piece in _pieces(folder / "text.txt"):
        if keep_going is not None and not keep_going():
            raise StudioError("It was stopped before the text was read.", "Nothing was changed.")
        raw = piece.encode("utf-8")
        digest.update(raw)
        characters, lines, size = characters + len(piece), lines + raw.count(b"\n"), size + len(raw)
        marks += (tail + piece).count(END_OF_TEXT)
        tail, last = (tail + piece)[1 - len(END_OF_TEXT) :], piece[-1:]
    if not size:
        raise StudioError(f"Nothing is left of the text “{folder.name}”.", "Delete it, then import the text again.")
    counts = {"characters": characters, "lines": lines + (last != "\n"), "bytes": size, "marks": marks}
    return {**counts, "sha256": digest.hexdigest()}


def _pieces(path: Path, size: int = 1 << 20) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            while piece := file.read(size):
                yield piece
    except UnicodeDecodeError as error:
        raise StudioError(
            f"What lies in “{os.path.abspath(path)}” is no text any more: it is not UTF-8.",
            "Delete it, then import the text again.",
        ) from error
    except OSError as error:
        raise StudioError(f"“{os.path.abspath(path)}” could not be read: {error.strerror or error}.") from error
