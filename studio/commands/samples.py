"""`main.py samples`: write one of the datasets that come along as JSON lines, or say which there are."""

import argparse
import json
from pathlib import Path
from typing import Any

from studio.commands import DONE, Command, UsageError, next_command, say


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which one, where it goes, and from which seed."""
    parser.add_argument("name", metavar="NAME", help="the sample to write, or “list” to see which there are")
    parser.add_argument("--out", metavar="FILE", help="where to write, one JSON object a line")
    parser.add_argument("--seed", type=int, metavar="N", help="another number makes other rows of the same kind")


def run(options: argparse.Namespace) -> int:
    """Write the rows, or the list."""
    from studio.core.shelf import SAMPLES

    if options.name == "list":
        for name in SAMPLES.names():
            sample = SAMPLES.load(name)
            print(f"{name:14}{sample.count:>7,} rows  {sample.about}")
        return DONE
    sample = SAMPLES.load(options.name)
    if not options.out:
        raise UsageError("It is not said where to write.", f"{next_command('samples', options.name, '--out', 'FILE')}")
    seed = sample.seed if options.seed is None else options.seed
    count = _write(sample, seed, Path(options.out).expanduser())
    say(f"{count:,} rows in {options.out}")
    return DONE


def _write(sample: Any, seed: int, path: Path) -> int:
    from studio.store.files import write_atomically

    lines = [json.dumps(row, ensure_ascii=False) for row in sample.rows(seed)]
    write_atomically(path, "".join(f"{line}\n" for line in lines))
    return len(lines)


COMMAND = Command("samples", "write a dataset that comes along: messages, topics, instructions …", add_options, run)
