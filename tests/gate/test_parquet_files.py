"""The footer of a Parquet file: read as it is, and refused where it lies."""

import struct
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.gate.parquet_files import Limits, check_parquet


def parquet(folder: Path, query: str = "SELECT i AS id, 'row ' || i AS text FROM range(5000) t(i)") -> Path:
    path = folder / "a.parquet"
    duckdb.connect(config={"threads": "1"}).execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return path


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return parquet(tmp_path_factory.mktemp("parquet")).read_bytes()


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def footer(elements: list[bytes], rows: int = 0, parts: bytes = b"\x19\x0c") -> bytes:
    """A file that is nothing but a footer: version 1, a schema of these elements, so many rows, these parts."""
    count = bytes([len(elements) << 4 | 12]) if len(elements) < 15 else b"\xfc" + varint(len(elements))
    body = b"\x15\x02\x19" + count + b"".join(elements) + b"\x16" + varint(rows * 2) + parts + b"\x00"
    return b"PAR1" + body + struct.pack("<I", len(body)) + b"PAR1"


def element(name: bytes, children: int = 0) -> bytes:
    """A column (INT32), or a group of so many."""
    group = b"\x48" + varint(len(name)) + name + b"\x15" + varint(children * 2)
    return (group if children else b"\x15\x02\x38" + varint(len(name)) + name) + b"\x00"


def test_rows_parts_and_columns_are_those_of_the_file(tmp_path: Path) -> None:
    known = check_parquet(parquet(tmp_path))
    assert (known.rows, known.columns, sum(known.parts), len(known.parts)) == (5_000, 2, 5_000, 3)
    nested = check_parquet(parquet(tmp_path, "SELECT [1, 2] AS a, {'x': 1, 'y': ['b']} AS b, 1.5 AS c"))
    assert (nested.rows, nested.columns) == (1, 4)


def test_a_footer_of_our_own_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(footer([element(b"root", 1), element(b"a")]))
    assert check_parquet(path).columns == 1


ROOT = element(b"root", 1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is cut off, or no Parquet file"),
        (b"PAR1", "it is cut off, or no Parquet file"),
        (b"PAR1" + bytes(4) + b"PAR1", "its footer does not say|no columns|damaged"),
        (b"PAR1" + bytes(100) + struct.pack("<I", (1 << 31) - 1) + b"PAR1", "its footer has 2,147,483,647 bytes"),
        (b"PAR1" + bytes(100) + struct.pack("<I", 1 << 20) + b"PAR1", "its footer does not fit its size"),
        (b"PARE" + bytes(100) + struct.pack("<I", 50) + b"PARE", "it is encrypted"),
        (footer([element(b"root", 20_000)] + [element(b"c")] * 20_000), "more than 2,000 columns"),
        (footer([ROOT] * 1_000 + [element(b"c")]), "nested more than 32 deep"),
        (footer([element(b"root", 5), element(b"c")]), "not in order"),
        (footer([element(b"root", 1), element(b"c"), element(b"d")]), "not in order"),
        (footer([ROOT, element(b"c")], rows=10**15), "its parts have 0 rows, but its footer says"),
        (footer([ROOT, element(b"c")], parts=b"\x19\xfc" + varint(10**15)), "its footer is damaged"),
        (b"PAR1" + b"\x1c" * 5_000 + struct.pack("<I", 5_000) + b"PAR1", "nested too deep"),
    ],
)
def test_a_footer_that_lies_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(StudioError, match=sentence) as refused:
        check_parquet(path)
    assert "a.parquet" in refused.value.message
    assert refused.value.hint


def test_limits_are_kept(tmp_path: Path) -> None:
    path = parquet(tmp_path, "SELECT 7 AS a FROM range(100000)")
    with pytest.raises(StudioError, match="too many entries"):
        check_parquet(path, Limits(values=20))
    with pytest.raises(StudioError, match="does not say how many rows"):
        check_parquet(path, Limits(parts=1))
    with pytest.raises(StudioError, match="swells to more than"):
        check_parquet(path, Limits(ratio=0, free=0))


@settings(max_examples=30)
@given(st.integers(1, 700), st.integers(0, 255))
def test_a_changed_byte_of_the_footer_gives_facts_or_a_sentence(
    sample: bytes, tmp_path_factory: pytest.TempPathFactory, back: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("changed") / "a.parquet"
    raw = bytearray(sample)
    raw[-min(back, len(raw))] = byte
    path.write_bytes(raw)
    try:
        assert check_parquet(path).columns > 0
    except StudioError as error:
        assert error.hint  # noqa: PT017 - either is good
