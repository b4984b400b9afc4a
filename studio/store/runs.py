"""One run on disk: its config, its stream of events, a summary, notes and checkpoints. Safe to ask from any thread."""

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from studio.core.config import RunConfig, config_from_json, config_to_json
from studio.core.errors import StudioError
from studio.core.events import CheckpointSaved, RunContinued, RunEnded, RunEvent, RunPaused, RunStarted, StepDone
from studio.core.knobs import from_json, to_json
from studio.store import checkpoints, journal, snapshots
from studio.store.checkpoints import CheckpointInfo
from studio.store.disk import explained
from studio.store.files import clear_stubs, read_json, remove_folder, write_atomically, write_json
from studio.store.locks import FileLock, is_held
from studio.store.summary import LIVING, RunSummary, fold, fold_all, restarted
from studio.store.trash import Trashed, discard

SUMMARY_SECONDS = 1.0
_TURNS = (RunStarted, RunPaused, RunContinued, CheckpointSaved, RunEnded)  # always worth a new run.json


class RunRecord:
    """A run's folder. Appending takes the run's lock and `RunEnded` gives it back; reading needs no lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._guard = threading.RLock()
        self._lock = FileLock(folder / "lock")
        self._journal: journal.Journal | None = None
        self._config: RunConfig | None = None
        self._summary = RunSummary()
        self._latest: StepDone | None = None
        self._written = 0.0

    @classmethod
    def create(cls, folder: Path, config: RunConfig) -> "RunRecord":
        """Write a new run's files into a folder that must not exist yet."""
        with explained("The run", folder.parent):
            folder.mkdir(parents=True)
            try:
                (folder / "checkpoints").mkdir()
                first = RunSummary(created=time.time(), text=config.data.source)
                write_json(folder / "run.json", to_json(first))
                write_json(folder / "config.json", config_to_json(config))  # last: a folder without it is no run
            except BaseException:
                remove_folder(folder)
                raise
        return cls(folder)

    @property
    def config(self) -> RunConfig:
        """What the run was asked to do; one of a newer Atelier is a `StudioError`."""
        if self._config is None:
            self._config = config_from_json(read_json(self.folder / "config.json"))
        return self._config

    @property
    def checkpoints_folder(self) -> Path:
        """Where the checkpoints lie."""
        return self.folder / "checkpoints"

    @property
    def tokenizer_path(self) -> Path:
        """Where the run keeps its own copy of the tokenizer."""
        return self.folder / "tokenizer.json"

    @property
    def held(self) -> bool:
        """Whether any living process is writing this run."""
        return self._lock.held or is_held(self._lock.path)

    @property
    def summary(self) -> RunSummary:
        """The run in a few numbers. "running" or "paused" without a living writer is "interrupted"."""
        with self._guard:
            if self._lock.held:
                return self._catch_up()
        summary = self._read_summary()
        if summary.state in LIVING and not is_held(self._lock.path):
            return dataclasses.replace(summary, state="interrupted")
        return summary

    def hold(self) -> "RunRecord":
        """Become the run's only writer: lock, repair the history, sweep what a kill left; also as `with`."""
        with self._guard:
            self._writer()
        return self

    def _writer(self) -> journal.Journal:
        """The open history, under the lock."""
        if self._journal is None:
            self._lock.acquire(f"The run “{self.name}”")
            try:
                self._clear()
                self._journal = journal.Journal(self.folder / "events.jsonl")
                self._summary = self._read_summary()
            except BaseException:
                self._lock.release()
                raise
        return self._journal

    def _clear(self) -> None:
        """Remove what a killed writer left behind; needs the lock."""
        checkpoints.sweep(self.checkpoints_folder)
        snapshots.sweep(self.folder)
        clear_stubs(self.folder)

    def release(self) -> None:
        """Write what waits, close the history and give the lock back; harmless when it is not held."""
        with self._guard:
            writer, self._journal = self._journal, None
            try:
                if writer is not None:
                    writer.close()
                    self._write_summary()
            finally:
                self._lock.release()

    def __enter__(self) -> "RunRecord":
        return self.hold()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def append(self, event: RunEvent) -> None:
        """Add one event to the history and the summary; the first takes the lock, `RunEnded` gives it back."""
        with self._guard:
            writer = self._writer()
            if isinstance(event, StepDone):
                self._latest = event  # a later step says all that an earlier one did
            else:
                self._summary = fold(self._catch_up(), event)
            if isinstance(event, CheckpointSaved):
                self._summary = dataclasses.replace(self._summary, size=self._bytes())
            flushed = writer.append(event)
            if isinstance(event, RunEnded):
                self.release()
            elif isinstance(event, _TURNS) or (flushed and time.monotonic() - self._written >= SUMMARY_SECONDS):
                self._try_summary()

    @property
    def trouble(self) -> StudioError | None:
        """Why the history waits in memory instead of on the disk, if it does."""
        return self._journal.trouble if self._journal is not None else None

    def flush(self) -> None:
        """Hand every waiting event to the operating system, as before a checkpoint is committed."""
        with self._guard:
            if self._journal is not None:
                self._journal.flush()

    def events(self) -> Iterator[RunEvent]:
        """Everything that happened so far, oldest first, read line by line."""
        self.flush()
        return journal.read_events(self.folder / "events.jsonl")

    def truncate_events(self, step: int) -> None:
        """Forget what happened after `step`, before the run goes on from there; takes the lock."""
        with self._guard:
            writer = self._writer()
            self._journal = None
            writer.close()
            journal.truncate(writer.path, step)
            self._journal = journal.Journal(writer.path)
            self._latest = None
            self._summary = fold_all(restarted(self._summary), self.events())
            self._write_summary()
            snapshots.forget_after(self.folder, step)

    @contextmanager
    def saving(self, step: int, needed: int = 0) -> Iterator[Path]:
        """An empty folder for the checkpoint of `step`; history first, so that no checkpoint is newer than it."""
        self.flush()
        with checkpoints.saving(self.checkpoints_folder, step, needed) as temporary:
            yield temporary

    def checkpoints(self) -> list[CheckpointInfo]:
        """The checkpoints that can be used, oldest step first."""
        return checkpoints.list_checkpoints(self.checkpoints_folder)

    def sweep(self) -> None:
        """Clear what a killed writer left, unless somebody is writing or the disk does not let us."""
        with self._guard:
            if self.held:
                return
            try:
                with FileLock(self._lock.path) as lock:
                    lock.acquire(f"The run “{self.name}”")
                    self._clear()
            except (StudioError, OSError):
                return  # a read-only place or a faster writer: looking is still allowed

    @property
    def notes(self) -> str:
        """What the person wrote down about this run."""
        try:
            return (self.folder / "notes.md").read_text("utf-8", errors="replace")
        except OSError:
            return ""

    def save_notes(self, text: str) -> None:
        """Keep the notes."""
        write_atomically(self.folder / "notes.md", text)

    def save_tokenizer(self, data: dict[str, Any]) -> None:
        """Keep the tokenizer beside the weights that were trained with it."""
        write_json(self.tokenizer_path, data)

    def delete(self) -> Trashed:
        """Move the run to its project's trash; refused while somebody is writing it."""
        with self._guard:
            if self.held:
                raise StudioError(f"The run “{self.name}” is still going on.", "Stop it first; nothing was deleted.")
            return discard(self.folder, self.folder.parent.parent / "trash")

    def withdraw(self) -> bool:
        """Remove a new run that was refused before its first step; False when there is something to keep of it."""
        with self._guard:
            summary = self.summary
            begun = summary.state not in ("new", "failed") or bool(summary.step or summary.started)
            if self.held or begun or self.notes or self.checkpoints():
                return False
            if any(isinstance(event, RunEnded) and event.details for event in self.events()):
                return False  # no refusal, but something that went wrong and is worth a report
            remove_folder(self.folder)
            return not self.folder.exists()

    def _read_summary(self) -> RunSummary:
        """run.json, or the events folded again when it is missing or damaged."""
        try:
            return from_json(RunSummary, read_json(self.folder / "run.json"))
        except StudioError:
            return fold_all(RunSummary(text=self._text()), journal.read_events(self.folder / "events.jsonl"))

    def _text(self) -> str:
        try:
            return self.config.data.source
        except StudioError:
            return ""

    def _write_summary(self) -> None:
        self._written = time.monotonic()
        write_json(self.folder / "run.json", to_json(self._catch_up()), durable=False)

    def _catch_up(self) -> RunSummary:
        """The summary with the latest step in it."""
        if self._latest is not None:
            self._summary, self._latest = fold(self._summary, self._latest), None
        return self._summary

    def _try_summary(self) -> None:
        """The summary can be rebuilt, so a disk that refuses it now is asked again a second later."""
        with suppress(StudioError):
            self._write_summary()

    def _bytes(self) -> int:
        return sum(info.bytes for info in self.checkpoints())
