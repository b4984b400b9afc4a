"""The library is handed tables; it gives the same ids as when it reads the whole file itself."""

import json
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.readers.token_engines import engine_of, failed

BLANKS = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
LETTERS = ["<unk>", "<s>", *"▁abc<>s", "ab", "▁a", "abc", "s>", *(f"<0x{value:02X}>" for value in range(256))]
TEXTS = ["abc ab", " a  b", "<s>abc<x>", "é猫", "", "<x> <s>"]


def flags(**more: Any) -> dict[str, Any]:
    return {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **more}


def content(model: dict[str, Any]) -> dict[str, Any]:
    added = [
        {"id": 1, "content": "<s>", **flags()},
        {"id": len(LETTERS), "content": "<x>", **flags(special=False, lstrip=True)},
        {"id": len(LETTERS) + 1, "content": "<y>", **flags()},
    ]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": BLANKS,
        "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model,
    }  # fmt: skip


def pairs(**more: Any) -> dict[str, Any]:
    merges = [["a", "b"], ["▁", "a"], ["ab", "c"]]
    vocabulary = {piece: number for number, piece in enumerate(LETTERS)}
    return content({"type": "BPE", "vocab": vocabulary, "merges": merges, "unk_token": "<unk>", **more})


UNIGRAM = content(
    {"type": "Unigram", "unk_id": 0, "vocab": [[piece, -float(place)] for place, piece in enumerate(LETTERS)]}
)


@pytest.mark.parametrize("special", [True, False])
@pytest.mark.parametrize(
    "given",
    [
        pairs(), pairs(fuse_unk=True), pairs(byte_fallback=True, fuse_unk=True), pairs(ignore_merges=True),
        pairs(merges=["a b", "▁ a"]), pairs(merges=[("a", "b")]), UNIGRAM,
        {**UNIGRAM, "model": {**UNIGRAM["model"], "byte_fallback": True}},
        {**UNIGRAM, "model": {**UNIGRAM["model"], "vocab": [["", 0.0], ["", 0], *UNIGRAM["model"]["vocab"][2:]]}},
    ],
)  # fmt: skip
def test_the_ids_and_the_vocabulary_are_those_of_the_whole_file(given: dict[str, Any], special: bool) -> None:
    from tokenizers import Tokenizer as Engine

    theirs, ours = Engine.from_str(json.dumps(given)), engine_of(given, special)
    theirs.encode_special_tokens = not special
    for text in TEXTS:
        found, wanted = ours.encode(text), theirs.encode(text)
        assert (found.ids, found.tokens) == (wanted.ids, wanted.tokens)
    assert ours.get_vocab() == theirs.get_vocab()
    assert (ours.token_to_id("<y>") in ours.encode("<y>").ids) is special


@pytest.mark.parametrize("wrong", [{"merges": [["a", "x"]]}, {"fuse_unk": "yes"}, {"vocab": {"a": -1}}])
def test_what_the_library_refuses_becomes_a_sentence(wrong: dict[str, Any]) -> None:
    with pytest.raises(StudioError, match="could not be used"):
        engine_of(pairs(**wrong), special=False)


def test_who_interrupts_is_not_told_that_a_file_is_damaged() -> None:
    stopped = KeyboardInterrupt()
    assert failed(stopped) is stopped
    assert isinstance(failed(ValueError("x")), StudioError)
