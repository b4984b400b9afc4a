"""What the child learns, called in this process: tokens in the order of their ids, for each kind."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.vocabularies import training_child
from studio.vocabularies.training_child import ALPHABET, byte_pairs, main, unigrams, word_pieces

TEXTS = ["the cat in the hat, the cat on the mat"] * 20


def test_byte_pairs_begin_with_the_bytes_and_go_on_with_the_most_frequent_pairs() -> None:
    tokens = byte_pairs(iter(TEXTS), 262, lower=False)["tokens"]
    assert tokens[:256] == ALPHABET
    assert tokens[256:] == ["at", "he", "the", "Ġt", "Ġthe", "cat"] or len(tokens) == 262
    assert "at" in tokens[256:258]


def test_word_pieces_have_every_byte_twice() -> None:
    tokens = word_pieces(iter(TEXTS), 520, lower=False)["tokens"]
    assert tokens[:256] == ALPHABET
    assert tokens[256:512] == [f"##{mark}" for mark in ALPHABET]
    assert len(tokens) == 520 == len(set(tokens))


def test_unigrams_have_a_score_each_and_every_byte() -> None:
    found = unigrams(iter(TEXTS), 300, lower=True)
    assert len(found["tokens"]) == len(found["scores"])
    assert set(ALPHABET) <= set(found["tokens"])
    assert all(score < 0 for score in found["scores"])


@pytest.mark.parametrize("kind", ["bpe", "broken"])
def test_it_reads_what_it_is_told_and_leaves_the_vocabulary_or_a_reason(kind: str, tmp_path: Path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("too small")

    if kind == "broken":
        monkeypatch.setattr(training_child, "byte_pairs", refuse)
    result = tmp_path / "result.json"
    order = {"kind": "bpe", "vocabulary": 260, "special": ["<a>"], "lower": False, "result": str(result)}
    told = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (json.dumps(order).encode(), "héhé".encode()))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(told)))
    main()
    found = json.loads(result.read_text("utf-8"))
    if kind == "broken":
        assert "too small" in found["error"]
    else:
        assert len(found["tokens"]) <= 259
        assert {"Ã©", "hÃ©"} & set(found["tokens"])
