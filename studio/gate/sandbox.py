"""A child process for foreign bytes: little memory, little time, no network, no programs, one folder to write in."""

import ctypes
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.shelf import resolve

_ROOT = Path(__file__).resolve().parents[2]
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # Linux, unshare(2)
_REFUSED_EVENTS = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.startfile", "os.kill",
    "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.putenv", "os.mkdir",
    "subprocess.", "socket.", "ctypes.", "shutil.", "pty.", "webbrowser.", "winreg.",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a child may use: wall seconds, bytes beyond its libraries, bytes of one file; `libraries` come first."""

    seconds: float = 60.0
    memory: int = 512 << 20
    output: int = 64 << 20
    libraries: tuple[str, ...] = ()


def run_limited(target: str, arguments: Mapping[str, Any], folder: Path, limits: Limits) -> Any:
    """Call `target` ("studio.room.file:function") with JSON values in a child that may write under `folder` only.

    Its answer comes back as JSON. A `StudioError` of the child is raised here again; whatever else goes wrong there
    becomes one, without the words of a library in it.
    """
    told = {"target": target, "arguments": arguments, "folder": str(folder.resolve()), "limits": limits.__dict__}
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_", "DYLD_", "TORCH"))
    } | {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    own: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        own = {"creationflags": subprocess.CREATE_NO_WINDOW}
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-B", "-m", "studio.gate.sandbox"], input=json.dumps(told).encode(),
                stdout=answer, stderr=subprocess.DEVNULL, timeout=limits.seconds, env=environment, cwd=folder,
                check=False, **own,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise StudioError(
                f"Reading the file was stopped after {limits.seconds:,.0f} seconds.", "It is larger than it looks."
            ) from error
        answer.seek(0)
        return _answer(answer.read(1 << 20), done.returncode)


def _answer(raw: bytes, code: int) -> Any:
    try:
        said = json.loads(raw)
        if "error" in said:
            raise StudioError(str(said["error"]), str(said["hint"]))
        return said["result"]
    except (ValueError, KeyError, TypeError) as error:
        died = f"signal {-code}" if code < 0 else f"code {code}"
        raise StudioError(
            f"The process that reads foreign files ended without an answer ({died}).",
            "The file may need more memory than it is allowed. Nothing in it reached Atelier.",
        ) from error


def main() -> None:
    """The child: read what to do, load the libraries, give everything else up, do it, answer."""
    told = json.loads(sys.stdin.buffer.read())
    limits, folder = told["limits"], Path(told["folder"])
    _leave_the_network()
    for name in limits["libraries"]:
        importlib.import_module(name)
    function = resolve(told["target"])
    try:
        _confine(limits, folder)
        said = {"result": function(folder=folder, **told["arguments"])}
    except StudioError as error:
        said = {"error": error.message, "hint": error.hint}
    except MemoryError:
        said = {"error": "The file needs more memory than it is allowed.", "hint": "It is larger than it looks."}
    except BaseException as error:  # also what is no Exception, such as a panic of a library in Rust
        kind = type(error).__name__
        said = {"error": f"The file could not be read ({kind}).", "hint": "It is damaged, or not what it says it is."}
    sys.stdout.buffer.write(json.dumps(said).encode())


def _leave_the_network() -> None:
    """An empty network of its own, where Linux allows it to everybody; elsewhere the audit hook has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK)


def _confine(limits: Mapping[str, Any], folder: Path) -> None:
    """Memory, processor time and file sizes by the system, where it can; what Python itself does by an audit hook."""
    if sys.platform != "win32":
        import resource

        wanted = {
            resource.RLIMIT_CPU: int(limits["seconds"]) + 1, resource.RLIMIT_FSIZE: int(limits["output"]),
            resource.RLIMIT_CORE: 0, resource.RLIMIT_AS: _address_space() + int(limits["memory"]),
        }  # fmt: skip
        for kind, most in wanted.items():
            if kind == resource.RLIMIT_AS and sys.platform != "linux":
                continue  # macOS counts what is shared with every process, and refuses
            resource.setrlimit(kind, (most, most))
    inside = os.path.join(os.path.realpath(folder), "")
    sys.addaudithook(lambda event, arguments: _judge(event, arguments, inside))


def _address_space() -> int:
    """Bytes of address space in use now (Linux)."""
    if sys.platform != "linux":
        return 0
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _judge(event: str, arguments: tuple[Any, ...], inside: str) -> None:
    """Refuse programs, sockets, changes of files elsewhere, and writing outside of the folder."""
    if event.startswith(_REFUSED_EVENTS):
        raise PermissionError(event)
    if event == "open":
        path, mode, flags = arguments
        writes = (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) or (
            isinstance(mode, str) and any(letter in mode for letter in "wax+")
        )
        if writes and not (isinstance(path, str | os.PathLike) and os.path.realpath(path).startswith(inside)):
            raise PermissionError(event)


if __name__ == "__main__":
    main()
