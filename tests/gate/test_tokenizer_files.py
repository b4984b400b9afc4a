"""A foreign tokenizer is taken apart before the library sees it: whatever could hang or kill it is refused by name."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.gate import tokenizer_files
from studio.gate.tokenizer_files import check_tokenizer, read_tokenizer_file
from studio.tokenizers import unigram

FLAGS = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
GOOD: dict[str, Any] = {
    "version": "1.0",
    "truncation": {"max_length": 4, "stride": 9, "strategy": "LongestFirst", "direction": "Right"},
    "padding": {"strategy": {"Fixed": 1 << 40}},
    "added_tokens": [{"id": 4, "content": "<s>", **FLAGS}],
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Prepend", "prepend": "▁"}]},
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [4], "tokens": ["<s>"]}},
    },
    "decoder": {"type": "ByteLevel"},
    "model": {
        "type": "BPE", "dropout": None, "unk_token": None, "vocab": {"a": 0, "b": 1, "ab": 2, "c": 3},
        "merges": ["a b"],
    },
}  # fmt: skip


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """GOOD with one value replaced."""
    data = copy.deepcopy(GOOD)
    at: Any = data
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = to
    return data


def split(regex: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


def test_a_sound_file_passes_without_its_rules_for_cutting_and_padding() -> None:
    kept = check_tokenizer(copy.deepcopy(GOOD))
    assert kept["model"] == GOOD["model"]
    assert kept["added_tokens"] == GOOD["added_tokens"]
    assert kept["truncation"] is kept["padding"] is None


def test_merges_may_be_written_as_pairs_and_parts_may_be_absent() -> None:
    data = changed("model", "merges", to=[["a", "b"]])
    for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder", "added_tokens"):
        data[part] = None
    check_tokenizer(data)


@pytest.mark.parametrize("pattern", sorted(tokenizer_files.PATTERNS))
def test_the_patterns_of_the_families_are_known(pattern: str) -> None:
    check_tokenizer(changed("pre_tokenizer", to={"type": "Sequence", "pretokenizers": [split(pattern)]}))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "not a table"),
        ({}, "kind"),
        (changed("model", "type", to="WordLevel"), "WordLevel"),
        (changed("model", "vocab", to={}), "no vocabulary"),
        (changed("model", "vocab", to=["a"]), "no vocabulary"),
        (changed("model", "vocab", "a", to=1), "same id"),
        (changed("model", "vocab", "a", to=-1), "the id -1"),
        (changed("model", "vocab", "a", to=2**33), "the id 8589934592"),
        (changed("model", "vocab", "a", to=2**32 - 1), "the id 4294967295"),
        (changed("model", "vocab", "a", to=True), "the id True"),
        (changed("model", "vocab", "a" * 3000, to=9), "the id 9"),
        (changed("model", "merges", to=["a x"]), "merge"),
        (changed("model", "merges", to=["a c"]), "merge"),
        (changed("model", "merges", to=["a b c"]), "merge"),
        (changed("model", "merges", to=[["a", 1]]), "merge"),
        (changed("model", "merges", to=None), "merges"),
        (changed("model", "unk_token", to="<unk>"), "<unk>"),
        (changed("model", "dropout", to=0.5), "dropout"),
        (changed("model", "continuing_subword_prefix", to="##"), "continuing_subword_prefix"),
        (changed("added_tokens", 0, "id", to=2), "cannot be"),
        (changed("added_tokens", 0, "id", to=2**33), "cannot be"),
        (changed("added_tokens", 0, "content", to=""), "empty"),
        (changed("added_tokens", to=[3]), "damaged"),
        (changed("added_tokens", to=[{"id": 5, "content": "a", **FLAGS}]), "cannot be"),
        (changed("normalizer", to={"type": "Precompiled", "precompiled_charsmap": "AAAA"}), "Precompiled"),
        (changed("normalizer", to={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 100_000}), "too many"),
        (changed("normalizer", "normalizers", 0, to={"type": "Sequence", "normalizers": []}), "Sequence"),
        (changed("normalizer", "normalizers", 1, "prepend", to="x" * 33), "prepend"),
        (changed("normalizer", to={"type": "Replace", "pattern": {"String": ""}, "content": "x"}), "pattern"),
        (changed("normalizer", to={"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""}), "pattern"),
        (changed("pre_tokenizer", to={"type": "FixedLength", "length": 0}), "FixedLength"),
        (changed("pre_tokenizer", to=split("(a+)+$")), "pattern"),
        (changed("pre_tokenizer", "add_prefix_space", to="yes"), "add_prefix_space"),
        (changed("pre_tokenizer", "auto_map", to="x"), "auto_map"),
        (changed("pre_tokenizer", to=7), "None"),
        (changed("decoder", to={"type": "Strip", "content": " ", "start": 2**64, "stop": 0}), "start"),
        (changed("decoder", to={"type": "CTC", "pad_token": "##"}), "CTC"),
        (changed("decoder", to={"type": ["ByteLevel"]}), "ByteLevel"),
        (changed("post_processor", to={"type": "RobertaProcessing"}), "RobertaProcessing"),
        (changed("post_processor", "special_tokens", "<s>", "ids", to=[5]), "<s>"),
        (changed("post_processor", "special_tokens", "<s>", "tokens", to=[[]]), "<s>"),
        (changed("post_processor", "special_tokens", to={}), "does not describe"),
        (changed("post_processor", "single", to=None), "damaged"),
    ],
)  # fmt: skip
def test_what_could_hang_or_kill_the_library_is_refused_with_its_reason(data: Any, words: str) -> None:
    with pytest.raises(StudioError) as refused:
        check_tokenizer(data)
    assert words in refused.value.message
    assert "tokenizer.json" in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "JSON"),
        (b'{"model": ', "JSON"),
        (b"\xff\xfe{}", "JSON"),
        (b'{"model":' * 5_000, "JSON"),
        (b"version https://git-lfs.github.com/spec/v1", "JSON"),
        (b"<html>", "JSON"),
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(StudioError, match=words):
        read_tokenizer_file(path)


def test_ten_million_entries_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    with open(path, "wb") as file:
        file.truncate(180_000_000)  # what ten million short tokens take; sparse, so that it costs nothing here
    with pytest.raises(StudioError, match="180,000,000 bytes"):
        read_tokenizer_file(path)


def test_a_file_of_nothing_but_lists_is_refused_before_they_take_memory(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    for content in (b'{"model":[' + b"[]," * 1_300_000 + b"0]}", b'{"model":[' + b"0," * 2_000_001 + b"0]}"):
        path.write_bytes(content)
        with pytest.raises(StudioError, match="more than any tokenizer has"):
            read_tokenizer_file(path)


def test_a_million_and_one_entries_are_refused_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer_files, "_LIMITS", tokenizer_files.Limits(tokens=3))
    with pytest.raises(StudioError, match="4 entries; at most 3"):
        check_tokenizer(copy.deepcopy(GOOD))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="could not be read"):
        read_tokenizer_file(tmp_path / "tokenizer.json")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(GOOD), "utf-8")
    assert read_tokenizer_file(path)["model"]["merges"] == ["a b"]


# --- WordPiece and Unigram --------------------------------------------------------------------------------------------


BERT: dict[str, Any] = {
    "added_tokens": [{"id": 0, "content": "[UNK]", **FLAGS}],
    "normalizer": {
        "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
        "lowercase": True,
    },
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": {"[UNK]": 0, "un": 1, "##aff": 2, "##able": 3},
    },
}  # fmt: skip
UNIGRAM: dict[str, Any] = {
    "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": False, "vocab": [["<unk>", 0], ["a", -1.5], ["b", -2]]},
    "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
}


def test_word_pieces_and_unigrams_pass() -> None:
    for content in (BERT, UNIGRAM):
        kept = check_tokenizer(copy.deepcopy(content))
        assert kept["model"] == content["model"]


def test_a_vocabulary_of_every_byte_needs_no_token_for_what_is_unknown_as_long_as_words_are_bytes() -> None:
    ours = unigram.make().content
    assert check_tokenizer(copy.deepcopy(ours))["model"] == ours["model"]
    with pytest.raises(StudioError, match="nor one for every byte"):
        check_tokenizer({**ours, "pre_tokenizer": {"type": "Whitespace"}})


@pytest.mark.parametrize(
    ("content", "key", "value", "words"),
    [
        (BERT, "unk_token", "[GONE]", "neither a token for what is unknown nor one for every byte"),
        (BERT, "unk_token", 3, "what is unknown is damaged"),
        (BERT, "max_input_chars_per_word", 1 << 40, "inside of words are damaged"),
        (BERT, "max_input_chars_per_word", True, "inside of words are damaged"),
        (BERT, "continuing_subword_prefix", "#" * 99, "inside of words are damaged"),
        (BERT, "vocab", {"[UNK]": 0, "a": 0}, "same id"),
        (BERT, "vocab", [["a", 1]], "no vocabulary"),
        (UNIGRAM, "unk_id", 3, "3, is not in its vocabulary"),
        (UNIGRAM, "unk_id", -1, "is not in its vocabulary"),
        (UNIGRAM, "unk_id", None, "neither a token for what is unknown nor one for every byte"),
        (UNIGRAM, "byte_fallback", 1, "rule for bytes"),
        (UNIGRAM, "vocab", [["a", 0.0], ["a", 1.0]], "twice"),
        (UNIGRAM, "vocab", [["a", float("nan")]], "score nan"),
        (UNIGRAM, "vocab", [["a", float("inf")]], "score inf"),
        (UNIGRAM, "vocab", [["a", "b"]], "score b"),
        (UNIGRAM, "vocab", [["a"]], "“None”"),
        (UNIGRAM, "vocab", [["", 0.0]], "damaged"),
        (UNIGRAM, "vocab", {"a": 0}, "missing or too long"),
        (UNIGRAM, "vocab", [], "missing or too long"),
    ],
)
def test_what_cannot_be_is_refused(content: dict[str, Any], key: str, value: Any, words: str) -> None:
    data = copy.deepcopy(content)
    data["model"][key] = value
    with pytest.raises(StudioError, match=re.escape(words)):
        check_tokenizer(data)


@pytest.mark.parametrize("length", [0, -1, True, 1 << 40, "5"])
def test_pieces_of_a_fixed_length_that_hang_or_kill_the_library_are_refused(length: object) -> None:
    with pytest.raises(StudioError, match="FixedLength"):
        check_tokenizer(changed("pre_tokenizer", to={"type": "FixedLength", "length": length}))
