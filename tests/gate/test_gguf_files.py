"""The header of a GGUF file: what lies about counts, lengths, shapes or places is refused before it is believed."""

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.gate.gguf_files import read_header


def text(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return struct.pack("<Q", len(raw)) + raw


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape) + struct.pack("<IQ", kind, offset)


ARCHITECTURE = entry("general.architecture", 8, text("llama"))
TENSORS = tensor("a", (4, 2)) + tensor("b", (32,), kind=8, offset=32)


def put(path: Path, **changes: Any) -> Path:
    """Two tensors, one entry; everything may be changed."""
    parts: dict[str, Any] = {"mark": b"GGUF", "version": 3, "counts": (2, 1), "entries": ARCHITECTURE,
                             "tensors": TENSORS, "data": bytes(32 + 34)} | changes  # fmt: skip
    raw = parts["mark"] + struct.pack("<IQQ", parts["version"], *parts["counts"]) + parts["entries"] + parts["tensors"]
    path.write_bytes(raw + bytes(-len(raw) % 32) + parts["data"])
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_a_good_header_gives_its_entries_and_places(path: Path) -> None:
    found = read_header(put(path))
    start = path.stat().st_size - 66
    assert found.metadata == {"general.architecture": "llama"}
    assert (found.tensors["a"].shape, found.tensors["a"].start, found.tensors["a"].bytes) == ((2, 4), start, 32)
    assert (found.tensors["b"].kind, found.tensors["b"].bytes) == ("Q8_0", 34)


def test_every_kind_of_value_is_read(path: Path) -> None:
    plain = {0: ("B", 200), 1: ("b", -2), 2: ("H", 60_000), 3: ("h", -3), 4: ("I", 1 << 31), 5: ("i", -5),
             6: ("f", 0.5), 7: ("B", 1), 10: ("Q", 1 << 40), 11: ("q", -1), 12: ("d", 0.1)}  # fmt: skip
    entries = b"".join(
        entry(str(kind), kind, struct.pack("<" + letter, value)) for kind, (letter, value) in plain.items()
    )
    entries += entry("words", 9, struct.pack("<IQ", 8, 2) + text("ä") + text(""))
    entries += entry("numbers", 9, struct.pack("<IQ3f", 6, 3, 1, 2, 3))
    found = read_header(put(path, entries=entries, counts=(2, len(plain) + 2))).metadata
    assert {int(key): value for key, value in found.items() if key.isdigit()} == {
        kind: (True if kind == 7 else value) for kind, (_, value) in plain.items()
    }
    assert found["words"] == ["ä", ""]
    assert np.array_equal(found["numbers"], [1, 2, 3])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"mark": b"GGML"}, "mark"),
    ({"version": 1}, "version 1"),
    ({"version": 3 << 24}, "byte order"),
    ({"counts": (1 << 60, 1)}, "announces"),
    ({"counts": (2, 1 << 60)}, "announces"),
    ({"counts": (90_000, 1)}, "too early|usable|empty|dimensions|stored as|bytes"),
    ({"entries": struct.pack("<Q", 1 << 62) + b"x"}, "key"),
    ({"entries": entry("k", 8, struct.pack("<Q", 1 << 62))}, "text has"),
    ({"entries": entry("k", 9, struct.pack("<IQ", 8, 1 << 62))}, "words"),
    ({"entries": entry("k", 9, struct.pack("<IQ", 12, 1 << 62))}, "numbers, more than"),
    ({"entries": entry("k", 9, struct.pack("<IQ", 9, 1))}, "neither"),
    ({"entries": entry("k", 13, b"")}, "type 13"),
    ({"entries": ARCHITECTURE * 2, "counts": (2, 2)}, "keys is there twice"),
    ({"entries": entry("general.alignment", 4, struct.pack("<I", 0))}, "alignment"),
    ({"entries": entry("general.alignment", 4, struct.pack("<I", 12))}, "alignment"),
    ({"entries": entry("general.alignment", 8, text("32"))}, "alignment"),
    ({"tensors": tensor("a", (4, 2)) * 2}, "“a” is there twice"),
    ({"tensors": tensor("", (4, 2)) + tensor("b", (4,), offset=32)}, "name"),
    ({"tensors": tensor("a\n", (4, 2)) + tensor("b", (4,), offset=32)}, "name"),
    ({"tensors": tensor("a" * 65, (4, 2)) + tensor("b", (4,), offset=32)}, "name"),
    ({"tensors": tensor("a", ()) + tensor("b", (4,), offset=32)}, "dimensions"),
    ({"tensors": tensor("a", (1,) * 5) + tensor("b", (4,), offset=32)}, "dimensions"),
    ({"tensors": tensor("a", (0, 4)) + tensor("b", (4,), offset=32)}, "shape"),
    ({"tensors": tensor("a", (33,), kind=8) + tensor("b", (4,), offset=64)}, "shape"),
    ({"tensors": tensor("a", (1 << 62, 1 << 62)) + tensor("b", (4,), offset=32)}, "after the file"),
    ({"tensors": tensor("a", (4, 2), offset=8) + tensor("b", (4,), offset=64)}, "place"),
    ({"tensors": tensor("a", (4, 2)) + tensor("b", (4,), offset=0)}, "overlaps"),
    ({"tensors": tensor("a", (4, 2)) + tensor("b", (4,), offset=1 << 62)}, "after the file"),
    ({"tensors": tensor("a", (256,), kind=12) + tensor("b", (4,), offset=32)}, "Q4_K"),
    ({"tensors": tensor("a", (4, 2), kind=77) + tensor("b", (4,), offset=32)}, "type 77"),
    ({"data": bytes(40)}, "cut off"),
]


@pytest.mark.parametrize(("changes", "words"), BAD)
def test_a_header_that_lies_is_refused_by_name_and_reason(path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(StudioError, match=words) as refused:
        read_header(put(path, **changes))
    assert "model.gguf" in str(refused.value)
    assert refused.value.hint


def test_a_file_that_is_cut_off_anywhere_is_refused(path: Path) -> None:
    raw = put(path).read_bytes()
    for length in range(len(raw)):
        path.write_bytes(raw[:length])
        with pytest.raises(StudioError):
            read_header(path)


def test_a_million_words_are_refused_before_they_are_read(path: Path) -> None:
    many = struct.pack("<IQ", 8, 2_000_001) + bytes(8) * 100
    with pytest.raises(StudioError, match="more than 2,000,000 words"):
        read_header(put(path, entries=entry("k", 9, many)))


def changed(random_: random.Random, raw: bytes) -> bytes:
    """A few bytes of the header are other ones, or the file ends early, or a piece is there twice."""
    spoilt = bytearray(raw)
    ways: list[Callable[[], None]] = [
        lambda: spoilt.__setitem__(random_.randrange(len(spoilt)), random_.randrange(256)),
        lambda: spoilt.__delitem__(slice(random_.randrange(len(spoilt)), None)),
        lambda: spoilt.extend(spoilt[: random_.randrange(len(spoilt) + 1)]),
        lambda: spoilt.__setitem__(slice(at := random_.randrange(len(spoilt)), at + 8), b"\xff" * 8),
    ]
    for _ in range(random_.randint(1, 4)):
        if spoilt:
            random_.choice(ways)()
    return bytes(spoilt)


def test_nothing_but_a_sentence_comes_out_of_spoilt_files(path: Path) -> None:
    raw, random_ = put(path).read_bytes(), random.Random(1)
    refusals = 0
    for _ in range(3_000):
        path.write_bytes(changed(random_, raw))
        try:
            for tensor_ in read_header(path).tensors.values():
                assert tensor_.start + tensor_.bytes <= path.stat().st_size
        except StudioError:
            refusals += 1
    assert refusals > 1_500


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.gguf"):
        with pytest.raises(StudioError):
            read_header(path)
