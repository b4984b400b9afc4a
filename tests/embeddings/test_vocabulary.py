"""What is known of tokens by their spelling, for vocabularies of every kind."""

import time

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.embeddings.vocabulary import KINDS, kind_of, script_of, vocabulary_of
from studio.tokenizers import make_tokenizer
from studio.views.token_text import Token


@pytest.fixture(scope="module")
def gpt2():
    tokenizer = make_tokenizer("gpt2")
    return tokenizer, vocabulary_of(tokenizer, tokenizer.vocab_size)


@pytest.mark.parametrize(
    ("text", "kind"),
    [(" king", "word"), ("ing", "letters"), ("2026", "digits"), (" 7", "digits"), ("?!", "signs"), ("\n", "blanks"),
     ("  ", "blanks"), ("K2", "mixed"), ("don't", "mixed"), (" 한국", "word"), ("é", "letters")],
)  # fmt: skip
def test_each_kind_is_told_by_its_letters(text, kind):
    assert kind_of(Token(text, 0, text.encode())) == kind


def test_parts_of_characters_and_special_tokens_are_kinds_of_their_own():
    assert kind_of(Token("\ufffd", 0, b"\xe2\x9c")) == "bytes"
    assert kind_of(Token("\ufffd", 0, "\ufffd".encode())) == "signs"
    assert kind_of(Token("<|end|>", 0, b"<|end|>", special=True)) == "special"


@pytest.mark.parametrize(
    ("text", "script"),
    [(" king", "Latin"), ("слово", "Cyrillic"), ("漢字", "Han"), ("한국", "Hangul"), ("ひら", "Hiragana"),
     ("λ", "Greek"), ("12", "–"), ("", "–")],
)  # fmt: skip
def test_scripts_are_those_of_unicode(text, script):
    assert script_of(text) == script


def test_gpt2s_vocabulary_is_known_whole(gpt2):
    tokenizer, found = gpt2
    assert len(found.labels) == len(found.lengths) == len(found.kinds) == len(found.scripts) == 50_257
    king = tokenizer.encode(" king")[0]
    assert found.label(king) == "·king"
    assert found.lengths[king] == 5
    assert KINDS[found.kinds[king]] == "word"
    assert found.script_names[found.scripts[king]] == "Latin"
    assert KINDS[found.kinds[50_256]] == "special"
    assert found.label(99_999) == "#99999"
    assert {"Latin", "Cyrillic"} <= set(found.script_names)
    assert np.bincount(found.scripts).sum() == 50_257


def test_the_search_finds_text_without_case_and_ids(gpt2):
    tokenizer, found = gpt2
    king = tokenizer.encode(" king")[0]
    assert found.search("king")[:4].tolist() == found.search("KING")[:4].tolist()
    assert king in found.search("king")[:4]
    assert king in found.search(" king")[:3]
    assert all("·king" in found.folded[token] for token in found.search("·king"))
    assert found.search("#11")[0] == 11
    assert found.search("11")[0] == 11
    assert len(found.search("")) == 0
    assert len(found.search("qqqqqqqq")) == 0
    assert len(found.search("e")) == 5_000
    began = time.perf_counter()
    found.search("the")
    assert time.perf_counter() - began < 0.5


def test_rows_beyond_the_tokenizer_and_models_without_one_are_called_by_number():
    found = vocabulary_of(make_tokenizer("bytes"), 300)
    assert found.label(65) == "A"
    assert KINDS[found.kinds[200]] == "bytes"
    assert found.lengths[200] == 1
    assert found.label(299) == "#299"
    assert KINDS[found.kinds[299]] == "unused"
    bare = vocabulary_of(None, 5)
    assert bare.labels == ("#0", "#1", "#2", "#3", "#4")
    assert set(bare.kinds.tolist()) == {KINDS.index("unused")}


def test_a_rare_script_shares_the_class_of_the_others():
    letters = "aбγ漢한ひカאع" + "ก"
    tokenizer = make_tokenizer("characters", [letters + "aaa"])
    found = vocabulary_of(tokenizer, tokenizer.vocab_size)
    assert len(found.script_names) <= 9
    assert "other" in found.script_names
    assert found.script_names[-1] == "–"


def test_reading_a_vocabulary_can_be_called_off():
    with pytest.raises(StudioError, match="called off"):
        vocabulary_of(None, 10_000, keep_going=lambda: False)
