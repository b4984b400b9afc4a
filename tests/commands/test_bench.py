"""Measurements as a table and as JSON."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from studio import commands
from studio.benches import Bench
from studio.commands.bench import table
from studio.core import shelf
from studio.core.shelf import BENCHES

ROWS = [{"shape": "a", "ms": 12.3456, "steps": 12_000, "goal": True}, {"shape": "long", "ms": 1_234_567.0}]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shelf with one bench that needs no time."""

    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=1)

    def run(options: argparse.Namespace) -> list[dict[str, Any]]:
        return ROWS * options.rounds

    item = Bench("quick", "measures nothing", run, add_options)
    load, names = shelf.Shelf.load, shelf.Shelf.names
    monkeypatch.setattr(shelf.Shelf, "names", lambda at: ("quick",) if at == BENCHES else names(at))
    monkeypatch.setattr(shelf.Shelf, "load", lambda at, name: item if at == BENCHES else load(at, name))


def test_the_columns_stand_under_each_other() -> None:
    lines = table(ROWS).splitlines()
    assert lines[0].split() == ["shape", "ms", "steps", "goal"]
    assert "12.35" in lines[1]
    assert "12,000" in lines[1]
    assert "yes" in lines[1]
    assert "1,234,567" in lines[2]
    assert lines[0].index("ms") + 2 == lines[1].index("12.35") + 5


def test_no_rows_are_said_to_be_none() -> None:
    assert table([]) == "nothing was measured"


@pytest.mark.usefixtures("bench")
def test_a_bench_prints_its_table_and_writes_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.json"
    assert commands.main(["bench", "quick", "--json", str(file), "--rounds", "2"]) == 0
    said = capsys.readouterr()
    assert said.out.count("long") == 2
    assert "measures nothing" in said.err
    rows = json.loads(file.read_text("utf-8"))
    assert rows[0] == {"bench": "quick", **ROWS[0]}
    assert len(rows) == 4


@pytest.mark.usefixtures("bench")
def test_benches_can_be_listed_without_running(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["bench", "--list"]) == 0
    assert "measures nothing" in capsys.readouterr().out


def test_an_unknown_bench_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["bench", "nonsense"]) == 1
    assert "nonsense" in capsys.readouterr().err
