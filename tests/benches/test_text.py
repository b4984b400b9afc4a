"""The bench of texts: what it makes to measure with, how a job is listened to, and how the answers are judged."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio import benches
from studio.benches import text
from studio.core.errors import StudioError

SMALL = argparse.Namespace(
    parts=["shards"], rounds=3, megabytes=1, vocabulary=300, train_megabytes=1, table_megabytes=1, table_rows=2_000,
    rows=400, one=None, file="", share=(0, 1), start=0.0,
)  # fmt: skip
QUIET = {"seconds": 1.0, "cpu": 2.0, "late_ms": 5.0, "megabytes": 20.0}

Answer = Callable[..., None]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Let the processes say this, each one in its turn where it is a list."""

    def answer(**answers: Any) -> None:
        turns = {name: iter(value) for name, value in answers.items() if isinstance(value, list)}

        class Saying:
            def __init__(self, bench: str, one: str, *options: str) -> None:
                self._one = one

            def answer(self) -> dict[str, Any]:
                found: dict[str, Any] = next(turns[self._one]) if self._one in turns else answers[self._one]
                return found

        monkeypatch.setattr(text, "Child", Saying)
        monkeypatch.setattr("studio.store.encoding.cores", lambda: 2)

    return answer


@pytest.mark.parametrize(
    ("change", "reached"),
    [({}, True), ({"seconds": 1.2}, False), ({"late_ms": 101.0}, False), ({"megabytes": 301.0}, False)],
)
def test_encoding_is_held_against_the_sum_of_what_tiktoken_reaches(
    answer: Answer, change: dict[str, float], reached: bool
) -> None:
    answer(alone={"rate": 5e6, "cpu_rate": 5e6}, shards={**QUIET, "bytes": 9_000_000, **change})
    row = text.shard_rows(SMALL)[0]
    assert row["reached"] is reached
    assert row["ratio"] == pytest.approx(0.9 / change.get("seconds", 1.0))
    assert row["cpu_ratio"] == pytest.approx(0.9)
    assert row["beside"] == "tiktoken alone on 2 cores 10.00 MB/s"


def test_rounds_are_compared_in_pairs(answer: Answer) -> None:
    alone = [{"rate": rate, "cpu_rate": 1e6} for rate in (1e6, 1e6, 2e6, 2e6, 4e6, 4e6)]
    ours = [{**QUIET, "seconds": seconds, "bytes": 8_000_000} for seconds in (4.0, 2.0, 1.0)]
    answer(alone=alone, shards=ours)
    assert text.shard_rows(SMALL)[0]["ratio"] == pytest.approx(1.0)


@pytest.mark.parametrize(("ours", "tokens", "reached"), [(2.4, 300, True), (2.5, 300, False), (2.0, 299, False)])
def test_learning_may_take_a_little_longer_than_the_library_and_must_learn_as_much(
    answer: Answer, ours: float, tokens: int, reached: bool
) -> None:
    answer(bare={"seconds": 2.0, "cpu": 1.6, "tokens": 300}, train={**QUIET, "seconds": ours, "tokens": tokens})
    row = text.train_rows(SMALL)[0]
    assert (row["reached"], row["ratio"]) == (reached, pytest.approx(ours / 2))
    assert row["cpu_ratio"] == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("change", "reached"),
    [
        ({}, True), ({"first_s": 2.1}, False), ({"jump_s": 0.31}, False), ({"late_ms": 101.0}, False),
        ({"rows": 1_999}, False), ({"right": False}, False),
    ],
)  # fmt: skip
def test_a_table_counts_only_if_its_rows_are_the_right_ones(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reached: bool
) -> None:
    monkeypatch.setattr(text, "write_table", lambda path, rows, megabytes: None)
    good = {"bytes": 1, "rows": 2_000, "first_s": 0.1, "index_s": 1.0, "jump_s": 0.1, "right": True}
    answer(table={**good, "late_ms": 5.0, "megabytes": 1.0, **change})
    rows = text.table_rows(SMALL)
    assert [row["part"] for row in rows] == ["table csv", "table jsonl", "table parquet"]
    assert {row["reached"] for row in rows} == {reached}


@pytest.mark.parametrize(("change", "reached"), [({}, True), ({"seconds": 61.0}, False), ({"missed": 1}, False)])
def test_a_scan_counts_only_if_it_found_every_pair(answer: Answer, change: dict[str, float], reached: bool) -> None:
    answer(duplicates={**QUIET, "groups": 8, "missed": 0, **change})
    assert text.duplicate_rows(SMALL)[0]["reached"] is reached


@pytest.mark.parametrize("kind", text.TABLES)
def test_a_written_table_has_its_rows_and_about_its_size(tmp_path: Path, kind: str) -> None:
    import duckdb

    path = tmp_path / f"table.{kind}"
    text.write_table(path, 2_000, 1)
    with duckdb.connect() as connection:
        found = connection.execute(f"select id, label, text from '{path}' order by id").fetchall()
    assert [row[0] for row in found] == list(range(2_000))
    assert {row[1] for row in found} == {"ham", "spam"}
    assert path.stat().st_size == pytest.approx(1e6, rel=0.15) or kind == "parquet"
    assert found[3][2] != found[4][2]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_rows_of_a_table_are_opened_counted_and_gone_to(tmp_path: Path, kind: str, qapp: object) -> None:
    path = tmp_path / f"table.{kind}"
    text.write_table(path, 2_000, 1)
    found = text.one_table(argparse.Namespace(**{**vars(SMALL), "file": str(path)}))
    assert (found["rows"], found["right"], found["bytes"]) == (2_000, True, path.stat().st_size)
    assert min(found["first_s"], found["index_s"], found["jump_s"]) > 0


def test_the_near_duplicates_that_were_put_in_are_the_ones_that_are_looked_for(qapp: object) -> None:
    texts, pairs = text.short_rows(400)
    assert len(texts) == 400
    assert len(pairs) == 8
    for one, other in pairs:
        assert texts[one].split()[:39] == texts[other].split()[:39]
        assert texts[one] != texts[other]
    found = text.one_duplicates(SMALL)
    assert (found["groups"], found["missed"]) == (8, 0)


def test_the_sample_text_is_as_long_as_it_was_asked_for() -> None:
    assert len("".join(text.sample_text(2.5)).encode()) == pytest.approx(2.5e6, rel=0.01)


def test_tiktoken_alone_reads_every_piece_of_its_share_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PIECE", 1_000)
    path = tmp_path / "text.txt"
    path.write_text("".join(text.sample_text(0.05)), "utf-8")
    found = text.one_alone(argparse.Namespace(**{**vars(SMALL), "file": str(path), "share": (1, 2)}))
    assert found["rate"] > 0
    assert found["cpu_rate"] > 0


# --- what every bench may use ---------------------------------------------------------------------------------------


def waiting(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


def test_a_job_is_timed_and_the_event_loop_beats_on(qapp: object) -> None:
    done = benches.as_job(waiting, 0.1)
    assert done.result == "done"
    assert done.seconds == pytest.approx(0.1, abs=0.2)
    assert done.figures.keys() == {"seconds", "cpu", "late_ms", "megabytes"}


def test_what_holds_up_the_event_loop_is_told(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = iter([10.0, 10.010, 10.030, 10.180, 10.190])
    last = [10.190]
    monkeypatch.setattr(time, "perf_counter", lambda: next(marks, last[0]))
    assert benches.as_job(waiting, 0.12).late_ms == pytest.approx(140.0)


def test_a_job_that_fails_is_told_with_its_own_words(qapp: object) -> None:
    def failing() -> None:
        raise StudioError("There is nothing to measure.")

    with pytest.raises(StudioError, match="nothing to measure"):
        benches.as_job(failing)


def test_a_child_answers_with_its_last_line_or_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text("print('text: what it says before')\n")
    monkeypatch.setattr(benches, "__file__", str(tmp_path / "studio" / "benches" / "__init__.py"))
    with pytest.raises(StudioError, match="that measures “alone” ended with 0"):
        benches.Child("text", "alone").answer()
    script.write_text("print('{\"rate\": 3}')\n")
    assert benches.Child("text", "alone", "--rows=5").answer() == {"rate": 3}
    script.write_text("raise SystemExit('out of luck')\n")
    with pytest.raises(StudioError, match="ended with 1: out of luck"):
        benches.Child("text", "alone").answer()


class Weighed:
    """A process of so many megabytes; one that has ended says so."""

    def __init__(self, megabytes: float, children: "list[Weighed]", gone: bool = False) -> None:
        self._megabytes, self._children, self._gone = megabytes, children, gone

    def children(self, recursive: bool) -> "list[Weighed]":
        return [found for child in self._children for found in (child, *child.children(recursive))]

    def memory_info(self) -> Any:
        if self._gone:
            raise psutil.NoSuchProcess(1)
        return argparse.Namespace(rss=int(1e6 * self._megabytes))


def test_memory_is_that_of_everything_that_was_started() -> None:
    tree = Weighed(100, [Weighed(80, [Weighed(5, [])]), Weighed(80, []), Weighed(0, [], gone=True)])
    assert benches.tree_bytes(tree) == 265_000_000


def test_looking_at_the_memory_makes_the_event_loop_no_later(monkeypatch: pytest.MonkeyPatch, qapp: Any) -> None:
    def slow(process: Any) -> int:
        time.sleep(0.08)
        return 0

    monkeypatch.setattr(benches, "tree_bytes", slow)
    monkeypatch.setattr(benches, "_WEIGHED", 2)
    assert benches.as_job(time.sleep, 0.1).late_ms < 60
