"""The tests' own command."""

import subprocess
from typing import Any

import pytest

from studio import commands
from studio.commands.test import shared_out


@pytest.fixture
def pytest_ends_with(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`pytest_ends_with(code)` puts a fake in pytest's place; returns the list of its command lines."""

    def put(code: int) -> list[list[str]]:
        calls: list[list[str]] = []

        def call(command: list[str], **options: Any) -> int:
            calls.append(command)
            return code

        monkeypatch.setattr(subprocess, "call", call)
        return calls

    return put


def test_the_quick_size_is_the_default_and_more_is_asked_for(pytest_ends_with: Any) -> None:
    calls = pytest_ends_with(0)
    assert commands.main(["test"]) == 0
    assert commands.main(["test", "--all"]) == 0
    assert ["--all" in call for call in calls] == [False, True]


def test_further_arguments_go_to_pytest(pytest_ends_with: Any) -> None:
    (calls := pytest_ends_with(0)).clear()
    commands.main(["test", "tests/core", "-k", "sampling", "-x"])
    assert calls[0][-4:] == ["tests/core", "-k", "sampling", "-x"]


@pytest.mark.parametrize(("cores", "processes"), [(2, "2"), (4, "4"), (64, "4")])
def test_several_processes_share_all_the_tests_but_never_one_file(cores: int, processes: str) -> None:
    assert shared_out(cores)[:4] == ["-n", processes, "--dist", "loadfile"]
    assert shared_out(1) == [], "one core gains nothing"


def test_chosen_tests_run_in_one_process(pytest_ends_with: Any) -> None:
    calls = pytest_ends_with(0)
    commands.main(["test", "tests/core"])
    assert "-n" not in calls[0]


@pytest.mark.parametrize(("theirs", "ours"), [(0, 0), (1, 1), (2, 130), (3, 1), (4, 2), (5, 1), (-6, 1)])
def test_no_failure_looks_like_success(theirs: int, ours: int, pytest_ends_with: Any) -> None:
    pytest_ends_with(theirs)
    assert commands.main(["test"]) == ours


def test_a_process_that_was_killed_is_named(pytest_ends_with: Any, capsys: pytest.CaptureFixture[str]) -> None:
    pytest_ends_with(-6)
    commands.main(["test"])
    assert "SIGABRT" in capsys.readouterr().err
