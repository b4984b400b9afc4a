"""The command line: one file per command. Modules here import nothing heavy, so that help needs no set-up."""

import argparse
import contextlib
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.shelf import COMMANDS

DONE, REFUSED, WRONG_USAGE, STOPPED = 0, 1, 2, 130  # exit codes; 130 means stopped and saved
ALIASES = {"--install-desktop": "desktop"}


@dataclass(frozen=True)
class Command:
    """One item of the shelf: its options, and a function that returns an exit code."""

    name: str
    help: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    draws: bool = False  # needs Qt's system libraries
    passes_on: bool = False  # arguments that are not its own go on as `options.rest`


class UsageError(StudioError):
    """Options that do not go together: exit code 2 instead of 1."""


def main(arguments: Sequence[str]) -> int:
    """Run one command. Results go to standard output, everything else to standard error; no traceback gets out."""
    _write_utf8()
    logging.lastResort = _LogFile(logging.WARNING)  # serves where a command sets up no log of its own
    try:
        return _dispatch(list(arguments))
    except StudioError as error:
        say(error.message)
        if error.hint:
            say(error.hint)
        return WRONG_USAGE if isinstance(error, UsageError) else REFUSED
    except KeyboardInterrupt:
        say("Stopped.")
        return STOPPED
    except BrokenPipeError:  # the reader of our output has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except PermissionError as error:
        say(f"Atelier is not allowed to use “{error.filename}”.")
        say("Change its permissions; or name a folder of your own in ATELIER_HOME for all that Atelier keeps.")
        return REFUSED
    except Exception:
        log = _keep(traceback.format_exc())
        say(f"Something went wrong inside Atelier. What was saved is safe; the details are in {log}.")
        return REFUSED


def next_command(*words: str) -> str:
    """A command line that can be copied and works from the folder one is in."""
    main = Path(__file__).resolve().parents[2] / "main.py"
    near = Path("main.py") if main.parent == Path.cwd() else main
    line = ["python" if os.name == "nt" else "python3", str(near), *words]
    if os.name == "nt":
        import subprocess

        return subprocess.list2cmdline(line)
    import shlex

    return shlex.join(line)


def say(sentence: str) -> None:
    """Speak to the person, beside the results."""
    print(sentence, file=sys.stderr, flush=True)


def _dispatch(arguments: list[str]) -> int:
    first = ALIASES.get(arguments[0], arguments[0]) if arguments else "window"
    if first in ("-h", "--help"):
        print(overview())
        return DONE
    if first == "--version":
        print(f"Atelier {_version()}")
        return DONE
    if first not in COMMANDS.names():
        from difflib import get_close_matches

        close = get_close_matches(first, COMMANDS.names(), n=1)
        hint = f"Did you mean “{close[0]}”? " if close else ""
        raise UsageError(f"There is no command “{first}”.", f"{hint}`{next_command('--help')}` lists them all.")
    command: Command = COMMANDS.load(first)
    options = _parse(command, arguments[1:])
    if command.draws and (trouble := _qt_trouble()):
        raise trouble
    return command.run(options)


def _qt_trouble() -> StudioError | None:
    """Windows and pictures need Qt's system libraries: installed where that is possible, else named."""
    from studio.commands.doctor import install_qt_libraries

    return install_qt_libraries()


def _parse(command: Command, arguments: list[str]) -> argparse.Namespace:
    """The command's options; argparse itself ends the process after help (0) and after a wrong option (2)."""
    parser = argparse.ArgumentParser(prog=f"main.py {command.name}", description=command.help)
    command.add_options(parser)
    if not command.passes_on:
        return parser.parse_args(arguments)
    options, rest = parser.parse_known_args(arguments)
    options.rest = rest
    return options


def overview() -> str:
    """The text of `main.py --help`."""
    names = COMMANDS.names()
    width = max(map(len, names)) + 2
    rows = [f"  {name:{width}}{COMMANDS.load(name).help}" for name in names]
    lines = [
        "usage: main.py [COMMAND] [OPTIONS]",
        "",
        "Atelier: build, train, look into and talk to a language model on your own computer.",
        "Without a command the window opens. `main.py COMMAND --help` explains one:",
        "",
        *rows,
        "",
        "  --install-desktop  puts Atelier among the applications of a Linux desktop",
        "  --version          prints the version",
        "",
        "Exit codes: 0 done, 1 refused with a sentence, 2 wrong usage, 130 stopped and saved.",
    ]
    return "\n".join(lines)


def _version() -> str:
    import tomllib

    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _write_utf8() -> None:
    """Model output may hold any character, whatever the console's own encoding is."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


class _LogFile(logging.Handler):
    """What would otherwise be printed over the person's terminal, tracebacks included."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line of the log."""
        _keep(self.format(record))


def _keep(words: str) -> Path:
    """Append to a log file and return it; the temporary folder serves where Atelier's own cannot."""
    import tempfile

    text = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(sys.argv)}\n{words}\n"
    for folder in (_logs, lambda: Path(tempfile.gettempdir())):
        with contextlib.suppress(Exception):
            file = folder() / "atelier-commands.log"
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "a", encoding="utf-8") as log:
                log.write(text)
            return file
    return Path(os.devnull)


def _logs() -> Path:
    from studio.store.places import places

    return places().logs
