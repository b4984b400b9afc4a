"""The messages of chats: a tree for each, of which one branch is shown; every change is on the disk when it returns."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import itemgetter
from sqlite3 import Connection
from typing import Any

from studio.core.errors import StudioError
from studio.store.chat_file import ChatFile
from studio.store.chat_rows import MESSAGE, ROLES, Message, kept_text, message_of, packed, unpacked

_M = ", ".join(f"m.{name}" for name in MESSAGE.split(", "))
# The chosen child of the chosen child …; the limit also ends a circle that somebody wrote into the file.
_SHOWN = (
    "WITH RECURSIVE way (id, place) AS ("
    "SELECT chosen, 0 FROM chats WHERE id = ? UNION ALL "
    "SELECT m.chosen, way.place + 1 FROM way JOIN messages m ON m.id = way.id WHERE m.chosen IS NOT NULL "
    f"LIMIT ?) SELECT {_M}, way.place FROM way CROSS JOIN messages m ON m.id = way.id WHERE m.gone IS NULL"
)
_UP = (
    "WITH RECURSIVE way (id, place) AS ("
    "SELECT ?, 0 UNION ALL "
    "SELECT m.parent, way.place + 1 FROM way JOIN messages m ON m.id = way.id WHERE m.parent IS NOT NULL "
    f"LIMIT ?) SELECT {_M}, -way.place FROM way CROSS JOIN messages m ON m.id = way.id WHERE m.gone IS NULL"
)
_BELOW = (
    "WITH RECURSIVE below (id) AS (VALUES (?) UNION SELECT m.id FROM below JOIN messages m ON m.parent = below.id "
    "AND m.chat = ?) SELECT m.id FROM below JOIN messages m ON m.id = below.id WHERE m.gone IS NULL"
)


class ChatMessages(ChatFile):
    """What happens to single messages."""

    def path(self, chat: int, leaf: int | None = None) -> list[Message]:
        """The branch that is shown, from the top down; with `leaf` the one that ends in that message."""
        most = self.read("SELECT count(*) FROM messages WHERE chat = ?", chat)[0][0]
        rows = self.read(_SHOWN, chat, most) if leaf is None else self.read(_UP, leaf, most)
        rows.sort(key=itemgetter(-1))  # by place; quicker than where long texts are sorted along
        return [message_of(row[:-1]) for row in rows if row[1] == chat]

    def message(self, message: int) -> Message:
        """One message; an unknown or deleted one is a `StudioError`."""
        rows = self.read(f"SELECT {MESSAGE} FROM messages WHERE id = ? AND gone IS NULL", message)
        if not rows:
            raise _missing()
        return message_of(rows[0])

    def siblings(self, message: int) -> list[int]:
        """All versions at this place of the tree, itself too, the first one first."""
        mine = self.message(message)
        query = "SELECT id FROM messages WHERE chat = ? AND parent IS ? AND gone IS NULL ORDER BY id"
        return [number for (number,) in self.read(query, mine.chat, mine.parent)]

    def versions(self, chat: int, shown: Iterable[Message]) -> dict[int, tuple[int, ...]]:
        """Of the messages that are shown, those that have other versions: id to all of them."""
        query = (
            "SELECT parent, group_concat(id) FROM messages WHERE chat = ? AND gone IS NULL "
            "GROUP BY parent HAVING count(*) > 1"
        )
        found = {parent: tuple(sorted(map(int, ids.split(",")))) for parent, ids in self.read(query, chat)}
        return {message.id: found[message.parent] for message in shown if message.parent in found}

    def add(
        self, chat: int, parent: int | None, role: str, text: str, facts: Mapping[str, Any] | None = None,
        complete: bool = True,
    ) -> int:  # fmt: skip
        """Keep a message below `parent` (None: at the top) and show it from now on; its id."""
        if role not in ROLES:
            raise StudioError(f"There is no role “{role}” in a chat.", f"There are: {', '.join(ROLES)}.")
        text, kept = kept_text(text), packed(facts or {})
        with self.writing() as connection:
            if not connection.execute("SELECT 1 FROM chats WHERE id = ? AND gone IS NULL", (chat,)).fetchone():
                raise StudioError("This chat is not there any more.", "Bring it back, or begin a new one.")
            if parent is not None:
                above = connection.execute("SELECT chat FROM messages WHERE id = ? AND gone IS NULL", (parent,))
                if above.fetchone() != (chat,):
                    raise _missing()
            number = connection.execute(
                "INSERT INTO messages (chat, parent, role, made, complete, rating, indexed, facts, text) "
                "VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)",
                (chat, parent, role, time.time(), complete, complete, kept, text),
            ).lastrowid
            if complete:
                index(connection, [int(number or 0)])
            _choose(connection, chat, parent, number)
            connection.execute("UPDATE chats SET changed = ?, count = count + 1 WHERE id = ?", (time.time(), chat))
        return int(number or 0)

    def edit(self, message: int, text: str) -> int:
        """Another version beside a message, shown from now on; `choose` the old one to take that back."""
        former = self.message(message)
        facts = {"edited": True} if former.role == "assistant" else {}
        return self.add(former.chat, former.parent, former.role, text, facts)

    def grow(self, message: int, text: str, facts: Mapping[str, Any] | None = None) -> None:
        """The whole text so far of an answer that is still being written; facts replace the former ones if given."""
        text = kept_text(text)
        with self.writing() as connection:
            kept = _facts(connection, message, facts)
            done = connection.execute(
                "UPDATE messages SET text = ?, facts = ? WHERE id = ? AND indexed = 0", (text, kept, message)
            )
            if not done.rowcount:
                raise StudioError("This answer is finished already.", "Edit it to make another version of it.")

    def finish(self, message: int, text: str | None = None, facts: Mapping[str, Any] | None = None) -> None:
        """An answer has come to its end, by itself or because it was stopped; from now on it is found by a search."""
        last = None if text is None else kept_text(text)
        with self.writing() as connection:
            kept = _facts(connection, message, facts)
            done = connection.execute(
                "UPDATE messages SET text = ifnull(?, text), facts = ?, complete = 1, indexed = 1 "
                "WHERE id = ? AND indexed = 0",
                (last, kept, message),
            )
            if done.rowcount:
                index(connection, [message])
                _touch(connection, _chat_of(connection, message))

    def choose(self, message: int) -> None:
        """Show the branch on which this message stands; below it whatever was shown there last."""
        chat = self.message(message).chat
        way = self.path(chat, message)
        with self.writing() as connection:
            for above, below in zip([None, *way], way, strict=False):
                _choose(connection, chat, above.id if above else None, below.id)

    def rate(self, message: int, value: int) -> None:
        """Keep what the person thinks of an answer: 1, -1, or 0 for nothing any more."""
        if value not in (-1, 0, 1):
            raise StudioError(f"An answer is rated 1, -1 or 0, not {value}.")
        self.message(message)
        with self.writing() as connection:
            connection.execute("UPDATE messages SET rating = ? WHERE id = ?", (value, message))

    def delete_message(self, message: int) -> Callable[[], None]:
        """Take a message away with everything below it; the answer brings it all back."""
        mine = self.message(message)
        others = [number for number in self.siblings(message) if number != message]
        with self.writing() as connection:
            gone = connection.execute(_BELOW, (message, mine.chat)).fetchall()
            now = time.time()
            connection.executemany("UPDATE messages SET gone = ? WHERE id = ?", [(now, number) for (number,) in gone])
            if _chosen(connection, mine.chat, mine.parent) == message:
                _choose(connection, mine.chat, mine.parent, others[-1] if others else None)
            _touch(connection, mine.chat)
        return partial(self._bring_back, mine, gone)

    def _bring_back(self, message: Message, gone: list[tuple[int]]) -> None:
        with self.writing() as connection:
            connection.executemany("UPDATE messages SET gone = NULL WHERE id = ?", gone)
            if not connection.execute("SELECT 1 FROM messages WHERE id = ?", (message.id,)).fetchone():
                raise StudioError("What was deleted is not kept any more.", "The trash was emptied.")
            _choose(connection, message.chat, message.parent, message.id)
            _touch(connection, message.chat)

    def mark_interrupted(self) -> int:
        """Mark the answers that were being written when the program ended; how many there were."""
        with self.writing() as connection:
            rows = connection.execute("SELECT id, facts FROM messages WHERE indexed = 0").fetchall()
            for number, facts in rows:
                kept = packed({**unpacked(facts), "interrupted": True})
                connection.execute("UPDATE messages SET facts = ?, indexed = 1 WHERE id = ?", (kept, number))
            index(connection, [number for number, _ in rows])
        return len(rows)


def index(connection: Connection, messages: Iterable[int]) -> None:
    """Let a search find what these messages say."""
    rows = [(number,) for number in messages]
    query = "INSERT INTO message_words (rowid, text) SELECT id, text FROM messages WHERE id = ?"
    connection.executemany(query, rows)


def _chosen(connection: Connection, chat: int, parent: int | None) -> int | None:
    table, number = ("chats", chat) if parent is None else ("messages", parent)
    row = connection.execute(f"SELECT chosen FROM {table} WHERE id = ?", (number,)).fetchone()
    return row[0] if row else None


def _choose(connection: Connection, chat: int, parent: int | None, child: int | None) -> None:
    if _chosen(connection, chat, parent) != child:
        table, number = ("chats", chat) if parent is None else ("messages", parent)
        connection.execute(f"UPDATE {table} SET chosen = ? WHERE id = ?", (child, number))


def _touch(connection: Connection, chat: int) -> None:
    """The chat was changed now; count its messages anew."""
    connection.execute(
        "UPDATE chats SET changed = ?, count = (SELECT count(*) FROM messages WHERE chat = chats.id AND gone IS NULL) "
        "WHERE id = ?",
        (time.time(), chat),
    )


def _chat_of(connection: Connection, message: int) -> int:
    return int(connection.execute("SELECT chat FROM messages WHERE id = ?", (message,)).fetchone()[0])


def _facts(connection: Connection, message: int, facts: Mapping[str, Any] | None) -> str:
    """The facts to keep: new ones, else those that there are."""
    if facts:
        return packed(facts)
    row = connection.execute("SELECT facts FROM messages WHERE id = ?", (message,)).fetchone()
    if row is None:
        raise _missing()
    return str(row[0])


def _missing() -> StudioError:
    return StudioError("This message is not there any more.", "Open the chat again.")
