"""What the tests of the disk share: small projects, small checkpoints, and disks that fail on purpose."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.core.config import DataConfig, RunConfig
from studio.store import checkpoints, corpus, files, journal, shards
from studio.store.files import write_json
from studio.store.project import Project
from studio.store.runs import RunRecord

OPERATIONS = ("mkdir", "fsync", "rename", "replace", "unlink", "rmdir", "open")


class Killed(BaseException):
    """The process is gone: no handler of an ordinary error may catch this."""


@dataclass
class Death:
    """Whether the work died on the way, and how many file operations were asked for."""

    last: int
    operations: int = 0

    @property
    def came(self) -> bool:
        """Whether it died."""
        return self.operations >= self.last


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project in a folder whose name is not easy."""
    return Project.create(tmp_path / "Mein Projekt 🦊 «ñ»", "Mein Projekt 🦊")


@pytest.fixture
def record(project: Project) -> RunRecord:
    """A run that has not begun."""
    return project.new_run(RunConfig(data=DataConfig(text="verdict")), "erste Übung")


@pytest.fixture
def write_files() -> Callable[..., None]:
    """Puts the files of a tiny checkpoint into a folder; equal marks give equal files."""

    def write(folder: Path, mark: int = 0, **state: object) -> None:
        (folder / "model.safetensors").write_bytes(bytes([mark % 256]) * 300)
        (folder / "optimizer.safetensors").write_bytes(bytes([mark % 256]) * 500)
        write_json(folder / "state.json", {"version": 1, "mark": mark, **state})

    return write


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on every sync says that the disk is full."""

    def fill() -> None:
        def refuse(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", refuse)

    return fill


@pytest.fixture
def kill_at() -> Callable[[int], object]:
    """`with kill_at(k) as death:` the k-th file operation does not happen, nor any later one, as after SIGKILL."""

    @contextmanager
    def killing(last: int) -> Iterator[Death]:
        death = Death(last)

        def wrap(act: Callable[..., object]) -> Callable[..., object]:
            def counted(*arguments: object, **named: object) -> object:
                death.operations += 1
                if death.came:
                    raise Killed
                return act(*arguments, **named)

            return counted

        with pytest.MonkeyPatch.context() as patch:
            for name in OPERATIONS:
                patch.setattr(os, name, wrap(getattr(os, name)))
            patch.setattr(shutil, "rmtree", wrap(shutil.rmtree))
            for module in (files, checkpoints, journal, corpus, shards):
                patch.setattr(module, "open", wrap(open), raising=False)
            with suppress(Killed):
                yield death

    return killing
