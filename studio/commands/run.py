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

from studio.commands import DONE, REFUSED, STOPPED, Command, UsageError, say

if TYPE_CHECKING:
    from studio.core.channel import RunControl
    from studio.core.events import RunEvent
    from studio.store.project import Project
    from studio.store.runs import RunRecord

NEWEST = -1  # as in studio.live.stream
SECONDS_BETWEEN_LINES = 10.0  # where the progress goes to a file


def add_options(parser: argparse.ArgumentParser) -> None:
    """A configuration or a run to go on with, the project, and how to tell what happens."""
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="a JSON file; `main.py config pretrain` prints one")
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

    project = open_or_create(Path(options.project), options.config is not None)
    record, resume = find_run(project, options)
    control = RunControl()
    show = print_line if options.json else Progress(sys.stderr).show
    with listening(control) if options.control else contextlib.nullcontext():
        return compute(record, resume, control, show, attended=options.control)


def open_or_create(folder: Path, may_create: bool) -> "Project":
    """The project in `folder`."""
    from studio.store.project import Project

    if may_create and not (folder / "project.json").exists():
        return Project.create(folder)
    return Project.open(folder)


def find_run(project: "Project", options: argparse.Namespace) -> tuple["RunRecord", int | None]:
    """The run to compute and the step to resume from; a window that started this process has made the run already."""
    if options.resume:
        name, step = split_step(options.resume)
        record = project.run(name)
        if step not in ("", "last") and not step.isdigit():
            raise UsageError("A run goes on from its last checkpoint or from a step: RUN, RUN@last, RUN@500.")
        if step.isdigit():
            return record, int(step)
        begun = step or any(record.checkpoints_folder.glob("step-*"))
        return record, NEWEST if begun else None  # killed before its first save: from the beginning, as in the window
    if options.control:
        return project.run(options.name), None
    from studio.core.config import config_from_json
    from studio.store.files import read_json

    config = config_from_json(read_json(Path(options.config)))
    return project.new_run(config, options.name or Path(options.config).stem), None


def split_step(model: str) -> tuple[str, str]:
    """`tale@500` as ("tale", "500"), `tale` as ("tale", "")."""
    name, at, step = model.rpartition("@")
    return (name, step) if at and (step.isdigit() or step in ("best", "last")) else (model, "")


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
    from studio.core.events import RunEnded, RunPaused
    from studio.live.stream import stream

    code = REFUSED
    with stopped_by_signals(control):
        for event in stream(record.config, control, record, resume):
            show(event)
            if isinstance(event, RunPaused) and event.reason != "asked" and not attended:
                say(f"{event.message} {event.hint}".strip())
                control.stop()  # here is nobody who could change something and continue
                say(f"The run stops here. Go on with: main.py run --resume {record.name}")
            if isinstance(event, RunEnded):
                code = {"finished": DONE, "stopped": STOPPED}.get(event.reason, REFUSED)
                say(f"{event.message} {event.hint}".strip() or f"{record.name}: {event.reason} at step {event.step:,}.")
    return code


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
            case events.EvaluationDone(validation_loss=loss):
                self._validation = loss
            case events.SampleWritten(step=step, text=text):
                self._sentence(f"step {step:,} writes: {shortened(text.split(), 160)}")
            case events.Warned(message=message, hint=hint):
                self._sentence(f"{message} {hint}".strip())
            case events.RunEnded():
                self._sentence("")

    def _step(self, event: Any) -> str:
        share = event.step / max(1, self._total)
        held_back = "" if self._validation is None else f" · validation {self._validation:.3f}"
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
