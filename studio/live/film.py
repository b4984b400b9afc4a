"""The snapshots of the run that is looked at, as a film: one position that every lens follows, read off the screen."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import StudioError
from studio.live.film_reader import Frames, Series, Wishes, read_wished
from studio.live.jobs import Job, Jobs
from studio.store.snapshots import FOLDER, PROBES, Kept, folder_name, listed

if TYPE_CHECKING:
    from studio.live.run_model import RunModel

ROOM = 192 << 20  # bytes of snapshots that are kept in memory; one of 12 × 12 heads takes below two megabytes
FRAME = 80  # milliseconds that a film shows each snapshot


class Film(QObject):
    """`step` and `snapshot` always belong together: while one is being read, the one before it stays.

    `wanted` is where the slider stands. Nothing is read before the first `go`, `play` or `all`.
    """

    changed = Signal()  # steps, position, snapshot, series or whether it plays

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.kept = Kept()  # steps of snapshots and checkpoints, and the text that is watched
        self.wanted: int | None = None
        self.step: int | None = None  # None: not scrubbing, the exact scene of the checkpoint is shown
        self.snapshot: Any = None  # insight.snapshot.Snapshot of `step`
        self.probing = False  # whether `snapshot` looks at a text that was asked for, rather than the watched one
        self.trouble: StudioError | None = None  # why the wanted snapshot cannot be shown
        self._jobs = jobs
        self._folder: Path | None = None
        self._run: RunModel | None = None
        self._listing: Job | None = None
        self._list_again = False
        self._reading: Job | None = None
        self._wishes = Wishes()
        self._frames = Frames(ROOM)
        self._whole = False  # whether every snapshot is to be read once, for the curves
        self._probes = 0  # of the run that were seen
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME)
        self._timer.timeout.connect(self._advance)

    @property
    def steps(self) -> tuple[int, ...]:
        """Snapshots on disk of this run, ascending; grows while the run computes."""
        return self.kept.steps

    @property
    def playing(self) -> bool:
        """Whether it moves by itself."""
        return bool(self._timer.isActive())

    @property
    def live(self) -> bool:
        """Whether new snapshots may still come."""
        return self._run is not None and bool(self._run.living)

    @property
    def share(self) -> float:
        """The share of its computing time that the run has spent on looking inside; NaN when nothing is known."""
        taken = self._run.facts.snapshots if self._run is not None else []
        return taken[-1].share if taken else float("nan")

    def follow(self, run_folder: Path | None, run: "RunModel | None" = None) -> None:
        """Show another run's film, or none; with its model, that of a run which computes in this window grows."""
        if run_folder == self._folder and run is self._run:
            return
        self._leave()
        self._folder, self._run = run_folder, run
        if run is not None:
            self._probes = len(run.probes)
            run.changed.connect(self._run_changed)
        if run_folder is not None:
            self._list()
        self.changed.emit()

    def go(self, step: int | None) -> None:
        """Show the snapshot nearest to `step`, as soon as it is there; None goes back to the exact scene."""
        self._move(None if step is None else self.near(step))

    def near(self, step: int) -> int | None:
        """The nearest step that has a snapshot, the earlier of two; None where there is none."""
        return min(self.steps, key=lambda found: (abs(found - step), found), default=None)

    def next(self, by: int) -> None:
        """Go that many snapshots forwards, or backwards when negative; it stops at the ends."""
        if not self.steps:
            return
        place = (-1 if by > 0 else len(self.steps)) if self.wanted is None else self._place()
        self._move(self.steps[min(max(place + by, 0), len(self.steps) - 1)])

    def play(self) -> None:
        """Show one snapshot after the other, from the beginning if it stands at the end."""
        if len(self.steps) < 2:
            return
        if self.wanted is None or self.wanted >= self.steps[-1]:
            self._move(self.steps[0])
        self._timer.start()
        self.changed.emit()

    def pause(self) -> None:
        """Stay where it is."""
        if self.playing:
            self._timer.stop()
            self.changed.emit()

    def all(self) -> Series:
        """The small numbers of every snapshot that was read so far; the others are read now, and `changed` tells."""
        if not self._whole and self._folder is not None:
            self._whole = True
            self._wish()
        return self._frames.series(self.steps)

    # --- what lies there ----------------------------------------------------------------------------------------

    def _list(self) -> None:
        """Look what lies on the disk, in a job; while one is under way the next wish waits for it."""
        if self._listing is not None:
            self._list_again = True
            return
        self._listing = self._jobs.start(listed, self._folder)
        self._listing.succeeded.connect(self._listed)
        self._listing.failed.connect(self._unlisted)

    def _listed(self, kept: Kept) -> None:
        self._listing = None
        at_end = bool(self.steps) and self.wanted == self.steps[-1] and not self.probing
        before = dict(zip(self.kept.steps, self.kept.stamps, strict=True))
        self.kept = kept
        now = dict(zip(kept.steps, kept.stamps, strict=True))
        for step in [step for step, stamp in before.items() if now.get(step) != stamp]:
            self._frames.forget(step)
        if at_end and not self.playing and self.steps and self.wanted != self.steps[-1]:
            self._move(self.steps[-1])  # whoever stands at the end of a growing film stays there
        self._wish()
        self._again()
        self.changed.emit()

    def _unlisted(self, error: StudioError) -> None:
        self._listing, self.trouble = None, error
        self._again()
        self.changed.emit()

    def _again(self) -> None:
        if self._list_again:
            self._list_again = False
            self._list()

    def _run_changed(self, what: frozenset[str]) -> None:
        if what & {"snapshots", "checkpoints"}:
            self._list()
        run = self._run
        if "snapshots" in what and run is not None:
            asked = len(run.probes) > self._probes and run.living and run.replayed
            self._probes = len(run.probes)
            if asked:
                self._show_probe(run.probes[-1].step)

    def _show_probe(self, step: int) -> None:
        """What somebody asked to see in the run that computes is shown as soon as it is read."""
        self._timer.stop()
        self.wanted, self.probing, self.trouble = step, True, None
        self._wish(asked=True)
        self.changed.emit()

    # --- where it stands ----------------------------------------------------------------------------------------

    def _move(self, step: int | None) -> None:
        if step == self.wanted == self.step and not self.probing:
            return
        self.wanted, self.probing = step, False
        self.trouble = None if step is None else self._frames.bad.get((False, step))
        if step is None:
            self._timer.stop()
            self.step, self.snapshot = None, None
        elif step in self._frames:
            self.step, self.snapshot = step, self._frames.get(step)
        self._wish()
        self.changed.emit()

    def _place(self) -> int:
        """Where the slider stands among the steps; the nearest one if its own was thinned away."""
        near = None if self.wanted is None else self.near(self.wanted)
        return self.steps.index(near) if near is not None else 0

    def _advance(self) -> None:
        """The next picture of the film, once this one is shown."""
        if self.step != self.wanted and (self.probing, self.wanted) not in self._frames.bad:
            return
        if self._place() >= len(self.steps) - 1:
            self.pause()
        else:
            self.next(1)

    # --- reading ------------------------------------------------------------------------------------------------

    def _wish(self, asked: bool = False) -> None:
        """Ask for what is wanted now, then for what lies around it, then for what the curves lack."""
        if self._folder is None:
            return
        folders = [self._folder / FOLDER / folder_name(step) for step in self._order()]
        probe = self._folder / PROBES / folder_name(self.wanted or 0)
        if asked:
            folders.insert(0, probe)
        self._wishes.set(folders, still=probe if self.probing and not asked else None)
        self._read()

    def _order(self) -> list[int]:
        wanted: list[int] = []
        if self.wanted is not None and self.steps:
            place, steps = self._place(), self.steps
            near = sorted(range(len(steps)), key=lambda other: (abs(other - place), other < place))
            wanted = [steps[other] for other in near[: self._frames.fitting()] if steps[other] not in self._frames]
        if self._whole:
            wanted += [step for step in self.steps if step not in self._frames.rows and step not in wanted]
        return [step for step in wanted if (False, step) not in self._frames.bad]

    def _read(self) -> None:
        if self._reading is None and self._wishes:
            self._reading = self._jobs.start(read_wished, self._wishes)
            self._reading.items.connect(self._take)
            self._reading.succeeded.connect(self._all_read)
            self._reading.failed.connect(self._unread)

    def _take(self, found: list[tuple[Path, Any]]) -> None:
        """What was read; a damaged snapshot is told where the slider stands on it, one thinned away is no loss."""
        for folder, snapshot in found:
            step, probe = int(folder.name.removeprefix("step-")), folder.parent.name == PROBES
            here = step == self.wanted and probe == self.probing
            if isinstance(snapshot, StudioError):
                self._frames.bad[probe, step] = snapshot
                self.trouble = snapshot if here else self.trouble
                continue
            if not probe:
                self._frames.keep(step, snapshot)
            if here:
                self.step, self.snapshot, self.trouble = step, snapshot, None
        self.changed.emit()

    def _all_read(self, _result: object) -> None:
        self._reading = None
        self._read()  # a wish may have come in when the thread had just found none

    def _unread(self, error: StudioError) -> None:
        self._reading, self.trouble = None, error
        self._wishes.set(())
        self.changed.emit()

    def _leave(self) -> None:
        """Forget the run that was followed."""
        self._timer.stop()
        for job in (self._listing, self._reading):
            if job is not None:
                job.cancel()
        self._listing, self._reading, self._wishes = None, None, Wishes()
        if self._run is not None:
            with suppress(RuntimeError):  # a run that was deleted meanwhile took its connections with it
                self._run.changed.disconnect(self._run_changed)
        self._run, self.kept, self._list_again = None, Kept(), False
        self.wanted = self.step = self.snapshot = self.trouble = None
        self.probing = self._whole = False
        self._frames = Frames(ROOM)
