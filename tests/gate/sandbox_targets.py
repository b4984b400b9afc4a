"""What the tests of the sandbox call inside the child."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError


def answer(folder: Path, value: Any) -> Any:
    """The value back, with where the child is and what it may write."""
    (folder / "written").write_text("x")
    return {"value": value, "here": os.getcwd(), "python": [name for name in os.environ if name.startswith("PYTHON")]}


def refuse(folder: Path) -> None:
    """An error that is meant for people."""
    raise StudioError("The file is odd.", "Get another one.")


def break_down(folder: Path, how: str) -> Any:
    """What foreign bytes may bring about."""
    if how == "exception":
        raise ValueError("weights_only=False would help")
    if how == "panic":
        raise KeyboardInterrupt
    if how == "exit":
        os._exit(7)
    if how == "memory":
        return len(bytearray(1 << 30))
    if how == "sleep":
        time.sleep(60)
    if how == "flood":
        sys.stdout.write("x" * 100_000)
    return None


def try_out(folder: Path, what: str, path: str) -> str:
    """Something that a child may not do; the name of the error it met."""
    attempts = {
        "write": lambda: Path(path).write_text("x"),
        "descriptor": lambda: os.open(path, os.O_WRONLY | os.O_CREAT),
        "remove": lambda: os.remove(path),
        "rename": lambda: os.rename(path, path + ".moved"),
        "program": lambda: subprocess.run(["true"], check=True),
        "system": lambda: os.system("true"),
        "fork": lambda: os.fork(),
        "socket": lambda: socket.create_connection(("127.0.0.1", 9), 0.1),
        "large": lambda: (folder / "large").write_bytes(bytes(40 << 20)),
    }
    try:
        attempts[what]()
    except BaseException as error:
        return type(error).__name__
    return "nothing"
