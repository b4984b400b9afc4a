"""Numbers and times as a person reads them, the same on every page of runs."""

import math
import re
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.core.run_step import split_step

if TYPE_CHECKING:
    from studio.store.checkpoints import CheckpointInfo

NOT_MEASURED = "–"


def count(number: float) -> str:
    """A whole number with its thousands apart: 2,000."""
    return f"{int(number):,}"


def short_count(number: float) -> str:
    """Three figures and a letter: 10.7 M."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{_three_figures(number / size)} {letter}"
    return count(number)


def disk_size(size: float) -> str:
    """Bytes in decimal units, as file managers show them: 43 MB."""
    for unit, letters in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{_three_figures(size / unit)} {letters}"
    return tr("{count} bytes", count=int(size))


def _three_figures(number: float) -> str:
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}".removesuffix(".0")


def about(seconds: float) -> str:
    """A time that is only estimated, in one unit or two: 40 s, 6 min, 2 h 10 min."""
    if seconds < 90:
        return tr("{count} s", count=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 90:
        return tr("{count} min", count=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return tr("{hours} h {minutes} min", hours=hours, minutes=minutes) if minutes else tr("{hours} h", hours=hours)
    return tr("{days} days {hours} h", days=hours // 24, hours=hours % 24)


def elapsed(seconds: float) -> str:
    """A time that was measured: 4 min 11 s."""
    minutes, rest = divmod(int(seconds), 60)
    if minutes >= 60:
        return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
    return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest) if minutes else tr("{count} s", count=rest)


def loss(value: float | None) -> str:
    """A loss with three decimals, or a dash when it was never measured."""
    if value is None:
        return NOT_MEASURED
    return f"{value:.3f}" if math.isfinite(value) else tr("not finite")


def percent(share: float) -> str:
    """A measured share with one decimal."""
    return NOT_MEASURED if math.isnan(share) else f"{100 * share:.1f} %"


def checkpoint_words(info: "CheckpointInfo") -> str:
    """A checkpoint in a list: step 4,200 · 1.561."""
    step = tr("step {step}", step=count(info.step))
    return f"{step} · {loss(info.validation_loss)}" if info.validation_loss is not None else step


def task_word(objective: str) -> str:
    """What a run learns, as one word or two among others: masked words."""
    words = {"classify": "classes", "regress": "numbers", "instruct": "answers", "prefer": "preferences"}
    return tr(words.get(objective, objective.replace("_", " ")))


def start_words(start_from: str) -> str:
    """The model that a run begins with, as it is called elsewhere: gpt2, tale · step 500; empty for random weights."""
    folder = PurePath(start_from)
    at_step = re.fullmatch(r"step-(\d+)", folder.name)
    name, step = (folder.parent.parent.name, at_step[1]) if at_step else split_step(folder.name)
    return tr("{name} · step {step}", name=name, step=count(int(step))) if step.isdigit() else name


def small_number(value: float) -> str:
    """A learning rate or a norm: 6.1e-4, 0.42, 5,025."""
    if not math.isfinite(value):
        return tr("not finite")
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 0.01 or size == 0:
        return f"{value:.3g}"
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits}e{int(exponent)}"


def moment(seconds: float, now: datetime | None = None) -> str:
    """When something happened (seconds since 1970), as precisely as it matters: today 18:20, Tuesday, 3 Nov 2024."""
    if not seconds:
        return ""
    then = datetime.fromtimestamp(seconds).astimezone()
    today = now or datetime.now().astimezone()
    days = (today.date() - then.date()) // timedelta(days=1)
    clock = f"{then.hour}:{then.minute:02d}"
    if days == 0:
        return tr("today {clock}", clock=clock)
    if days == 1:
        return tr("yesterday {clock}", clock=clock)
    if 1 < days < 7:
        return tr(_DAYS[then.weekday()])
    month = tr(_MONTHS[then.month - 1])
    return f"{then.day} {month}" if then.year == today.year else f"{then.day} {month} {then.year}"


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# State of a run: the theme's role for its dot, and the word beside it.
STATES = {
    "new": ("text_disabled", "not started"),
    "queued": ("text_quiet", "waiting"),
    "starting": ("accent", "starting"),
    "running": ("accent", "training"),
    "paused": ("warning", "paused"),
    "finished": ("good", "finished"),
    "stopped": ("text_quiet", "stopped"),
    "failed": ("danger", "failed"),
    "interrupted": ("warning", "interrupted"),
}


def state_role(state: str) -> str:
    """The colour role of a run's dot."""
    return STATES.get(state, ("text_quiet", state))[0]


def state_word(state: str, step: int = 0, total_steps: int = 0) -> str:
    """A run's state with the step that matters: finished, interrupted at 4,213 of 7,200."""
    word = tr(STATES.get(state, ("", state))[1])
    if state in ("stopped", "failed", "interrupted", "paused") and total_steps:
        return tr("{word} at {step} of {total}", word=word, step=count(step), total=count(total_steps))
    return word


def column_width(title: str, least: int) -> int:
    """Pixels for a table's column whose heading may be longer in another language."""
    return max(least, 6 * len(title) + 16)
