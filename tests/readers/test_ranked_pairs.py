"""Ranks from their files, and pairs joined by them."""

import base64
import hashlib
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.readers.ranked_pairs import JoinedPairs, read_ranks

LETTERS = {letter.encode(): rank for rank, letter in enumerate("abcd ")}


def written(path: Path, *tokens: bytes) -> str:
    """A file of these tokens; its hash."""
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens)))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_ranks_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    digest = written(tmp_path / "own.tiktoken", b"a", b"\xff", b" the")
    assert list(read_ranks(tmp_path / "own.tiktoken", digest, "My").items()) == [(b"a", 0), (b"\xff", 1), (b" the", 2)]


def test_a_file_of_ranks_that_was_changed_or_is_gone_is_refused_with_the_way_to_repair_it(tmp_path: Path) -> None:
    path = tmp_path / "own.tiktoken"
    digest = written(path, b"a", b"b")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StudioError, match=r"^My vocabulary in .* has been changed") as changed:
        read_ranks(path, digest, "My")
    assert "resources/tokenizers/own/own.tiktoken" in changed.value.hint
    with pytest.raises(StudioError, match="could not be read"):
        read_ranks(tmp_path / "gone", digest, "My")


def test_the_pair_of_the_lowest_rank_is_joined_first_and_of_two_alike_the_left_one() -> None:
    pairs = JoinedPairs(r"\S+|\s", LETTERS | {b"bc": 5, b"ab": 6, b"aa": 7})
    assert pairs.encode("abcd") == [0, 5, 3]
    assert pairs.encode("aaa") == [7, 0]
    assert pairs.encode("caab") == [2, 0, 6], "ab comes before aa"


def test_a_word_that_is_a_piece_is_one_token_even_where_no_pairs_lead_to_it() -> None:
    pairs = JoinedPairs(r"\S+|\s", LETTERS | {b"dcba": 5})
    assert pairs.encode("dcba dcbaa") == [5, 4, 3, 2, 1, 0, 0]


def test_pairs_never_reach_over_the_end_of_a_word() -> None:
    pairs = JoinedPairs(r"\S+|\s", LETTERS | {b"a ": 5, b"ab": 6})
    assert pairs.encode("a ab") == [0, 4, 6]


def test_an_endless_word_and_a_character_that_is_not_assigned_are_refused() -> None:
    pairs = JoinedPairs(r"\S+|\s", LETTERS)
    assert pairs.encode("ab" * 100) == [0, 1] * 100
    assert pairs.encode("ab" * 101) is None
    assert pairs.encode("a\u0378") is None
