"""`main.py tokenize`: ids and tokens on standard output, all else on standard error."""

import json
from pathlib import Path

import pytest

from studio.commands import DONE, REFUSED, WRONG_USAGE, main
from studio.commands.tokenize import visible
from studio.store.project import Project
from studio.tokenizers import make_tokenizer


def test_the_ids_of_gpt2_are_one_json_list_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "--tokenizer", "gpt2", "Akwirw ier", "--ids"]) == DONE
    out = capsys.readouterr()
    assert json.loads(out.out) == [33901, 86, 343, 86, 220, 959]
    assert out.err == ""


def test_without_ids_each_token_has_a_line_with_what_it_stands_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "--tokenizer", "gpt2", "Hello, world!"]) == DONE
    out = capsys.readouterr()
    assert out.out == '15496  "Hello"\n   11  ","\n  995  " world"\n    0  "!"\n'
    assert out.err == "4 tokens; vocabulary 50,257\n"


def test_special_spellings_are_text_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "--tokenizer", "gpt2", "<|endoftext|>", "--ids"]) == DONE
    assert len(json.loads(capsys.readouterr().out)) > 1
    assert main(["tokenize", "--tokenizer", "gpt2", "<|endoftext|>", "--ids", "--special"]) == DONE
    assert json.loads(capsys.readouterr().out) == [50256]


def test_an_empty_text_has_no_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "--tokenizer", "bytes", "", "--ids"]) == DONE
    assert capsys.readouterr().out == "[]\n"
    assert main(["tokenize", "--tokenizer", "bytes", ""]) == DONE
    assert capsys.readouterr().out == ""


def test_characters_and_words_come_from_the_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("a cat and a bat", encoding="utf-8")
    assert main(["tokenize", "--tokenizer", "characters", "--corpus", str(corpus), "tab", "--ids"]) == DONE
    assert json.loads(capsys.readouterr().out) == [6, 1, 2]
    assert main(["tokenize", "--tokenizer", "words", "--corpus", str(tmp_path), "a bat dog", "--ids"]) == DONE
    assert json.loads(capsys.readouterr().out) == [0, 2, 5]


def test_a_guess_at_the_encoding_of_the_corpus_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_bytes("Größe, Straße, Übermut und Ärger im naïven Café. ".encode("cp1252") * 40)
    for corpus, words in ((odd, "a guess, since the byte 0xf6"), (tmp_path, "the encoding of 1 is a guess")):
        assert main(["tokenize", "--tokenizer", "characters", "--corpus", str(corpus), "aß", "--ids"]) == DONE
        said = capsys.readouterr()
        assert words in said.err
        assert len(json.loads(said.out)) == 2
    odd.write_text("Größe", "utf-8")
    assert main(["tokenize", "--tokenizer", "characters", "--corpus", str(tmp_path), "ß", "--ids"]) == DONE
    assert "guess" not in capsys.readouterr().err


def test_the_book_s_sentence_has_its_published_ids(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = str(data_folder / "the-verdict.txt")
    text = "Hello, do you like tea? <|endoftext|> In the sunlit terraces of the palace."
    assert main(["tokenize", "--tokenizer", "words", "--corpus", corpus, text, "--ids", "--special"]) == DONE
    ids = [1131, 5, 355, 1126, 628, 975, 10, 1130, 55, 988, 956, 984, 722, 988, 1131, 7]
    assert json.loads(capsys.readouterr().out) == ids


def test_a_project_lends_the_newest_tokenizer_of_that_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Project.create(tmp_path / "project")
    place = project.path / "runs" / "one"
    place.mkdir(parents=True)
    saved = make_tokenizer("characters", ["abc"]).to_json()
    (place / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    options = ["tokenize", "--project", str(project.path), "--ids", "cab", "--tokenizer"]
    assert main([*options, "characters"]) == DONE
    assert json.loads(capsys.readouterr().out) == [2, 0, 1]
    assert main([*options, "words"]) == REFUSED
    assert "has no tokenizer “words” yet" in capsys.readouterr().err


def test_a_vocabulary_from_nowhere_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "--tokenizer", "words", "text"]) == WRONG_USAGE
    assert "--corpus FILE or --project DIR" in capsys.readouterr().err


def test_what_cannot_be_said_is_refused_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("abc", encoding="utf-8")
    assert main(["tokenize", "--tokenizer", "characters", "--corpus", str(corpus), "xyz"]) == REFUSED
    assert main(["tokenize", "--tokenizer", "characters", "--corpus", str(tmp_path / "no"), "abc"]) == REFUSED
    assert main(["tokenize", "--tokenizer", "gtp2", "text"]) == REFUSED
    told = capsys.readouterr()
    assert told.out == ""
    assert "The character “x”" in told.err
    assert "There is no file or folder" in told.err
    assert "Did you mean “gpt2”" in told.err


def test_blanks_and_parts_of_characters_are_made_visible() -> None:
    assert visible(b" \n") == '" \\n"'
    assert visible("é".encode()) == '"é"'
    assert visible(b"\xf0\x9f") == '"\\xf0\\x9f"'


def test_a_file_has_the_ids_of_its_text_and_a_line_for_each_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = tmp_path / "story.txt"
    story.write_text("Hello, world!\n", "utf-8")
    assert main(["tokenize", "--tokenizer", "gpt2", "--file", str(story)]) == DONE
    out = capsys.readouterr()
    assert out.out.splitlines()[0] == '15496  "Hello"'
    assert out.err == "5 tokens; vocabulary 50,257\n"


@pytest.mark.parametrize("more", [[], ["text", "--file", "x.txt"]])
def test_there_is_either_a_text_or_a_file(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "--tokenizer", "gpt2", *more]) == WRONG_USAGE
    assert "Give TEXT or --file PATH" in capsys.readouterr().err


def test_a_name_of_a_project_s_own_comes_before_a_file_and_an_unknown_one_lists_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.create(tmp_path / "project")
    project.add_tokenizer(make_tokenizer("characters", ["ab"]), "mine")
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    command = ["tokenize", "--project", str(project.path), "ba", "--ids", "--tokenizer"]
    assert main([*command, "mine"]) == DONE
    assert json.loads(capsys.readouterr().out) == [1, 0]
    assert main([*command, "other"]) == REFUSED
    assert "its own: “mine”" in capsys.readouterr().err
