"""How a table of vectors moved while the model learned: one basis for all moments, true distances beside it."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight import snapshot
from studio.insight.capture import Capture
from studio.insight.embeddings import ROWS, Basis, aligned, principal
from studio.insight.projection import KeepGoing, Progress, Table, joint_basis, shared, table_of
from studio.insight.reading import Floats, Numbers
from studio.layers.decoder import Decoder
from studio.layers.stored_weights import StoredWeights
from studio.store.checkpoints import list_checkpoints

TABLES = {"tokens": "embed_tokens.weight", "head": "lm_head.weight", "positions": "embed_positions.weight"}
BASES = ("last", "first", "joint")
WEIGHTS, ADAPTER = "model.safetensors", "adapter.safetensors"
MOMENTS = 24  # checkpoints of a run that a way goes through at most


@dataclass(frozen=True)
class Journey:
    """The same rows at several moments. `points` (moments, rows, dimensions) on one basis; `legs` (moments − 1, rows)
    are the distances in the original space from one moment to the next, `moved` (rows,) from the first to the last.
    """

    steps: tuple[int, ...]
    points: Floats
    legs: Floats
    moved: Floats
    share: tuple[float, ...]
    turned: bool  # whether each table was first turned as a whole onto the last one
    kept: bool = False  # whether only the dimensions that snapshots keep are known

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """Rows by how far they truly moved, farthest first, the smaller id first among equals; NaN last."""
        return np.argsort(-np.nan_to_num(self.moved, nan=-1.0), kind="stable")

    def since(self, place: int) -> Floats:
        """(rows,): the length of the way up to that moment."""
        found: Floats = self.legs[:place].sum(axis=0)
        return found

    def busiest(self, row: int) -> tuple[int, int, float]:
        """The fewest moments in a line that hold at least half of a row's way: first, last, their share of it."""
        legs = self.legs[:, row].astype(np.float64)
        whole = float(legs.sum())
        if not whole > 0:
            return 0, len(self.steps) - 1, 1.0
        sums = np.concatenate([[0.0], np.cumsum(legs)]) / whole
        found = (0, len(self.steps) - 1, 1.0)
        for first in range(len(legs)):
            last = int(np.searchsorted(sums, sums[first] + 0.5 - 1e-12))
            if last < len(sums) and last - first < found[1] - found[0]:
                found = (first, last, float(sums[last] - sums[first]))
        return found


def stored_table(folder: Path, source: str = "tokens") -> Numbers:
    """One table of a checkpoint, (rows, width), without reading the rest of it; tied ones lie there once."""
    if (folder / ADAPTER).is_file():
        raise StudioError(
            tr("The checkpoints of this run hold only an adapter: its base, and so every token's vector, never moved."),
            tr("Look at the base, whose run moved them, or at the Adapters page for what the adapter changed."),
        )
    weights = StoredWeights([folder / WEIGHTS], mapped=True)
    name = TABLES[source]
    if source == "head" and name not in weights.shapes():
        name = TABLES["tokens"]
    if name not in weights.shapes():
        raise StudioError(
            tr("The checkpoint “{name}” has no such table.", name=folder.name), tr("Choose another table.")
        )
    return shared(weights.read(name))


def journey_of(
    folders: Sequence[Path],
    steps: Sequence[int],
    source: str = "tokens",
    ways: tuple[str, bool] = ("last", False),
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Journey:
    """The way of a run's table through its checkpoints; `ways` are the basis and whether tables are turned together."""

    def load(place: int) -> Callable[[], Numbers]:
        return lambda: stored_table(folders[place], source)

    return journey([load(place) for place in range(len(folders))], steps, ways, progress, keep_going)


def journey(
    moments: Sequence[Callable[[], Numbers]],
    steps: Sequence[int],
    ways: tuple[str, bool] = ("last", False),
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Journey:
    """The way of every row; each table is brought when it is needed, at most three are held at once."""
    if len(moments) < 2:
        raise StudioError(
            tr("A way needs at least two moments; this run has {count}.", count=len(moments)),
            tr("Let it train until its next checkpoint, or save one now."),
        )
    basis_name, turn = ways
    last = moments[-1]()
    bring: list[Callable[[], Numbers]] = [partial(_brought, moment, last, turn) for moment in moments]
    basis = _basis(basis_name, bring, keep_going)
    points, legs = [], []
    before: Numbers | None = None
    first: Numbers | None = None
    for place, moment in enumerate(bring):
        if not keep_going():
            raise StudioError(tr("The ways were called off before they were drawn."), tr("Nothing was changed."))
        table = moment()
        first = table if first is None else first
        points.append(basis.project(table))
        if before is not None:
            legs.append(distances(before, table))
        before = table
        progress(place + 1, len(moments))
    assert before is not None
    assert first is not None
    return Journey(
        tuple(steps), np.stack(points), np.stack(legs), distances(first, before),
        tuple(float(part) for part in basis.share), turn,
    )  # fmt: skip


def _brought(moment: Callable[[], Numbers], last: Numbers, turn: bool) -> Numbers:
    """A table that belongs to the same way, perhaps turned."""
    table = moment()
    if table.shape != last.shape:
        raise StudioError(
            tr("The checkpoints hold tables of different sizes: {one} and {other}.",
               one=" × ".join(map(str, table.shape)), other=" × ".join(map(str, last.shape))),
            tr("Only moments of one model make a way."),
        )  # fmt: skip
    if not turn or table is last:
        return table
    whole = np.isfinite(table).all(axis=1) & np.isfinite(last).all(axis=1)
    if whole.all():
        return aligned(table, last)
    found: Numbers = np.full(table.shape, np.nan, np.float32)
    found[whole] = aligned(table[whole], last[whole])
    return found


def _basis(name: str, bring: Sequence[Callable[[], Numbers]], keep_going: KeepGoing) -> Basis:
    if name == "joint":
        return joint_basis((moment() for moment in bring), 3, keep_going)
    return principal(bring[0 if name == "first" else -1](), 3)


def moved_between(checkpoints: Path, steps: tuple[int, int], source: str = "tokens", turn: bool = False) -> Floats:
    """(rows,): how far each row of a table is at the second of two steps from where it was at the first.

    In the original space; with `turn` both are first turned onto the run's last one, as its way is.
    """
    folders = {info.step: info.folder for info in list_checkpoints(checkpoints)}
    if any(step not in folders for step in steps):
        raise StudioError(
            tr("The checkpoint of step {step} is gone.", step=f"{next(s for s in steps if s not in folders):,}"),
            tr("Choose another moment."),
        )
    last = stored_table(folders[max(folders)], source)
    before, after = (_brought(partial(stored_table, folders[step], source), last, turn) for step in steps)
    return distances(before, after)


def distances(before: Numbers, after: Numbers) -> Floats:
    """(rows,): how far each row moved in the original space; NaN where it was or became no number."""
    if before.shape != after.shape:
        raise StudioError(
            tr("These two tables have different sizes."), tr("Compare moments of one model, or models of one shape.")
        )
    found = np.empty(len(before), np.float32)
    for start in range(0, len(before), ROWS):
        step = after[start : start + ROWS].astype(np.float64) - before[start : start + ROWS]
        found[start : start + ROWS] = np.linalg.norm(step, axis=1)
    return found


@dataclass(frozen=True)
class Movement:
    """How far each row is from where it was, (rows,); None with the reason where that cannot be said."""

    distances: Floats | None
    since: str = ""
    why: str = ""


def moved_since_start(folder: Path, table: Table) -> Movement:
    """From the first checkpoint that lies beside this one, in the original space."""
    infos = list_checkpoints(folder.parent)
    first = infos[0] if infos else None
    if first is None or first.folder == folder or all(info.folder != folder for info in infos):
        return Movement(None, "", tr("There is no earlier checkpoint to compare with."))
    found = distances(stored_table(first.folder, table.source), table.vectors)
    return Movement(found, tr("step {step}", step=f"{first.step:,}"))


def apart(other: tuple[Decoder, Capture, str], table: Table) -> Movement:
    """From the same rows of another model."""
    model, captured, title = other
    vectors = table_of(model, captured, table.source).vectors
    if vectors.shape != table.vectors.shape:
        return Movement(None, "", tr("The two models have tables of different sizes."))
    return Movement(distances(vectors, table.vectors), title)


def journey_of_run(
    checkpoints: Path,
    source: str = "tokens",
    ways: tuple[str, bool] = ("last", False),
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Journey:
    """The way of a table through the checkpoints of a run: all of them, or `MOMENTS` spread evenly over them."""
    infos = list_checkpoints(checkpoints)
    if len(infos) > MOMENTS:
        infos = [infos[round(place * (len(infos) - 1) / (MOMENTS - 1))] for place in range(MOMENTS)]
    return journey_of([i.folder for i in infos], [i.step for i in infos], source, ways, progress, keep_going)


def journey_of_snapshots(
    folders: Sequence[Path],
    rows: int,
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Journey:
    """The way of the tokens that a run's snapshots keep, on the few dimensions that they keep; all others are NaN.

    Distances are those of these dimensions: the vectors themselves are not kept. A damaged snapshot is passed over.
    """
    if len(folders) > 2 * MOMENTS:
        folders = [folders[round(at * (len(folders) - 1) / (2 * MOMENTS - 1))] for at in range(2 * MOMENTS)]
    steps, points = [], []
    share: tuple[float, ...] = ()
    for place, folder in enumerate(folders):
        if not keep_going():
            raise StudioError(tr("The ways were called off before they were drawn."), tr("Nothing was changed."))
        try:
            found = snapshot.read(folder)
        except StudioError:
            continue
        moment = np.full((rows, found.points.shape[1]), np.nan, np.float32)
        sample = np.array(found.sample)
        moment[sample[sample < rows]] = found.points[sample < rows]
        steps.append(found.step)
        points.append(moment)
        share = share or tuple(float(part) for part in found.basis.share)
        progress(place + 1, len(folders))
    if len(points) < 2:
        raise StudioError(
            tr("A way needs at least two moments; this run has {count}.", count=len(points)),
            tr("Let it train until its next snapshot."),
        )
    legs = [distances(one, two) for one, two in itertools.pairwise(points)]
    return Journey(
        tuple(steps), np.stack(points), np.stack(legs), distances(points[0], points[-1]), share, False, kept=True
    )
