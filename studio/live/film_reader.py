"""The thread's side of a film: reads the snapshots that are wished for, and keeps what curves over steps need."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.core.shelf import resolve

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from studio.insight.snapshot import Snapshot

READ = "studio.insight.snapshot:read"


class Wishes:
    """Folders that are wanted, the most urgent first; one thread wishes, another takes. A new list replaces the old."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: list[Path] = []

    def set(self, folders: Iterable[Path], still: Path | None = None) -> None:
        """From now on these, in this order; before them `still`, if it was wanted and nobody has taken it yet."""
        with self._lock:
            self._wanted = [*(folder for folder in self._wanted if folder == still), *folders]

    def take(self) -> Path | None:
        """The most urgent one, or None when nothing is wanted."""
        with self._lock:
            return self._wanted.pop(0) if self._wanted else None

    def __bool__(self) -> bool:
        return bool(self._wanted)


def read_wished(wishes: Wishes) -> Iterator[tuple[Path, "Snapshot | StudioError"]]:
    """Every wanted snapshot as it comes in, or why it cannot be had; ends when nothing more is wanted."""
    read = resolve(READ)
    while (folder := wishes.take()) is not None:
        try:
            yield folder, read(folder)
        except StudioError as error:
            yield folder, error


def weight(snapshot: Any) -> int:
    """Bytes of its arrays."""
    parts = [getattr(snapshot, field.name) for field in fields(snapshot)]
    arrays = [*parts, *(array for part in parts if isinstance(part, dict) for array in part.values())]
    return sum(getattr(array, "nbytes", 0) for array in arrays)


@dataclass(frozen=True)
class Row:
    """The few numbers of one snapshot that are kept for the whole run."""

    scores: Mapping[str, "npt.NDArray[np.float64]"]  # each (layers, heads)
    stream: "npt.NDArray[np.float32]"  # (layers + 1,)
    weights: "npt.NDArray[np.float64]"  # (layers + 2,), as the next two
    gradients: "npt.NDArray[np.float64]"
    updates: "npt.NDArray[np.float64]"
    not_numbers: int
    odd_gradients: int


def row_of(snapshot: "Snapshot") -> Row:
    """What `Series` needs of a snapshot."""
    step = snapshot.training
    return Row(
        snapshot.scores, snapshot.stream, snapshot.weight_norms, step.gradients, step.updates,
        snapshot.not_numbers, step.not_numbers,
    )  # fmt: skip


@dataclass(frozen=True)
class Series:
    """A run's small numbers over its snapshots, n of which are read. NaN stands for what was not measured.

    `scores` are by name (n, layers, heads); `stream` (n, layers + 1); lengths of `weights`, `gradients` (before
    clipping) and `updates` (n, layers + 2) of embeddings, blocks and end; `not_numbers` and `odd_gradients` (n,) count
    weights and gradients that are NaN or infinite. `missing` snapshots are still to be read.
    """

    steps: "npt.NDArray[np.int64]"
    scores: dict[str, "npt.NDArray[np.float64]"]
    stream: "npt.NDArray[np.float64]"
    weights: "npt.NDArray[np.float64]"
    gradients: "npt.NDArray[np.float64]"
    updates: "npt.NDArray[np.float64]"
    not_numbers: "npt.NDArray[np.int64]"
    odd_gradients: "npt.NDArray[np.int64]"
    missing: int


def series_of(rows: Mapping[int, Row], steps: Sequence[int]) -> Series:
    """The rows of these steps one under the other; steps without a row are counted as missing."""
    import numpy as np

    known = [step for step in steps if step in rows]
    found = [rows[step] for step in known]

    def column(name: str) -> "npt.NDArray[np.float64]":
        return np.array([getattr(row, name) for row in found], np.float64)

    def score(name: str) -> "npt.NDArray[np.float64]":
        """One that older snapshots may not have."""
        unknown = np.full(next(row.scores[name].shape for row in found if name in row.scores), np.nan)
        return np.stack([row.scores.get(name, unknown) for row in found])

    names = dict.fromkeys(name for row in found for name in row.scores)
    return Series(
        steps=np.array(known, np.int64),
        scores={name: score(name) for name in names},
        stream=column("stream"),
        weights=column("weights"),
        gradients=column("gradients"),
        updates=column("updates"),
        not_numbers=np.array([row.not_numbers for row in found], np.int64),
        odd_gradients=np.array([row.odd_gradients for row in found], np.int64),
        missing=len(steps) - len(known),
    )


class Frames:
    """What was read of one run: whole snapshots as long as there is room, their rows for good, and what was damaged."""

    def __init__(self, room: int) -> None:
        self.rows: dict[int, Row] = {}
        self.bad: dict[tuple[bool, int], StudioError] = {}  # by whether it looks at a text that was asked for, and step
        self._room, self._bytes = room, 0
        self._held: OrderedDict[int, Snapshot] = OrderedDict()  # by step, the longest unused first
        self._series: tuple[tuple[int, ...], Series] | None = None

    def __contains__(self, step: object) -> bool:
        return step in self._held

    def get(self, step: int) -> "Snapshot":
        """One that is held; it is now the last to go."""
        self._held.move_to_end(step)
        return self._held[step]

    def keep(self, step: int, snapshot: "Snapshot") -> None:
        """Take one in; those that nobody used for longest make room."""
        self._drop(step)
        self.rows[step], self._series = row_of(snapshot), None
        self._held[step] = snapshot
        self._bytes += weight(snapshot)
        while self._bytes > self._room and len(self._held) > 1:
            self._drop(next(iter(self._held)))

    def forget(self, step: int) -> None:
        """It was thinned away, or taken again after the run went back to a checkpoint."""
        self._drop(step)
        self.rows.pop(step, None)
        self._series = None
        self.bad.pop((False, step), None)

    def series(self, steps: tuple[int, ...]) -> Series:
        """The rows of these steps; made again only when one came or went."""
        if self._series is None or self._series[0] != steps:
            self._series = (steps, series_of(self.rows, steps))
        return self._series[1]

    def fitting(self) -> int:
        """How many snapshots of this run fit, judged by those that are held."""
        each = self._bytes / len(self._held) if self._held else 2 << 20
        return max(2, int(self._room / each) - 1)

    def _drop(self, step: int) -> None:
        if step in self._held:
            self._bytes -= weight(self._held.pop(step))
