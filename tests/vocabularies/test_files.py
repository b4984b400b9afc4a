"""Files of tokenizers: each form comes back with the same ids, and what lies in a file is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, Tokenizer, byte_pair, make_tokenizer, tokenizer_json, unigram, word_piece
from studio.tokenizers.book_pairs import BookTokenizer, alphabet
from studio.tokenizers.byte_pair import BytePairTokenizer
from studio.tokenizers.extended import ExtendedTokenizer
from studio.tokenizers.gpt2 import Gpt2Tokenizer
from studio.tokenizers.tokenizer_json import JsonTokenizer, as_file
from studio.vocabularies.book_training import train_book_pairs
from studio.vocabularies.files import FORMS, forms_of, open_tokenizer, save_file, save_tokenizer

SPEECH = "The cat — naïve, 1234! — sat.\n\n  ## <|endoftext|> 猫 🐈\t.\r\n"
PAIRS = BytePairTokenizer([*byte_pair.make().tokens, b"he", b" t", b" the", b"12"], [END_OF_TEXT, "<|user|>"])
SMALL = BytePairTokenizer(PAIRS.tokens, [END_OF_TEXT], lower=True)
BOOK = train_book_pairs("the cat in the hat, the cat on the mat", 270)


@pytest.fixture
def tried_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limited child is tested elsewhere; starting one for each form takes long."""

    def try_here(target: str, arguments: dict[str, str], folder: Path, limits: object) -> int:
        return tokenizer_json.try_file(**arguments, folder=folder)

    monkeypatch.setattr(tokenizer_json, "run_limited", try_here)


@pytest.mark.usefixtures("tried_here")
@pytest.mark.parametrize(
    ("tokenizer", "form"),
    [
        *((PAIRS, form) for form in ("atelier", "gpt2", "tokenizer_json")),
        *((SMALL, form) for form in ("atelier", "tokenizer_json")),
        *((kind.make(), form) for kind in (word_piece, unigram) for form in ("atelier", "tokenizer_json")),
        *((ExtendedTokenizer(PAIRS, ["<|x|>"]), form) for form in ("atelier", "tokenizer_json")),
        *((ExtendedTokenizer(unigram.make(), ["<|x|>"]), form) for form in ("atelier", "tokenizer_json")),
        *((BOOK, form) for form in ("atelier", "book")),
        (make_tokenizer("words", [SPEECH]), "atelier"),
        (make_tokenizer("characters", [SPEECH]), "tokenizer_json"),
    ],
)
def test_every_form_comes_back_with_the_same_ids(tokenizer: Tokenizer, form: str, tmp_path: Path) -> None:
    assert form in forms_of(tokenizer)
    paths = save_tokenizer(tokenizer, tmp_path, form)
    assert [path.name for path in paths] == list(FORMS[form].files)
    text = "the hat,  the cat <|endoftext|>\n in" if tokenizer is BOOK else SPEECH
    for place in (*paths, tmp_path):
        again = open_tokenizer(place)
        assert again.encode(text) == tokenizer.encode(text)
        marked = f"{text}{END_OF_TEXT}"
        assert again.encode(marked, special=True) == tokenizer.encode(marked, special=True)
        assert (again.vocab_size, again.special) == (tokenizer.vocab_size, tokenizer.special)
        assert again.decode(again.encode(text)) == tokenizer.decode(tokenizer.encode(text))


@pytest.mark.slow
def test_openai_s_own_files_are_gpt2_and_gpt2_is_written_as_they_are_to_the_byte(
    data_folder: Path, tmp_path: Path
) -> None:
    assert isinstance(open_tokenizer(data_folder / "gpt2" / "encoder.json"), Gpt2Tokenizer)
    sizes = {}
    for path in save_tokenizer(make_tokenizer("gpt2"), tmp_path, "gpt2"):
        assert path.read_bytes() == (data_folder / "gpt2" / path.name).read_bytes()
        sizes[path.name] = path.stat().st_size
    assert sizes == {"vocab.bpe": 456_318, "encoder.json": 1_042_301}


def test_the_pair_of_files_may_have_the_names_that_other_programs_give_it(tmp_path: Path) -> None:
    bpe, encoder = save_tokenizer(PAIRS, tmp_path, "gpt2")
    bpe.rename(tmp_path / "merges.txt")
    encoder.rename(tmp_path / "vocab.json")
    again = open_tokenizer(tmp_path)
    assert isinstance(again, BytePairTokenizer)
    assert again.encode(SPEECH) == PAIRS.encode(SPEECH)


@pytest.mark.usefixtures("tried_here")
def test_bytes_in_another_order_stay_what_they_are(tmp_path: Path) -> None:
    """Files whose ids are not in the order of the merges are run by the library that reads them."""
    bpe, encoder = save_tokenizer(BytePairTokenizer(PAIRS.tokens), tmp_path, "gpt2")
    numbers = json.loads(encoder.read_text("utf-8"))
    numbers["he"], numbers["Ġt"] = numbers["Ġt"], numbers["he"]
    encoder.write_text(json.dumps(numbers), "utf-8")
    again = open_tokenizer(bpe)
    assert isinstance(again, JsonTokenizer)
    assert again.decode(again.encode(SPEECH)) == SPEECH
    assert again.encode("he") == [numbers["he"]]


def test_a_file_of_the_library_that_is_simple_byte_pairs_is_run_by_tiktoken(tmp_path: Path) -> None:
    save_tokenizer(PAIRS, tmp_path, "tokenizer_json")
    assert open_tokenizer(tmp_path).fingerprint == PAIRS.fingerprint
    (tmp_path / "tokenizer.json").write_text(json.dumps(changed(pre_tokenizer=None)), "utf-8")
    assert isinstance(open_tokenizer(tmp_path), JsonTokenizer)


def changed(**parts: Any) -> dict[str, Any]:
    return {**(as_file(PAIRS) or {}), **parts}


def test_a_form_that_cannot_say_a_tokenizer_is_refused_with_those_that_can(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="“GPT-2's pair of files” cannot say") as refused:
        save_tokenizer(SMALL, tmp_path, "gpt2")
    assert "Atelier's own" in refused.value.hint
    assert forms_of(make_tokenizer("words", ["a"])) == ("atelier",)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_kept_unless_it_shall_be_replaced(tmp_path: Path) -> None:
    save_tokenizer(PAIRS, tmp_path, "gpt2")
    with pytest.raises(StudioError, match=r"has a file “vocab\.bpe” already"):
        save_tokenizer(PAIRS, tmp_path, "gpt2")
    assert save_tokenizer(PAIRS, tmp_path, "gpt2", replace=True)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_single_file_may_have_any_name(tmp_path: Path) -> None:
    path = save_file(PAIRS, tmp_path / "new" / "mine.json")
    assert open_tokenizer(path).fingerprint == PAIRS.fingerprint
    with pytest.raises(StudioError, match="several files"):
        save_file(PAIRS, tmp_path / "x.json", "gpt2")


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="could not be written"):
        save_tokenizer(PAIRS, tmp_path / "file" / "folder", "atelier")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no tokenizer"),
        ({"tokenizer.json": "{"}, "not the JSON"),
        ({"tokenizer.json": "[]"}, "not a table"),
        ({"tokenizer.json": '{"name": "nobody", "version": 1}'}, "no tokenizer called"),
        ({"tokenizer.json": '{"model": {"type": "WordLevel"}}'}, "kind “WordLevel”"),
        ({"vocab.bpe": "a b\n", "encoder.json": '{"a": 0, "b": 1}'}, "leads to a token that is not"),
        ({"vocab.bpe": "a b c\n", "encoder.json": '{"a": 0}'}, "leads to a token that is not"),
        ({"vocab.bpe": "\n", "encoder.json": "[1]"}, "no vocabulary"),
        ({"vocab.json": '{"0": "a"}', "bpe_merges.txt": '[{"pair": [0, 9], "new_id": 0}]'}, "do not belong together"),
        ({"vocab.json": '{"1": "a"}', "bpe_merges.txt": "[]"}, "not what the book's"),
        ({"vocab.json": '{"a": 0}', "bpe_merges.txt": "[]"}, "not what the book's"),
        ({"vocab.json": '{"0": 3}', "bpe_merges.txt": "[]"}, "not what the book's"),
        ({"vocab.json": '{"0": "a"}', "bpe_merges.txt": '[{"pair": [0, true], "new_id": 0}]'}, "not what the book's"),
    ],
)
def test_what_is_no_tokenizer_is_a_sentence(files: dict[str, str], words: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(StudioError, match=words):
        open_tokenizer(tmp_path)


def test_a_missing_file_an_unreadable_one_and_a_huge_one_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="There is no file"):
        open_tokenizer(tmp_path / "gone.json")
    (tmp_path / "odd.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudioError, match="it is not text"):
        open_tokenizer(tmp_path / "odd.json")
    with open(tmp_path / "huge.json", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(StudioError, match="too large"):
        open_tokenizer(tmp_path / "huge.json")
    (tmp_path / "deep.json").write_text("[" * 100_000, "utf-8")
    with pytest.raises(StudioError, match="not the JSON"):
        open_tokenizer(tmp_path / "deep.json")


def test_the_files_of_the_book_read_like_those_it_writes(tmp_path: Path) -> None:
    vocabulary = {str(number): token for number, token in enumerate([*alphabet("", [END_OF_TEXT]), "th", "the"])}
    merges = [{"pair": [116, 104], "new_id": 258}, {"pair": [258, 101], "new_id": 259}]
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    (tmp_path / "bpe_merges.txt").write_text(json.dumps(merges), "utf-8")
    found = open_tokenizer(tmp_path)
    assert isinstance(found, BookTokenizer)
    assert found.encode("the<|endoftext|>", special=True) == [259, 257]
    save_tokenizer(found, tmp_path, "book", replace=True)
    assert json.loads((tmp_path / "bpe_merges.txt").read_text("utf-8")) == merges
    assert json.loads((tmp_path / "vocab.json").read_text("utf-8")) == vocabulary
