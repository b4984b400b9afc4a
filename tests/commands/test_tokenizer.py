"""`main.py tokenizer`: learning a vocabulary from files and tables, and comparing some, by what is printed."""

import json
from pathlib import Path

import pytest

from studio.commands import DONE, REFUSED, WRONG_USAGE, main
from studio.store.project import Project
from studio.tokenizers import make_tokenizer
from studio.vocabularies import comparison
from studio.vocabularies.files import open_tokenizer

STORY = "The cat sat on the mat, and 12 dogs looked at the cat.\n" * 30


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text(STORY, "utf-8")
    return path


def test_what_was_learned_is_a_file_that_tokenize_takes(
    story: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.json"
    assert main(["tokenizer", "train", str(story), "--vocabulary", "300", "--out", str(out)]) == DONE
    said = capsys.readouterr()
    assert said.out == f"{out}\n"
    assert "tokens" in said.err
    tokenizer = open_tokenizer(out)
    assert main(["tokenize", "--tokenizer", str(out), "--file", str(story), "--ids"]) == DONE
    assert json.loads(capsys.readouterr().out) == tokenizer.encode(STORY)


def test_a_folder_takes_the_files_of_a_form_and_a_project_keeps_it_by_name(
    story: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    command = ["tokenizer", "train", str(story), "--vocabulary", "270", "--special", "<|a|>", "--special", "<|b|>"]
    assert main([*command, "--out", str(tmp_path / "out"), "--form", "gpt2", "--project", str(project)]) == DONE
    printed = capsys.readouterr().out.splitlines()
    assert [Path(line).name for line in printed] == ["vocab.bpe", "encoder.json", "story"]
    [kept] = Project.open(project).tokenizers()
    assert (kept.name, kept.source, kept.vocab_size) == ("story", "story.txt", 270)
    assert kept.load().special == {"<|a|>": 268, "<|b|>": 269}
    assert main(["tokenize", "--tokenizer", "story", "--project", str(project), "<|b|>", "--special", "--ids"]) == DONE
    assert json.loads(capsys.readouterr().out) == [269]


def test_the_texts_of_a_table_are_learned_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "mail.csv"
    table.write_text("label,text\n" + "ham,winner winner winner\nspam,winner prize\n" * 40, "utf-8")
    out = tmp_path / "out.json"
    assert main(["tokenizer", "train", str(table), "--vocabulary", "266", "--out", str(out)]) == DONE
    assert "read as: labelled" in capsys.readouterr().err
    texts = {open_tokenizer(out).token_text(token) for token in range(256, 265)}
    assert " winner" in texts or "winner" in texts


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--vocabulary", "300"], WRONG_USAGE, "no place for the vocabulary"),
        (["--vocabulary", "20", "--out", "x.json"], WRONG_USAGE, "257 to 500,000"),
        (["--kind", "letters", "--out", "x.json"], WRONG_USAGE, "no kind of vocabulary"),
        (["--kind", "unigram", "--vocabulary", "300", "--form", "gpt2", "--out", "x"], REFUSED, "cannot say"),
    ],
)
def test_what_cannot_be_is_refused(
    story: Path, options: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tokenizer", "train", str(story), *options]) == code
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_a_comparison_is_a_table_or_json(
    story: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "_MEASURED", 0.001)
    command = ["tokenizer", "compare", str(story), "--tokenizer", "bytes", "--tokenizer", "words_strict"]
    assert main(command) == DONE
    lines = {line[:22].strip(): line[22:].split() for line in capsys.readouterr().out.splitlines()}
    assert lines[""] == ["bytes", "words_strict"]
    assert lines["tokens"] == [f"{len(STORY):,}", str(len(make_tokenizer("words_strict", [STORY]).encode(STORY)))]
    assert lines["tokens per number"] == ["2.00", "1.00"]
    assert lines["Korean"][1] == "–"
    assert main([*command, "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)[0]["tokens"] == len(STORY)


def test_a_tokenizer_that_cannot_say_the_text_is_told_below_the_table(
    story: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "_MEASURED", 0.001)
    other = tmp_path / "strict.json"
    other.write_text(json.dumps(make_tokenizer("words_strict", ["a b"]).to_json()), "utf-8")
    assert main(["tokenizer", "compare", str(story), "--tokenizer", str(other)]) == DONE
    out = capsys.readouterr().out
    assert f"{other}: The word “The” is not among the 2" in out


def test_a_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenizer", "train", str(tmp_path / "gone.txt"), "--out", "x.json"]) == REFUSED
    assert "gone.txt" in capsys.readouterr().err
