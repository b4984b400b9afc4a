"""A tokenizer goes into a GGUF file and comes out giving the same ids; what cannot be said is said to be missing."""

from typing import Any

import numpy as np
import pytest

from studio.gate.tokenizer_files import PATTERNS as KNOWN
from studio.store.gguf_vocabulary import PATTERNS, metadata_of_tokenizer, tokenizer_of
from studio.tokenizers import Tokenizer, byte_pair, make_tokenizer, unigram, word_piece
from studio.tokenizers.byte_pair import BytePairTokenizer
from studio.tokenizers.llama2c import ScoredTokenizer
from studio.tokenizers.tokenizer_json import JsonTokenizer, as_file

TEXTS = ("Hello hello, low lowest 1234!", " naïve 猫 🐈\n\n x", "", "a<|end|>b")


def json_tokenizer(rule: str = "gpt-2", begins: bool = False) -> JsonTokenizer:
    """Bytes, a few merges, an ending token, and a rule by which texts are cut."""
    content: Any = as_file(make_tokenizer("bytes"))
    vocabulary = content["model"]["vocab"]
    merges = [["l", "o"], ["lo", "w"], ["h", "e"], ["Ġ", "low"]]
    for merge in merges:
        vocabulary.setdefault("".join(merge), len(vocabulary))
    end = len(vocabulary)
    content["model"]["merges"] = merges
    content["added_tokens"] = [
        {"id": end, "content": "<|end|>", "special": True, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False}
    ]  # fmt: skip
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": rule == "gpt-2"}
    content["pre_tokenizer"] = level
    if rule != "gpt-2":
        split = {"type": "Split", "pattern": {"Regex": PATTERNS[rule]}, "behavior": "Isolated", "invert": False}
        content["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [split, level]}
    if begins:
        pieces = [{"SpecialToken": {"id": "<|end|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
        content["post_processor"] = {
            "type": "TemplateProcessing", "single": pieces, "pair": [*pieces, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<|end|>": {"id": "<|end|>", "ids": [end], "tokens": ["<|end|>"]}},
        }  # fmt: skip
    return JsonTokenizer(content, end)


def back(tokenizer: Tokenizer, extra: int = 0) -> Tokenizer:
    found, missing = tokenizer_of(metadata_of_tokenizer(tokenizer, tokenizer.vocab_size + extra, {}))
    assert found is not None
    assert missing == ""
    return found


def test_the_rules_are_ones_that_the_gate_lets_through() -> None:
    assert set(PATTERNS.values()) <= KNOWN


@pytest.mark.parametrize("name", ["gpt2", "bytes"])
def test_our_own_tokenizers_come_back_as_themselves(name: str) -> None:
    ours = make_tokenizer(name)
    assert back(ours).fingerprint == ours.fingerprint


def test_byte_pairs_of_one_s_own_give_the_same_ids_there() -> None:
    ours = BytePairTokenizer([*byte_pair.make().tokens, b"he", b" t", b" the"], ["<|endoftext|>"])
    theirs = back(ours)
    assert theirs.encode("he the naïve 猫") == ours.encode("he the naïve 猫")
    assert theirs.special == ours.special


def test_what_llama_cpp_reads_of_gpt2_is_there() -> None:
    said = metadata_of_tokenizer(make_tokenizer("gpt2"), 50_257, {})
    assert said["tokenizer.ggml.model"] == "gpt2"
    assert said["tokenizer.ggml.pre"] == "gpt-2"
    assert said["tokenizer.ggml.tokens"][262] == "Ġthe"
    assert said["tokenizer.ggml.merges"][0] == "Ġ t"
    assert said["tokenizer.ggml.eos_token_id"] == said["tokenizer.ggml.bos_token_id"] == 50_256
    assert said["tokenizer.ggml.token_type"][50_256] == 3
    assert said["tokenizer.ggml.add_bos_token"] is False
    assert len(said["tokenizer.ggml.tokens"]) == 50_257


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize("rule", ["gpt-2", *PATTERNS])
def test_a_models_own_byte_pairs_give_the_same_ids(rule: str, begins: bool) -> None:
    ours = json_tokenizer(rule, begins)
    theirs = back(ours)
    assert isinstance(theirs, JsonTokenizer)
    for text in TEXTS:
        assert theirs.encode(text) == ours.encode(text)
        assert theirs.encode(text, special=True) == ours.encode(text, special=True)
    assert theirs.prefix == ours.prefix == ((theirs.end_of_text,) if begins else ())
    assert theirs.end_of_text == ours.end_of_text


def test_ids_that_the_tokenizer_leaves_out_are_filled_up() -> None:
    ours = json_tokenizer()
    said = metadata_of_tokenizer(ours, ours.vocab_size + 3, {})
    assert said["tokenizer.ggml.tokens"][-1] == f"[PAD{ours.vocab_size + 2}]"
    assert said["tokenizer.ggml.token_type"][-3:] == [5, 5, 5]
    assert back(ours, 3).encode(TEXTS[0]) == ours.encode(TEXTS[0])


def sentence_pieces() -> JsonTokenizer:
    """Llama 2's form: blanks as ▁, bytes for what has no piece."""
    content: Any = as_file(make_tokenizer("bytes"))
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256)), *"▁helowrd", "é"]
    merges = [["l", "o"], ["h", "e"], ["▁", "he"], ["lo", "w"], ["▁he", "l"], ["r", "d"], ["▁hel", "lo"]]
    pieces += ["".join(merge) for merge in merges]
    content["model"] |= {"vocab": {piece: number for number, piece in enumerate(pieces)}, "merges": merges,
                         "byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>"}  # fmt: skip
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    content["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replace]}
    content["pre_tokenizer"] = None
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    back_again = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    content["decoder"] = {
        "type": "Sequence",
        "decoders": [back_again, {"type": "ByteFallback"}, {"type": "Fuse"}, strip],
    }
    flags = {"special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    content["added_tokens"] = [{"id": number, "content": pieces[number], **flags} for number in range(3)]
    return JsonTokenizer(content)


def test_sentence_pieces_keep_the_order_of_their_merges_as_scores() -> None:
    ours = sentence_pieces()
    theirs = back(ours)
    assert isinstance(theirs, ScoredTokenizer)
    for text in ("hello lower world", "hello hello", "é猫 he", "lowlow rd", ""):
        assert theirs.encode(text) == ours.encode(text)
        assert theirs.decode(theirs.encode(text)) == text


def test_scores_go_in_and_out_unchanged() -> None:
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256)), " ", "a", " a"]
    for blank in (True, False):
        ours = ScoredTokenizer(pieces, [0.0] * 261 + [-1.5], blank=blank)
        assert back(ours).fingerprint == ours.fingerprint


def test_an_ascii_alphabet_is_said_and_another_is_left_out() -> None:
    plain = make_tokenizer("characters", ["hello world\n"])
    theirs = back(plain)
    assert theirs.encode("low hello\n") == plain.encode("low hello\n")
    lowering = BytePairTokenizer(byte_pair.make().tokens, lower=True)
    unsaid = (make_tokenizer("characters", ["hé"]), make_tokenizer("words", ["a b c"]), word_piece.make(), lowering)
    for tokenizer in (*unsaid, unigram.make(), None):
        said = metadata_of_tokenizer(tokenizer, 100, {})
        assert said == {"tokenizer.ggml.model": "none"}
        assert tokenizer_of(said)[0] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "bert"}, "bert"),
        ({"pre": "deepseek-coder"}, "deepseek-coder"),
        ({"tokens": ["a", "a"]}, "spelled alike"),
        ({"merges": ["l nowhere"]}, "The tokenizer"),
        ({"model": "llama", "scores": np.array([np.nan] * 261)}, "damaged"),
        ({"tokens": "not a list"}, "no tokenizer"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_model_stays_usable(changes: dict[str, Any], words: str) -> None:
    said = metadata_of_tokenizer(json_tokenizer(), 261, {})
    found, missing = tokenizer_of(said | {f"tokenizer.ggml.{name}": value for name, value in changes.items()})
    assert found is None
    assert words in missing
    assert "token ids only" in missing
