"""Bytes of files, plain and compressed: all of them, no more than was there, and no bombs."""

import bz2
import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.gate import compressed
from studio.gate.compressed import DamagedError, Limits, blocks, plain_suffix, require_regular, unpacked_copy

PACKS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".zst": zstandard.compress}
NOISE = os.urandom(300_000)


def packed(folder: Path, content: bytes, suffix: str) -> Path:
    path = folder / f"a.csv{suffix}"
    path.write_bytes(PACKS[suffix](content) if suffix else content)
    return path


@pytest.mark.parametrize("suffix", ["", *PACKS])
@pytest.mark.parametrize("content", [b"", b"a", b"abc\n" * 600_000, NOISE], ids=["empty", "short", "long", "noise"])
def test_everything_inside_comes_out_and_every_byte_read_is_told(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = packed(tmp_path, content, suffix)
    told: list[int] = []
    assert b"".join(blocks(path, watch=told.append)) == content
    assert sum(told) == path.stat().st_size


@pytest.mark.parametrize("suffix", PACKS)
def test_several_members_are_one_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(PACKS[suffix](b"one ") + PACKS[suffix](b"two ") + PACKS[suffix](b"three"))
    assert b"".join(blocks(path)) == b"one two three"


def test_zeros_may_follow_the_last_member_of_a_gz(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one") + bytes(600))
    assert b"".join(blocks(path)) == b"one"


@pytest.mark.parametrize("suffix", PACKS)
def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path, suffix: str) -> None:
    path = packed(tmp_path, NOISE, suffix)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    got: list[bytes] = []
    with pytest.raises(DamagedError, match="damaged or ends before it should"):
        got.extend(blocks(path))
    assert sum(map(len, got)) > 100_000
    assert NOISE.startswith(b"".join(got))


@pytest.mark.parametrize("suffix", PACKS)
def test_a_file_that_swells_beyond_reason_is_refused_early(tmp_path: Path, suffix: str) -> None:
    path = packed(tmp_path, bytes(12 << 20), suffix)
    got: list[int] = []
    with pytest.raises(StudioError, match=r"it swells to more than [0-9,]+ times its size") as refused:
        got.extend(map(len, blocks(path, limits=Limits(free=2 << 20))))
    assert refused.value.hint
    assert sum(got) < 10 << 20
    with pytest.raises(StudioError, match="swells"):
        list(blocks(packed(tmp_path, NOISE, suffix), limits=Limits(total=200_000)))


@pytest.mark.parametrize("suffix", PACKS)
def test_a_name_that_lies_about_the_packing_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(bz2.compress(b"text"))
    with pytest.raises(StudioError, match="not compressed in the way its name says"):
        list(blocks(path))


@settings(max_examples=30)
@given(st.sampled_from(list(PACKS)), st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte_gives_a_sentence_or_some_bytes(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, place: int, byte: int
) -> None:
    path = packed(tmp_path_factory.mktemp("changed"), b"some text, " * 5_000, suffix)
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] = byte
    path.write_bytes(raw)
    try:
        assert sum(map(len, blocks(path))) < 10 << 20
    except StudioError as error:
        assert error.hint  # noqa: PT017 - either is good


def test_of_a_file_that_grows_only_what_was_there_is_read(tmp_path: Path) -> None:
    path = packed(tmp_path, b"a" * (3 << 20), "")
    stream = blocks(path)
    first = next(stream)
    with path.open("ab") as file:
        file.write(b"more")
    assert len(first) + sum(map(len, stream)) == 3 << 20
    assert sum(map(len, blocks(path, start=10, size=100))) == 90


def test_pipes_devices_and_folders_are_refused_without_being_opened(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(StudioError, match=r"“x\.csv” is a folder"):
        require_regular(tmp_path / "x.csv")
    with pytest.raises(StudioError, match="is not there"):
        require_regular(tmp_path / "y.csv")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        for path in (tmp_path / "pipe.csv", Path("/dev/zero")):
            with pytest.raises(StudioError, match="not a regular file"):
                next(blocks(path))


def test_the_suffix_inside_is_found() -> None:
    assert [plain_suffix(Path(name)) for name in ("a.CSV", "a.csv.gz", "a.b.JSONL.ZST", "a.gz", "gz")] == [
        ".csv", ".csv", ".jsonl", "", "",
    ]  # fmt: skip


def test_a_copy_that_is_stopped_or_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = unpacked_copy(iter([b"one", b"two"]))
    assert path.read_bytes() == b"onetwo"
    path.unlink()
    with pytest.raises(StudioError, match="was stopped"):
        unpacked_copy(iter([b"one"]), lambda: False)

    def full() -> Iterator[bytes]:
        yield b"one"
        raise OSError(28, "No space left on device")

    with pytest.raises(StudioError, match="no room to unpack it: No space left"):
        unpacked_copy(full())
    assert not list(tmp_path.iterdir())


def test_a_copy_stops_while_the_disk_has_room_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(compressed, "_ROOM_EVERY", 1_000)
    left = iter([5_000, 3_000, 1_500])
    usage = lambda folder: SimpleNamespace(free=compressed._LEFT_FREE + next(left) - 1_000)  # noqa: E731
    monkeypatch.setattr("shutil.disk_usage", usage)
    taken: list[bytes] = []
    with pytest.raises(
        StudioError, match=r"no room to unpack it: 1,024 MB are free in .* 1,024 MB are left to everything else"
    ):
        unpacked_copy(taken.append(piece) or piece for piece in [b"x" * 500] * 100)  # type: ignore[func-returns-value]
    assert len(taken) == 5
    assert not list(tmp_path.iterdir())
