"""A damaged file gives back what can still be read, in order, and is itself not touched."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from studio.store.chats import Chats


@pytest.fixture
def opening() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def opened(stack: ExitStack, path: Path) -> Chats:
    chats = Chats(path)
    stack.callback(chats.close)
    return chats


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A closed file with ten chats of eight long messages."""
    path = tmp_path / "chats.sqlite"
    chats = Chats(path)
    with chats.reading() as connection:
        connection.execute("PRAGMA synchronous = OFF")
    for chat in range(10):
        number, parent = chats.create(f"chat {chat}", folder="Old"), None
        for place in range(8):
            parent = chats.add(number, parent, "user", f"needle{chat}x{place} " + "word " * 600)
    chats.save_preset("Wild", {"temperature": 1.5})
    chats.close()
    return path


def pages_of_messages(data: bytes) -> list[int]:
    """Where the pages lie that hold the texts of messages."""
    return [at for at in range(4_096, len(data), 4_096) if data[at : at + 4_096].count(b"word word word") > 100]


def test_what_is_not_on_the_broken_pages_is_rescued(filled: Path, opening: ExitStack) -> None:
    data = bytearray(filled.read_bytes())
    for at in pages_of_messages(data)[3:5]:
        data[at : at + 4_096] = random.Random(at).randbytes(4_096)
    with sqlite3.connect(filled) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages_below'").fetchone()[0]
    connection.close()
    data[(root - 1) * 4_096 : root * 4_096] = b"\xff" * 4_096  # so that the check notices
    filled.write_bytes(data)
    chats = opened(opening, filled)
    assert "messages could be rescued; the file was kept as “chats.sqlite.damaged”" in chats.notes[0]
    assert (filled.parent / "chats.sqlite.damaged").read_bytes() == bytes(data)
    assert 70 <= int(chats.notes[0].split("damaged. ")[1].split()[0]) < 80
    whole = [info for info in chats.listing() if info.messages == 8]
    assert len(whole) >= 6
    for info in whole:
        texts = [message.text for message in chats.path(info.id)]
        assert [text.split()[0] for text in texts if text.startswith("needle")] == [
            f"needle{info.title.split()[1]}x{place}" for place, text in enumerate(texts) if text.startswith("needle")
        ]
        assert info.folder == "Old"
    assert chats.presets() == {"Wild": {"temperature": 1.5}}
    last = whole[0]
    assert chats.search(f"needle{last.title.split()[1]}x7")[0].chat == last.id
    assert chats.add(last.id, None, "user", "and on it goes")


def test_messages_without_their_chat_or_their_parent_stay_readable(filled: Path, opening: ExitStack) -> None:
    with sqlite3.connect(filled) as connection:
        connection.execute("DELETE FROM chats WHERE id = 3")
        connection.execute("DELETE FROM messages WHERE chat = 4 AND text LIKE 'needle3x2%'")
        connection.execute("DROP TABLE title_words")  # so that the file counts as damaged
    connection.close()
    chats = opened(opening, filled)
    assert "79 messages could be rescued" in chats.notes[0]
    assert len(chats.path(3)) == 8
    assert chats.info(3).title == "Rescued"
    ways = {tuple(message.text.split()[0] for message in chats.path(4, leaf)) for leaf in leaves(chats, 4)}
    assert ways == {("needle3x0", "needle3x1"), tuple(f"needle3x{place}" for place in range(3, 8))}
    assert [message.text.split()[0] for message in chats.path(4)] == ["needle3x0", "needle3x1"]


def leaves(chats: Chats, chat: int) -> list[int]:
    query = "SELECT id FROM messages WHERE chat = ? AND id NOT IN (SELECT parent FROM messages WHERE parent NOT NULL)"
    return [number for (number,) in chats.read(query, chat)]


def test_rows_that_are_no_rows_of_ours_are_left_out(filled: Path, opening: ExitStack) -> None:
    with sqlite3.connect(filled) as connection:
        connection.execute("UPDATE messages SET text = CAST(x'ff41' AS TEXT) WHERE id = 1")
        connection.execute("DROP TABLE chats")
        connection.execute("CREATE TABLE chats (id, title)")
        connection.execute("DROP TABLE presets")
        connection.execute("CREATE VIEW presets AS SELECT 1 AS name, 2 AS settings")
    connection.close()
    chats = opened(opening, filled)
    assert {info.title for info in chats.listing()} == {"Rescued"}
    assert len(chats.listing()) == 10
    assert chats.message(1).text == "\ufffdA"
