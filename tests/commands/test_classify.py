"""`main.py classify`: what it asks the engine for, what it says, and how it ends."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from studio.commands import DONE, REFUSED, STOPPED, classify
from studio.core.channel import RunControl
from studio.core.errors import StudioError


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the engine was asked; it answers that two rows were written."""
    found: list[Any] = [2]
    monkeypatch.setattr("studio.commands.generate.find_checkpoint", lambda model, project: Path(f"/{project}/{model}"))

    def classify_file(*args: Any, **more: Any) -> int:
        found.append((*args, more["keep_going"]))
        if isinstance(found[0], Exception):
            raise found[0]
        return int(found[0])

    monkeypatch.setattr(
        "studio.core.shelf.resolve", lambda name: {"studio.engine.classifier:classify_file": classify_file}[name]
    )
    return found


def told(*words: str) -> int:
    parser = argparse.ArgumentParser()
    classify.COMMAND.add_options(parser)
    return classify.COMMAND.run(parser.parse_args(["sorts", "--project", "p", *words]))


FILES = ("--file", "in.csv", "--text-column", "text", "--out", "out.csv")


def test_rows_are_counted_and_the_file_is_named(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert told(*FILES) == DONE
    folder, source, column, out, going = asked[1]
    assert (folder, source, column, out) == (Path("/p/sorts"), Path("in.csv"), "text", Path("out.csv"))
    assert going()
    said = capsys.readouterr()
    assert said.out == "out.csv\n"
    assert "2 rows" in said.err


def test_an_empty_table_is_no_success(asked: list[Any]) -> None:
    asked[0] = 0
    assert told(*FILES) == REFUSED


def test_a_refusal_goes_on_to_whoever_called(asked: list[Any]) -> None:
    asked[0] = StudioError("No column.", "Another one.")
    with pytest.raises(StudioError, match="No column"):
        told(*FILES)


def test_stopped_it_says_so_and_ends_as_stopped(asked: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    asked[0] = StudioError("Classifying was stopped.", "Nothing was written.")
    monkeypatch.setattr(RunControl, "stopping", property(lambda self: True))
    assert told(*FILES) == STOPPED
    assert "Nothing was written" in capsys.readouterr().err


def test_every_file_must_be_named() -> None:
    with pytest.raises(SystemExit):
        told("--file", "in.csv")
