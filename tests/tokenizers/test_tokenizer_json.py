"""Tokenizers of other people's models: the ids of the library, the bytes of every token, and files that it reads."""

import json
from pathlib import Path
from typing import Any

import pytest
from tiktoken import Encoding

from studio.core.errors import StudioError
from studio.gate.tokenizer_files import check_tokenizer
from studio.tokenizers import Tokenizer, make_tokenizer, tokenizer_from_json, tokenizer_kinds
from studio.tokenizers.byte_pair import RankedTokenizer, encoding_of
from studio.tokenizers.cl100k import Cl100kTokenizer
from studio.tokenizers.extended import ExtendedTokenizer
from studio.tokenizers.gpt2 import Gpt2Tokenizer
from studio.tokenizers.tokenizer_json import JsonTokenizer, as_file, merged_from, read_tokenizer

TEXT = "The cat's 12 naïve 猫🐈 mats…\n\n  sat   <s> down\t."
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)


def trained(style: str) -> dict[str, Any]:
    """A small `tokenizer.json` as the families of the hub write theirs, learned from a few lines."""
    from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from tokenizers import Tokenizer as Engine

    engine = Engine(models.BPE(byte_fallback=style == "llama 2", fuse_unk=style == "llama 2"))
    special = ["<unk>", "<s>", "</s>"]
    alphabet: list[str] = []
    if style == "llama 2":  # SentencePiece's way: blanks are ▁, what is unknown falls back to bytes
        special += [f"<0x{byte:02X}>" for byte in range(256)]
        engine.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        engine.decoder = decoders.Sequence(steps)
    else:
        pattern = Regex(LLAMA_3)
        steps = [pre_tokenizers.Split(pattern, "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
        engine.pre_tokenizer = pre_tokenizers.Sequence(steps)
        engine.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )  # fmt: skip
    engine.train_from_iterator(["the cat sat on the mat and the naïve dog's 12 mats were down there"] * 20, trainer)
    engine.add_special_tokens([AddedToken("<s>", special=True), AddedToken("</s>", special=True)])
    engine.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A $B", special_tokens=[("<s>", 1)])
    data: dict[str, Any] = json.loads(engine.to_str())
    if style == "llama 2":  # only real control tokens are cut out of a text, as in the hub's file
        data["added_tokens"] = [entry for entry in data["added_tokens"] if not entry["content"].startswith("<0x")]
    return data


@pytest.fixture(scope="module", params=["llama 2", "llama 3"])
def content(request: pytest.FixtureRequest) -> dict[str, Any]:
    return check_tokenizer(trained(request.param))


@pytest.fixture(scope="module")
def found(content: dict[str, Any]) -> JsonTokenizer:
    return JsonTokenizer(content)


def test_the_ids_are_those_of_the_library(content: dict[str, Any], found: JsonTokenizer) -> None:
    from tokenizers import Tokenizer as Engine

    engine = Engine.from_str(json.dumps(content))
    plain = TEXT.replace("<s>", "")
    assert found.encode(plain) == engine.encode(plain, add_special_tokens=False).ids
    assert [*found.prefix, *found.encode(plain)] == engine.encode(plain).ids
    assert found.prefix == (1,)


def test_a_text_comes_back_whole_and_piece_by_piece(content: dict[str, Any], found: JsonTokenizer) -> None:
    ids = found.encode(TEXT)
    assert found.decode(ids) == TEXT
    stream = found.stream()
    assert "".join(map(stream, ids)) + stream.flush() == TEXT


def test_decoding_says_what_the_library_says(content: dict[str, Any], found: JsonTokenizer) -> None:
    from tokenizers import Tokenizer as Engine

    engine = Engine.from_str(json.dumps(content))
    for text in ("the cat", " the", "naïve", "12 mats\n"):
        ids = found.encode(text)
        assert found.decode(ids) == engine.decode(ids)


def test_who_asks_for_special_tokens_changes_nothing_for_who_does_not(
    found: JsonTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = iter(["c <s> d"])

    def meanwhile(text: str) -> str:
        for other in others:  # as another thread would, in the middle of a call
            assert 1 in found.encode(other, special=True)
        return text

    monkeypatch.setattr("studio.tokenizers.tokenizer_json.without_halves", meanwhile)
    assert 1 not in found.encode("a <s> b")


def test_the_spelling_of_a_special_token_is_plain_text_unless_asked(found: JsonTokenizer) -> None:
    assert 1 not in found.encode("a <s> b")
    assert 1 in found.encode("a <s> b", special=True)
    assert found.special["</s>"] == 2
    assert found.end_of_text == 2


def test_the_end_that_the_model_names_wins(content: dict[str, Any]) -> None:
    assert JsonTokenizer(content, end=1).end_of_text == 1
    assert JsonTokenizer(content, end=10**6).end_of_text == 2


def test_it_is_saved_and_comes_back_equal(found: JsonTokenizer) -> None:
    again = tokenizer_from_json(json.loads(json.dumps(found.to_json())))
    assert again.fingerprint == found.fingerprint
    assert again.encode(TEXT) == found.encode(TEXT)
    assert (again.end_of_text, again.vocab_size) == (found.end_of_text, found.vocab_size)


def test_a_saved_one_that_was_tampered_with_is_checked_like_a_foreign_file(found: JsonTokenizer) -> None:
    data = json.loads(json.dumps(found.to_json()))
    data["content"]["pre_tokenizer"] = {"type": "FixedLength", "length": 0}
    with pytest.raises(StudioError, match="FixedLength"):
        tokenizer_from_json(data)


def test_an_id_that_the_file_leaves_out_or_that_lies_beyond_it_spells_nothing(content: dict[str, Any]) -> None:
    model = {**content["model"], "vocab": {"a": 0, "b": 9}, "merges": []}
    found = JsonTokenizer(check_tokenizer({"model": model, "decoder": {"type": "Fuse"}}))
    assert found.vocab_size == 10
    assert found.token_bytes(5) == found.token_bytes(10) == b""
    assert found.decode([0, 5, 9, 10]) == "ab"


def test_a_foreign_file_is_tried_in_a_child_and_read(tmp_path: Path, content: dict[str, Any]) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(content), "utf-8")
    assert read_tokenizer(path).encode("the cat") == JsonTokenizer(content).encode("the cat")


def test_what_the_library_throws_becomes_a_sentence(content: dict[str, Any]) -> None:
    hostile = {**content, "pre_tokenizer": {"type": "FixedLength", "length": 0}}  # past the gate: it ends in a panic
    with pytest.raises(StudioError, match="could not be used"):
        JsonTokenizer(hostile)


def test_it_is_not_offered_for_a_text_of_ones_own() -> None:
    assert "tokenizer_json" not in [kind.name for kind in tokenizer_kinds()]


# --- what is typed ----------------------------------------------------------------------------------------------------

MARK = "[MASK]"
TYPED: dict[str, dict[str, Any]] = {
    "words, pieces between blanks": {
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {"[UNK]": 0, MARK: 1, "a": 2, **{f"##{letter}": 3 + place for place, letter in enumerate("MASK]")},
                      "[": 8},
        },
    },
    "pairs whose merges form it": {
        "model": {
            "type": "BPE",
            "vocab": {"[UNK]": 0, MARK: 1, "a": 2, **{letter: 3 + n for n, letter in enumerate("[MASK]")},
                      "[M": 9, "AS": 10, "[MAS": 11, "[MASK": 12},
            "merges": [["[", "M"], ["A", "S"], ["[M", "AS"], ["[MAS", "K"], ["[MASK", "]"]],
        },
    },
    "pairs that are looked up as whole words": {
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {
            "type": "BPE", "ignore_merges": True, "merges": [],
            "vocab": {"[UNK]": 0, MARK: 1, "a": 2, **{letter: 3 + n for n, letter in enumerate("[MASK]")}},
        },
    },
}  # fmt: skip
TYPED_IDS = {
    "words, pieces between blanks": [8, 3, 4, 5, 6, 7],
    "pairs whose merges form it": [12, 8],
    "pairs that are looked up as whole words": [3, 4, 5, 6, 7, 8],
}


@pytest.mark.parametrize("name", TYPED)
def test_the_letters_of_a_special_token_that_a_person_types_are_text(name: str) -> None:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [{"id": 0, "content": "[UNK]", **flags}, {"id": 1, "content": MARK, **flags}]
    found = JsonTokenizer(check_tokenizer({**TYPED[name], "added_tokens": added}))
    again = tokenizer_from_json(json.loads(json.dumps(found.to_json())))
    for tokenizer in (found, again):
        assert tokenizer.encode(MARK) == tokenizer.encode_array(MARK).tolist() == TYPED_IDS[name]
        assert tokenizer.encode(f"a{MARK}a", special=True) == [2, 1, 2]
        assert tokenizer.token_text(1) == MARK
    assert as_file(found) == dict(found.content)


def test_one_letter_that_is_a_special_token_is_unknown_where_it_is_typed() -> None:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    model = {"type": "BPE", "vocab": {"?": 0, "a": 1, "x": 2, "ax": 3}, "merges": [["a", "x"]], "unk_token": "?"}
    found = JsonTokenizer(check_tokenizer({"model": model, "added_tokens": [{"id": 2, "content": "x", **flags}]}))
    assert found.encode("ax") == [1, 0]
    assert found.encode("ax", special=True) == [1, 2]


def test_added_tokens_have_the_ids_of_the_file_also_where_it_leaves_ids_out() -> None:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [
        {"id": 5, "content": "<s>", **flags, "special": True},
        {"id": 2, "content": "<x>", **flags, "special": False},
    ]
    model = {"type": "BPE", "vocab": {"a": 0, "b": 3}, "merges": []}
    found = JsonTokenizer(check_tokenizer({"model": model, "added_tokens": added, "decoder": {"type": "Fuse"}}))
    assert found.encode("a<x>b") == found.encode_array("a<x>b").tolist() == [0, 2, 3]
    assert found.encode("<s>a<x>b", special=True) == [5, 0, 2, 3]


# --- out --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gpt2", "bytes", "characters"])
def test_our_own_tokenizers_are_written_as_a_file_with_the_same_ids(name: str) -> None:
    ours = make_tokenizer(name, [TEXT])
    content = as_file(ours)
    assert content is not None
    theirs = JsonTokenizer(check_tokenizer(content))
    assert theirs.encode(TEXT) == ours.encode(TEXT)
    assert theirs.decode(ours.encode(TEXT)) == TEXT
    assert (theirs.vocab_size, theirs.end_of_text) == (ours.vocab_size, ours.end_of_text)


def test_words_cannot_be_said_in_such_a_file() -> None:
    assert as_file(make_tokenizer("words", ["a b c"])) is None


def test_a_file_that_holds_gpt2_becomes_ours_again(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(as_file(Gpt2Tokenizer())), "utf-8")
    found: Tokenizer = read_tokenizer(path)
    assert isinstance(found, Gpt2Tokenizer)


def test_the_merges_of_gpt2_are_found_from_its_ranks() -> None:
    ranks = Gpt2Tokenizer().ranks()
    assert merged_from(b" the", ranks[b" the"], ranks) == [b" t", b"he"]
    assert merged_from(b"ab", ranks[b"ab"], ranks) == [b"a", b"b"]


def test_the_merges_are_those_that_openai_published(data_folder: Path) -> None:
    content = as_file(Gpt2Tokenizer())
    assert content is not None
    published = (data_folder / "gpt2" / "vocab.bpe").read_text("utf-8").splitlines()[1:]
    assert [" ".join(pair) for pair in content["model"]["merges"]] == [line for line in published if line]
    encoder = json.loads((data_folder / "gpt2" / "encoder.json").read_text("utf-8"))
    assert content["model"]["vocab"] == encoder


# --- word pieces of others --------------------------------------------------------------------------------------------


def test_word_pieces_as_bert_has_them_are_joined_to_words() -> None:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    found = JsonTokenizer(
        check_tokenizer(
            {
                "added_tokens": [{"id": 0, "content": "[UNK]", **flags}],
                "normalizer": {"type": "Lowercase"},
                "pre_tokenizer": {"type": "BertPreTokenizer"},
                "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
                "model": {
                    "type": "WordPiece",
                    "unk_token": "[UNK]",
                    "continuing_subword_prefix": "##",
                    "max_input_chars_per_word": 100,
                    "vocab": {"[UNK]": 0, "un": 1, "##aff": 2, "##able": 3, "cat": 4},
                },
            }
        )
    )
    ids = found.encode("Unaffable cat dog")
    assert ids == [1, 2, 3, 4, 0]
    assert found.decode(ids) == "unaffable cat [UNK]"
    stream = found.stream()
    assert "".join(map(stream, ids)) + stream.flush() == found.decode(ids)
    assert found.token_bytes(2) == b"aff"


def test_pairs_with_another_rule_for_words_are_written_as_a_file_with_the_same_ids() -> None:
    same_ids(Gaps())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cl100k", "o200k"])
def test_the_vocabularies_of_gpt4_and_gpt4o_are_written_as_files_with_the_same_ids(name: str) -> None:
    same_ids(make_tokenizer(name))


def same_ids(tokenizer: Tokenizer) -> None:
    content = as_file(tokenizer)
    assert content is not None
    found = JsonTokenizer(check_tokenizer(content))
    text = "I'LL say: 12345 naïve 猫s,\n\n  x\t/ don't 🐈.\r\n"
    assert found.encode(text) == tokenizer.encode(text)
    ends = f"{text}{next(iter(tokenizer.special))}"
    assert found.encode(ends, special=True) == tokenizer.encode(ends, special=True)
    assert (found.vocab_size, found.special) == (tokenizer.vocab_size, tokenizer.special)


def test_added_tokens_keep_their_ids_where_ids_before_them_are_left_out() -> None:
    tokenizer = ExtendedTokenizer(Gaps(), ["<|user|>"])
    found = JsonTokenizer(check_tokenizer(as_file(tokenizer)))
    assert found.encode("a<|user|>", special=True) == tokenizer.encode("a<|user|>", special=True)
    assert tokenizer.special["<|user|>"] == 300


class Gaps(RankedTokenizer):
    """Bytes and a few pairs within GPT-4's words, and one special token far behind them."""

    name, vocab_size = "gaps", 300
    written = Cl100kTokenizer.written

    def __init__(self) -> None:
        self.special = {"<|end|>": 299}
        self._encoding = encoding_of("gaps", Cl100kTokenizer.pattern, self.ranks(), self.special)

    @property
    def encoding(self) -> Encoding:
        return self._encoding

    def ranks(self) -> dict[bytes, int]:
        pairs = [b"23", b"123", b",\n", b",\n\n", b"LL", b" x", b"\t/"]
        return {bytes([byte]): byte for byte in range(256)} | {pair: 256 + place for place, pair in enumerate(pairs)}

    def to_json(self) -> dict[str, Any]:
        return {}
