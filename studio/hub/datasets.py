"""Public datasets: what a hub lists of one, and which of its files make up a split."""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from studio.core.errors import StudioError
from studio.gate.names import inside, safe_name, visible
from studio.hub import PUBLIC, Choice, Hub, Order, RemoteFile, Repository, Seen, repo_in
from studio.hub.download import NOTE, fetch, forget
from studio.hub.listing import repository_at
from studio.store.places import places

_DATA = re.compile(r"\.(parquet|csv|tsv|jsonl|ndjson|json|txt)(\.(gz|zst))?", re.IGNORECASE)
_SPLIT = re.compile(
    r"(?:^|[-_./])(train|training|test|testing|valid|validation|dev|eval|val)(?=[-_./]|$)", re.IGNORECASE
)
_SPLITS = {"training": "train", "testing": "test", "valid": "validation", "val": "validation", "dev": "validation"}
_ORDER = ("train", "validation", "test")
_ASIDE = re.compile(r"dataset_infos?\.json|readme.*|licen[cs]e.*|\..*", re.IGNORECASE)
_FIRST = ("parquet", "jsonl", "ndjson", "csv", "tsv", "json", "txt")  # what is preferred where there are several


def checked_dataset(text: str, address: str = PUBLIC) -> str:
    """The dataset that a typed name or a copied web address means."""
    name = text.strip().removesuffix("/")
    for start in (f"{address}/datasets/", f"{PUBLIC}/datasets/", "datasets/"):
        if name.startswith(start):
            name = "/".join(name.removeprefix(start).split("/")[:2])
    if not (repo := repo_in(name)):
        raise StudioError(
            f"“{visible(text)}” is not the name of a dataset on a hub.", "Such names look like “stanfordnlp/imdb”."
        )
    return repo


def examine_dataset(hub: Hub, repo: str, keep_going: Callable[[], bool] = lambda: True) -> Seen:
    """The licence of a dataset and its splits with their sizes; nothing of its content is fetched."""
    repository = repository_at(hub, "datasets", checked_dataset(repo, hub.address), "main", keep_going)
    try:
        return Seen(repository, tuple(splits(repository)))
    except StudioError as trouble:
        return Seen(repository, trouble=trouble)


def fetch_dataset(
    hub: Hub,
    order: Order,
    downloads: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    keep_going: Callable[[], bool] = lambda: True,
) -> list[Path]:
    """Fetch one split, each into a folder of its own; what to read is its file, or the folder where it has several."""
    place = downloads / safe_name(order.choice.label)
    folder = fetch(hub, order, place, progress=progress, keep_going=keep_going)
    (folder / NOTE).unlink(missing_ok=True)  # else it would be a table among the others
    files = order.choice.files
    return [inside(folder, files[0].name)] if len(files) == 1 else [folder]


def forget_dataset(path: Path, downloads: Path) -> None:
    """Delete the files of the split that `fetch_dataset` told as `path`, and nothing else in `downloads`."""
    parts = path.relative_to(downloads).parts if path.is_relative_to(downloads) else ()
    if len(parts) < 2 or ".." in parts:
        raise StudioError(f"“{path}” is no download of a dataset.", "Nothing was deleted.")
    place = downloads / parts[0]
    forget(place / parts[1])
    if not any(place.iterdir()):
        place.rmdir()


def splits(repository: Repository) -> list[Choice]:
    """Its splits that Atelier can read, the training data first; none is a `StudioError` that says why."""
    found: dict[tuple[str, str, str], list[RemoteFile]] = {}
    for file in repository.files:
        if _usable(file):
            found.setdefault(_place(file.name), []).append(file)
    choices = []
    for (folder, split, form), files in sorted(found.items(), key=_rank):
        where = f"{folder} · {split}" if folder else split
        several = f"{len(files):,} files" if len(files) > 1 else "1 file"
        choices.append(Choice(where, tuple(sorted(files, key=lambda file: file.name)), "", f"{form}, {several}"))
    if not choices:
        scripts = any(file.name.endswith(".py") for file in repository.files)
        raise StudioError(
            f"“{repository.repo}” has no file in a form that Atelier reads.",
            "It comes with a program that loads it, and Atelier runs no programs of others. Look for a copy in "
            "Parquet, JSON lines or CSV."
            if scripts
            else "Look for a copy in Parquet, JSON lines, CSV or plain text.",
        )
    return choices


def _place(name: str) -> tuple[str, str, str]:
    """Folder, split and form of a file; the usual folder “data” says nothing."""
    path = PurePosixPath(name)
    match = _DATA.search(path.name)
    form = match[1].lower() if match else ""
    word = _SPLIT.search(path.name[: match.start()] if match else path.name) or _SPLIT.search(str(path.parent))
    split = _SPLITS.get(word[1].lower(), word[1].lower()) if word else ""
    parts = [part for part in path.parent.parts if part.lower() != "data" and not _SPLIT.fullmatch(part)]
    return "/".join(parts), split or "all of it", form


def _rank(entry: tuple[tuple[str, str, str], list[RemoteFile]]) -> tuple[int, int, str, str]:
    folder, split, form = entry[0]
    order = _ORDER.index(split) if split in _ORDER else len(_ORDER)
    return order, _FIRST.index(form), folder, split


def _usable(file: RemoteFile) -> bool:
    """A file of data, of a known size and content, under a name that every system accepts."""
    name = PurePosixPath(file.name).name
    match = _DATA.search(name)
    if not match or match.end() != len(name) or _ASIDE.fullmatch(name) or file.bytes <= 0:
        return False
    try:
        inside(places().home, file.name)
    except StudioError:
        return False
    return bool(file.sha256 or file.blob)
