"""`main.py samples`: what there is, and one of them as JSON lines."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from studio.commands import DONE, REFUSED, WRONG_USAGE, main
from studio.core import shelf
from studio.core.shelf import SAMPLES
from studio.samples import Sample


def test_the_list_names_each_with_its_rows_and_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["samples", "list"]) == DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(SAMPLES.names())
    assert "22,000 rows" in lines[0]
    assert all(SAMPLES.load(line.split()[0]).about in line for line in lines)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first rows of every sample."""

    class Shelf:
        def load(self, name: str) -> Sample:
            sample: Sample = SAMPLES.load(name)
            return replace(sample, rows=lambda seed: islice(sample.rows(seed), 30))

    monkeypatch.setattr(shelf, "SAMPLES", Shelf())


@pytest.mark.usefixtures("few")
def test_a_sample_is_written_as_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "messages.jsonl"
    assert main(["samples", "messages", "--out", str(path)]) == DONE
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert rows == list(islice(SAMPLES.load("messages").rows(1), 30))
    told = capsys.readouterr()
    assert told.err.strip() == f"30 rows in {path}"
    assert told.out == ""


@pytest.mark.usefixtures("few")
def test_another_seed_writes_other_rows(tmp_path: Path) -> None:
    for seed in ("1", "5"):
        assert main(["samples", "topics", "--out", str(tmp_path / seed), "--seed", seed]) == DONE
    assert (tmp_path / "1").read_text("utf-8") != (tmp_path / "5").read_text("utf-8")


def test_without_a_file_the_whole_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["samples", "topics"]) == WRONG_USAGE
    assert "samples topics --out FILE" in capsys.readouterr().err


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["samples", "message", "--out", str(tmp_path / "x")]) == REFUSED
    assert "Did you mean “messages”?" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
