"""Records as one JSON file: a list of objects, or an object with such a list in it."""

from pathlib import Path

from studio.formats import TableFormat
from studio.gate.compressed import plain_suffix
from studio.readers.json_table import json_table
from studio.readers.record_table import KeepGoing, require_going
from studio.readers.source import Source
from studio.readers.tables import Choices, Table


def json_format(name: str, label: str, suffixes: tuple[str, ...], lines: bool) -> TableFormat:
    """JSON by its suffix; `lines` is what that says, which the content may overrule."""

    def recognises(path: Path) -> bool:
        return plain_suffix(path) in suffixes and not path.is_dir()

    def open_table(path: Path, choices: Choices, keep_going: KeepGoing = None) -> Table:
        require_going(keep_going)
        return json_table(Source(path, choices.encoding), lines)

    return TableFormat(name=name, label=label, suffixes=suffixes, recognises=recognises, open=open_table)


FORMAT = json_format("json_records", "JSON (.json)", (".json",), lines=False)
