"""`main.py doctor`: what this machine and this installation are like, and what to do where something is amiss."""

import argparse
import ctypes
import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands import DONE, REFUSED, Command, say
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.parts.checkup import Finding

# What the wheels of Qt load from a Linux system, and the Debian packages that bring it.
QT_ALWAYS = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
QT_X11 = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
QT_WAYLAND = {"libwayland-cursor.so.0": "libwayland-cursor0"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the findings go besides the screen."""
    parser.add_argument("--json", metavar="FILE", help="also write everything that was found to a file")


def run(options: argparse.Namespace) -> int:
    """Print one line per check, then how exactly each device computes; 1 and a sentence when something is broken."""
    missing = missing_libraries(display_kind())
    if missing:
        print(f"[bad] Qt's system libraries: {', '.join(sorted(missing))} missing ({_apt_line(missing)})")
        return REFUSED
    from studio.core.shelf import resolve
    from studio.parts.checkup import Finding, examine, torch_findings
    from studio.parts.diagnosis import conclusion, device_findings, report
    from studio.store.places import places
    from studio.store.preferences import load_preferences

    here = places()
    projects = load_preferences(here.preferences, say).projects_folder
    findings = [
        *examine(here, Path(projects) if projects else here.projects),
        Finding("Window", "good", _window_words()),
    ]
    print(report(findings), flush=True)
    say("Measuring what PyTorch can do here …")
    devices = resolve("studio.engine.accelerators:look")()
    of_torch = [*torch_findings(resolve("studio.engine.device:describe")()), *device_findings(devices)]
    print(report(of_torch), flush=True)
    say("A small model is computed on each device and compared with float64 on the CPU …")
    rows = list(resolve("studio.engine.examine:examine")())
    of_torch.append(conclusion(rows))
    print(report(of_torch[-1:], rows), flush=True)
    if options.json:
        _write(Path(options.json), [*findings, *of_torch], rows, devices)
    return _verdict([*findings, *of_torch])


def _verdict(findings: "list[Finding]") -> int:
    """The exit code, and what is broken said once more at the end, where it is seen."""
    broken = [finding for finding in findings if finding.level == "danger"]
    for finding in broken:
        say(f"{finding.name}: {finding.text}. {finding.hint}".strip())
    return REFUSED if broken else DONE


def _write(path: Path, findings: "list[Finding]", rows: list[dict[str, Any]], devices: dict[str, Any]) -> None:
    from studio.parts.diagnosis import unnamed
    from studio.store.files import write_atomically

    plain = [row | {"error": row["error"] if math.isfinite(row["error"] or 0) else "not finite"} for row in rows]
    found = {"findings": [asdict(finding) for finding in findings], "devices": devices, "examination": plain}
    write_atomically(path, unnamed(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)) + "\n")
    say(f"The findings are in {path}.")


def _window_words() -> str:
    kind = display_kind()
    return "no display here; everything works without one, pictures included" if kind == "none" else f"on {kind}"


def display_kind() -> str:
    """Where a window would appear: "x11", "wayland", "offscreen" when that is asked for, "desktop", or "none"."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if chosen in ("offscreen", "minimal", "vnc"):
        return "offscreen"
    if not sys.platform.startswith("linux"):
        return "desktop"
    if os.environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "x11" if os.environ.get("DISPLAY") else "none"


def missing_libraries(display: str) -> dict[str, str]:
    """System libraries that do not load, with the Debian packages that hold them."""
    if not sys.platform.startswith("linux"):
        return {}
    wanted = dict(QT_ALWAYS)
    if display in ("x11", "wayland"):
        wanted |= QT_X11
    if display == "wayland":
        wanted |= QT_WAYLAND
    return {library: package for library, package in wanted.items() if not _loads(library)}


def install_qt_libraries() -> StudioError | None:
    """Install what Qt lacks where that is possible; else say what to do. None when all is there."""
    missing = missing_libraries(display_kind())
    if missing and apt_install(sorted(missing.values())):
        missing = missing_libraries(display_kind())
    if not missing:
        return None
    return StudioError(f"Qt needs libraries that this system lacks: {', '.join(sorted(missing))}.", _apt_line(missing))


def _apt_line(missing: dict[str, str]) -> str:
    return f"On Debian or Ubuntu: sudo apt install {' '.join(sorted(missing.values()))}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def apt_install(packages: list[str]) -> bool:
    """Install system packages where this process may: as root, with apt. main.py uses this too."""
    if sys.platform == "win32" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"Installing system packages: {' '.join(packages)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    for command in (install, ["apt-get", "update"], install):  # the package lists may be missing or old
        done = subprocess.call(command, env=environment, stdout=sys.stderr)
        if done == 0 and command is install:
            return True
    return False


COMMAND = Command("doctor", "look at this machine and this installation", add_options, run)
