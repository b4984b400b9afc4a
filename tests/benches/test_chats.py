"""The bench of the chats at a tiny size: every part finds what was put there."""

import argparse
from typing import Any

from studio.benches.chats import BENCH, SEARCHED, timed


def test_it_opens_searches_lists_and_grows() -> None:
    rows = BENCH.run(argparse.Namespace(chats=6, each=4, messages=30, rounds=2))
    found: dict[str, Any] = {row["what"]: row["found"] for row in rows}
    assert found["open a chat of 30 messages"] == 30
    assert found["search “the” in 6 chats"] >= 12
    assert found["search “猫” in 6 chats"] == 0
    assert found["list 6 chats that hold “the”"] == 6
    assert found["grow an answer of 100,000 characters"] == 1
    assert len(rows) == len(SEARCHED) + 3
    assert all(row["cpu_ms"] > 0 for row in rows)


def test_a_goal_that_is_missed_is_told() -> None:
    assert not timed("x", -1.0, 1, lambda: 0)["reached"]
    assert timed("x", 1e9, 1, lambda: 0)["reached"]


def test_the_full_size_is_the_one_that_is_asked_for() -> None:
    parser = argparse.ArgumentParser()
    BENCH.add_options(parser)
    options = parser.parse_args([])
    assert (options.chats, options.messages) == (1_000, 10_000)
