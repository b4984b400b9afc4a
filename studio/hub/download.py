"""Fetching a model or a dataset into `downloads/REPO@COMMIT`: file by file, resumed where it broke, checked by hash."""

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.gate.names import inside, visible
from studio.hub import COMMIT, Choice, Hub, Order, RemoteFile, Repository, checked_repo
from studio.hub.client import opened, pieces, retried, unreachable
from studio.hub.line import StoppedError, Watch
from studio.hub.listing import file_path
from studio.store.disk import explained, require_space
from studio.store.files import read_json, remove_folder, replace, sync_file, sync_folder, write_atomically, write_json
from studio.store.locks import FileLock, is_held

VERSION = 1
NOTE = "download.json"  # what was ordered, so that another day can go on with it
PART, ETAG = ".part", ".etag"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Held:
    """An order on the disk: how much of it has arrived."""

    folder: Path
    order: Order
    arrived: int

    @property
    def whole(self) -> bool:
        """Whether only the import is missing."""
        return self.arrived == self.order.choice.bytes


def fetch(
    hub: Hub,
    order: Order,
    downloads: Path,
    spare: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    keep_going: Callable[[], bool] = lambda: True,
) -> Path:
    """Fetch an order and return what to import: its folder, or one file in it. What has arrived stays on any failure.

    `spare` bytes more than the download itself must be free, as for the import's own copy.
    """
    folder, total = folder_of(downloads, order), order.choice.bytes
    names = [file.name for file in order.choice.files]
    if len({name.casefold() for name in names}) != len(names) or NOTE in names:
        raise StudioError(f"“{order.repository.repo}” holds two files that would overwrite each other.")
    what = f"The download of “{order.repository.repo}”"
    slim = dataclasses.replace(order.repository, files=())
    with explained(what, downloads):
        folder.mkdir(parents=True, exist_ok=True)
    with explained(what, folder, total), FileLock(_lock_path(folder)) as lock:
        lock.acquire(what)
        require_space(folder, total - arrived_in(folder, order.choice) + spare, what[:1].lower() + what[1:])
        write_json(folder / NOTE, {"version": VERSION, **asdict(dataclasses.replace(order, repository=slim))})
        done = 0
        for file in order.choice.files:
            arrival = _Arrival(hub, order, inside(folder, file.name), file, keep_going)
            arrival.fetch(lambda count, before=done: progress(before + count, total))  # type: ignore[misc]
            done += file.bytes
            progress(done, total)
    return folder / order.choice.opens if order.choice.opens else folder


def folder_of(downloads: Path, order: Order) -> Path:
    """Where an order lies or will lie; one commit, one version, one folder."""
    repo = checked_repo(order.repository.repo).replace("/", "--")
    which = f" {order.choice.opens}" if order.choice.opens else ""
    return inside(downloads, f"{repo}@{order.repository.commit[:12]}{which}"[:200].rstrip(" ."))


def held(downloads: Path) -> list[Held]:
    """Every order that lies there, whole or not, by name; damaged notes are passed over."""
    found = []
    for folder in sorted(downloads.iterdir()) if downloads.is_dir() else []:
        try:
            order = _order_from(read_json(folder / NOTE))
            found.append(Held(folder, order, arrived_in(folder, order.choice)))
        except (StudioError, KeyError, TypeError, ValueError, AttributeError):
            continue
    return found


def arrived_in(folder: Path, choice: Choice) -> int:
    """Bytes of an order that need not be fetched again."""
    whole = 0
    for file in choice.files:
        final = inside(folder, file.name)
        part = final.with_name(final.name + PART)
        whole += min(file.bytes, _bytes(final) if final.exists() else _bytes(part))
    return whole


def forget(folder: Path) -> None:
    """Delete what has arrived; refused while it is being fetched."""
    if is_held(_lock_path(folder)):
        raise StudioError("This model is being downloaded at the moment.", "Stop the download first.")
    remove_folder(folder)
    _lock_path(folder).unlink(missing_ok=True)


class _Arrival:
    """One file on its way, through as many connections as it takes; its hash is reckoned as the bytes come."""

    def __init__(self, hub: Hub, order: Order, final: Path, file: RemoteFile, keep_going: Callable[[], bool]) -> None:
        self._hub, self._file, self._final, self._keep_going = hub, file, final, keep_going
        self._url = hub.address + file_path(order.repository, file.name)
        self._part, self._note = (final.with_name(final.name + ending) for ending in (PART, ETAG))
        self._digest = self._fresh()
        self._count = 0

    def fetch(self, progress: Callable[[int], None]) -> None:
        """Fetch what is missing, check it, and give the file its name."""
        if self._final.exists() and _bytes(self._final) == self._file.bytes:  # checked before it got its name
            return
        self._final.parent.mkdir(parents=True, exist_ok=True)
        with open(self._part, "ab+") as part:
            self._take_over(part)
            progress(self._count)
            with _going_on(self._file.name):
                retried(lambda: self._go_on(part, progress), self._keep_going, lambda: self._count)
        self._check()
        sync_file(self._part)
        replace(self._part, self._final)
        self._note.unlink(missing_ok=True)
        sync_folder(self._final.parent)

    def _fresh(self) -> Any:
        if self._file.sha256:
            return hashlib.sha256()
        start = b"blob %d\0" % self._file.bytes  # what git names a content by
        return hashlib.sha1(start, usedforsecurity=False)

    def _take_over(self, part: Any) -> None:
        """Reckon the hash of what came earlier; more than the whole is no part of it."""
        if part.seek(0, os.SEEK_END) > self._file.bytes:
            part.truncate(0)
        part.seek(0)
        while piece := part.read(_PIECE):
            if not self._keep_going():
                raise StoppedError("This was stopped.")
            self._digest.update(piece)
            self._count += len(piece)

    def _restart(self, part: Any) -> None:
        part.truncate(0)
        part.seek(0)
        self._digest, self._count = self._fresh(), 0

    def _go_on(self, part: Any, progress: Callable[[int], None]) -> None:
        """One connection: ask for the rest, and start over where the hub does not give just that."""
        if self._count == self._file.bytes:
            return
        with opened(self._hub, self._url, Watch(self._keep_going), self._range()) as answer:
            begins = f"bytes {self._count}-"
            if answer.status == 416 or (answer.status == 206 and not _range_of(answer).startswith(begins)):
                self._restart(part)
                raise unreachable(self._hub, ConnectionError("no such range"))
            if answer.status == 200 and self._count:
                self._restart(part)
            self._remember(answer.getheader("ETag") or "")
            for piece in pieces(self._hub, answer):
                if self._count + len(piece) > self._file.bytes:
                    raise self._wrong("more came than the hub had announced")
                part.write(piece)
                self._digest.update(piece)
                self._count += len(piece)
                progress(self._count)
        part.flush()
        if self._count < self._file.bytes:
            raise unreachable(self._hub, ConnectionError("cut"))

    def _range(self) -> dict[str, str]:
        """The rest, if it is still the same file; where nothing tells, the hash decides in the end."""
        if not self._count:
            return {}
        try:
            etag = self._note.read_text("latin-1")
        except OSError:
            etag = ""
        wanted = {"Range": f"bytes={self._count}-"}
        return {**wanted, "If-Range": etag} if etag else wanted

    def _remember(self, etag: str) -> None:
        """A strong mark of this content, for the next connection."""
        if etag.startswith('"') and etag.isprintable() and len(etag) < 1_000:
            write_atomically(self._note, etag.encode("latin-1", "replace"), durable=False)
        else:
            self._note.unlink(missing_ok=True)

    def _check(self) -> None:
        if self._digest.hexdigest() != (self._file.sha256 or self._file.blob):
            raise self._wrong("its checksum is not the one that the hub lists")

    def _wrong(self, why: str) -> StudioError:
        """Refuse what arrived and forget it, so that nothing goes on from it."""
        for path in (self._part, self._note):
            try:
                path.unlink(missing_ok=True)
            except OSError:  # Windows, while it is open: then it is empty at least
                os.truncate(path, 0)
        return StudioError(
            f"“{visible(self._file.name)}” arrived damaged or was changed on the way: {why}. It was removed.",
            "Try again; what was right is kept. If it happens again, do not use this model, or ask its owners.",
        )


@contextmanager
def _going_on(name: str) -> Iterator[None]:
    """A stop, said as what it means for a download."""
    try:
        yield
    except StoppedError as error:
        raise StoppedError(
            f"The download was stopped at “{visible(name)}”.", "What has arrived is kept; the next try goes on there."
        ) from error


def _range_of(answer: Any) -> str:
    return str(answer.getheader("Content-Range") or "")


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _lock_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


def _order_from(data: Any) -> Order:
    repository, choice = data["repository"], data["choice"]
    if not COMMIT.fullmatch(repository["commit"]):
        raise ValueError("not a commit")
    return Order(
        Repository(
            checked_repo(repository["repo"]), repository["commit"], (), str(repository["licence"]),
            bool(repository["gated"]),
        ),
        Choice(
            str(choice["label"]), tuple(RemoteFile(**file) for file in choice["files"]), str(choice["opens"]),
            str(choice["note"]),
        ),
    )  # fmt: skip
