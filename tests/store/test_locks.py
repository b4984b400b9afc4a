"""One writer at a time, over threads and processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.store.locks import FileLock, is_held

HAMMER = """
import os, sys, time
from pathlib import Path
from studio.core.errors import StudioError
from studio.store.locks import FileLock
folder, rounds, wins = Path(sys.argv[1]), int(sys.argv[2]), 0
while wins < rounds:
    lock = FileLock(folder / "lock")
    try:
        lock.acquire("The thing")
    except StudioError:
        continue
    os.close(os.open(folder / "writer", os.O_CREAT | os.O_EXCL | os.O_WRONLY))  # fails if somebody else is inside
    os.unlink(folder / "writer")
    wins += 1
    lock.release()
    time.sleep(0.001)
"""


def test_a_lock_is_held_until_it_is_released(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert not is_held(lock.path)
    lock.acquire("The thing")
    lock.acquire("The thing")
    assert lock.held
    assert is_held(lock.path)
    with pytest.raises(StudioError, match="The thing is already open for writing in this window"):
        FileLock(lock.path).acquire("The thing")
    lock.release()
    lock.release()
    assert not is_held(lock.path)
    with FileLock(lock.path) as other:
        other.acquire("The thing")
    assert not is_held(lock.path)


def test_a_lock_file_of_a_dead_process_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text('{"process": 1, "computer": "elsewhere"}')
    assert not is_held(tmp_path / "lock")
    with FileLock(tmp_path / "lock") as lock:
        lock.acquire("The thing")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [('{"process": 7, "computer": "attic"}', "on the computer “attic”"), ("{", "by another Atelier")],
)
def test_a_foreign_or_unreadable_holder_is_explained(tmp_path: Path, words: str, sentence: str) -> None:
    lock = FileLock(tmp_path / "lock")
    lock.acquire("The thing")
    lock.path.write_text(words)
    with pytest.raises(StudioError, match=sentence):
        FileLock(lock.path).acquire("The thing")
    lock.release()


def test_a_lock_in_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="not there any more"):
        FileLock(tmp_path / "gone" / "lock").acquire("The thing")


def test_there_are_never_two_writers(tmp_path: Path) -> None:
    children = [subprocess.Popen([sys.executable, "-c", HAMMER, str(tmp_path), "60"]) for _ in range(3)]
    assert [child.wait(timeout=120) for child in children] == [0, 0, 0]


def test_a_lock_that_cannot_be_written_names_the_thing_and_not_the_lock(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"^The thing could not be saved"):
        FileLock(tmp_path / "gone" / "lock").acquire("The thing")
