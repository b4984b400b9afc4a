"""`main.py test`: the quick tests, or all of them; its last line says how many ran on real data."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from studio.commands import DONE, REFUSED, STOPPED, WRONG_USAGE, Command, say

_MOST = 4
_CODES = {0: DONE, 1: REFUSED, 2: STOPPED, 4: WRONG_USAGE}  # pytest's own codes; whatever else is a refusal


def add_options(parser: argparse.ArgumentParser) -> None:
    """The size; everything else goes to pytest."""
    parser.add_argument("--all", action="store_true", help="also the slow ones, at most an hour")
    parser.epilog = "Further arguments go to pytest: files, -k WORDS, -x and so on."


def run(options: argparse.Namespace) -> int:
    """Run pytest in a process of its own, because a crash while it ends would be missed from inside."""
    root = Path(__file__).resolve().parents[2]
    size = ["--all"] if options.all else []
    command = [sys.executable, "-m", "pytest", *size, *(options.rest or shared_out(os.cpu_count() or 1))]
    try:
        code = subprocess.call(command, cwd=root)
    except KeyboardInterrupt:
        return STOPPED
    if code < 0:
        say(f"The tests' process was ended by {signal.Signals(-code).name}.")
    return _CODES.get(code, REFUSED)


def shared_out(cores: int) -> list[str]:
    """Let several processes share the tests, each file whole in one of them; more than four would want much memory."""
    if cores < 2:
        return []
    return ["-n", str(min(cores, _MOST)), "--dist", "loadfile", "--max-worker-restart", "0"]


COMMAND = Command("test", "run the tests (--all for the slow ones too)", add_options, run, draws=True, passes_on=True)
