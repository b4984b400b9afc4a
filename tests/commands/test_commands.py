"""The command line's manners: what goes where, and with which exit code."""

import logging
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from studio import commands
from studio.commands import DONE, REFUSED, STOPPED, WRONG_USAGE, Command, UsageError, next_command
from studio.core.errors import StudioError
from studio.core.shelf import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = [
    "bench",
    "config",
    "doctor",
    "export",
    "generate",
    "import",
    "run",
    "test",
    "tokenize",
    "tour",
]  # changing one is a decision


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`command(function)` puts a command on the shelf whose work is that function."""

    def put(run: Any, **fields: Any) -> None:
        item = Command("probe", "does what a test wants", lambda parser: None, run, **fields)
        monkeypatch.setattr(commands.COMMANDS.__class__, "names", lambda shelf: ("probe",))
        monkeypatch.setattr(commands.COMMANDS.__class__, "load", lambda shelf, name: item)

    return put


def raising(error: BaseException) -> Any:
    def run(options: Any) -> int:
        raise error

    return run


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_commands_are_there(name: str) -> None:
    assert name in COMMANDS.names()


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--help"]) == DONE
    said = capsys.readouterr()
    assert all(f"  {name} " in said.out for name in COMMANDS.names())
    assert said.err == ""


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--version"]) == DONE
    assert capsys.readouterr().out.startswith("Atelier 0.")


def test_an_unknown_command_is_wrong_usage_and_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["genrate"]) == WRONG_USAGE
    said = capsys.readouterr()
    assert "generate" in said.err
    assert said.out == ""


def test_a_wrong_option_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["config", "pretrain", "--nonsense"])
    assert ended.value.code == WRONG_USAGE


def test_a_refusal_is_a_sentence_and_a_hint_without_a_traceback(
    command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    command(raising(StudioError("The file has no text.", "Choose another one.")))
    assert commands.main(["probe"]) == REFUSED
    said = capsys.readouterr()
    assert said.err == "The file has no text.\nChoose another one.\n"
    assert said.out == ""


def test_options_that_do_not_go_together_are_wrong_usage(command: Any) -> None:
    command(raising(UsageError("Not both.")))
    assert commands.main(["probe"]) == WRONG_USAGE


def test_ctrl_c_ends_a_command_quietly(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command(raising(KeyboardInterrupt()))
    assert commands.main(["probe"]) == STOPPED
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_is_told_in_a_sentence_and_kept_in_a_log(
    command: Any, capsys: pytest.CaptureFixture[str], a_home_of_its_own: Path
) -> None:
    command(raising(ZeroDivisionError("of all things")))
    assert commands.main(["probe"]) == REFUSED
    said = capsys.readouterr().err
    log = a_home_of_its_own / "logs" / "atelier-commands.log"
    assert str(log) in said
    assert "Traceback" not in said
    assert "of all things" in log.read_text("utf-8")


def test_a_log_line_goes_into_the_file_instead_of_over_the_terminal(
    command: Any, capsys: pytest.CaptureFixture[str], a_home_of_its_own: Path
) -> None:
    def run(options: Any) -> int:
        assert logging.lastResort is not None
        logging.lastResort.handle(logging.makeLogRecord({"msg": "unexpected: Traceback", "levelno": logging.ERROR}))
        return 0

    command(run)
    assert commands.main(["probe"]) == 0
    assert "Traceback" not in capsys.readouterr().err
    assert "unexpected: Traceback" in (a_home_of_its_own / "logs" / "atelier-commands.log").read_text("utf-8")


def test_a_place_that_is_forbidden_is_named(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command(raising(PermissionError(13, "Permission denied", "/somewhere/preferences.json")))
    assert commands.main(["probe"]) == REFUSED
    said = capsys.readouterr().err
    assert "not allowed to use “/somewhere/preferences.json”" in said
    assert "ATELIER_HOME" in said


@pytest.mark.skipif(os.name == "nt", reason="quoted in another way there")
def test_a_next_command_can_be_copied_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert shlex.split(next_command("run", "a b")) == ["python3", str(ROOT / "main.py"), "run", "a b"]
    monkeypatch.chdir(ROOT)
    assert next_command("run", "a b") == "python3 main.py run 'a b'"


def test_a_bug_is_kept_even_where_the_home_cannot_be_written(
    command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    command(raising(ZeroDivisionError("of all things")))
    assert commands.main(["probe"]) == REFUSED
    assert "of all things" in (tmp_path / "atelier-commands.log").read_text("utf-8")


def test_what_is_not_its_own_is_passed_on_where_a_command_says_so(command: Any) -> None:
    seen: list[list[str]] = []

    def run(options: Any) -> int:
        seen.append(options.rest)
        return DONE

    command(run, passes_on=True)
    assert commands.main(["probe", "-k", "words", "file.py"]) == DONE
    assert seen == [["-k", "words", "file.py"]]


def test_a_command_that_draws_is_refused_where_qt_lacks_its_libraries(
    command: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from studio.commands import doctor

    monkeypatch.setattr(doctor, "missing_libraries", lambda display: {"libEGL.so.1": "libegl1"})
    monkeypatch.setattr(doctor, "apt_install", lambda packages: False)
    command(lambda options: DONE, draws=True)
    assert commands.main(["probe"]) == REFUSED
    said = capsys.readouterr().err
    assert "libEGL.so.1" in said
    assert "sudo apt install libegl1" in said


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes on Windows")
def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    line = f"{sys.executable} main.py config pretrain | true"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert done.returncode in (DONE, 128 + signal.SIGPIPE)
