"""Benches: one file per measurement that anyone can repeat with `main.py bench NAME`; nothing heavy at import."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError

if TYPE_CHECKING:
    from psutil import Process

TICK = 10  # milliseconds between two beats of the event loop
_WEIGHED = 10  # beats between two looks at the memory


def busy() -> float:
    """How busy this machine was over the last minute: programs that wanted a processor; 0 where nobody counts."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def no_options(parser: argparse.ArgumentParser) -> None:
    """For a bench that has none."""


def project_options(parser: argparse.ArgumentParser) -> None:
    """For a bench that trains in a project: on how many threads, and whether the project stays."""
    parser.add_argument("--threads", type=int, default=0, help="0 leaves the choice to Atelier")
    parser.add_argument("--keep", default="", metavar="DIR", help="make the project there and leave it, to look at")


def recipe_options(parser: argparse.ArgumentParser, recipes: Iterable[str], validate: str) -> None:
    """For one that follows a recipe: at which size, and whether it looks at the rows that recipes are chosen by."""
    parser.add_argument("--size", default="full", choices=list(recipes), help="tiny shows only that it runs")
    parser.add_argument("--validate", action="store_true", help=validate)
    project_options(parser)


def pair_options(parser: argparse.ArgumentParser, sides: Sequence[str]) -> None:
    """For one that compares these sides, each measured by a child that `--one` tells which."""
    parser.add_argument("--pairs", type=int, default=3, help="interleaved measurements of each side")
    parser.add_argument("--one", choices=sides, help=argparse.SUPPRESS)


def part_options(parser: argparse.ArgumentParser, parts: Sequence[str]) -> None:
    """For one in parts that are measured one after the other, each figure by a child that `--one` tells which."""
    parser.add_argument("--parts", nargs="+", default=list(parts), choices=parts, help="(default: all of them)")
    parser.add_argument("--one", help=argparse.SUPPRESS)


@dataclass(frozen=True)
class Bench:
    """One item of the shelf: `run` measures and returns the table's rows, column name to plain value."""

    name: str
    help: str
    run: Callable[[argparse.Namespace], list[dict[str, Any]]]
    add_options: Callable[[argparse.ArgumentParser], None] = no_options


class Child:
    """A fresh process with a home of its own in which a bench measures what its option `--one` says."""

    def __init__(self, bench: str, one: str, *options: str) -> None:
        self._one = one
        self._home = tempfile.TemporaryDirectory(prefix=f"atelier-{bench}-", ignore_cleanup_errors=True)
        main = Path(__file__).resolve().parents[2] / "main.py"
        command = [sys.executable, str(main), "bench", bench, "--one", one, *options]
        environment = dict(os.environ, ATELIER_HOME=self._home.name)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `answer`
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=self._errors)

    def answer(self) -> dict[str, Any]:
        """What it has printed as one line of JSON; a `StudioError` with its last words where that is missing."""
        said = self._process.communicate()[0].decode("utf-8")
        self._errors.seek(0)
        words = self._errors.read().decode("utf-8", "replace").strip()[-600:]
        self._errors.close()
        self._home.cleanup()
        lines = [line for line in said.splitlines() if line.startswith("{")]
        if not lines:
            raise StudioError(f"The process that measures “{self._one}” ended with {self._process.returncode}: {words}")
        found: dict[str, Any] = json.loads(lines[-1])
        return found


@dataclass(frozen=True)
class Done:
    """What a job brought, how long it took, how late the event loop was meanwhile, and what memory it needed.

    Memory is that of this process and of all that it has started, looked at ten times a second.
    """

    result: Any
    seconds: float
    cpu: float  # seconds of this process
    late_ms: float  # of the latest beat
    megabytes: float  # more than before, at the most

    @property
    def figures(self) -> dict[str, float]:
        """What a child prints of it."""
        return {"seconds": self.seconds, "cpu": self.cpu, "late_ms": self.late_ms, "megabytes": self.megabytes}


def as_job(target: Callable[..., Any] | str, *args: Any, **more: Any) -> Done:
    """Run a job as the window does, and listen to the event loop until it has ended."""
    import psutil
    from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer

    from studio.live.jobs import Jobs

    application = QCoreApplication.instance() or QCoreApplication(["bench"])
    jobs, loop, timer, process = Jobs(), QEventLoop(), QTimer(), psutil.Process()
    sizes, gaps = [tree_bytes(process)], list[float]()
    found: list[Any] = []
    last = 0.0

    def beat() -> None:
        nonlocal last
        gaps.append(time.perf_counter() - last)
        if len(gaps) % _WEIGHED == 0:
            sizes.append(tree_bytes(process))
        last = time.perf_counter()  # weighing is no lateness of the loop

    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start(TICK)
    cpu, began = time.process_time(), time.perf_counter()
    last = began
    job = jobs.start(target, *args, **more)
    job.succeeded.connect(found.append)
    job.ended.connect(loop.quit)
    loop.exec()
    ended = time.perf_counter()
    gaps.append(ended - last)
    cpu = time.process_time() - cpu
    timer.stop()
    sizes.append(tree_bytes(process))
    if not found:
        raise job.error or StudioError("A job of this bench brought nothing.")
    application.processEvents()
    late = max(0.0, 1000 * max(gaps) - TICK)
    return Done(found[0], ended - began, cpu, late, (max(sizes) - sizes[0]) / 1e6)


def tree_bytes(process: "Process") -> int:
    """Resident memory of a process and of all that it has started; what they share counts for each."""
    import psutil

    total = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # it has ended meanwhile
            total += one.memory_info().rss
    return total
