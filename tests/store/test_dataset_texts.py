"""Rows of texts, texts of rows, and both cleaned: nothing lost on the way, special marks stay text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.cleaning import Tally
from studio.rows.kinds import Reading
from studio.rows.steps import DropByLength, DropDuplicates, Filter, Normalise, Sample, step_to_json
from studio.store import dataset_texts
from studio.store.corpus import END_OF_TEXT, Text
from studio.store.dataset_texts import changed_words, cleaned, reading_of, rows_of, text_from
from studio.store.datasets import Dataset
from studio.store.project import Project
from studio.store.shards import make_shards
from tests.store.rows import dataset_of

SMS = Reading("labelled", {"text": "text", "label": "label"})


def text_of(project: Project, content: str, name: str = "a") -> Text:
    path = project.path.parent / f"{name}.txt"
    path.write_text(content, "utf-8")
    return project.add_text([path])


def joined(project: Project, *contents: str, separator: str = END_OF_TEXT) -> Text:
    paths = []
    for number, content in enumerate(contents):
        paths.append(project.path.parent / f"{number}.txt")
        paths[-1].write_text(content, "utf-8")
    return project.add_text(paths, separator=separator)


def texts(rows: Any) -> list[str]:
    return [row["text"] for row in rows]


def test_a_text_is_read_by_paragraphs_where_nothing_separates_documents(project: Project) -> None:
    text = text_of(project, "First\nline.\n\nSecond.\n \n\n\n  Third.\n")
    assert texts(rows_of(text)) == ["First\nline.", "Second.", "  Third."]
    assert reading_of(text) == Reading("text", {"text": "text"}, "A text has one column.")


def test_a_text_of_several_files_is_read_by_documents(project: Project) -> None:
    text = joined(project, "One\n\nstill one", "Two")
    assert texts(rows_of(text)) == ["One\n\nstill one", "Two"]


def test_documents_do_not_depend_on_where_the_reading_stops_between(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = joined(project, "Grüße 🦊", "zwei", "drei " * 5)
    paragraphs = text_of(project, "\n\na\n \n\n\n  b\n\n\nc\nd\n\n\n")
    whole = texts(rows_of(text))
    chunks = Text.chunks
    for size in (1, 2, 3, 7, 13):
        monkeypatch.setattr(Text, "chunks", lambda self, size=size: chunks(self, size))
        assert texts(rows_of(text)) == whole
        assert texts(rows_of(paragraphs)) == ["a", "  b", "c\nd"]


def test_a_document_without_end_is_cut_and_not_held(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_texts, "LONGEST", 10)
    assert texts(rows_of(text_of(project, "x" * 25))) == ["x" * 10, "x" * 10, "x" * 5]


def test_reading_rows_can_be_stopped(project: Project) -> None:
    for source in (text_of(project, "a\n\nb"), dataset_of(project, [{"text": "a"}])):
        with pytest.raises(StudioError, match="stopped"):
            list(rows_of(source, lambda: False))


def test_a_dataset_becomes_a_text_with_the_end_of_text_between_its_rows(project: Project) -> None:
    rows: list[Values] = [{"label": "ham", "text": "Hi\r\nyou"}, {"label": "ham", "text": "  "}, {"text": "Bye"}]
    dataset = dataset_of(project, rows, SMS)
    text = text_from(project, dataset)
    assert text.path.read_bytes() == f"Hi\nyou{END_OF_TEXT}Bye".encode()
    assert (text.name, text.separator, text.parent) == ("rows", END_OF_TEXT, "rows@1")
    assert text.notes == ("Made of 2 rows of “rows@1”.",)
    assert project.text("rows").parent == "rows@1"
    assert texts(rows_of(text)) == ["Hi\nyou", "Bye"]
    again = text_from(project, dataset)
    assert again.folder == text.folder
    assert "here already" in again.notes[0]


def test_another_separator_makes_another_text(project: Project) -> None:
    dataset = dataset_of(project, [{"text": "a"}])
    assert [text_from(project, dataset, separator=mark).name for mark in (END_OF_TEXT, "\n\n")] == ["rows", "rows 2"]


def test_the_spelling_of_a_special_token_inside_a_row_stays_text(project: Project) -> None:
    rows = [{"text": f"say {END_OF_TEXT} or <|im_start|>"}, {"text": "<| no mark |> a <|b"}, {"text": "end"}]
    text = text_from(project, dataset_of(project, rows))
    assert text.path.read_text("utf-8").count(END_OF_TEXT) == 2
    assert "<|endoftext |> or <|im_start |>" in text.path.read_text("utf-8")
    assert "In 1 of them a mark such as <|endoftext|> got a blank" in text.notes[0]
    shards = make_shards(text, "gpt2", 0.0, project.tokens_folder)
    assert int((shards.training() == 50256).sum()) == 2
    plain = text_from(project, dataset_of(project, [{"text": f"a{END_OF_TEXT}"}], name="other"), separator="\n\n")
    assert plain.path.read_text("utf-8") == f"a{END_OF_TEXT}"


def test_a_dataset_whose_roles_are_missing_is_no_text_yet(project: Project) -> None:
    dataset = dataset_of(project, [{"a": 1}], Reading("alpaca", {"instruction": "a"}))
    with pytest.raises(StudioError, match="no column for “Output”"):
        text_from(project, dataset)


def test_rows_without_any_text_make_no_text(project: Project) -> None:
    with pytest.raises(StudioError, match="No text would be left"):
        text_from(project, dataset_of(project, [{"text": " "}]))
    assert project.texts() == []
    assert [path.name for path in (project.path / "texts").iterdir()] == []


def test_a_cleaned_dataset_is_its_next_version_and_says_what_was_done(project: Project) -> None:
    rows: list[Values] = [{"label": "ham", "text": text} for text in ("a ", "a", "b", "")]
    dataset = dataset_of(project, rows, SMS)
    steps = [Normalise(), DropDuplicates(), DropByLength()]
    told: list[tuple[int, int]] = []
    version = cleaned(project, dataset, steps, progress=lambda done, total: told.append((done, total)))
    assert isinstance(version, Dataset)
    assert [row["text"] for row in version.stream()] == ["a", "b"]
    assert (version.title, version.parent) == ("rows@2", 1)
    assert version.steps == tuple(step_to_json(step) for step in steps)
    assert version.changed == (
        "Normalise NFC, line ends, blanks and ends (1 changed), drop exact duplicates (1 dropped), "
        "drop empty texts (1 dropped)."
    )
    assert told == [(0, 4)]


def test_a_cleaned_text_is_a_new_text_beside_the_old_one(project: Project) -> None:
    text = joined(project, "One", "Two ", "One", "Two")
    made = cleaned(project, text, [Normalise(), DropDuplicates()])
    assert isinstance(made, Text)
    assert made.path.read_text("utf-8") == f"One{END_OF_TEXT}Two"
    assert (made.separator, made.parent) == (END_OF_TEXT, text.name)
    assert made.name == f"{text.name} cleaned"
    assert "(2 dropped)" in made.notes[0]
    assert project.text(text.name).sha256 == text.sha256


def test_paragraphs_are_put_together_again(project: Project) -> None:
    text = text_of(project, "One\n\nTwo\n\n\nOne\n\nThree, and so on")
    made = cleaned(project, text, [DropDuplicates(), Filter("words(text) < 3")], name="short")
    assert isinstance(made, Text)
    assert made.path.read_text("utf-8") == "One\n\nTwo"
    assert (made.name, made.separator) == ("short", "")


def test_marks_in_a_text_are_left_as_they_are_by_cleaning(project: Project) -> None:
    text = joined(project, "a <|user|>", "b")
    made = cleaned(project, text, [Sample(5), Filter('text != "b"')])
    assert isinstance(made, Text)
    assert made.path.read_text("utf-8") == "a <|user|>"


def test_no_step_of_a_cleaning_makes_an_end_of_text_out_of_words(project: Project) -> None:
    text = joined(project, "first <|end\u200boftext|> too", "second ＜|endoftext|＞ too", "＜|user|＞ c")
    made = cleaned(project, text, [Normalise(form="NFKC", unseen=True)])
    assert isinstance(made, Text)
    content = "first <|endoftext |> too", "second <|endoftext |> too", "<|user|> c"
    assert made.path.read_text("utf-8") == END_OF_TEXT.join(content)
    assert "In 2 of its documents a mark such as <|endoftext|> got a blank" in made.notes[0]
    assert int((make_shards(made, "gpt2", 0.0, project.tokens_folder).training() == 50256).sum()) == 2


def test_a_cleaning_without_effect_is_refused_for_a_dataset(project: Project) -> None:
    dataset = dataset_of(project, [{"text": "a"}])
    with pytest.raises(StudioError, match="as it is"):
        cleaned(project, dataset, [Normalise()])


def test_a_cleaning_that_is_stopped_leaves_nothing(project: Project) -> None:
    asked = iter([True] * 2)
    dataset = dataset_of(project, [{"text": str(number)} for number in range(900)])
    with pytest.raises(StudioError, match="stopped"):
        cleaned(project, dataset, [Sample(3)], keep_going=lambda: next(asked, False))
    assert [item.version for item in project.dataset_versions("rows")] == [1]


def test_a_step_that_cannot_work_is_refused_before_anything_is_written(project: Project) -> None:
    dataset = dataset_of(project, [{"text": "a"}])
    with pytest.raises(StudioError, match="no such column"):
        cleaned(project, dataset, [Filter("lable == 3")])


def test_what_each_step_did_is_told() -> None:
    tallies = [Tally(DropDuplicates(), dropped=1_200), Tally(Sample(5), 3, 0), Tally(Normalise("none"), 0, 0)]
    assert changed_words(tallies) == (
        "Drop exact duplicates (1,200 dropped), keep 5 rows at random (3 dropped), "
        "normalise line ends, blanks and ends (nothing)."
    )


def test_a_full_disk_leaves_no_text(project: Project, full_disk: Callable[[], None]) -> None:
    dataset = dataset_of(project, [{"text": "a"}])
    full_disk()
    with pytest.raises(StudioError, match="disk is full"):
        text_from(project, dataset)
    assert project.texts() == []


@pytest.mark.slow
def test_the_messages_of_the_course_are_cleaned_and_written_down(project: Project, data_folder: Path) -> None:
    lines = (data_folder / "SMSSpamCollection.tsv").read_text("utf-8").splitlines()
    dataset = dataset_of(project, [dict(zip(("label", "text"), line.split("\t"), strict=True)) for line in lines], SMS)
    version = cleaned(project, dataset, [DropDuplicates()])
    assert isinstance(version, Dataset)
    different = len({line.split("\t")[1] for line in lines})
    assert (dataset.rows, version.rows) == (5_574, different)
    text = text_from(project, version)
    assert text.path.read_text("utf-8").count(END_OF_TEXT) == different - 1
