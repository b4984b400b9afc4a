"""Reading text files of every kind, and the sentence for each file that is no text."""

import codecs
import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.formats import TextChoices, TextFacts, format_for, plain_text, suffixes

FORMAT = plain_text.FORMAT
ROOT = Path(__file__).resolve().parents[2]


def written(folder: Path, content: bytes, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def text_of(path: Path) -> str:
    return "".join(FORMAT.read(path))


@pytest.mark.parametrize(
    ("content", "encoding", "why"),
    [
        ("Grüße 🙂".encode(), "utf-8", "every byte fits"),
        (codecs.BOM_UTF8 + "Grüße 🙂".encode(), "utf-8-sig", "byte order mark"),
        (codecs.BOM_UTF16_LE + "Grüße 🙂".encode("utf-16-le"), "utf-16", "byte order mark"),
        (codecs.BOM_UTF16_BE + "Grüße 🙂".encode("utf-16-be"), "utf-16", "byte order mark"),
        (codecs.BOM_UTF32_LE + "Grüße 🙂".encode("utf-32-le"), "utf-32", "byte order mark"),
    ],
)
def test_the_encoding_is_found_and_explained(tmp_path: Path, content: bytes, encoding: str, why: str) -> None:
    path = written(tmp_path, content)
    facts = FORMAT.describe(path)
    assert facts.encoding == encoding
    assert why in facts.why
    assert facts.bytes == len(content)
    assert text_of(path) == "Grüße 🙂"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("une tasse de café, 3 €", "cp1252"),
        ("“Naïve,” she said – once.", "cp1252"),
        ("Il était une fois un garçon très âgé à Orléans, où l’été fut doux.", "cp1252"),
        ("Жили-были старик со старухой у самого синего моря. Старик ловил неводом рыбу. " * 4, "cp1251"),
        ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 6, "shift_jis"),
    ],
)
def test_an_older_encoding_is_guessed_and_the_guess_is_announced(tmp_path: Path, text: str, codec: str) -> None:
    path = written(tmp_path, text.encode(codec))
    facts = FORMAT.describe(path)
    assert "a guess, since the byte 0x" in facts.why
    assert "Compare the first lines" in facts.why
    assert text_of(path) == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["hello there", "안녕하세요, 이것은 시험입니다.\n좋은 아침이에요, 여러분.\n"])
def test_utf16_without_its_mark_is_read_and_said_to_be_a_guess(tmp_path: Path, codec: str, text: str) -> None:
    path = written(tmp_path, text.encode(codec))
    facts = FORMAT.describe(path)
    assert facts.encoding == codec
    assert "has no byte order mark" in facts.why
    assert facts.encoding not in plain_text.CERTAIN
    assert text_of(path) == text


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_compressed_text_is_read_like_the_text_inside(tmp_path: Path, suffix: str) -> None:
    import zstandard

    text = "Grüße und schöne Träume.\n" * 90_000
    pack = gzip.compress if suffix == "gz" else zstandard.compress
    path = written(tmp_path, pack(text.encode()), f"a.txt.{suffix}")
    assert format_for(path) is FORMAT
    told: list[int] = []
    facts = FORMAT.describe(path, told.append)
    assert (facts.encoding, facts.bytes) == ("utf-8", path.stat().st_size)
    assert sum(told) == path.stat().st_size
    assert text_of(path) == text
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 9])
    with pytest.raises(StudioError, match="damaged or ends before it should"):
        FORMAT.describe(path)


def test_a_damaged_utf8_file_is_refused_with_the_place_and_a_way_out(tmp_path: Path) -> None:
    path = written(tmp_path, "Grüße und schöne Träume ".encode() + b"\xff" + " für alle.".encode())
    with pytest.raises(StudioError, match="damaged: the byte 0xff at offset 28 is not UTF-8") as caught:
        FORMAT.describe(path)
    assert "save it as UTF-8" in caught.value.hint


@pytest.mark.parametrize("content", [b"hello \xff world, this is nice", b"\xfe\xfa", b"a \x81 b"])
def test_a_stray_byte_that_fits_no_encoding_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(StudioError, match="is not UTF-8, and no other one fits") as caught:
        FORMAT.describe(written(tmp_path, content))
    assert "save it as UTF-8" in caught.value.hint


def test_the_place_of_a_broken_byte_is_right_far_into_a_file(tmp_path: Path) -> None:
    ahead = "é".encode() * (1 << 19) + b"x"  # a character lies across the border between two blocks
    path = written(tmp_path, ahead + "é".encode() * 40 + b"\xe9" + b" end")
    with pytest.raises(StudioError, match=f"offset {len(ahead) + 80:,}"):
        FORMAT.describe(path)


def test_a_character_across_two_blocks_is_read_whole(tmp_path: Path) -> None:
    text = "x" + "é" * (1 << 19) + "\r\n" * (1 << 19)
    assert text_of(written(tmp_path, text.encode())) == text.replace("\r\n", "\n")


def test_line_ends_of_every_kind_become_one_kind(tmp_path: Path) -> None:
    assert text_of(written(tmp_path, b"a\r\nb\rc\nd\r")) == "a\nb\nc\nd\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "“a.txt” is empty"),
        (codecs.BOM_UTF8, "empty but for a byte order mark"),
        (b"%PDF-1.7 ...", "is a PDF document"),
        (b"PK\x03\x04....", "office document"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"{\\rtf1 hello}", "rich text"),
        (b"hello\0world", "zero byte at offset 5"),
        (b"x" * 100_000 + b"\0", "zero byte at offset 100,000"),
        (bytes(range(1, 32)) * 9, "full of control bytes"),
    ],
)
def test_what_is_no_text_is_refused_with_a_reason_and_a_hint(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence) as caught:
        FORMAT.describe(written(tmp_path, content))
    assert caught.value.hint


def test_a_file_of_blanks_is_refused_when_read(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="nothing but blanks"):
        text_of(written(tmp_path, b" \n\t\r\n"))


def test_a_zero_character_in_utf16_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="zero character"):
        text_of(written(tmp_path, codecs.BOM_UTF16_LE + "a\0b".encode("utf-16-le")))


def test_a_file_that_ends_inside_a_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="damaged"):
        FORMAT.describe(written(tmp_path, "Grüße, schöne Träume é".encode()[:-1]))
    with pytest.raises(StudioError, match="read as UTF-16, but the byte at offset 4"):
        text_of(written(tmp_path, codecs.BOM_UTF16_LE + b"a\0b"))


def test_random_bytes_never_give_anything_but_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, os.urandom(5_000))
    with pytest.raises(StudioError):
        text_of(path)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="not there"):
        FORMAT.describe(tmp_path / "b.txt")
    with pytest.raises(StudioError, match="is a folder"):
        FORMAT.describe(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")
        with pytest.raises(StudioError, match="not a regular file"):
            FORMAT.describe(tmp_path / "pipe.txt")


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, b"text")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StudioError, match=r"not allowed to read “a\.txt”"):
        FORMAT.describe(path)
    with pytest.raises(StudioError, match="not allowed"):
        list(FORMAT.read(path, "utf-8"))


def test_a_file_of_another_suffix_is_tried_as_text(tmp_path: Path) -> None:
    assert format_for(written(tmp_path, b"hello", "notes.log")) is FORMAT
    assert format_for(written(tmp_path, b"hello", "NOTES.MD")) is FORMAT
    assert format_for(tmp_path).name == "folder"
    with pytest.raises(StudioError, match="There is no file or folder"):
        format_for(tmp_path / "nowhere")
    assert {".txt", ".md"} <= set(suffixes())


MEASURE = """
import resource, sys
from pathlib import Path
from typing import Any
from studio.formats import format_for
path = Path(sys.argv[1])
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
characters = sum(map(len, format_for(path).read(path)))
print(characters, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is counted in kilobytes only on Linux")
@pytest.mark.parametrize("megabytes", [64, pytest.param(2_048, marks=pytest.mark.slow, id="two gigabytes")])
def test_a_long_file_is_read_in_little_memory(tmp_path: Path, megabytes: int) -> None:
    path = tmp_path / "long.txt"
    block = ("The quick brown fox jumps over the lazy dog. Grüße!\r\n" * 20_000).encode()[: 1 << 20]
    block = block[: block.rindex(b"\r\n") + 2]
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(block)
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    characters, grown = map(int, told.stdout.split())
    path.unlink()
    assert characters == megabytes * len(block.decode().replace("\r\n", "\n"))
    assert grown < 100


# --- read as a person wants it ----------------------------------------------------------------------------------------


def chosen(path: Path, **choices: Any) -> tuple[TextFacts, str]:
    """What is said of a file that is read so, and its text."""
    facts = FORMAT.describe(path, None, TextChoices(**choices))
    return facts, "".join(FORMAT.read(path, facts.encoding, choices.get("replace", False)))


def test_another_encoding_can_be_chosen_and_is_said_to_be_chosen(tmp_path: Path) -> None:
    path = written(tmp_path, "żółw".encode("cp1250"))
    facts, text = chosen(path, encoding="cp1250")
    assert text == "żółw"
    assert "as you chose" in facts.why
    facts, text = chosen(written(tmp_path, codecs.BOM_UTF8 + "żółw".encode()), encoding="utf-8")
    assert (facts.encoding, text) == ("utf-8-sig", "żółw")
    facts, text = chosen(written(tmp_path, "żółw".encode("utf-16")), encoding="utf-16")
    assert text == "żółw"


@pytest.mark.parametrize(
    ("encoding", "mark", "codec"),
    [
        ("UTF8", codecs.BOM_UTF8, "utf-8"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("UTF_16_BE", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf_32_le", codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_however_an_encoding_is_spelled_its_mark_is_no_part_of_the_text(
    tmp_path: Path, encoding: str, mark: bytes, codec: str
) -> None:
    assert chosen(written(tmp_path, mark + "żółw".encode(codec)), encoding=encoding)[1] == "żółw"
    assert chosen(written(tmp_path, "żółw".encode(codec)), encoding=encoding)[1] == "żółw"


@pytest.mark.parametrize(
    ("content", "encoding", "sentence"),
    [
        ("猫".encode("cp949", "replace") + b"\xff", "utf-8", "the byte at offset 0 does not fit"),
        (b"\xe9t\xe9", "utf-8", "the byte at offset 0 does not fit"),
        (b"abcd", "utf-16", "has no byte order mark"),
        (b"abc", "base64", "is not an encoding of text"),
        (b"%PDF-1.7", "utf-8", "is a PDF document"),
        (b"a\0b", "utf-8", "zero byte"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused_before_anything_is_copied(
    tmp_path: Path, content: bytes, encoding: str, sentence: str
) -> None:
    with pytest.raises(StudioError, match=sentence) as caught:
        chosen(written(tmp_path, content), encoding=encoding)
    assert caught.value.hint


def test_what_cannot_be_read_is_replaced_where_that_is_wanted_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "Grüße \ufffd ".encode() + b"\xff" + " schöne\0Träume é".encode()[:-1])
    with pytest.raises(StudioError, match="zero byte"):
        FORMAT.describe(path)
    facts, text = chosen(path, replace=True)
    assert text == "Grüße \ufffd \ufffd schöne\ufffdTräume \ufffd"
    assert facts.replaced == 3  # the mark that stood there before is not one of them
    assert "3 places that cannot be read" in facts.why
    assert "1 place that" in chosen(written(tmp_path, b"hello \xff world"), replace=True)[0].why


def test_a_whole_text_has_nothing_to_replace(tmp_path: Path) -> None:
    facts, text = chosen(written(tmp_path, b"all is well"), replace=True)
    assert (facts.replaced, text, facts.why) == (0, "all is well", "UTF-8: every byte fits.")


def test_bytes_that_fit_no_encoding_are_read_where_they_may_be_replaced(tmp_path: Path) -> None:
    facts, text = chosen(written(tmp_path, b"a \x81 b"), replace=True)
    assert (text, facts.encoding, facts.replaced) == ("a \ufffd b", "utf-8", 1)
    half = codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"\x00\xd8" + "c".encode("utf-16-le")
    facts, text = chosen(written(tmp_path, half), replace=True)
    assert (text.replace("\ufffd", ""), facts.replaced > 0) == ("abc", True)
