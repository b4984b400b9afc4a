"""A vocabulary looked through with a regular expression: what it finds, and what it refuses."""

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.embeddings import patterns
from studio.embeddings.patterns import matching

WORDS: Any = SimpleNamespace(texts=("the", " the", " The", "42", "\n", "cat", "##ing"), labels=())


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [("^ ?the$", [0, 1]), ("^ [A-Z]", [2]), (r"^\d+$", [3]), (r"\s", [1, 2, 4]), ("(?i)the", [0, 1, 2]), ("x", [])],
)
def test_tokens_are_found_with_their_blanks_as_they_are(pattern: str, wanted: list[int]) -> None:
    assert matching(WORDS, pattern).tolist() == wanted


def test_without_texts_the_labels_are_looked_through() -> None:
    bare: Any = SimpleNamespace(texts=(), labels=("#0", "#1"))
    assert matching(bare, "1").tolist() == [1]


@pytest.mark.parametrize("pattern", ["(", "[a", "(?P<x>a)(?P<x>b)(?P=y)"])
def test_a_pattern_that_does_not_work_is_a_sentence(pattern: str) -> None:
    with pytest.raises(StudioError, match="does not work"):
        matching(WORDS, pattern)


def test_a_pattern_that_would_never_end_gives_up() -> None:
    long: Any = SimpleNamespace(texts=("a" * 4_000 + "!",) * 50, labels=())
    began = time.thread_time()
    with pytest.raises(StudioError, match="takes too long"):
        matching(long, r"^(a|a|aa)*$")
    assert time.thread_time() - began < 2


def test_repetitions_of_repetitions_are_refused_before_they_are_compiled() -> None:
    with pytest.raises(StudioError, match="too often"):
        matching(WORDS, "((((a{99}){99}){99}){99})")


def test_all_tokens_together_may_take_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "LONGEST", -1.0)
    with pytest.raises(StudioError, match="takes too long"):
        matching(WORDS, "a")


def test_a_search_can_be_called_off() -> None:
    assert matching(WORDS, "the", lambda: False).tolist() == []
    asked = iter([True, False])
    assert matching(WORDS, "the", lambda: next(asked)).tolist() == [0], "it is asked at every token"
    assert matching(WORDS, "the").dtype == np.int64
