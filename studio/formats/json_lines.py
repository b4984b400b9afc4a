"""Records as JSON, one in each line: .jsonl and .ndjson."""

from pathlib import Path

from studio.formats import TableFormat
from studio.gate.compressed import plain_suffix
from studio.readers.json_table import json_table
from studio.readers.record_table import KeepGoing, require_going
from studio.readers.source import Source
from studio.readers.tables import Choices, Table

SUFFIXES = (".jsonl", ".ndjson")


def recognises(path: Path) -> bool:
    """Whether the suffix is one of JSON lines."""
    return plain_suffix(path) in SUFFIXES and not path.is_dir()


def open_table(path: Path, choices: Choices, keep_going: KeepGoing = None) -> Table:
    """The lines as rows; a file that is one list instead is read as that."""
    require_going(keep_going)
    return json_table(Source(path, choices.encoding), lines=True)


FORMAT = TableFormat(
    name="json_lines",
    label="JSON lines (.jsonl, .ndjson)",
    suffixes=SUFFIXES,
    recognises=recognises,
    open=open_table,
)
