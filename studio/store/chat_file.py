"""The database of a project's chats: made or opened, checked, of this version; one connection, safe from any thread."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.store.chat_rescue import rescue
from studio.store.disk import explained
from studio.store.files import free_name, replace

VERSION = 1
BUSY = 5.0  # seconds that another process may hold the file
_APPLICATION = 0x4154_4C52  # "ATLR", what SQLite writes into the head of our files
_HEAD = 100  # bytes of a database's head, with our two numbers in it
_MAGIC = b"SQLite format 3\x00"
_SPLIT = "tokenize='unicode61 remove_diacritics 2'"
_INDEXED = ("message_words", "title_words")
_INDEXES = (
    f"CREATE VIRTUAL TABLE message_words USING fts5 (text, content='messages', content_rowid='id', {_SPLIT})",
    f"CREATE VIRTUAL TABLE title_words USING fts5 (title, content='chats', content_rowid='id', {_SPLIT})",
)

# Long columns stand last: what is short is then read without walking through a long text.
_SCHEMA = (
    "CREATE TABLE chats (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, folder TEXT NOT NULL, "
    "pinned INTEGER NOT NULL, made REAL NOT NULL, changed REAL NOT NULL, chosen INTEGER, count INTEGER NOT NULL, "
    "gone REAL, settings TEXT NOT NULL, system TEXT NOT NULL)",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL, parent INTEGER, "
    "role TEXT NOT NULL, made REAL NOT NULL, complete INTEGER NOT NULL, rating INTEGER NOT NULL, chosen INTEGER, "
    "indexed INTEGER NOT NULL, gone REAL, facts TEXT NOT NULL, text TEXT NOT NULL)",
    "CREATE INDEX messages_below ON messages (chat, parent)",
    "CREATE INDEX messages_unfinished ON messages (id) WHERE indexed = 0",
    *_INDEXES,
    "CREATE TABLE system_prompts (name TEXT PRIMARY KEY, text TEXT NOT NULL)",
    "CREATE TABLE presets (name TEXT PRIMARY KEY, settings TEXT NOT NULL)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)


class ChatFile:
    """One open database. What is damaged is set aside under another name and told in `notes`; newer is refused."""

    def __init__(self, path: Path) -> None:
        self.place = path
        self.notes: tuple[str, ...] = ()
        self._guard = threading.RLock()
        self._refuse_foreign_head()
        try:
            self._connection = self._opened()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise _explain(error, path) from error
            aside = self._set_aside()
            with self._explained():
                self._connection = self._fresh()
            self._rescue(aside)

    def close(self) -> None:
        """Let go of the file; asking afterwards is a `StudioError`."""
        with self._guard:
            self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One change: all of it is on the disk afterwards, or nothing of it."""
        with self._guard, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled back already
                    self._connection.execute("ROLLBACK")
                raise

    def read(self, query: str, *values: Any) -> list[Any]:
        """All rows of one question."""
        with self._guard, self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Several questions about one state."""
        with self._guard, self._explained():
            yield self._connection

    def check_index(self) -> None:
        """Make the indexes of words anew where they are damaged: `quick_check` does not look into them."""
        with self._guard:
            try:
                for name in _INDEXED:
                    self._connection.execute(f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")
            except sqlite3.DatabaseError as error:
                if "locked" in str(error):
                    raise _explain(error, self.place) from error
                self.rebuild_index()

    def rebuild_index(self) -> None:
        """Make the indexes of words anew from the messages and titles, which are the truth."""
        with self.writing() as connection:
            for name in _INDEXED:
                connection.execute(f"DROP TABLE {name}")
            for statement in _INDEXES:
                connection.execute(statement)
            query = "INSERT INTO message_words (rowid, text) SELECT id, text FROM messages WHERE indexed = 1"
            connection.execute(query)
            connection.execute("INSERT INTO title_words (rowid, title) SELECT id, title FROM chats")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explain(error, self.place) from error

    def _refuse_foreign_head(self) -> None:
        """Look at the head before SQLite does, which would tidy up a file that is not ours to touch."""
        try:
            with open(self.place, "rb") as file:
                head = file.read(_HEAD)
        except OSError:
            return  # missing, or SQLite will say what is wrong
        if len(head) < _HEAD or not head.startswith(_MAGIC):
            return
        version, application = (int.from_bytes(head[place : place + 4], "big") for place in (60, 68))
        self._refuse_unless_ours(version, application)

    def _refuse_unless_ours(self, version: int, application: int) -> None:
        if application != _APPLICATION:
            raise StudioError(
                f"“{self.place}” is a database of another program.", "Nothing was changed. Move it elsewhere."
            )
        if version > VERSION:
            raise StudioError(
                f"The chats of this project were written by a newer Atelier (version {version}; "
                f"this one reads up to {VERSION}).",
                "Nothing was changed. Open the project there, or update Atelier.",
            )

    def _opened(self) -> sqlite3.Connection:
        if not self.place.exists() or self.place.stat().st_size == 0:
            return self._fresh()
        connection = self._connected()
        try:
            (version,), (application,) = (
                connection.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id")
            )
            self._refuse_unless_ours(version, application)
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict[0] != "ok":
                raise _damage(str(verdict[0]))
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"chats", "messages", "message_words", "title_words", "system_prompts", "presets"} <= tables:
                raise _damage("tables are missing")
            connection.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _fresh(self) -> sqlite3.Connection:
        """A new database; its head is written before WAL begins, so that it names its version from the start."""
        with explained("The chats", self.place.parent):
            os.close(os.open(self.place, os.O_RDWR | os.O_CREAT, 0o600))
        connection = self._connected()
        try:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.place, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
            # A planted view or trigger may call nothing; deleted words are overwritten; every change reaches the disk.
            for pragma in ("trusted_schema = OFF", "secure_delete = ON", "synchronous = FULL"):
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self) -> Path:
        """Rename what cannot be read, with what belongs to it; where it lies now."""
        name = free_name(self.place.parent, f"{self.place.name}.damaged")
        with explained("The damaged chats", self.place.parent):
            for ending in ("-wal", "-shm", ""):
                part = self.place.with_name(self.place.name + ending)
                if part.exists():
                    replace(part, self.place.with_name(name + ending))
        return self.place.with_name(name)

    def _rescue(self, aside: Path) -> None:
        """Bring over what can still be read."""
        with self.writing() as connection:
            count = rescue(aside, connection)
        self.rebuild_index()
        begun = f"{count:,} messages could be rescued" if count else "No message could be rescued"
        self.notes = (f"The chats of this project were damaged. {begun}; the file was kept as “{aside.name}”.",)


def _damage(words: str) -> sqlite3.DatabaseError:
    return sqlite3.DatabaseError(f"malformed: {words}")


def _is_damage(error: sqlite3.Error) -> bool:
    return any(word in str(error) for word in ("malformed", "not a database", "corrupt"))


def _explain(error: sqlite3.Error, path: Path) -> StudioError:
    """The sentence for what SQLite refused."""
    words = str(error)
    if "full" in words:
        return StudioError(
            "The disk is full: the chats could not be saved.",
            "What was saved before is untouched. Free some space, then try again.",
        )
    if "locked" in words:
        return StudioError(
            f"The chats in “{path.parent}” are in use by another program.", "Close it there, then try again."
        )
    if "readonly" in words or "unable to open" in words:
        return StudioError(
            f"“{path}” could not be opened for writing.", "Allow writing there, or copy the project elsewhere."
        )
    if _is_damage(error):
        return StudioError(
            f"“{path.name}” is damaged: {words}.", "Close the project and open it again: the file is then set aside."
        )
    if "closed" in words:
        return StudioError("The project of these chats was closed.", "Open it again.")
    return StudioError(f"The chats could not be read or saved: {words}.", "What was saved before is untouched.")
