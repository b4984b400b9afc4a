"""Texts: copied once, counted exactly, uniform on disk, a few megabytes in memory whatever their size."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.formats import TextChoices
from studio.store import corpus
from studio.store.corpus import END_OF_TEXT, Text, write_text
from studio.store.project import Project


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_an_imported_text_is_counted_and_described(project: Project, tmp_path: Path) -> None:
    content = "Grüße, 🦊!\nZweite Zeile\n\nohne Ende"
    source = put(tmp_path, "Brief an «dich».txt", content)
    text = project.add_text([source])
    assert text.name == "Brief an «dich»"
    assert text.path.read_bytes() == content.encode("utf-8")
    assert (text.characters, text.lines, text.bytes) == (len(content), 4, len(content.encode("utf-8")))
    assert text.sha256 == hashlib.sha256(content.encode("utf-8")).hexdigest()
    assert text.sources == (str(source),)
    assert "UTF-8" in text.encoding
    assert text.notes == (text.encoding,)
    assert "".join(text.chunks(3)) == content
    assert [entry.name for entry in (project.path / "texts").iterdir()] == [text.name]


def test_line_ends_marks_and_encodings_become_uniform(project: Project, tmp_path: Path) -> None:
    for number, raw in enumerate(
        ["a\r\nb\rc\nd é".encode(), b"\xef\xbb\xbf" + "a\nb\nc\nd é".encode(), "a\r\nb\nc\nd é".encode("utf-16")]
    ):
        text = project.add_text([put(tmp_path, f"{number}.txt", raw)])
        assert text.path.read_bytes() == "a\nb\nc\nd é".encode()
        assert text.lines == 4
    assert len(project.texts()) == 1


def test_the_same_text_twice_is_the_same_text_and_that_is_told(project: Project, tmp_path: Path) -> None:
    first = project.add_text([put(tmp_path, "a.txt", "same\n")])
    second = project.add_text([put(tmp_path, "b.txt", "same\r\n")])
    assert second.folder == first.folder
    assert "“a”" in second.notes[0]
    assert "already" in second.notes[0]
    assert len(list((project.path / "texts").iterdir())) == 1


def test_another_text_of_the_same_name_gets_a_number(project: Project, tmp_path: Path) -> None:
    names = [project.add_text([put(tmp_path, "a.txt", f"text {number}")]).name for number in range(3)]
    assert names == ["a", "a 2", "a 3"]
    assert project.add_text([put(tmp_path, "x.txt", "other")], "A").name == "A 4"


def test_several_files_and_folders_are_joined_in_order(project: Project, tmp_path: Path) -> None:
    first = put(tmp_path, "one.txt", "one")
    put(tmp_path, "folder/b.md", "three")
    put(tmp_path, "folder/a.txt", "two")
    put(tmp_path, "folder/picture.png", b"\x89PNG\0")
    text = project.add_text([first, tmp_path / "folder"])
    assert text.path.read_text("utf-8") == "one\n\ntwo\n\nthree"
    assert (text.name, len(text.sources), text.separator) == ("one and 1 more", 3, "\n\n")
    joined = project.add_text([first, tmp_path / "folder"], separator=END_OF_TEXT)
    assert joined.path.read_text("utf-8") == f"one{END_OF_TEXT}two{END_OF_TEXT}three"
    assert project.text(joined.name).separator == END_OF_TEXT


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "empty"), (b"\x89PNG\r\n\0\0", "picture"), (b"a\0b" * 99, "zero"), (b" \n ", "blanks")],
)
def test_what_is_no_text_is_refused_and_leaves_nothing(
    project: Project, tmp_path: Path, content: bytes, sentence: str
) -> None:
    with pytest.raises(StudioError, match=sentence):
        project.add_text([put(tmp_path, "bad.txt", content)])
    assert not any((project.path / "texts").glob("*")) if (project.path / "texts").exists() else True


def test_of_several_files_those_that_cannot_be_read_are_left_out_and_named(project: Project, tmp_path: Path) -> None:
    put(tmp_path, "letters/one.txt", "one")
    put(tmp_path, "letters/picture.txt", b"\x89PNG\r\n")
    put(tmp_path, "letters/three.txt", " \n\t")
    put(tmp_path, "letters/two.txt", "two")
    put(tmp_path, "letters/table.csv", "a,b\n")
    text = project.add_text([tmp_path / "letters"])
    assert text.path.read_text("utf-8") == "one\n\ntwo"
    assert (text.characters, text.lines, text.bytes) == (8, 3, 8)
    assert text.sha256 == hashlib.sha256(b"one\n\ntwo").hexdigest()
    assert [Path(source).name for source in text.sources] == ["one.txt", "two.txt"]
    assert text.left_out == (
        "“picture.txt” is a picture, not plain text.",
        "1 other file in “letters” was left out: .csv.",
        "“three.txt” holds nothing but blanks.",
    )
    assert text.notes == (text.encoding, *text.left_out)
    assert Project.open(project.path).text("letters").left_out == text.left_out


def test_of_what_was_left_out_the_texts_are_remembered_and_can_be_read_after_all(
    project: Project, tmp_path: Path
) -> None:
    for number in (1, 2, 10):
        put(tmp_path, f"letters/{number}.txt", f"{number} Grüße")
    put(tmp_path, "letters/2.txt", "2 Grüße".encode() + b"\xff" + " Träume".encode())
    put(tmp_path, "letters/3.txt", b"%PDF-1.7")
    put(tmp_path, "letters/4.txt", " ")
    put(tmp_path, "letters/table.csv", "a,b\n")
    text = project.add_text([tmp_path / "letters"])
    assert [Path(file).name for file in text.unread] == ["2.txt"]
    assert Project.open(project.path).text("letters").unread == text.unread
    assert [file.name for file in text.files] == ["1.txt", "2.txt", "10.txt"]
    whole = project.add_text(text.files, choices=TextChoices(replace=True))
    assert whole.path.read_text("utf-8") == "1 Grüße\n\n2 Grüße\ufffd Träume\n\n10 Grüße"
    assert (whole.unread, whole.left_out) == ((), ())


def test_a_description_is_one_that_an_older_atelier_opens_unless_something_was_left_unread(
    project: Project, tmp_path: Path
) -> None:
    torn = put(tmp_path, "torn.txt", "Grüße".encode() + b"\xff Tr\xc3\xa4ume")
    plain = project.add_text([put(tmp_path, "a.txt", "one")])
    partly = project.add_text([put(tmp_path, "b.txt", "two"), torn])
    said = [json.loads((text.folder / "text.json").read_text("utf-8")) for text in (plain, partly)]
    assert "unread" not in said[0]
    assert said[1]["unread"] == [str(torn)]
    assert (plain.unread, project.text(plain.name).unread) == ((), ())


def test_an_import_is_called_off_while_it_looks_whether_a_refused_file_is_a_text(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = put(tmp_path, "torn.txt", "Grüße".encode() + b"\xff Tr\xc3\xa4ume")
    wanted, find = [True], corpus._is_text
    monkeypatch.setattr(corpus, "_is_text", lambda *found: (wanted.clear(), find(*found))[1])
    with pytest.raises(StudioError, match="stopped"):
        project.add_text([put(tmp_path, "b.txt", "two"), torn], keep_going=lambda: bool(wanted))
    assert wanted == []
    assert not list(project.path.glob("texts/*"))


def test_what_is_left_out_is_told_of_a_text_that_is_here_already_too(project: Project, tmp_path: Path) -> None:
    whole = put(tmp_path, "a.txt", "one")
    project.add_text([whole])
    here, why = project.add_text([whole, put(tmp_path, "torn.txt", b"%PDF-1.7")]).notes
    assert "here already" in here
    assert "torn.txt" in why


def test_files_that_were_chosen_in_another_order_keep_it_and_the_rescued_one_comes_last(
    project: Project, tmp_path: Path
) -> None:
    torn = put(tmp_path, "b.txt", "Grüße".encode() + b"\xff Tr\xc3\xa4ume")
    text = project.add_text([put(tmp_path, "c.txt", "three"), torn, put(tmp_path, "a.txt", "one")])
    assert [file.name for file in text.files] == ["c.txt", "a.txt", "b.txt"]


def test_where_no_file_can_be_read_the_first_reason_is_told_and_nothing_stays(project: Project, tmp_path: Path) -> None:
    files = [put(tmp_path, "a.txt", b"\x89PNG\r\n"), put(tmp_path, "b.txt", b"%PDF-")]
    with pytest.raises(StudioError, match=r"“a\.txt” is a picture"):
        project.add_text(files)
    with pytest.raises(StudioError, match="blanks"):
        project.add_text([put(tmp_path, "c.txt", " "), put(tmp_path, "d.txt", "\n")])
    assert list((project.path / "texts").iterdir()) == []


def test_of_very_many_files_that_were_left_out_only_some_are_named(project: Project, tmp_path: Path) -> None:
    put(tmp_path, "many/good.txt", "good")
    for number in range(30):
        put(tmp_path, f"many/bad {number}.txt", b"%PDF-")
    text = project.add_text([tmp_path / "many"])
    assert (len(text.left_out), text.more_left_out) == (20, 10)


def test_a_text_is_read_as_was_chosen_and_remembers_what_was_replaced(project: Project, tmp_path: Path) -> None:
    source = put(tmp_path, "old.txt", "żółw".encode("cp1250") * 20)
    turtle = project.add_text([source], choices=TextChoices(encoding="cp1250"))
    assert turtle.path.read_text("utf-8") == "żółw" * 20
    assert not turtle.guessed
    torn = put(tmp_path, "torn.txt", "Grüße und schöne Träume ".encode() + b"\xff\0")
    with pytest.raises(StudioError, match="zero byte"):
        project.add_text([torn])
    text = project.add_text([torn], choices=TextChoices(replace=True))
    assert text.path.read_text("utf-8") == "Grüße und schöne Träume \ufffd\ufffd"
    assert text.replaced == 2
    assert "2 places that cannot be read" in text.encoding
    assert project.text("torn").replaced == 2


def test_the_end_of_text_in_a_file_is_text_unless_a_person_says_that_it_parts_documents(
    project: Project, tmp_path: Path
) -> None:
    story = f"Once.{END_OF_TEXT}Twice.{END_OF_TEXT}"
    source = put(tmp_path, "stories.txt", story)
    text = project.add_text([source])
    assert (text.marked, text.marks) == (False, 2)
    marked = project.add_text([source], choices=TextChoices(marks=True))
    assert (marked.name, marked.marked, marked.marks) == ("stories 2", True, 2)
    assert marked.path.read_text("utf-8") == text.path.read_text("utf-8") == story
    assert project.add_text([source], choices=TextChoices(marks=True)).name == "stories 2"
    assert project.add_text([source]).name == "stories"
    both = project.add_text([source, put(tmp_path, "more.txt", "More.")], choices=TextChoices(marks=True))
    assert both.path.read_text("utf-8") == f"{story}{END_OF_TEXT}More."
    assert (both.marked, both.marks) == (True, 2)


def test_a_mark_across_two_pieces_is_counted_once(project: Project, tmp_path: Path) -> None:
    for ahead in range(1, len(END_OF_TEXT)):
        story = "x" * ((1 << 20) - ahead) + END_OF_TEXT + "y"
        assert project.add_text([put(tmp_path, f"{ahead}.txt", story)]).marks == 1


def test_nothing_chosen_and_a_folder_without_texts_are_told(project: Project, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="No file was chosen"):
        project.add_text([])
    (tmp_path / "none").mkdir()
    with pytest.raises(StudioError, match=r"no .*file"):
        project.add_text([tmp_path / "none"])
    with pytest.raises(StudioError, match="no file or folder"):
        project.add_text([tmp_path / "missing.txt"])


def test_progress_goes_up_to_the_whole(project: Project, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    source = put(tmp_path, "long.txt", "Zeile mit é\n" * 400_000)
    project.add_text([source], progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == (source.stat().st_size, source.stat().st_size)


@pytest.mark.parametrize("pieces", [2, 7], ids=["while it is looked at", "while it is copied"])
def test_an_import_that_is_cancelled_leaves_nothing(project: Project, tmp_path: Path, pieces: int) -> None:
    answers = iter([True] * pieces + [False])
    source = put(tmp_path, "long.txt", "line\n" * 1_000_000)
    with pytest.raises(StudioError, match="stopped"):
        project.add_text([source], keep_going=lambda: next(answers))
    assert list((project.path / "texts").glob("*")) == []


def test_looking_for_the_encoding_is_the_first_half_of_the_progress(project: Project, tmp_path: Path) -> None:
    told: list[int] = []
    source = put(tmp_path, "long.txt", "line\n" * 1_000_000)
    project.add_text([source], progress=lambda done, total: told.append(done))
    assert told[:2] == [1 << 19, 1 << 20]
    assert len({done for done in told if done <= 2_500_000}) == 5


def test_a_guess_at_the_encoding_is_known_as_one_after_a_restart(project: Project, tmp_path: Path) -> None:
    sure = put(tmp_path, "sure.txt", "Größe")
    odd = tmp_path / "odd.txt"
    odd.write_bytes("Größe, Straße, Übermut und Ärger im naïven Café. ".encode("cp1252") * 40)
    assert not project.add_text([sure]).guessed
    assert project.add_text([sure, odd]).guessed
    assert [text.guessed for text in Project.open(project.path).texts()] == [False, True]


def test_a_full_disk_is_told_and_leaves_nothing(
    project: Project, tmp_path: Path, full_disk: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = put(tmp_path, "a.txt", "text")
    full_disk()
    with pytest.raises(StudioError, match="The disk is full"):
        project.add_text([source])
    monkeypatch.undo()
    assert list((project.path / "texts").iterdir()) == []


def test_a_kill_at_any_moment_of_an_import_leaves_a_whole_text_or_none(
    project: Project, tmp_path: Path, kill_at: Any
) -> None:
    source = put(tmp_path, "a.txt", "text")
    for k in range(1, 50):
        with kill_at(k) as death:
            project.add_text([source])
        for text in project.texts():
            assert text.path.read_text() == "text"
        if not death.came:
            break
    assert k > 5
    assert len(project.texts()) == 1


def test_a_text_whose_description_is_damaged_is_left_out_and_left_alone(project: Project, tmp_path: Path) -> None:
    text = project.add_text([put(tmp_path, "a.txt", "text")])
    whole = json.loads((text.folder / "text.json").read_text())
    newer = json.dumps({**whole, "version": 9, "unheard_of": 1})
    for damage in ("", "{", "[]", "{}", newer, json.dumps({**whole, "lines": "x"})):
        (text.folder / "text.json").write_text(damage)
        assert project.texts() == []
        assert text.path.exists()
        why = "a newer Atelier wrote it" if damage is newer else "its description is damaged"
        with pytest.raises(StudioError, match=f"“a” cannot be read: {why}"):
            project.text("a")


def test_a_text_that_is_not_what_was_described_is_named_and_not_learned_from(project: Project, tmp_path: Path) -> None:
    text = project.add_text([put(tmp_path, "a.txt", "all of the text")])
    text.path.write_text("all of")
    assert project.texts() == []
    with pytest.raises(StudioError, match="6 bytes lie there where 15 were described"):
        project.text("a")
    text.path.unlink()
    with pytest.raises(StudioError, match=r"its file “text.txt” is gone"):
        project.text("a")


def test_the_head_shows_first_lines_and_cuts_endless_ones(project: Project, tmp_path: Path) -> None:
    text = project.add_text([put(tmp_path, "a.txt", "one\n" + "x" * 3_000_000 + "\n\nfour\nfive")])
    head = text.head(4).split("\n")
    assert head[0] == "one"
    assert head[1] == "x" * 2000 + "…"
    assert head[2:] == ["", "four"]
    assert text.head(99).endswith("five")


def _import_in_a_child(project: Project, source: Path) -> int:
    """Peak memory, in bytes, that importing adds to a process of its own."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from studio.store.project import Project\n"
        "project = Project.open(Path(sys.argv[1]))\n"
        "small = Path(sys.argv[2] + '.small.txt'); small.write_text('warm up'); project.add_text([small])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "text = project.add_text([Path(sys.argv[2])])\n"
        "assert text.bytes == Path(sys.argv[2]).stat().st_size\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(project.path), str(source)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read as Linux tells it")
@pytest.mark.parametrize("megabytes", [40, pytest.param(2_000, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_text(project: Project, tmp_path: Path, megabytes: int) -> None:
    source = tmp_path / "long.txt"
    line = ("Es war einmal ein Mädchen, das ging in den Wald. " * 20 + "\n").encode()
    with open(source, "wb") as file:
        block = line * 1000
        for _ in range(megabytes * 1_000_000 // len(block)):
            file.write(block)
    try:
        assert _import_in_a_child(project, source) < 40_000_000
    finally:
        os.remove(source)


def test_the_verdict_has_the_figures_of_the_book(project: Project, data_folder: Path) -> None:
    text = project.add_text([data_folder / "the-verdict.txt"])
    assert text.characters == 20_479


# --- texts that are made here ---------------------------------------------------------------------------------------


def made(project: Project, pieces: list[str], name: str = "made", separator: str = "", parent: str = "sms@2") -> Text:
    texts = project.path / "texts"
    return write_text(texts, name, iter(pieces), lambda: "Made of two.", separator=separator, parent=parent)


def test_a_text_that_was_made_here_is_like_an_imported_one_and_knows_its_parent(project: Project) -> None:
    text = made(project, ["Grüße\n", "", "🦊"])
    assert text.path.read_text("utf-8") == "Grüße\n🦊"
    assert (text.characters, text.lines, text.bytes, text.sources) == (7, 2, 12, ())
    assert text.sha256 == hashlib.sha256("Grüße\n🦊".encode()).hexdigest()
    assert text.notes == ("Made of two.",)
    assert (project.text("made").parent, project.text("made").encoding) == ("sms@2", "Made of two.")


def test_what_was_made_of_it_is_said_after_the_last_piece(project: Project) -> None:
    counted: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in "abc":
            counted.append(piece)
            yield piece

    texts = project.path / "texts"
    text = write_text(texts, "made", pieces(), lambda: f"Made of {len(counted)}.", separator="", parent="")
    assert text.encoding == "Made of 3."


def test_the_same_text_with_other_marks_between_is_another_text(project: Project) -> None:
    assert made(project, ["a"]).name == made(project, ["a"], "again").name == "made"
    assert made(project, ["a"], separator=END_OF_TEXT).name == "made 2"


def test_a_text_whose_pieces_break_off_leaves_nothing(project: Project, full_disk: Callable[[], None]) -> None:
    def broken() -> Iterator[str]:
        yield "a"
        raise StudioError("stopped")

    with pytest.raises(StudioError, match="stopped"):
        write_text(project.path / "texts", "made", broken(), str, separator="", parent="")
    full_disk()
    with pytest.raises(StudioError, match="disk is full"):
        made(project, ["a"])
    assert list((project.path / "texts").iterdir()) == []


@pytest.mark.parametrize("at", range(1, 20, 2))
def test_a_kill_while_a_text_is_made_leaves_a_whole_one_or_none(
    project: Project, kill_at: Callable[[int], Any], at: int
) -> None:
    with kill_at(at):
        made(project, ["a\n", "b"])
    assert [text.path.read_text("utf-8") for text in project.texts()] in ([], ["a\nb"])
