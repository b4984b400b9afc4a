"""What separates the values of a table of text, and whether its first row names the columns, by its own evidence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from studio.gate.names import visible

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SHARE = 0.8  # of the rows that must have the same number of values
_NAMES = frozenset({
    "id", "text", "label", "class", "category", "content", "message", "sentence", "review", "comment", "title", "name",
    "date", "time", "url", "score", "rating", "question", "answer", "prompt", "completion", "instruction", "input",
    "output", "response", "chosen", "rejected", "target", "source", "lang", "language", "split", "index", "sentiment",
    "word", "body", "subject", "author", "user", "role", "tokens", "messages", "conversations",
})  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """What was decided, with a sentence on why."""

    value: str
    why: str


def find_delimiter(rows_by_delimiter: dict[str, Sequence[Sequence[str]]], usual: str) -> Decision:
    """The delimiter under which most rows have the same number of values, and more than one; else the usual one."""
    best, best_key, best_why = "", (0.0, 0, False), ""
    for delimiter, rows in rows_by_delimiter.items():
        width, same = Counter(map(len, rows)).most_common(1)[0]
        share = same / len(rows)
        if width > 1 and share >= _SHARE:
            key = (round(share, 2), width, delimiter == usual)
            if key > best_key:
                best, best_key = delimiter, key
                best_why = f"{same:,} of the first {len(rows):,} rows have {width} values"
    if best:
        return Decision(best, f"Values are separated by {DELIMITERS[best]}: {best_why}.")
    rows = rows_by_delimiter.get(usual, [])
    if sum(len(row) > 1 for row in rows) > len(rows) // 2:
        return Decision(usual, f"Values are separated by {DELIMITERS[usual]}, as its name says; rows differ in length.")
    return Decision(usual, "One value in each row: no separator divides the rows alike.")


def find_header(rows: Sequence[Sequence[str]]) -> tuple[bool, str]:
    """Whether the first row holds names, and a sentence on what speaks for it."""
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    cells = [cell.strip() for cell in first]
    if any(_is_number(cell) for cell in cells):
        return False, "The first row is data: a number stands in it."
    known = [cell for cell in cells if cell.lower() in _NAMES]
    columns = [[row[place] for row in rest] for place in range(len(cells))]
    again = next((cell for cell, column in zip(cells, columns, strict=True) if cell in map(str.strip, column)), None)
    if again:
        return False, f"The first row is data: “{visible(again, 40)}” stands in the same column again."
    if not all(cells) or len(set(cells)) < len(cells) or any(len(cell) > 64 for cell in cells):
        return False, "The first row is data: a cell in it is empty, long or there twice."
    numbers = [cell for cell, column in zip(cells, columns, strict=True) if column and all(map(_is_number, column))]
    if numbers:
        return True, f"The first row names the columns: “{numbers[0]}” stands above numbers."
    if known:
        return True, f"The first row names the columns: “{known[0]}” is a usual name."
    if len(rest) >= 2 and all(_is_name(cell) for cell in cells) and any(_is_longer(column) for column in columns):
        return True, "The first row names the columns: short words above long texts."
    if len(rest) >= 2 and all(_is_name(cell) for cell in cells) and any(len(set(column)) < len(column) / 2
                                                                        for column in columns):  # fmt: skip
        return True, "The first row names the columns: words that no other row has."
    return False, "The first row is data: nothing in it looks like names."


def unique_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, none empty and none twice."""
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:100] or f"column {place}"
        number, wanted = 2, name
        while name in names:
            name, number = f"{wanted} {number}", number + 1
        names[name] = None
    return tuple(names)


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip().replace(",", "."))
    except ValueError:
        return False
    return True


def _is_name(cell: str) -> bool:
    return len(cell) <= 40 and cell.replace("_", "").replace(" ", "").replace("-", "").isalnum()


def _is_longer(column: Sequence[str]) -> bool:
    """Whether this is a column of texts."""
    return sum(map(len, column)) / len(column) > 40
