"""Where things lie on this computer."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import studio
from studio.core.errors import StudioError


@dataclass(frozen=True)
class Places:
    """The folders and files of one person's Atelier; nothing is created by asking."""

    home: Path
    preferences: Path
    session: Path
    logs: Path
    projects: Path
    resources: Path


def places() -> Places:
    """Under `ATELIER_HOME` if that is set, else in the platform's folder for a person's data."""
    chosen = os.environ.get("ATELIER_HOME")
    home = Path(os.path.abspath(Path(chosen).expanduser())) if chosen else _platform_home()
    return Places(
        home=home,
        preferences=home / "preferences.json",
        session=home / "session.json",
        logs=home / "logs",
        projects=home / "projects" if chosen else Path.home() / "Atelier",
        resources=_resources(),
    )


def _platform_home() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "Atelier"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Atelier"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "atelier"


def _resources() -> Path:
    """Inside the package when it was installed, one level up in a checkout."""
    package = Path(studio.__file__).resolve().parent
    for folder in (package / "resources", package.parent / "resources"):
        if folder.is_dir():
            return folder
    raise StudioError(
        f"Atelier's own files are missing: there is no folder “resources” beside “{package}”.",
        "Get a fresh copy of Atelier.",
    )
