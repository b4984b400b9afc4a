"""Single files: old or new, never half."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.store import files
from studio.store.disk import probe, require_start_space, size_text
from studio.store.files import clear_stubs, free_name, read_json, remove_folder, write_atomically, write_json


@pytest.mark.parametrize("name", ["plain.json", "with blank.json", "日本語 🦊.json", "x" * 200])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    for value in ({"a": [1, 2.5, None, "ü\u2028🦊"]}, {}):
        write_json(tmp_path / name, value)
        assert read_json(tmp_path / name) == value
    assert len(list(tmp_path.iterdir())) == 1


def test_a_kill_at_any_moment_leaves_the_old_or_the_new_content(tmp_path: Path, kill_at: Any) -> None:
    path = tmp_path / "a.json"
    for k in range(1, 20):
        path.write_text("old")
        with kill_at(k) as death:
            write_atomically(path, "new")
        assert path.read_text() in ("old", "new")
        clear_stubs(tmp_path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]
        if not death.came:
            break
    assert path.read_text() == "new"
    assert k > 3


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "not there any more"),
        (errno.ENAMETOOLONG, "path is too long"),
        (errno.EIO, "could not be saved"),
    ],
)
@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_every_failure_is_a_sentence_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, function: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(StudioError, match=words) as caught:
        write_atomically(path, "new")
    assert caught.value.hint
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_file_that_windows_says_is_held_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(files.time, "sleep", waited.append)
    real, failures = os.replace, [5, 32, 33]

    def held(source: Path, target: Path) -> None:
        if failures:
            error = OSError(errno.EACCES, "held")
            error.winerror = failures.pop()  # type: ignore[attr-defined,unused-ignore]
            raise error
        real(source, target)

    monkeypatch.setattr(os, "replace", held)
    write_atomically(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"
    assert waited == [0.05, 0.1, 0.2]


def test_a_file_that_stays_held_is_given_up_after_two_and_a_half_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(files.time, "sleep", waited.append)

    def held(_source: Path, _target: Path) -> None:
        error = OSError(errno.EACCES, "held")
        error.winerror = 5  # type: ignore[attr-defined,unused-ignore]
        raise error

    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(StudioError, match="no permission"):
        write_atomically(tmp_path / "a", "new")
    assert sum(waited) == pytest.approx(2.5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 200_000])
def test_damaged_json_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StudioError, match=r"a\.json.*damaged"):
        read_json(tmp_path / "a.json")
    with pytest.raises(StudioError, match=r"b\.json.*missing"):
        read_json(tmp_path / "b.json")
    with pytest.raises(StudioError, match="could not be read"):
        read_json(tmp_path)


def test_a_folder_with_read_only_files_can_be_removed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("x")
    (tmp_path / "a" / "b" / "c").chmod(0o400)
    remove_folder(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links need rights on Windows")
def test_removing_a_link_leaves_what_it_points_at(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    remove_folder(tmp_path / "link")
    assert [entry.name for entry in tmp_path.iterdir()] == ["target"]


def test_a_free_name_does_not_count_capitals(tmp_path: Path) -> None:
    for name in ("Run", "run 2"):
        (tmp_path / name).mkdir()
    assert free_name(tmp_path, "RUN") == "RUN 3"
    assert free_name(tmp_path, "other") == "other"
    assert free_name(tmp_path / "missing", "run") == "run"


def test_sizes_read_as_people_say_them() -> None:
    sizes = (0, 999, 1_000, 1_234_567, 999_960_000, 3.4e9, 5e12)
    assert [size_text(size) for size in sizes] == [
        "0 bytes", "999 bytes", "1.0 kB", "1.2 MB", "1.0 GB", "3.4 GB", "5.0 TB",
    ]  # fmt: skip


def test_a_folder_is_probed_by_really_writing(
    tmp_path: Path, full_disk: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    probe(tmp_path / "new")
    full_disk()
    with pytest.raises(StudioError, match="The disk is full: a test file could not be saved"):
        probe(tmp_path / "new")
    monkeypatch.undo()
    assert list((tmp_path / "new").iterdir()) == []


def test_before_a_run_the_room_for_two_checkpoints_and_a_gigabyte_is_asked_for(tmp_path: Path) -> None:
    require_start_space(tmp_path / "not yet made", 0)
    with pytest.raises(StudioError, match=r"needs 2\.0 TB .*two checkpoints of 1\.0 TB and 1 GB.* are free"):
        require_start_space(tmp_path, 10**12)


@pytest.mark.skipif(os.name == "nt", reason="permissions of this kind are not Windows'")
def test_removing_a_folder_changes_nothing_that_a_link_in_it_points_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(outside)

    def refuse(*_arguments: object, **_named: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "unlink", refuse)
    remove_folder(tmp_path / "folder")
    assert outside.stat().st_mode & 0o777 == 0o755
