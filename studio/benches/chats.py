"""Chats on the disk: a long one opened, many searched and listed, an answer that grows; processor time of this process.

The words are those of the bundled stories. Sizes can be made smaller to try it out.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy

if TYPE_CHECKING:
    from studio.store.chats import Chats

OPENS, SEARCHES, LISTS, GROWS = 300.0, 200.0, 200.0, 50.0  # milliseconds, at most
SEARCHED = ("the", "little girl", "Tim", "o", "elephant zebra", "!?", "猫")  # common, rare, marks, another script
ANSWER = 100_000  # characters of the answer that grows


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many of everything."""
    parser.add_argument("--chats", type=int, default=1_000, help="to search and to list (default: 1,000)")
    parser.add_argument("--each", type=int, default=20, help="messages in each of them (default: 20)")
    parser.add_argument("--messages", type=int, default=10_000, help="in the long chat (default: 10,000)")
    parser.add_argument("--rounds", type=int, default=5, help="of everything that is timed (default: 5)")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Fill a file, then time what a page asks of it."""
    from studio.store.chats import Chats

    with tempfile.TemporaryDirectory(prefix="atelier-chats-") as folder:
        chats = Chats(Path(folder) / "chats.sqlite")
        try:
            with chats.reading() as connection:
                connection.execute("PRAGMA synchronous = OFF")  # while it is filled
            fill(chats, options.chats, options.each)
            many = [
                timed(f"search “{words}” in {options.chats:,} chats", SEARCHES, options.rounds, searching(chats, words))
                for words in SEARCHED
            ]
            name = f"list {options.chats:,} chats that hold “the”"
            many.append(timed(name, LISTS, options.rounds, lambda: len(chats.listing("the"))))
            long = fill(chats, 1, options.messages)
            name = f"open a chat of {options.messages:,} messages"
            opens = timed(name, OPENS, options.rounds, lambda: len(chats.opened(long).messages))
            with chats.reading() as connection:
                connection.execute("PRAGMA synchronous = FULL")
            grows = timed(f"grow an answer of {ANSWER:,} characters", GROWS, options.rounds, growing(chats, long))
        finally:
            chats.close()
    return [opens, *many, grows]


def fill(chats: "Chats", count: int, messages: int) -> int:
    """So many chats of so many messages each; the id of the last one."""
    words = story()
    chat = 0
    for _ in range(count):
        chat, parent = chats.create(" ".join(next(words) for _ in range(4))), None
        for place in range(messages):
            text = " ".join(next(words) for _ in range(60))
            parent = chats.add(chat, parent, "assistant" if place % 2 else "user", text, {"tokens": 80, "seconds": 0.5})
    return chat


def story() -> Iterator[str]:
    """The words of the bundled stories, again and again."""
    from studio.live.first_run import sample_path
    from studio.store.places import places

    words = sample_path(places().resources).read_text("utf-8").split()
    while True:
        yield from words


def searching(chats: "Chats", words: str) -> Callable[[], int]:
    """What the page asks for when somebody has typed these words."""
    return lambda: len(chats.search(words, 200))


def growing(chats: "Chats", chat: int) -> Callable[[], int]:
    """One of the writes that happen twice a second."""
    answer = chats.add(chat, None, "assistant", "", complete=False)

    def grow() -> int:
        chats.grow(answer, "word " * (ANSWER // 5))
        return 1

    return grow


def timed(what: str, goal: float, rounds: int, act: Callable[[], int]) -> dict[str, Any]:
    """One line of the table: the median of the processor's milliseconds, and what was found."""
    times, walls, found = [], [], 0
    for _ in range(rounds):
        began, before = time.perf_counter(), time.process_time()
        found = act()
        times.append(1000 * (time.process_time() - before))
        walls.append(1000 * (time.perf_counter() - began))
    median = statistics.median(times)
    return {
        "what": what, "found": found, "cpu_ms": median, "wall_ms": statistics.median(walls), "goal": goal,
        "reached": median <= goal, "load": busy(),
    }  # fmt: skip


BENCH = Bench("chats", "long and many chats: opened, searched, listed, growing", run, add_options)
