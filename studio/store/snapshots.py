"""Where a run keeps what it saw inside itself: one folder per step, few and evenly spread. No tensor is opened here."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.store.checkpoints import list_checkpoints
from studio.store.disk import explained
from studio.store.files import read_json, remove_folder, rename_folder

FOLDER = "snapshots"  # of the text that is watched all along
PROBES = "probes"  # of texts that a person asked for once
FACTS = "snapshot.json"
_NAME = re.compile(r"step-(\d{9,})")
_UNFINISHED = ".tmp"


@dataclass(frozen=True)
class Kept:
    """What lies there of a run: steps of its snapshots and checkpoints, ascending, and the text they look at.

    `stamps` (nanoseconds, one for each snapshot) tell one that was taken again from the one before it.
    """

    steps: tuple[int, ...] = ()
    stamps: tuple[int, ...] = ()
    checkpoints: tuple[int, ...] = ()
    prompt: str = ""


def folder_name(step: int) -> str:
    """The folder of one step among a run's snapshots."""
    return f"step-{step:09d}"


def listed(run_folder: Path) -> Kept:
    """Everything that can be scrubbed through, and what stands beside it."""
    folders = _folders(run_folder / FOLDER)
    steps = tuple(sorted(folders))
    stamps = tuple(_stamp(folders[step]) for step in steps)
    saved = tuple(info.step for info in list_checkpoints(run_folder / "checkpoints"))
    prompt = ""
    if steps:
        with suppress(StudioError):
            facts = read_json(folders[steps[-1]] / FACTS)
            prompt = str(facts.get("prompt", "")) if isinstance(facts, dict) else ""
    return Kept(steps, stamps, saved, prompt)


def _stamp(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0  # thinned away in this moment


def steps_in(folder: Path) -> tuple[int, ...]:
    """The steps whose snapshots lie in `folder`, ascending."""
    return tuple(sorted(_folders(folder)))


def _folders(folder: Path) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    found = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir() if path.is_dir())
    return {int(match[1]): path for match, path in found if match}


def weigh(folder: Path) -> dict[int, int]:
    """Bytes of every snapshot by its step, ascending."""
    found = _folders(folder)
    return {step: sum(file.stat().st_size for file in found[step].iterdir()) for step in sorted(found)}


def surplus(sizes: Mapping[int, int], most: int, limit: int) -> tuple[int, ...]:
    """Which steps go so that `most` snapshots of together at most `limit` bytes stay, as evenly spread as may be.

    First the one whose neighbours are closest to each other, the oldest of equals: of steps that came at equal
    distances every second goes. The first and the newest go last.
    """
    kept, gone, total = sorted(sizes), [], sum(sizes.values())
    while len(kept) > 1 and (len(kept) > most or total > limit):
        place = _closest(kept) if len(kept) > 2 else 0
        gone.append(kept.pop(place))
        total -= sizes[gone[-1]]
    return tuple(gone)


def _closest(steps: Sequence[int]) -> int:
    return min(range(1, len(steps) - 1), key=lambda place: steps[place + 1] - steps[place - 1])


def thin(folder: Path, sizes: dict[int, int], most: int, limit: int) -> tuple[int, ...]:
    """Delete what is too much of `sizes`, which is what `weigh` found and forgets them too; the steps that went.

    One that cannot be deleted stays among the sizes, for the next time.
    """
    surplus_steps = surplus(sizes, most, limit)
    for step in surplus_steps:
        with suppress(StudioError):
            remove(folder, step)
            del sizes[step]
    return tuple(step for step in surplus_steps if step not in sizes)


def remove(folder: Path, step: int) -> None:
    """Delete one snapshot, if it is still there; killed in the middle it is gone all the same."""
    with explained("The list of snapshots", folder):
        path = folder / folder_name(step)
        unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
        if unfinished.exists():
            remove_folder(unfinished)
        with suppress(FileNotFoundError):
            rename_folder(path, unfinished)
            remove_folder(unfinished)


def forget_after(run_folder: Path, step: int) -> None:
    """Drop what a run saw after `step`, for it goes on from there and will see it again; what cannot go stays."""
    for folder in (run_folder / FOLDER, run_folder / PROBES):
        for later in steps_in(folder):
            if later > step:
                with suppress(StudioError):
                    remove(folder, later)


def sweep(run_folder: Path) -> None:
    """Clear what a killed writer left behind; only for the run's one writer."""
    for folder in (run_folder / FOLDER, run_folder / PROBES):
        for path in folder.glob(f".*{_UNFINISHED}") if folder.is_dir() else ():
            remove_folder(path)
