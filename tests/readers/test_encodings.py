"""Which encoding a table is in, said with its reason, and what happens to bytes that do not fit."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.readers.encodings import as_utf8, chosen_encoding, find_encoding
from studio.readers.source import SAMPLE, Source

KOREAN = "번호,내용\n1,안녕하세요. 오늘은 날씨가 참 좋습니다.\n2,저는 학교에 갑니다. 그리고 집에 옵니다.\n" * 8
JAPANESE = "番号,内容\n1,吾輩は猫である。名前はまだ無い。\n2,どこで生れたかとんと見当がつかぬ。\n" * 8
RUSSIAN = "номер,текст\n1,Жили-были старик со старухой у самого синего моря.\n2,Старик ловил неводом рыбу.\n" * 8
FRENCH = "nombre,texte\n1,Il était une fois un garçon très âgé à Orléans.\n2,Où l’été fut doux, déjà.\n" * 8


@pytest.mark.parametrize(
    ("text", "written", "read", "why", "guessed"),
    [
        (KOREAN, "utf-8", "utf-8", "UTF-8: every byte fits", False),
        (KOREAN, "utf-8-sig", "utf-8-sig", "byte order mark", False),
        (KOREAN, "utf-16", "utf-16", "byte order mark", False),
        (KOREAN, "utf-32", "utf-32", "byte order mark", False),
        (KOREAN, "utf-16-le", "utf-16-le", "no byte order mark", True),
        (KOREAN, "utf-16-be", "utf-16-be", "no byte order mark", True),
        (FRENCH, "utf-16-le", "utf-16-le", "no byte order mark", True),
        (KOREAN, "cp949", "cp949", "a guess, since the byte 0xb9", True),
        (KOREAN, "euc-kr", "cp949", "a guess, since the byte 0xb9", True),
        (JAPANESE, "shift_jis", "cp932", "a guess", True),
        (RUSSIAN, "cp1251", "cp1251", "a guess", True),
        (FRENCH, "cp1252", "cp1252", "a guess", True),
        ("a,b\n1,2\n", "ascii", "utf-8", "every byte fits", False),
    ],
)
def test_the_encoding_is_found_and_said(
    tmp_path: Path, text: str, written: str, read: str, why: str, guessed: bool
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(written))
    source = Source(path)
    assert b"".join(source.stream()).decode() == text
    assert source.sample.decode() == text
    assert why in source.encoding.why
    assert source.encoding.guessed is guessed
    assert codecs.lookup(source.encoding.codec).name == codecs.lookup(read).name


def test_a_flaw_far_into_a_long_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1,plain words\n" * 40_000 + KOREAN.encode("cp949") * 2_000)
    assert path.stat().st_size > 2 * SAMPLE
    assert Source(path).encoding.codec == "cp949"
    path.write_bytes(b"1,plain words\n" * 40_000 + KOREAN.encode() * 2_000)
    encoding = Source(path).encoding
    assert (encoding.codec, encoding.guessed) == ("utf-8", False)
    assert "that was looked at" in encoding.why


def test_damaged_utf8_stays_utf8_and_says_what_becomes_of_its_rows() -> None:
    found = find_encoding([KOREAN.encode() + b"\xff,broken\n" + KOREAN.encode()], True)
    assert (found.codec, found.guessed) == ("utf-8", False)
    assert "rows with bytes that do not fit are left out" in found.why


@pytest.mark.parametrize("name", ["nonsense", "rot13", "base64", "idna", "unicode_escape", "utf-7", "a\0b"])
def test_what_is_no_encoding_of_text_cannot_be_chosen(name: str) -> None:
    with pytest.raises(StudioError, match="is not an encoding of text") as refused:
        chosen_encoding(name)
    assert "cp949" in refused.value.hint


def test_a_chosen_encoding_counts_more_than_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("é,è\n".encode("latin-1"))
    assert b"".join(Source(path, "cp1250").stream()).decode() == "é,č\n"
    assert "as you chose" in Source(path, "cp1250").encoding.why


@given(st.text(), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32", "gb18030"]), st.integers(1, 9))
def test_a_text_stays_itself_wherever_its_bytes_are_cut(text: str, codec: str, size: int) -> None:
    raw = text.encode(codec)
    pieces = iter([raw[place : place + size] for place in range(0, len(raw), size)])
    assert b"".join(as_utf8(pieces, codec)) == text.encode()


@pytest.mark.parametrize(
    ("raw", "codec"),
    [(b"one\ntw\xff\xffo\nthree", "cp949"), ("one\ntwo".encode("utf-16-le") + b"\x00\xd8\n\0x\0", "utf-16-le")],
)
def test_bytes_that_do_not_fit_spoil_only_their_own_line(raw: bytes, codec: str) -> None:
    lines = b"".join(as_utf8(iter([raw]), codec)).split(b"\n")
    broken = [line for line in lines if b"\xff" in line]
    assert len(broken) == 1
    with pytest.raises(UnicodeDecodeError):
        broken[0].decode()
    assert b"one" in lines
    assert lines[-1] in (b"three", b"x")


def test_old_line_ends_are_read_as_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\r1,2\r3,4\r")
    source = Source(path)
    assert b"".join(source.stream()) == source.sample == b"a,b\n1,2\n3,4\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"PK\x03\x04", "office document"),
        (b"PAR1....", "is a Parquet file"),
        (bytes(5_000), "full of control bytes"),
        (bytes(range(1, 32)) * 9, "full of control bytes"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(StudioError, match=sentence) as refused:
        Source(path)
    assert refused.value.hint


def test_a_file_that_was_replaced_or_cut_may_not_be_jumped_in(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,2\n")
    source = Source(path)
    source.require_unchanged()
    with path.open("ab") as file:
        file.write(b"3,4\n")
    source.require_unchanged()  # it only grew
    path.write_bytes(b"a,b\n")
    with pytest.raises(StudioError, match="was changed since it was opened"):
        source.require_unchanged()
