"""`main.py bench [WHAT]`: measure on this machine; a table on standard output, JSON on request."""

import argparse
import json
from pathlib import Path
from typing import Any

from studio.commands import DONE, Command, say


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which bench, and where its rows go."""
    parser.add_argument("what", nargs="?", metavar="WHAT", help="one bench; without it all run, one after the other")
    parser.add_argument("--list", action="store_true", help="only say which ones there are")
    parser.add_argument("--json", metavar="FILE", help="also write the rows to a file")
    parser.epilog = "Further arguments are the bench's own."


def run(options: argparse.Namespace) -> int:
    """Run the benches and print what they found."""
    from studio.core.shelf import BENCHES

    if options.list:
        print("\n".join(f"{name:12} {BENCHES.load(name).help}" for name in BENCHES.names()))
        return DONE
    rows: list[dict[str, Any]] = []
    for name in [options.what] if options.what else BENCHES.names():
        bench = BENCHES.load(name)
        say(f"{bench.name}: {bench.help}")
        parser = argparse.ArgumentParser(prog=f"main.py bench {bench.name}", description=bench.help)
        bench.add_options(parser)
        found = bench.run(parser.parse_args(options.rest))
        print(table(found), flush=True)
        rows += [{"bench": bench.name, **row} for row in found]
    if options.json:
        _write(Path(options.json), rows)
    return DONE


def table(rows: list[dict[str, Any]]) -> str:
    """Rows under the names of their columns, numbers to the right."""
    if not rows:
        return "nothing was measured"
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    right = [any(isinstance(row.get(name), int | float) for row in rows) for name in names]
    return "\n".join(
        "  ".join(
            f"{cell:>{width}}" if number else f"{cell:{width}}"
            for cell, width, number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in cells
    )


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    from studio.store.files import write_atomically

    write_atomically(path, json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    say(f"The rows are in {path}.")


COMMAND = Command("bench", "measure speed and correctness on this machine", add_options, run, passes_on=True)
