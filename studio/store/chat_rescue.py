"""What can still be read of a damaged database of chats goes into a new one; the damaged file stays as it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

_CHATS = "id, title, folder, pinned, made, changed, chosen, count, gone, settings, system"
_MESSAGES = "id, chat, parent, role, made, complete, rating, chosen, indexed, gone, facts, text"
_FARTHEST = 1 << 31  # ids beyond it are not looked for

# A message whose parent is lost stands at the top; where the shown one is lost, the newest is shown.
_MEND = (
    "INSERT OR IGNORE INTO chats (id, title, folder, pinned, made, changed, count, settings, system) "
    "SELECT chat, 'Rescued', '', 0, max(made), max(made), 0, '{}', '' FROM messages GROUP BY chat",
    "UPDATE messages SET parent = NULL WHERE parent NOT IN (SELECT id FROM messages) OR parent >= id",
    "UPDATE messages SET chosen = (SELECT max(id) FROM messages m WHERE m.parent = messages.id AND m.gone IS NULL) "
    "WHERE chosen NOT IN (SELECT id FROM messages)",
    "UPDATE chats SET chosen = (SELECT max(id) FROM messages WHERE chat = chats.id AND parent IS NULL "
    "AND gone IS NULL) WHERE chosen IS NULL OR chosen NOT IN (SELECT id FROM messages)",
    "UPDATE chats SET count = (SELECT count(*) FROM messages WHERE chat = chats.id AND gone IS NULL)",
)


def rescue(damaged: Path, connection: sqlite3.Connection) -> int:
    """Copy rows into the new database within its transaction; how many messages there are. Indexes are not touched."""
    address = f"{damaged.absolute().as_uri()}?mode=ro&immutable=1"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as old:
        old.execute("PRAGMA trusted_schema = OFF")
        old.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for table, columns in (("chats", _CHATS), ("messages", _MESSAGES)):
            marks = ", ".join("?" * len(columns.split(", ")))
            for row in _readable(old, table, columns):
                with suppress(sqlite3.IntegrityError):  # a value that no row of ours has
                    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)
        for table, column in (("system_prompts", "text"), ("presets", "settings")):
            with suppress(sqlite3.Error):
                rows = old.execute(f"SELECT name, {column} FROM {table}").fetchall()
                connection.executemany(f"INSERT OR IGNORE INTO {table} (name, {column}) VALUES (?, ?)", rows)
    for statement in _MEND:
        connection.execute(statement)
    return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])


def _readable(old: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """Rows by id; where the file is broken, the next ones behind the broken place."""
    last, leap = 0, 1
    while last < _FARTHEST:
        try:
            for row in old.execute(f"SELECT {columns} FROM {table} WHERE id > ? ORDER BY id", (last,)):
                if isinstance(row[0], int):
                    last, leap = row[0], 1
                    yield row
            return
        except sqlite3.DatabaseError:
            last, leap = last + leap, 2 * leap
