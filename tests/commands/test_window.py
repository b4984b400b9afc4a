"""`main.py window`: the window where there is a display, the same job without it where there is none."""

import argparse
from typing import Any

import pytest

from studio import commands
from studio.commands import doctor, window
from studio.core.errors import StudioError


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    window.add_options(parser)
    return parser.parse_args(arguments)


def test_the_window_opens_on_the_page_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(doctor, "display_kind", lambda: "x11")
    monkeypatch.setattr(doctor, "install_qt_libraries", lambda: None)
    monkeypatch.setattr("studio.app.run", lambda page: opened.append(page) or 0)
    assert window.run(options("--page", "pretrain")) == 0
    assert window.run(options()) == 0
    assert opened == ["pretrain", ""]  # "": the one that was left


def test_a_page_that_does_not_exist_is_wrong_usage_and_gets_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "display_kind", lambda: "x11")
    monkeypatch.setattr(doctor, "install_qt_libraries", lambda: None)
    monkeypatch.setattr("studio.app.run", lambda page: pytest.fail("a window was opened"))
    with pytest.raises(commands.UsageError, match="pretain") as told:
        window.run(options("--page", "pretain"))
    assert "“pretrain”" in told.value.hint


def test_with_a_display_the_libraries_that_qt_lacks_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = StudioError("Qt needs libraries that this system lacks: libEGL.so.1.", "sudo apt install libegl1")
    monkeypatch.setattr(doctor, "display_kind", lambda: "wayland")
    monkeypatch.setattr(doctor, "install_qt_libraries", lambda: trouble)
    with pytest.raises(StudioError, match="libEGL"):
        window.run(options())


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
