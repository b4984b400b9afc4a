"""The outside of a PyTorch file: only a plain zip of stored parts gets through."""

import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.gate.torch_archives import MOST_PICKLE, check_archive
from tests.gate.torch_files import pickle_of, put


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pth"


GOOD = {"data.pkl": pickle_of({}), "version": b"3\n", "byteorder": b"little", "data/0": bytes(24)}


def test_a_plain_archive_gives_its_pickle_and_the_sizes_of_its_storages(path: Path) -> None:
    archive = check_archive(put(path, GOOD))
    assert archive.pickle == GOOD["data.pkl"]
    assert archive.storages == {"0": 24}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"../../x": b"1"}, "part “"),
        ({"data/../../x": b"1"}, "part “"),
        ({"code/model.py": b"1"}, "TorchScript"),
        ({"constants.pkl": b"1"}, "TorchScript"),
        ({"data.pkl.exe": b"1"}, "part “"),
        ({"byteorder": b"big"}, "byte order"),
        ({"data.pkl": b"." * (MOST_PICKLE + 1)}, "table of contents"),
    ],
)
def test_a_part_that_weights_do_not_have_is_refused(path: Path, parts: dict[str, bytes], words: str) -> None:
    with pytest.raises(StudioError, match=words) as refused:
        check_archive(put(path, {**GOOD, **parts}))
    assert "model.pth" in str(refused.value)
    assert refused.value.hint


def test_a_second_pickle_is_refused(path: Path) -> None:
    put(path, GOOD)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model/data.pkl", pickle_of({}))
    with pytest.raises(StudioError, match="twice"):
        check_archive(path)


def test_a_second_folder_and_a_missing_pickle_are_refused(path: Path) -> None:
    put(path, GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other/data/1", b"1")
    with pytest.raises(StudioError, match="several folders"):
        check_archive(path)
    with pytest.raises(StudioError, match="no weights"):
        check_archive(put(path, {"data/0": b"1"}))


def test_a_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", pickle_of({}))
        archive.writestr("model/data/0", bytes(64 << 20), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(StudioError, match="packed"):
        check_archive(path)


def test_a_link_is_refused(path: Path) -> None:
    put(path, GOOD)
    link = zipfile.ZipInfo("model/data/1")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(StudioError, match="link"):
        check_archive(path)


def edited(path: Path, where: int, new: bytes) -> Path:
    raw = bytearray(path.read_bytes())
    raw[where : where + len(new)] = new
    path.write_bytes(raw)
    return path


def test_a_changed_number_is_found_by_its_checksum(path: Path) -> None:
    raw = put(path, {**GOOD, "data/0": b"weights!" * 3}).read_bytes()
    with pytest.raises(StudioError, match="checksum"):
        check_archive(edited(path, raw.index(b"weights!"), b"w3ights!"))


def test_edited_headers_are_refused(path: Path) -> None:
    raw = put(path, GOOD).read_bytes()
    local, listed = raw.index(b"model/data/0"), raw.rindex(b"model/data/0")
    for place, new in (
        (local, b"model/data/1"),  # another name where the part begins
        (listed - 46 + 8, b"\x01\x08"),  # locked, says the list
        (listed - 46 + 42, struct.pack("<I", 0)),  # begins where another part lies
        (listed - 46 + 20, struct.pack("<II", 1 << 30, 1 << 30)),  # ends after the file
    ):
        path.write_bytes(raw)
        with pytest.raises(StudioError):
            check_archive(edited(path, place, new))


def test_a_file_that_is_cut_off_anywhere_is_refused(path: Path) -> None:
    raw = put(path, GOOD).read_bytes()
    for length in range(0, len(raw) - 1, 7):
        path.write_bytes(raw[:length])
        with pytest.raises(StudioError):
            check_archive(path)


def tar() -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return raw.getvalue()


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"", "empty"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", "before version 1.6"),
        (b"\x80\x04\x95rest", "bare pickle"),
        (b"cos\nsystem\n(S'true'\ntR.", "bare pickle"),
        (tar(), "tar"),
        (struct.pack("<Q", 40) + b'{"a":{}}' + b" " * 32, "safetensors"),
        (b"<!doctype html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"just words", "does not begin"),
    ],
)
def test_other_files_are_refused_by_what_they_are(path: Path, start: bytes, words: str) -> None:
    path.write_bytes(start)
    with pytest.raises(StudioError, match=words):
        check_archive(path)


def test_a_listing_without_end_is_refused_before_it_is_read(path: Path) -> None:
    raw = put(path, GOOD).read_bytes()
    end = raw.rindex(b"PK\x05\x06")
    with pytest.raises(StudioError, match="it lists"):
        check_archive(edited(path, end + 12, struct.pack("<I", 0xFFFFFFFA)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    (tmp_path / "folder.pth").mkdir()
    for name in ("pipe.pth", "folder.pth", "missing.pth"):
        with pytest.raises(StudioError, match=name):
            check_archive(tmp_path / name)
