"""The tree of messages against a plain one in memory, under random changes; and many threads at once."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.store.chats import Chats


class Tree:
    """What the file should hold: parents, texts, which child is shown, what is gone."""

    def __init__(self) -> None:
        self.parents: dict[int, int | None] = {}
        self.texts: dict[int, str] = {}
        self.chosen: dict[int | None, int | None] = {}
        self.gone: set[int] = set()

    def add(self, number: int, parent: int | None, text: str) -> None:
        self.parents[number], self.texts[number] = parent, text
        self.chosen[parent] = number

    def children(self, parent: int | None) -> list[int]:
        return sorted(number for number, above in self.parents.items() if above == parent and number not in self.gone)

    def below(self, number: int) -> set[int]:
        return {number}.union(*(self.below(child) for child in self.children(number)))

    def choose(self, number: int) -> None:
        at: int | None = number
        while at is not None:
            self.chosen[self.parents[at]] = at
            at = self.parents[at]

    def delete(self, number: int) -> set[int]:
        taken = self.below(number)
        self.gone |= taken
        if self.chosen[self.parents[number]] == number:
            left = self.children(self.parents[number])
            self.chosen[self.parents[number]] = left[-1] if left else None
        return taken

    def restore(self, number: int, taken: set[int]) -> None:
        self.gone -= taken
        self.chosen[self.parents[number]] = number

    @property
    def living(self) -> list[int]:
        return sorted(set(self.parents) - self.gone)

    @property
    def shown(self) -> list[int]:
        way, at = [], self.chosen.get(None)
        while at is not None:
            way.append(at)
            at = self.chosen.get(at)
        return way


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[Chats]:
    chats = Chats(tmp_path / "chats.sqlite")
    with chats.reading() as connection:
        connection.execute("PRAGMA synchronous = OFF")  # many small changes; nobody pulls the plug here
    yield chats
    chats.close()


@pytest.mark.parametrize("seed", range(3))
def test_random_changes_leave_the_tree_that_a_plain_one_has(chats: Chats, seed: int) -> None:
    chance, tree = random.Random(seed), Tree()
    chat = chats.create("Random")
    for turn in range(40):
        what = chance.choice(("add", "add", "add", "edit", "choose", "delete", "undone"))
        at = chance.choice(tree.living) if tree.living else None
        if what == "add" or at is None:
            tree.add(chats.add(chat, at, "user", f"text {turn}"), at, f"text {turn}")
        elif what == "edit":
            tree.add(chats.edit(at, f"edited {turn}"), tree.parents[at], f"edited {turn}")
        elif what == "choose":
            chats.choose(at)
            tree.choose(at)
        else:
            undo, taken = chats.delete_message(at), tree.delete(at)
            if what == "undone":
                undo()
                tree.restore(at, taken)
        opened = chats.opened(chat)
        assert [message.id for message in opened.messages] == tree.shown
        assert opened.info.messages == len(tree.living)
    assert [message.text for message in chats.path(chat)] == [tree.texts[number] for number in tree.shown]
    for number in tree.living:
        assert chats.siblings(number) == tree.children(tree.parents[number])
    several = {number: tuple(chats.siblings(number)) for number in tree.shown if len(chats.siblings(number)) > 1}
    assert chats.opened(chat).versions == several


def test_many_threads_write_and_read_at_once(chats: Chats) -> None:
    chat = chats.create("Busy")
    failed: list[Exception] = []

    def work(name: int) -> None:
        try:
            parent = None
            for place in range(8):
                parent = chats.add(chat, parent, "user", f"thread{name} message {place}")
                chats.search(f"thread{name}")
                chats.opened(chat)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert chats.info(chat).messages == 32
    assert all(len(chats.search(f"thread{name}")) == 8 for name in range(4))


def test_a_change_that_fails_in_the_middle_leaves_nothing_behind(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.store import chat_messages

    chat = chats.create("Whole")
    first = chats.add(chat, None, "user", "kept")

    def broken(*_arguments: object) -> None:
        raise StudioError("The power went off.")

    monkeypatch.setattr(chat_messages, "_choose", broken)
    with pytest.raises(StudioError, match="power"):
        chats.add(chat, first, "user", "lost")
    monkeypatch.undo()
    assert chats.search("lost") == []
    assert chats.info(chat).messages == 1
    assert [message.id for message in chats.path(chat)] == [first]
