"""The chats of a project: a list with folders, each chat a tree of messages, all of it searchable and on the disk."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from studio.core.errors import StudioError
from studio.store.chat_export import as_json, as_markdown
from studio.store.chat_library import ChatLibrary
from studio.store.chat_messages import ChatMessages, index
from studio.store.chat_rows import (
    MESSAGE,
    ChatInfo,
    Hit,
    Message,
    Opened,
    info_of,
    kept_line,
    kept_text,
    message_of,
    packed,
    unpacked,
)
from studio.store.chat_search import chats_with, search
from studio.store.trash import KEPT_DAYS

FILE = "chats.sqlite"
_INFO = "id, title, folder, pinned, changed, count"
_DAY = 24 * 3600.0

__all__ = ["FILE", "ChatInfo", "Chats", "Hit", "Message", "Opened"]


class Chats(ChatMessages, ChatLibrary):
    """Opens or makes the database at `path`; one writing process at a time, as for everything in a project."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.check_index()
        self.interrupted = self.mark_interrupted()  # answers that a crash cut off
        self.forget_deleted(time.time() - KEPT_DAYS * _DAY)

    # --- the list ----------------------------------------------------------------------------------------------

    def listing(self, search: str = "", folder: str = "") -> list[ChatInfo]:
        """Pinned chats first, then the newest first; those in one folder, those that hold some words, or all."""
        where = "gone IS NULL AND (? = '' OR folder = ?)"
        query = f"SELECT {_INFO} FROM chats WHERE {where} ORDER BY pinned DESC, changed DESC, id DESC"
        infos = [info_of(row) for row in self.read(query, folder, folder)]
        holding = chats_with(self, search)
        return infos if holding is None else [info for info in infos if info.id in holding]

    def search(self, text: str, limit: int = 50) -> list[Hit]:
        """Titles and messages that hold every word of `text`, titles first, then the newest message first."""
        return search(self, text, limit)

    def folders(self) -> list[str]:
        """Folders in which a chat lies, by name."""
        query = "SELECT DISTINCT folder FROM chats WHERE gone IS NULL AND folder <> '' ORDER BY folder COLLATE NOCASE"
        return [folder for (folder,) in self.read(query)]

    def rename_folder(self, old: str, new: str) -> None:
        """Move every chat of a folder to another name; "" takes them out of it."""
        with self.writing() as connection:
            connection.execute("UPDATE chats SET folder = ? WHERE folder = ?", (kept_line(new), old))

    # --- one chat ----------------------------------------------------------------------------------------------

    def create(self, title: str, system: str = "", settings: Mapping[str, Any] | None = None, folder: str = "") -> int:
        """Begin a chat; its id."""
        now, name = time.time(), kept_line(title)
        values = (name, kept_line(folder), now, now, packed(settings or {}), kept_text(system))
        with self.writing() as connection:
            return _insert(connection, name, values)

    def info(self, chat: int) -> ChatInfo:
        """One line of the list; a chat that is not there is a `StudioError`."""
        rows = self.read(f"SELECT {_INFO} FROM chats WHERE id = ? AND gone IS NULL", chat)
        if not rows:
            raise _missing()
        return info_of(rows[0])

    def opened(self, chat: int, leaf: int | None = None) -> Opened:
        """A chat as it is shown, or the branch that ends in `leaf`."""
        info = self.info(chat)
        system, settings = self.read("SELECT system, settings FROM chats WHERE id = ?", chat)[0]
        messages = tuple(self.path(chat, leaf))
        return Opened(info, system, unpacked(settings), messages, self.versions(chat, messages))

    def rename(self, chat: int, title: str) -> None:
        """Give it another title."""
        name = kept_line(title)
        with self.writing() as connection:
            former = connection.execute("SELECT title FROM chats WHERE id = ?", (chat,)).fetchone()
            if former is None:
                raise _missing()
            _unindex_title(connection, chat, former[0])
            connection.execute("UPDATE chats SET title = ? WHERE id = ?", (name, chat))
            connection.execute("INSERT INTO title_words (rowid, title) VALUES (?, ?)", (chat, name))

    def pin(self, chat: int, on: bool = True) -> None:
        """Keep it at the top of the list, or not any more."""
        self._set(chat, "pinned", on)

    def move(self, chat: int, folder: str) -> None:
        """Put it into a folder; "" takes it out."""
        self._set(chat, "folder", kept_line(folder))

    def set_system(self, chat: int, text: str) -> None:
        """What the model is told before anything else."""
        self._set(chat, "system", kept_text(text))

    def set_settings(self, chat: int, settings: Mapping[str, Any]) -> None:
        """Whatever the page keeps with a chat: models, sampling."""
        self._set(chat, "settings", packed(settings))

    def duplicate(self, chat: int) -> int:
        """A copy with all its branches; the copy's id."""
        former = self.opened(chat)
        with self.writing() as connection:
            now = time.time()
            title = former.info.title
            values = (title, former.info.folder, now, now, packed(former.settings), former.system)
            copy = _insert(connection, title, values)
            new: dict[int | None, int | None] = {None: None}
            columns = "parent, role, made, rating, facts, text"
            query = f"SELECT id, chosen, complete, {columns} FROM messages WHERE chat = ? AND gone IS NULL ORDER BY id"
            rows = connection.execute(query, (chat,)).fetchall()
            put = f"INSERT INTO messages (chat, complete, indexed, {columns}) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)"
            for number, _chosen, complete, parent, *more in rows:
                new[number] = connection.execute(put, (copy, complete, new.get(parent), *more)).lastrowid
            choices = [(new.get(chosen), new[number]) for number, chosen, *_ in rows]
            connection.executemany("UPDATE messages SET chosen = ? WHERE id = ?", choices)
            ((first,),) = connection.execute("SELECT chosen FROM chats WHERE id = ?", (chat,))
            connection.execute("UPDATE chats SET chosen = ?, count = ? WHERE id = ?", (new.get(first), len(rows), copy))
            index(connection, [number for number in new.values() if number is not None])
        return copy

    def delete(self, chat: int) -> Callable[[], None]:
        """Take a chat off the list; the answer puts it back. It is kept as long as things in the trash are."""
        self.info(chat)
        self._set(chat, "gone", time.time())
        return partial(self._set, chat, "gone", None)

    def forget_deleted(self, before: float | None = None) -> None:
        """Remove for good what was deleted, all of it or what was deleted before that time."""
        limit = time.time() + _DAY if before is None else before
        with self.writing() as connection:
            chats = connection.execute("SELECT id, title FROM chats WHERE gone < ?", (limit,)).fetchall()
            for chat, title in chats:
                _unindex_title(connection, chat, title)
                connection.execute("UPDATE messages SET gone = 0 WHERE chat = ?", (chat,))
                connection.execute("DELETE FROM chats WHERE id = ?", (chat,))
            connection.execute(
                "INSERT INTO message_words (message_words, rowid, text) "
                "SELECT 'delete', id, text FROM messages WHERE gone < ? AND indexed = 1",
                (limit,),
            )
            connection.execute("DELETE FROM messages WHERE gone < ?", (limit,))

    # --- for other programs ------------------------------------------------------------------------------------

    def export_markdown(self, chat: int) -> str:
        """The branch that is shown, to read and to print."""
        return as_markdown(self.opened(chat))

    def export_json(self, chat: int) -> str:
        """All branches with their facts."""
        query = f"SELECT {MESSAGE} FROM messages WHERE chat = ? AND gone IS NULL ORDER BY id"
        return as_json(self.opened(chat), [message_of(row) for row in self.read(query, chat)])

    def _set(self, chat: int, column: str, value: Any) -> None:
        with self.writing() as connection:
            if not connection.execute(f"UPDATE chats SET {column} = ? WHERE id = ?", (value, chat)).rowcount:
                raise _missing()


def _insert(connection: Connection, title: str, values: tuple[Any, ...]) -> int:
    """A new row of chats and its title in the index; title, folder, made, changed, settings, system."""
    number = connection.execute(
        "INSERT INTO chats (title, folder, made, changed, settings, system, pinned, count) "
        "VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
        values,
    ).lastrowid
    connection.execute("INSERT INTO title_words (rowid, title) VALUES (?, ?)", (number, title))
    return int(number or 0)


def _unindex_title(connection: Connection, chat: int, title: str) -> None:
    """An index beside a table must be told the former words to forget them."""
    connection.execute("INSERT INTO title_words (title_words, rowid, title) VALUES ('delete', ?, ?)", (chat, title))


def _missing() -> StudioError:
    return StudioError("This chat is not there any more.", "Bring it back, or begin a new one.")
