"""`main.py window`: the window where there is a display, the same job without it where there is none."""

import argparse
from typing import Any

import pytest

from studio import commands
from studio.commands import doctor, window


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    window.add_options(parser)
    return parser.parse_args(arguments)


def test_the_window_opens_on_the_page_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(doctor, "display_kind", lambda: "x11")
    monkeypatch.setattr("studio.app.run", lambda page: opened.append(page) or 0)
    assert window.run(options("--page", "pretrain")) == 0
    assert window.run(options()) == 0
    assert opened == ["pretrain", "home"]


def test_without_a_display_it_says_so_and_does_the_job_headless(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    headless: Any = pytest.importorskip("studio.commands.headless")
    done: list[argparse.Namespace] = []
    instead = commands.Command("headless", "", headless.COMMAND.add_options, lambda found: done.append(found) or 7)
    monkeypatch.setattr(headless, "COMMAND", instead)
    monkeypatch.setattr(doctor, "display_kind", lambda: "none")
    assert window.run(options()) == 7
    assert len(done) == 1
    assert "no display" in capsys.readouterr().err
