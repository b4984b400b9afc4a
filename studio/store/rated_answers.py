"""Answers that a person has rated become rows of a dataset: noted one by one in a journal, settled into one version."""

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.prompts import Turn
from studio.rows import Values
from studio.rows.kinds import Reading
from studio.store.datasets import Dataset, dataset_versions, described, free_number, making, next_version, opened, seal
from studio.store.disk import explained
from studio.store.files import rename_folder, sync_folder
from studio.store.row_file import RowWriter

if TYPE_CHECKING:
    from studio.store.project import Project

NAME = "Rated answers"
JOURNAL = "rated-answers.jsonl"  # in the project's folder, while something waits to be settled
_READING = Reading("messages", {"messages": "messages"}, "“messages” holds the turns of a chat, “rating” the verdict.")
_SAID = {1: "liked", -1: "not liked"}
_GUARD = Lock()  # one thread at a time; among processes only the project's writer rates

Noted = dict[str, Values]  # rows by what their messages say; the newest verdict on the same answer counts


def note_rated(project: "Project", turns: Sequence[Turn], answer: str, rating: int) -> None:
    """Keep one verdict: on the disk when this returns, a row of “Rated answers” once `settle_rated` was called.

    A row holds the turns that led to the answer, the answer as the last one, and `rating`, 1 or -1.
    """
    if rating not in _SAID:
        raise StudioError(f"An answer is rated 1 or -1, not {rating}.")
    if not any(turn.role == "user" for turn in turns) or not answer.strip():
        raise StudioError(
            "There is no question or no answer to keep.", "Rate an answer that a model gave to a question."
        )
    messages = [*turns, Turn("assistant", answer)]
    row: Values = {"messages": [{"role": turn.role, "content": without_halves(turn.whole)} for turn in messages]}
    row["rating"] = rating
    with _GUARD:
        _newest(project)
        _append(project.path / JOURNAL, json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")


def has_noted(project: "Project") -> bool:
    """Whether verdicts wait to be settled, as after a process that was killed."""
    return (project.path / JOURNAL).exists()


def settle_rated(project: "Project") -> Dataset | None:
    """Make one version of everything that was noted; None where nothing was. The same answer gets its new rating.

    The journal goes when the version is there; killed in between, the same verdicts are found in it and add nothing.
    """
    with _GUARD:
        noted = _noted(project.path / JOURNAL)
        newest = _newest(project)
        if not noted:
            settled = None
        elif newest is None:
            settled = _begun(project, noted)
        else:
            settled = _grown(newest, noted)
        (project.path / JOURNAL).unlink(missing_ok=True)
    return settled


def _append(path: Path, line: bytes) -> None:
    """A whole line or none, also after one that a kill left unfinished."""
    with explained("The rated answer", path.parent, len(line)), open(path, "a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            line = line if file.read(1) == b"\n" else b"\n" + line
        try:
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise
        if not size:
            sync_folder(path.parent)


def _noted(path: Path) -> Noted:
    """What the journal holds; a line that cannot be read was never confirmed."""
    found: Noted = {}
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return found
    except OSError as error:
        raise StudioError(f"“{path}” could not be read: {error.strerror or error}.") from error
    for line in lines:
        try:
            row = json.loads(line)
            known = row["rating"] in _SAID and all(set(turn) == {"role", "content"} for turn in row["messages"])
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if known:
            found[_key(row)] = {"messages": row["messages"], "rating": row["rating"]}
    return found


def _key(row: Mapping[str, Any]) -> str:
    return json.dumps(row.get("messages"), sort_keys=True)


def _newest(project: "Project") -> Dataset | None:
    """The newest version; one of another kind is a `StudioError`."""
    versions = dataset_versions(project.path / "datasets", NAME)
    if not versions:
        return None
    reading = versions[-1].reading
    if reading.kind != _READING.kind or reading.roles.get("messages") != "messages":
        raise StudioError(f"The dataset “{NAME}” holds rows of another kind.", "Rename it, then rate the answer again.")
    return versions[-1]


def _grown(newest: Dataset, noted: Noted) -> Dataset:
    """The version after `newest`, or that one where it says all of it already."""
    there = {key: values for values in newest.stream() if (key := _key(values)) in noted}
    fresh = [row for key, row in noted.items() if key not in there]
    changed = [row for key, row in noted.items() if key in there and there[key].get("rating") != row["rating"]]
    if not fresh and not changed:
        return newest
    return next_version(newest, _with(newest, noted, fresh), _sentence(fresh, changed))


def _with(dataset: Dataset, noted: Noted, fresh: Sequence[Values]) -> Iterator[Values]:
    """All rows, each with its newest verdict and whatever else stands there, and the new ones."""
    for values in dataset.stream():
        yield {**values, **noted.get(_key(values), {})}
    yield from fresh


def _sentence(fresh: Sequence[Values], changed: Sequence[Values]) -> str:
    """What is different: “3 answers added, one answer rated anew: liked.”"""
    parts = [_counted(fresh, "added"), _counted(changed, "rated anew")]
    words = ", ".join(filter(None, parts))
    return f"{words[:1].upper()}{words[1:]}."


def _counted(rows: Sequence[Values], what: str) -> str:
    if len(rows) == 1:
        return f"one answer {what}: {_SAID[rows[0]['rating']]}"
    return f"{len(rows):,} answers {what}" if rows else ""


def _begun(project: "Project", noted: Noted) -> Dataset:
    """A version of these rows alone: the first one, or the one after others that cannot be read any more."""
    datasets = project.path / "datasets"
    folder = datasets / NAME
    place = folder / f"v{free_number(folder)}"
    with making(datasets, 0, f"The dataset “{NAME}”") as temporary:
        made = temporary / place.name
        made.mkdir()
        with RowWriter(made) as writer:
            for row in noted.values():
                writer.write(row)
        seal(made, described(writer, _READING, sources=("rated in the chat",), why=()))
        if folder.exists():
            rename_folder(made, place)
        else:
            rename_folder(temporary, folder)
        sync_folder(folder)
        sync_folder(datasets)
    return opened(place)
