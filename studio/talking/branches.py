"""The branches of a chat that are shown, one for each column, and which versions there are of each message. No Qt."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.prompts import Turn
from studio.store.chats import Message
from studio.talking.answer import SYSTEM, USER, Said


def said_of(message: Message) -> Said:
    """A message of the store as it is shown."""
    facts: dict[str, Any] = dict(message.facts)
    title, note = str(facts.get("voice", ""))[:200], str(facts.get("note", ""))[:200]
    return Said(message.id, message.role, message.text, title, note, facts, complete=message.complete)


class Branches:
    """`columns` are lists of messages from the top down; messages that two columns share are the same object."""

    def __init__(self) -> None:
        self.columns: list[list[Said]] = [[]]
        self._versions: dict[int, tuple[int, ...]] = {}

    def clear(self) -> None:
        """Nothing is said yet."""
        self.columns, self._versions = [[] for _ in self.columns], {}

    def open(self, messages: Iterable[Message], versions: Mapping[int, tuple[int, ...]], column: int | None) -> None:
        """Show a branch of the store in one column, or in all of them."""
        said = [said_of(message) for message in messages]
        self._versions |= versions
        for place in range(len(self.columns)) if column is None else (column,):
            self.columns[place] = list(said)
        self._number()

    def align(self, count: int) -> None:
        """So many columns; new ones begin with what the first one shows."""
        del self.columns[count:]
        while len(self.columns) < count:
            self.columns.append(list(self.columns[0]))

    def rows(self) -> list[list[Said]]:
        """Turn by turn: one message where all columns agree, else one for each."""
        found = []
        for row in zip(*self.columns, strict=False):
            same = all(said is row[0] or said.id == row[0].id for said in row)
            asked = all(said.role == USER and said.text == row[0].text for said in row)
            found.append([row[0]] if same or asked else list(row))
        return found

    def at(self, row: int, column: int) -> Said:
        """The message of one column."""
        return self.columns[min(column, len(self.columns) - 1)][row]

    def leaf(self, column: int) -> int | None:
        """The last message of a column; None before the first."""
        return self.columns[column][-1].id if self.columns[column] else None

    def cut(self, length: int) -> None:
        """Show only the first turns."""
        for column in self.columns:
            del column[length:]

    def even(self) -> None:
        """Columns of one length, as the shortest one is: turns stand beside each other."""
        self.cut(min(len(column) for column in self.columns))

    def add(self, column: int, said: Said, instead_of: int | None = None) -> None:
        """Append to a column; `instead_of` names a message whose version it is."""
        self.columns[column].append(said)
        if instead_of is not None:
            versions = (*self._versions.get(instead_of, (instead_of,)), said.id)
            self._versions |= dict.fromkeys(versions, versions)
            self._number()

    def version(self, said: Said, step: int) -> int | None:
        """The version before or after a message; None at the ends."""
        versions = self._versions.get(said.id, (said.id,))
        place = versions.index(said.id) + step
        return versions[place] if 0 <= place < len(versions) else None

    def turns(self, column: int, system: str, length: int | None = None) -> tuple[Turn, ...]:
        """What a model is given: the system prompt, then the first `length` messages of a column."""
        head = [Turn(SYSTEM, system)] if system.strip() else []
        return (*head, *(Turn(said.role, said.text) for said in self.columns[column][:length]))

    def reveal(self) -> None:
        """Say over every answer who gave it."""
        for said in (said for column in self.columns for said in column if "voice" in said.facts):
            said.title, said.note = str(said.facts["voice"]), str(said.facts.get("note", ""))

    def _number(self) -> None:
        for column in self.columns:
            for said in column:
                versions = self._versions.get(said.id, (said.id,))
                said.number, said.versions = versions.index(said.id) + 1, len(versions)


def shuffled(count: int, seed: int) -> Sequence[int]:
    """An order of columns that nobody can guess from what was asked before."""
    import random

    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order
