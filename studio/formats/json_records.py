"""Records as one JSON file: a list of objects, or an object with such a list in it."""

from pathlib import Path

from studio.formats import TableFormat
from studio.gate.compressed import plain_suffix
from studio.readers.json_table import json_table
from studio.readers.record_table import KeepGoing, require_going
from studio.readers.source import Source
from studio.readers.tables import Choices, Table

SUFFIXES = (".json",)


def recognises(path: Path) -> bool:
    """Whether the suffix is that of JSON."""
    return plain_suffix(path) in SUFFIXES and not path.is_dir()


def open_table(path: Path, choices: Choices, keep_going: KeepGoing = None) -> Table:
    """The elements of the list as rows; a file that has an object in each line is read as that."""
    require_going(keep_going)
    return json_table(Source(path, choices.encoding), lines=False)


FORMAT = TableFormat(
    name="json_records",
    label="JSON (.json)",
    suffixes=SUFFIXES,
    recognises=recognises,
    open=open_table,
)
