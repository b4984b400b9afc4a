"""`main.py --install-desktop`: an entry among the applications of a Linux desktop."""

import argparse
import os
import sys
from pathlib import Path

from studio.commands import DONE, Command, say
from studio.core.errors import StudioError

ENTRY = """[Desktop Entry]
Type=Application
Name=Atelier
Comment=Build, train, look into and talk to a language model on your own computer
Exec={python} {main}
Icon={icon}
Terminal=false
Categories=Education;Science;
StartupWMClass=atelier
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:
    """Write the entry with absolute paths: a file beside the program could not know where it lies."""
    if not sys.platform.startswith("linux"):
        raise StudioError(
            "This is for Linux desktops.", "Here, start Atelier with a double click on Studio.bat or Studio.command."
        )
    root = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "applications"
    file = folder / "atelier.desktop"
    entry = ENTRY.format(
        python=_quoted(sys.executable), main=_quoted(root / "main.py"), icon=root / "resources/icons/atelier.svg"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(entry, encoding="utf-8")
    except OSError as error:
        raise StudioError(f"“{file}” cannot be written: {error.strerror}.") from error
    say(f"Atelier is among your applications now: {file}")
    return DONE


def _quoted(path: str | Path) -> str:
    """As the desktop entry specification wants an argument: in quotes, four characters escaped, percent doubled."""
    text = str(path)
    for mark in '\\"`$':
        text = text.replace(mark, "\\" + mark)
    return '"' + text.replace("\\", "\\\\").replace("%", "%%") + '"'


COMMAND = Command("desktop", "put Atelier among the applications of a Linux desktop", add_options, run)
