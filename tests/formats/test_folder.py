"""A folder of texts as one stream."""

import codecs
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.formats import TextChoices, folder

FORMAT = folder.FORMAT


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name, content in {
        "part 10.txt": "ten",
        "part 2.txt": "two\r\n",
        "sub/notes.md": "# Notes",
        "sub/deep/last.TXT": "deep",
        "empty.txt": "",
        "picture.png": "no",
        ".hidden.txt": "no",
        ".git/readme.txt": "no",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
    return tmp_path


def test_it_finds_texts_in_every_folder_below_in_the_order_of_their_numbers(library: Path) -> None:
    found = [path.relative_to(library).as_posix() for path in FORMAT.files(library)]
    assert found == ["part 2.txt", "part 10.txt", "sub/deep/last.TXT", "sub/notes.md"]


def test_the_texts_are_read_one_after_the_other_with_an_empty_line_between(library: Path) -> None:
    assert "".join(FORMAT.read(library)) == "two\n\n\nten\n\ndeep\n\n# Notes"


def test_it_tells_how_many_there_are_and_how_sure_it_is(library: Path) -> None:
    facts = FORMAT.describe(library)
    assert (facts.encoding, facts.bytes) == ("utf-8", 19)
    assert facts.why == "4 texts, each in an encoding that is certain."
    (library / "old.txt").write_bytes("Il était une fois un garçon très âgé à Orléans.".encode("cp1252"))
    facts = FORMAT.describe(library)
    assert facts.encoding == "cp1252, utf-8"
    assert facts.why == "5 texts; the encoding of 1 is a guess."


def test_a_folder_without_texts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(StudioError, match=r"has no \.txt or \.md file"):
        FORMAT.describe(tmp_path)
    with pytest.raises(StudioError, match=r"has no \.txt or \.md file"):
        list(FORMAT.read(tmp_path))


def test_files_that_are_no_texts_are_named_and_the_others_are_read(library: Path) -> None:
    (library / "bad.txt").write_bytes(b"%PDF-1.4")
    (library / "blank.txt").write_bytes(b"  \n ")
    (library / "table.csv").write_text("a,b\n1,2\n")
    facts = FORMAT.describe(library)
    assert facts.why.startswith("5 texts")
    first, others = facts.left_out
    assert first == "“bad.txt” is a PDF document, not plain text."
    assert others.startswith("2 other files in “")
    assert "1 .csv" in others
    text = "".join(FORMAT.read(library))
    assert "PDF" not in text
    assert [part.strip() for part in text.split("\n\n") if part.strip()] == ["two", "ten", "deep", "# Notes"]


def test_what_is_left_out_is_not_read_in_the_encoding_of_the_others_and_leaves_no_gap(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x01\x02\x03" * 40)  # fits UTF-8, and is no text
    (tmp_path / "b.txt").write_text("All is well.", "utf-8")
    (tmp_path / "c.txt").write_bytes(codecs.BOM_UTF8 + b"Quite so.")
    facts = FORMAT.describe(tmp_path, None, TextChoices(encoding="utf-8"))
    assert facts.left_out == ("“a.txt” is not a text: it is full of control bytes.",)
    assert "".join(FORMAT.read(tmp_path, "utf-8")) == "All is well.\n\nQuite so."


def test_a_folder_in_which_nothing_can_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"%PDF-1.4")
    with pytest.raises(StudioError, match=r"“bad\.txt” is a PDF document"):
        FORMAT.describe(tmp_path)


def test_a_choice_counts_for_every_file_of_the_folder(library: Path) -> None:
    (library / "old.txt").write_bytes("żółw".encode("cp1250"))
    facts = FORMAT.describe(library, None, TextChoices(encoding="cp1250"))
    assert facts.encoding == "cp1250"
    assert "żółw" in "".join(FORMAT.read(library, "cp1250"))
    (library / "old.txt").unlink()
    (library / "torn.txt").write_bytes("Grüße und schöne Träume ".encode() + b"\xff")
    assert FORMAT.describe(library, None, TextChoices(replace=True)).replaced == 1
    assert "Träume \ufffd" in "".join(FORMAT.read(library, replace=True))


def test_somebody_watches_the_bytes_of_all_files(library: Path) -> None:
    told: list[int] = []
    FORMAT.describe(library, told.append)
    assert sum(told) == 19


def test_links_are_not_followed(library: Path) -> None:
    try:
        (library / "again.txt").symlink_to(library / "part 2.txt")
        (library / "loop").symlink_to(library, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert len(FORMAT.files(library)) == 4


def test_a_folder_that_may_not_be_listed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(StudioError, match="could not be read: Permission denied"):
        FORMAT.files(tmp_path)
