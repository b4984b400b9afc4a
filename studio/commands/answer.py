"""`main.py answer MODEL --file IN.json --out OUT.json`: add a model's responses to a held-out set."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands import DONE, STOPPED, Command, UsageError, say
from studio.commands.chat import add_talking, opened, stopped_by_ctrl_c
from studio.commands.generate import add_model, add_sampling, sampling_of
from studio.commands.run import bar
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.core.channel import RunControl
    from studio.formats import Table
    from studio.rows import Values
    from studio.rows.kinds import Reading

COLUMN = "model_response"
_ANSWERS = ("output", "completion")  # columns that a file of bare questions may lack


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model, which questions, and where the answers go."""
    from studio.core.config import Sampling

    add_model(parser)
    parser.add_argument("--file", required=True, metavar="IN", help="JSON, JSON lines, CSV, Parquet … with questions")
    parser.add_argument("--out", required=True, metavar="OUT.json", help=f"the same records with “{COLUMN}”")
    add_talking(parser)
    add_sampling(parser, Sampling(tokens=256, temperature=0.0), without=("samples",))


def run(options: argparse.Namespace) -> int:
    """Answer every record that asks something, then write all of them at once."""
    from studio.core.channel import RunControl
    from studio.store.files import write_json

    sampling, out = sampling_of(options), Path(options.out).expanduser()
    if out.exists():
        raise UsageError(f"“{out}” is there already.", "Choose a new name; nothing is overwritten.")
    if not out.absolute().parent.is_dir():
        raise StudioError(f"There is no folder “{out.absolute().parent}”.", "Make it, or choose another one.")
    table, reading = questions(Path(options.file).expanduser())
    whole = table.build_index()
    model, prompt = opened(options)
    control, faults, found = RunControl(), Counter[str](), []
    with stopped_by_ctrl_c(control):
        for record in answered((model, prompt, sampling), table, reading, (control, faults)):
            found.append(record)
            _tell(len(found), whole)
    for reason, count in (*faults.most_common(), *table.faults.by_reason.items()):
        say(f"{count:,} without an answer: {reason}")
    if control.stopping:
        say("Stopped; nothing was written.")
        return STOPPED
    write_json(out, found)
    say(f"{len(found) - faults.total():,} of {len(found):,} records are answered in {out}.")
    return DONE


def questions(path: Path) -> "tuple[Table, Reading]":
    """The table and how its rows ask; one that asks nothing is a `StudioError`."""
    from studio.formats import open_table
    from studio.rows.conversations import asks
    from studio.rows.kinds import recognise

    table = open_table(path)
    columns, sample = table.facts.columns, [row.values for row in table.head()]
    reading = recognise(columns, sample)
    if not asks(reading):
        reading = recognise((*columns, *_ANSWERS), sample)
    if not asks(reading):
        raise StudioError(
            f"Nothing in “{path.name}” was recognised as a question: {reading.why}",
            "A file with a column “instruction”, “prompt”, “question” or “messages” can be answered.",
        )
    return table, reading


def answered(
    who: tuple[Any, Any, Any], table: "Table", reading: "Reading", watching: "tuple[RunControl, Counter[str]]"
) -> "Iterator[Values]":
    """Every record, with its answer where it asks something; the reasons of all others are counted."""
    from studio.core.shelf import resolve
    from studio.rows.conversations import RowFault, question_of

    reply, (model, prompt, sampling), (control, faults) = resolve("studio.engine.chat:reply"), who, watching
    for row in table.rows():
        record = dict(row.values)
        try:
            pieces = list(reply(model, prompt, question_of(reading, record), sampling, control))
            record[COLUMN] = "".join(piece.text for piece in pieces).strip()
        except RowFault as fault:
            faults[fault.reason] += 1
        except StudioError as error:
            faults[error.message] += 1
        if control.stopping:
            return
        yield record


def _tell(done: int, whole: int) -> None:
    """How far it is: a line that is written over in a terminal, one for a hundred records elsewhere."""
    words = f"{done:,}/{whole:,} answered"
    if sys.stderr.isatty():
        end = "\n" if done == whole else ""
        print(f"\r{bar(done / whole, 24)} {words}", end=end, file=sys.stderr, flush=True)
    elif done % 100 == 0:
        say(words)


COMMAND = Command("answer", "add a model's answers to a file of questions", add_options, run)
