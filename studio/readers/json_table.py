"""JSON as a table: what its records are, and which columns the first ones have."""

import dataclasses
from typing import Any

from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.readers.json_records import ElementsOfList, JsonLines, find_records
from studio.readers.record_table import RecordTable, described
from studio.readers.source import Source
from studio.readers.tables import Table, TableFacts


def json_table(source: Source, lines: bool) -> Table:
    """The table in a source; `lines` is what its name says, which its content may overrule."""
    found = find_records(source.sample)
    if found.kind == "nothing" and not lines:
        raise StudioError(
            f"“{visible(source.path.name)}” has no list of records in its beginning.",
            "It should be a list of objects, an object with such a list, or one object in each line.",
        )
    as_lines = found.kind == "lines" or (lines and not source.sample.lstrip().startswith(b"["))
    if as_lines:
        why = "One JSON object in each line."
    else:
        where = f"the list “{visible(found.name)}” of its object" if found.name else "a list at its top"
        why = f"The records are {where}."
    facts = TableFacts(
        format="json_lines" if as_lines else "json_records", columns=(), encoding=source.encoding.codec, delimiter="",
        header=False, why=(source.encoding.why, why), bytes=source.size, guessed=source.encoding.guessed,
    )  # fmt: skip
    first = (0, 1) if as_lines else (found.offset, found.line)
    table = RecordTable(source, JsonLines() if as_lines else ElementsOfList(alone=not found.inside), facts, first)
    columns: dict[str, None] = {}
    rows: list[dict[str, Any]] = [row.values for row in table.head()]
    for values in rows:
        columns.update(dict.fromkeys(values))
    table.facts = dataclasses.replace(facts, columns=described(columns, source, table.faults))
    return table
