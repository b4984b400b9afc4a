"""The window: time to its first paint, how evenly its event loop beats beside a run, and what watching a run costs.

Every figure comes from a fresh process with a home of its own. Without `QT_QPA_PLATFORM` it draws offscreen.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy, part_options
from studio.core.errors import StudioError
from studio.core.shelf import COMMANDS

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from studio.core.channel import RunControl
    from studio.core.config import RunConfig
    from studio.core.events import RunEvent
    from studio.live.run_model import RunModel
    from studio.store.runs import RunRecord

PARTS = ("start", "beat", "cost")
STATES = ("idle", "thread", "child", "curves")
HEAVY = ("torch", "pyqtgraph")
PAINTED = 0.6  # seconds from the command to the first painted window, at most
LATER, LONGER = 20.0, 100.0  # milliseconds that a run may add to the 99th percentile and to the longest wait
COST = 5.0  # percent of a step's CPU time that watching it may add
TICK = 10.0  # milliseconds between two beats
PAST, PER_SECOND = 20_000, 200  # of the curves that move by themselves: steps at once, then so many a second
WARM = 20  # steps before the CPU time is counted
LIMIT = 600.0  # seconds that anything may take


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which parts, and how long."""
    part_options(parser, PARTS)
    parser.add_argument("--starts", type=int, default=9, help="fresh windows to open (default: 9)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each state in each round (default: 60)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of all states (default: 3)")
    parser.add_argument("--pairs", type=int, default=3, help="of watched and headless runs (default: 3)")
    parser.add_argument("--steps", type=int, default=200, help="in which CPU time is counted (default: 200)")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Rows of the chosen parts, one after the other."""
    if options.one:
        measure: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
            "start": first_paint, "bare": bare_paint, "beat": heartbeat, "watched": watched, "headless": headless,
        }  # fmt: skip
        print(json.dumps(measure[options.one](options)), flush=True)
        return []
    rows = {"start": start_rows, "beat": beat_rows, "cost": cost_rows}
    return [row for part in options.parts for row in rows[part](options)]


def in_own_process(one: str, options: argparse.Namespace, bytecode: str = "") -> dict[str, Any]:
    """What a fresh process measures, and when it was `spawned`; `bytecode` is a folder to keep compiled modules in."""
    main = Path(__file__).resolve().parents[2] / "main.py"
    command = [sys.executable, str(main), "bench", "window", "--one", one]
    for name in ("seconds", "rounds", "steps"):
        command += [f"--{name}", str(getattr(options, name))]
    with tempfile.TemporaryDirectory(prefix="atelier-window-", ignore_cleanup_errors=True) as home:
        environment = dict(os.environ, ATELIER_HOME=home)
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        if bytecode:
            environment.update(PYTHONPYCACHEPREFIX=bytecode, PYTHONDONTWRITEBYTECODE="")
        with open(Path(home) / "errors.txt", "wb+") as errors:
            spawned = time.time()
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=errors, check=False)
            errors.seek(0)
            words = errors.read().decode("utf-8", "replace").strip()[-600:]
    lines = [line for line in done.stdout.decode("utf-8").splitlines() if line.startswith("{")]
    if not lines:
        raise StudioError(f"The process that measures “{one}” ended with code {done.returncode}: {words}")
    return {**json.loads(lines[0]), "spawned": spawned}


# --- (a) time to the first painted window ---------------------------------------------------------------------------


def start_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Medians over some starts, after one that fills the disk's cache and compiles what is imported.

    An empty window of Qt alone, opened in turn with ours, tells how fast the machine is at the moment.
    """
    found, empty = [], []
    with tempfile.TemporaryDirectory(prefix="atelier-bytecode-", ignore_cleanup_errors=True) as bytecode:
        for _ in range(options.starts + 1):
            found.append(in_own_process("start", options, bytecode))
            empty.append(in_own_process("bare", options, bytecode))
    seconds, bare = ([item["painted"] - item["spawned"] for item in items[1:]] for items in (found, empty))
    imported = sorted({name for item in found for name in item["imported"]})
    return [
        {
            "state": "first paint",
            "starts": len(seconds),
            "median_s": statistics.median(seconds),
            "least_s": min(seconds),
            "cpu_s": statistics.median(item["cpu"] for item in found[1:]),
            "empty_window_s": statistics.median(bare),
            "imported_before": ", ".join(imported) or "neither " + " nor ".join(HEAVY),
            "reached": statistics.median(seconds) <= PAINTED and not imported,
            "load": busy(),
        }
    ]


def first_paint(options: argparse.Namespace) -> dict[str, Any]:
    """What `main.py window` does, until the window has been painted."""
    from studio import app
    from studio.shell.window import StudioWindow

    class Watched(StudioWindow):
        def show(self) -> None:
            self.watch = tell_the_first_paint(self)
            super().show()

    vars(app)["StudioWindow"] = Watched
    COMMANDS.load("window").run(argparse.Namespace(page="home"))
    raise StudioError("The window was closed before it had been painted.")


def bare_paint(options: argparse.Namespace) -> dict[str, Any]:
    """The same for an empty window, which nothing of ours can make faster."""
    from PySide6.QtWidgets import QApplication, QMainWindow

    application, window = QApplication(["empty"]), QMainWindow()
    _watch = tell_the_first_paint(window)  # of this window alone: a look at each widget's events costs a tenth second
    window.show()
    application.exec()
    raise StudioError("The window was closed before it had been painted.")


def tell_the_first_paint(window: "QObject") -> "QObject":
    """Keep the result: when the window has been painted it prints what `start_rows` reads and ends the process."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class Painted(QObject):
        def eventFilter(self, watched: Any, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                QTimer.singleShot(0, self.tell)  # once the paint that is beginning has reached the screen
            return False

        def tell(self) -> None:
            heavy = [name for name in HEAVY if name in sys.modules]
            print(json.dumps({"painted": time.time(), "cpu": time.process_time(), "imported": heavy}), flush=True)
            os._exit(0)

    window.installEventFilter(watch := Painted(window))
    return watch


# --- (b) the heartbeat of the event loop ----------------------------------------------------------------------------


def beat_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """How late a timer of 10 ms fires in each state; the goals are relative to the idle window of the same process."""
    found = in_own_process("beat", options)["states"]
    maxima = {state: [max(beats) for beats in item["late"]] for state, item in found.items()}
    late = {state: sorted(beat for beats in item["late"] for beat in beats) for state, item in found.items()}
    p99 = {state: beats[int(0.99 * (len(beats) - 1))] for state, beats in late.items()}
    longest = {state: statistics.median(most) for state, most in maxima.items()}
    return [
        {
            "state": state,
            "p50_ms": late[state][len(late[state]) // 2],
            "p99_ms": p99[state],
            "max_ms": longest[state],
            "maxima": "/".join(f"{most:.0f}" for most in maxima[state]),
            "beats": len(late[state]),
            "steps_per_s": found[state]["rate"],
            "reached": p99[state] <= p99["idle"] + LATER and longest[state] <= longest["idle"] + LONGER,
            "load": found[state]["load"],
        }
        for state in STATES
    ]


def heartbeat(options: argparse.Namespace) -> dict[str, Any]:
    """All states in turn, as often as asked, in one window that stands on its Pretrain page."""
    stage = Stage()
    states: dict[str, dict[str, Any]] = {state: {"late": [], "rate": 0.0, "load": 0.0} for state in STATES}
    for _ in range(options.rounds):
        for state, item in states.items():
            late, rate = stage.beats(state, options.seconds)
            item["late"].append(late)
            item["rate"] += rate / options.rounds
            item["load"] += busy() / options.rounds
    stage.leave()
    return {"states": states}


class Stage:
    """A real window with a project in it, on its Pretrain page, PyTorch loaded and the machine measured."""

    def __init__(self) -> None:
        from studio import app
        from studio.live.first_run import sample_path

        self.application = app.make_application(["atelier"])
        self.application.setQuitOnLastWindowClosed(False)
        self.studio = app.build(self.application, engine=engine)
        self.session, self.window = self.studio.session, self.studio.window
        self.window.show()
        self.until(lambda: self.session.torch_state in ("ready", "failed"))
        self.until(lambda: bool(self.window.machine.facts or self.window.machine.error))
        self.session.create_project(self.session.places.projects / "bench")
        job = self.session.add_texts([sample_path(self.session.places.resources)])
        self.until(lambda: job.state in ("done", "failed"))
        self.window.pages.open("pretrain")

    def until(self, done: Callable[[], bool]) -> None:
        """Let the window live until `done`."""
        end = time.monotonic() + LIMIT
        while not done():
            self.application.processEvents()
            time.sleep(0.005)
            if time.monotonic() > end:
                raise StudioError(f"The window waited {LIMIT / 60:.0f} minutes for something that did not come.")

    def start(self, name: str, config: "RunConfig", step: int) -> "RunModel":
        """A run that has reached `step` and is watched on the Pretrain page."""
        model = self.session.start_run(config, name)
        self.until(lambda: model.step >= step or not model.living)
        if not model.living:
            raise StudioError(f"The run ended: {model.ending.message} {model.ending.details}")
        return model

    def stop(self, model: "RunModel") -> None:
        """End it without saving."""
        self.session.stop_run(model, save=False)
        self.until(lambda: self.session.running is None)

    def beats(self, state: str, seconds: float) -> tuple[list[float], float]:
        """Milliseconds by which each beat was late, and the run's steps per second."""
        text = next(iter(self.session.project.texts())).name if self.session.project else ""
        if state == "idle":
            return self._listen(seconds), 0.0
        config = endless(text, "child" if state == "child" else "thread")
        model = self.start(state, config, PAST if state == "curves" else 5)
        first, began = model.step, time.monotonic()
        late = self._listen(seconds)
        rate = (model.step - first) / (time.monotonic() - began)
        self.stop(model)
        return late, rate

    def _listen(self, seconds: float) -> list[float]:
        from PySide6.QtCore import QEventLoop, Qt, QTimer

        loop, timer = QEventLoop(), QTimer()
        marks: list[float] = []
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(round(TICK))
        timer.timeout.connect(lambda: marks.append(time.perf_counter()))
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        timer.start()
        loop.exec()
        timer.stop()
        return [max(0.0, 1000 * (after - before) - TICK) for before, after in pairwise(marks)]

    def leave(self) -> None:
        """Close as a person does."""
        self.window.way_out.leave()
        self.until(lambda: not self.window.isVisible())


def endless(text: str, host: str = "thread") -> "RunConfig":
    """The first run that the window offers, with its measures, samples and saves, but without an end."""
    import dataclasses

    from studio.live.first_run import first_config

    config = first_config(text)
    training = dataclasses.replace(config.training, steps=1_000_000)
    return config.with_part(training=training, compute=dataclasses.replace(config.compute, host=host))


def engine(
    config: "RunConfig", control: "RunControl", record: "RunRecord", resume: int | None = None
) -> Iterator["RunEvent"]:
    """The real engine; for the run named after the moving curves one that only tells steps."""
    from studio.core.shelf import resolve

    if record.name.startswith("curves"):
        return moving_curves(control)
    events: Iterator[RunEvent] = resolve("studio.engine.train:train")(config, control, record, resume)
    return events


def moving_curves(control: "RunControl") -> Iterator["RunEvent"]:
    """A long past at once, then steps at an even pace until somebody stops them."""
    from studio.core.events import EvaluationDone, RunEnded, RunStarted, StepDone

    yield RunStarted(
        step=0, total_steps=10 * PAST, parameters=1_000_000, tokens_per_step=512, training_tokens=1_000_000,
        validation_tokens=100_000, device="cpu", precision="fp32", threads=1,
    )  # fmt: skip
    step = 0
    while control.keep_going():
        step += 1
        loss = 1.5 + 3.0 / (1 + 0.001 * step) + 0.1 * ((7 * step) % 13 - 6) / 6
        yield StepDone(
            step=step, loss=loss, learning_rate=1e-3, gradient_norm=0.5 + 0.1 * loss, tokens=512 * step,
            tokens_per_second=512.0 * PER_SECOND, seconds=step / PER_SECOND,
        )  # fmt: skip
        if step % 100 == 0:
            yield EvaluationDone(step=step, training_loss=loss, validation_loss=loss + 0.1, seconds=0.0)
        if step > PAST:
            time.sleep(1 / PER_SECOND)
    yield RunEnded(reason="stopped", step=step, time=time.time())


# --- (c) what watching costs ----------------------------------------------------------------------------------------


def cost_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """CPU time of the whole process per step, window and run together, over that of the same run without a window.

    Nothing is subtracted. Pairs are interleaved; the GUI thread's own share is told beside the ratio.
    """
    with_window: list[dict[str, Any]] = []
    without: list[dict[str, Any]] = []
    for _ in range(options.pairs):
        with_window.append(in_own_process("watched", options))
        without.append(in_own_process("headless", options))
    ratios = [more["cpu"] / less["cpu"] for more, less in zip(with_window, without, strict=True)]
    percent = 100 * (statistics.median(ratios) - 1)
    alone = statistics.median(item["cpu"] for item in without)
    return [
        {
            "state": "watching",
            "cpu_ms_per_step": 1000 * statistics.median(item["cpu"] for item in with_window),
            "headless_ms": 1000 * alone,
            "more_percent": percent,
            "ratios": "/".join(f"{ratio:.3f}" for ratio in ratios),
            "gui_thread_percent": 100 * statistics.median(item["gui"] for item in with_window) / alone,
            "reached": percent <= COST,
            "load": busy(),
        }
    ]


def watched(options: argparse.Namespace) -> dict[str, Any]:
    """CPU seconds per step of a process that trains in a thread and shows it on the Pretrain page."""
    from PySide6.QtCore import QEventLoop

    stage, loop = Stage(), QEventLoop()
    marks: list[tuple[int, float, float]] = []
    text = stage.session.project.texts()[0].name if stage.session.project else ""
    model = stage.start("watched", endless(text), 1)

    def note(what: frozenset[str]) -> None:
        if model.step >= WARM + (options.steps if marks else 0) and len(marks) < 2:
            marks.append((model.step, time.process_time(), time.thread_time()))
        if len(marks) == 2 or not model.living:
            loop.quit()

    model.changed.connect(note)
    loop.exec()
    stage.stop(model)
    stage.leave()
    (first, cpu, gui), (last, cpu_after, gui_after) = marks
    return {"cpu": (cpu_after - cpu) / (last - first), "gui": (gui_after - gui) / (last - first)}


def headless(options: argparse.Namespace) -> dict[str, Any]:
    """CPU seconds per step of the same run in a process without a window, as `main.py run` computes it."""
    from studio.core.channel import RunControl
    from studio.core.events import RunEnded, StepDone
    from studio.live.first_run import sample_path
    from studio.live.stream import stream
    from studio.store.places import places
    from studio.store.project import Project

    project: Project = Project.create(places().projects / "bench")
    text = project.add_text([sample_path(places().resources)])
    record, control = project.new_run(endless(text.name), "headless"), RunControl()
    marks: list[float] = []
    for event in stream(record.config, control, record):
        if isinstance(event, StepDone) and event.step in (WARM, WARM + options.steps):
            marks.append(time.process_time())
            if len(marks) == 2:
                control.stop(save=False)
        if isinstance(event, RunEnded) and event.reason == "failed":
            raise StudioError(f"The run failed: {event.message} {event.details}")
    return {"cpu": (marks[1] - marks[0]) / options.steps}


BENCH = Bench("window", "first paint, heartbeat beside a run, and the cost of watching one", run, add_options)
