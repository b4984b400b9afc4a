"""Searching every message and every title: words by an index, marks and scripts without blanks by looking."""

import re
import unicodedata
from dataclasses import dataclass

from studio.core.text_stream import without_halves
from studio.store.chat_file import ChatFile
from studio.store.chat_rows import Hit

MOST_WORDS = 16  # of a search that count
LONGEST_WORD = 100
_BEFORE, _LENGTH = 40, 160  # characters of a snippet before the first word, and in all
_LOOKED = 200_000  # characters of a message in which the words are marked
_AT_ONCE = 20_000  # of them in one go, so that no other thread waits for long
_WORDS = re.compile(r"[^\W_]+")
# Scripts that write words without blanks between them; an index of words does not find a part of their lines.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)

_ALIVE = "m.gone IS NULL AND c.gone IS NULL"


@dataclass(frozen=True)
class Wanted:
    """What is searched for: a question to the index, parts to look for as they are, and what to mark."""

    match: str
    parts: tuple[str, ...]
    pattern: re.Pattern[str]

    @property
    def empty(self) -> bool:
        """Whether nothing is wanted."""
        return not self.match and not self.parts


def wanted(text: str) -> Wanted:
    """Every word of the search must be there, each as the beginning of a word; no mark of it is a command."""
    words = [word[:LONGEST_WORD] for word in without_halves(text[:10_000]).replace("\x00", " ").split()][:MOST_WORDS]
    indexed = [word for word in words if _WORDS.search(word) and not _UNSPACED.search(word)]
    parts = tuple(word for word in words if word not in indexed)
    match = " ".join('"' + word.replace('"', '""') + '"*' for word in indexed)
    marked = [r"\b" + r"[\W_]+".join(_WORDS.findall(_plain(word))) for word in indexed]
    marked += [re.escape(_plain(word)) for word in parts]
    return Wanted(match, parts, re.compile("|".join(marked) or r"(?!)"))


def search(file: ChatFile, text: str, limit: int = 50) -> list[Hit]:
    """Chats whose titles hold the words, then messages that do, the newest first."""
    sought = wanted(text)
    if sought.empty or limit <= 0:
        return []
    where, values = _condition("title_words", "c.title", sought)
    query = f"SELECT c.id, c.title FROM chats c WHERE c.gone IS NULL AND {where} ORDER BY c.changed DESC LIMIT ?"
    titles = file.read(query, *values, limit)
    found = _messages(file, sought, limit)
    titles = titles[: max(limit // 2, limit - len(found))]
    found = found[: limit - len(titles)]
    hits = [_hit(chat, None, title, title, sought) for chat, title in titles]
    ids = ", ".join(map(str, found))
    query = f"SELECT m.id, m.chat, m.text, c.title FROM messages m JOIN chats c ON c.id = m.chat WHERE m.id IN ({ids})"
    rows = {row[0]: row for row in file.read(query)}
    texts = [rows[number] for number in found if number in rows]
    return hits + [_hit(chat, number, body, title, sought) for number, chat, body, title in texts]


def chats_with(file: ChatFile, text: str) -> set[int] | None:
    """The chats in whose title or messages the words stand; None when no words are sought."""
    sought = wanted(text)
    if sought.empty:
        return None
    titles, first = _condition("title_words", "c.title", sought)
    bodies, second = _condition("message_words", "m.text", sought)
    query = (
        f"SELECT c.id FROM chats c WHERE c.gone IS NULL AND {titles} UNION "
        f"SELECT m.chat FROM messages m JOIN chats c ON c.id = m.chat WHERE {_ALIVE} AND {bodies}"
    )
    return {number for (number,) in file.read(query, *first, *second)}


def _messages(file: ChatFile, sought: Wanted, limit: int) -> list[int]:
    """Ids of the newest messages with the words; read in the order of the index, so that the limit ends the reading."""
    condition = _ALIVE + " AND instr(m.text, ?)" * len(sought.parts)
    source, order = "messages m", "m.id"
    if sought.match:
        source, order = "message_words w JOIN messages m ON m.id = w.rowid", "w.rowid"
        condition = f"message_words MATCH ? AND {condition}"
    query = f"SELECT m.id FROM {source} JOIN chats c ON c.id = m.chat WHERE {condition} ORDER BY {order} DESC LIMIT ?"
    rows = file.read(query, *_values(sought), limit)
    return [number for (number,) in rows]


def _condition(index: str, column: str, sought: Wanted) -> tuple[str, list[str]]:
    """A condition on one table for the words, and the values for its marks."""
    row = column.split(".")[0] + ".id"
    conditions = [f"{row} IN (SELECT rowid FROM {index} WHERE {index} MATCH ?)"] if sought.match else []
    conditions += [f"instr({column}, ?)" for _ in sought.parts]
    return " AND ".join(conditions), _values(sought)


def _values(sought: Wanted) -> list[str]:
    return [*filter(None, [sought.match]), *sought.parts]


def _hit(chat: int, message: int | None, text: str, title: str, sought: Wanted) -> Hit:
    """A piece of the text around the first word, on one line, and where in it the words stand."""
    start = max(0, _first(text, sought.pattern) - _BEFORE)
    piece = "".join(mark if mark.isprintable() else " " for mark in text[start : start + _LENGTH])
    before, after = ("…" if start else ""), ("…" if start + _LENGTH < len(text) else "")
    spans = tuple(
        (len(before) + found.start(), len(before) + found.end()) for found in sought.pattern.finditer(_plain(piece))
    )
    return Hit(chat, message, f"{before}{piece}{after}", title, spans)


def _first(text: str, pattern: re.Pattern[str]) -> int:
    """Where the first of the words stands; 0 where none is near enough to the beginning."""
    for start in range(0, min(len(text), _LOOKED), _AT_ONCE):
        back = max(0, start - LONGEST_WORD)  # for a word across the border
        if found := pattern.search(_plain(text[back : start + _AT_ONCE])):
            return back + found.start()
    return 0


class _Plain(dict[int, str]):
    """Letters without capitals and marks, one for one, so that places stay places."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFD", chr(code))[0].lower()
        self[code] = plain if len(plain) == 1 else chr(code)
        return self[code]


_TABLE = _Plain()


def _plain(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_TABLE)
