"""`main.py run`: train without a window, with a progress bar or one event a line; Ctrl+C stops and saves."""

import argparse
import contextlib
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands import DONE, REFUSED, STOPPED, Command, UsageError, next_command, say
from studio.core.errors import StudioError
from studio.core.run_step import split_step

if TYPE_CHECKING:
    from studio.core.channel import RunControl
    from studio.core.config import RunConfig
    from studio.core.events import RunEvent
    from studio.store.project import Project
    from studio.store.runs import RunRecord

NEWEST = -1  # as in studio.live.stream
SECONDS_BETWEEN_LINES = 10.0  # where the progress goes to a file


def add_options(parser: argparse.ArgumentParser) -> None:
    """A configuration or a run to go on with, the project, and how to tell what happens."""
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="a JSON file; `main.py config` prints one")
    parser.add_argument("--resume", metavar="RUN", help="go on with a run, or from one of its checkpoints: RUN@STEP")
    parser.add_argument("--project", required=True, metavar="DIR", help="the project's folder; a new one is made")
    parser.add_argument("--name", default="", metavar="RUN", help="what to call the run")
    parser.add_argument("--json", action="store_true", help="print one event a line instead of a progress bar")
    parser.add_argument("--control", action="store_true", help=argparse.SUPPRESS)  # commands as JSON lines on stdin


def run(options: argparse.Namespace) -> int:
    """Train, and tell on the way."""
    if bool(options.config) == bool(options.resume):
        raise UsageError("Give a configuration to start from, or a run to go on with (--resume RUN); not both.")
    from studio.core.channel import RunControl

    config = read_config(Path(options.config)) if options.config else None
    project = open_or_create(Path(options.project), config is not None)
    show = print_line if options.json else Progress(sys.stderr).show
    control = RunControl()
    if options.control:  # a window has made the run already, and is told everything through the events
        record, resume = find_run(project, options.resume) if options.resume else (project.run(options.name), None)
        with listening(control):
            return compute(record, resume, control, show, attended=True)
    if config is not None:
        record = project.new_run(config, options.name or Path(options.config).stem)
        code = compute(record, None, control, show)
        record.withdraw()  # a run that was refused before its first step
        return code
    return compute(*find_run(project, options.resume), control, show)


def read_config(path: Path) -> "RunConfig":
    """The configuration in a file; one that cannot be used is refused before anything is made of it."""
    from studio.core.config import config_from_json
    from studio.core.knobs import problems
    from studio.store.files import read_json

    if not path.exists():
        raise StudioError(f"There is no file “{path}”.", f"Make one: {next_command('config', 'pretrain')} > {path}")
    config = config_from_json(read_json(path))
    if found := problems(config):
        raise StudioError(found[0].message, f"Change “{found[0].field}” in “{path}”, then try again.")
    return config


def open_or_create(folder: Path, may_create: bool) -> "Project":
    """The project in `folder`."""
    from studio.store.project import Project

    try:
        absent = not (folder / "project.json").exists()
    except OSError:
        absent = False  # opening it says what is wrong
    return Project.create(folder) if may_create and absent else Project.open(folder)


def find_run(project: "Project", asked: str) -> tuple["RunRecord", int | None]:
    """The run to go on with, `RUN` or `RUN@STEP`, and the step to resume from."""
    name, step = split_step(asked)
    record = project.run(name)
    if step not in ("", "last") and not step.isdigit():
        raise UsageError("A run goes on from its last checkpoint or from a step: RUN, RUN@last, RUN@500.")
    if step.isdigit():
        return record, int(step)
    begun = step or any(record.checkpoints_folder.glob("step-*"))
    return record, NEWEST if begun else None  # killed before its first save: from the beginning, as in the window


@contextlib.contextmanager
def listening(control: "RunControl") -> Iterator[None]:
    """Obey the commands on standard input; when it closes, whoever started this is gone and the run stops and saves."""
    from studio.live.control_pipe import ControlPipe

    pipe = ControlPipe(control).start()
    yield
    pipe.join()


def compute(
    record: "RunRecord",
    resume: int | None,
    control: "RunControl",
    show: Callable[["RunEvent"], None],
    attended: bool = False,
) -> int:
    """Run to the end, show every event, and return the exit code; `attended` when a window can continue a pause."""
    from studio.core.events import CheckpointSaved, RunEnded, RunPaused, RunStarted
    from studio.live.stream import stream

    code, started, saved, lost = REFUSED, False, 0, False
    with stopped_by_signals(control):
        for event in stream(record.config, control, record, resume):
            show(event)
            if isinstance(event, RunStarted):
                started, saved = True, max(0, event.resumed_from)
            if isinstance(event, CheckpointSaved):
                saved = event.step
            if isinstance(event, RunPaused) and event.reason != "asked" and not attended:
                say(f"{event.message} {event.hint}".strip())
                lost = event.reason == "disk"
                control.stop(save=not lost)  # here is nobody who could change something and continue
            if isinstance(event, RunEnded):
                code = {"finished": DONE, "stopped": STOPPED}.get(event.reason, REFUSED)
                unsaved = event.step > saved and control.saving
                lost = lost or (started and event.reason == "stopped" and unsaved)
                say(f"{event.message} {event.hint}".strip() or f"{record.name}: {event.reason} at step {event.step:,}.")
    if started and code != DONE and not attended:
        say(f"Go on with: {resuming(record)}")
    return REFUSED if lost else code


def resuming(record: "RunRecord") -> str:
    """The command line that goes on with this run."""
    return next_command("run", "--resume", record.name, "--project", str(record.folder.parent.parent))


@contextlib.contextmanager
def stopped_by_signals(control: "RunControl") -> Iterator[None]:
    """Ctrl+C or a polite kill stops and saves; a second one stops without saving."""

    def asked(number: int, frame: object) -> None:
        if control.stopping:
            control.stop(save=False)
            return
        say("\nStopping; the step in progress is finished and saved. Once more stops without saving.")
        control.stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before: list[Any] = [signal.signal(number, asked) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def print_line(event: "RunEvent") -> None:
    """One event as a JSON line on standard output."""
    from studio.core.events import event_to_line

    print(event_to_line(event), flush=True)


class Progress:
    """A line on a terminal that is written over and over; in a file, a line every ten seconds."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._rewrites = bool(stream.isatty())
        self._total = 0
        self._validation: float | None = None
        self._right: float | None = None  # share of the masked words
        self._said = 0.0
        self._open = False  # whether an unfinished line stands there

    def show(self, event: "RunEvent") -> None:
        """Tell what this event means for a person who waits."""
        from studio.core import events

        match event:
            case events.PhaseChanged(phase=phase, done=done, total=total) if phase != "training":
                first = not total and (self._rewrites or not self._total)  # a file need not hold every measurement
                self._line(f"{phase} {100 * done // total} %" if total else f"{phase} …", now=first)
            case events.RunStarted(total_steps=total, parameters=parameters, device=device):
                self._total = total
                self._sentence(f"{parameters:,} parameters on {device}, {total:,} steps")
            case events.StepDone():
                self._line(self._step(event), now=event.step == self._total)
            case events.EvaluationDone(validation_loss=loss, validation_accuracy=right):
                self._validation, self._right = loss, right
            case events.SampleWritten(step=step, text=text):
                self._sentence(f"step {step:,} writes: {shortened(text.split(), 160)}")
            case events.Warned(message=message, hint=hint):
                self._sentence(f"{message} {hint}".strip())
            case events.RunEnded():
                self._sentence("")

    def _step(self, event: Any) -> str:
        share = event.step / max(1, self._total)
        held_back = "" if self._validation is None else f" · validation {self._validation:.3f}"
        held_back += "" if self._right is None else f", {self._right:.1%} right"
        words = f"{event.step:,}/{self._total:,} · loss {event.loss:.3f}{held_back}"
        left = event.seconds / max(1, event.step) * (self._total - event.step)
        return f"{bar(share, 24)} {words} · {event.tokens_per_second:,.0f} tokens/s · {duration(left)} left"

    def _line(self, text: str, now: bool = False) -> None:
        moment = time.monotonic()
        if not now and moment - self._said < (0.1 if self._rewrites else SECONDS_BETWEEN_LINES):
            return
        self._said = moment
        if self._rewrites:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r{text[:width]:{width}}")
            self._open = True
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def _sentence(self, text: str) -> None:
        """Text that stays; it begins on a line of its own."""
        if self._open:
            self._stream.write("\n")
            self._open = False
        if text:
            self._stream.write(text + "\n")
        self._stream.flush()


def bar(share: float, width: int) -> str:
    """`share` (0 to 1) as blocks."""
    full = round(min(1.0, share) * width)
    return "█" * full + "░" * (width - full)


def duration(seconds: float) -> str:
    """`95` as "1:35 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02} h" if hours else f"{minutes}:{rest:02} min" if minutes else f"{rest} s"


def shortened(words: Iterable[str], length: int) -> str:
    """Words in one line of at most `length` characters."""
    text = " ".join(words)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


COMMAND = Command("run", "train without a window, or go on with a run", add_options, run)
