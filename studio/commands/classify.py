"""`main.py classify MODEL --file IN.csv`: let a run that learned classes sort the rows of a table."""

import argparse
from pathlib import Path

from studio.commands import DONE, REFUSED, STOPPED, Command, say
from studio.commands.run import stopped_by_signals


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which run, which table and column, and where to."""
    parser.add_argument("model", metavar="MODEL", help="a run that learned classes: its folder, RUN, or RUN@STEP")
    parser.add_argument("--file", required=True, metavar="IN.csv", help="the table: CSV, TSV, JSON Lines or Parquet")
    parser.add_argument("--text-column", required=True, metavar="C", help="the column that holds the texts")
    parser.add_argument("--out", required=True, metavar="OUT.csv", help="a .csv, .tsv or .jsonl to write; replaced")
    parser.add_argument("--project", metavar="DIR", help="where RUN is looked up; else in the project opened last")


def run(options: argparse.Namespace) -> int:
    """Write every row with its class and the probability of each class; complete or not at all."""
    from studio.commands.generate import find_checkpoint
    from studio.core.channel import RunControl
    from studio.core.errors import StudioError
    from studio.core.shelf import resolve

    folder, out = find_checkpoint(options.model, options.project), Path(options.out).expanduser()
    classify_file, control = resolve("studio.engine.classifier:classify_file"), RunControl()
    with stopped_by_signals(control):
        try:
            rows = classify_file(
                folder, Path(options.file).expanduser(), options.text_column, out, keep_going=control.keep_going
            )
        except StudioError as error:
            if not control.stopping:
                raise
            say(f"{error.message} {error.hint}".strip())
            return STOPPED
    say(f"{rows:,} rows")
    print(out)
    return DONE if rows else REFUSED


COMMAND = Command("classify", "sort the rows of a table with a run that learned classes", add_options, run)
