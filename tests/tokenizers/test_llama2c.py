"""Pieces with scores: the best pair is joined first, what has no piece becomes bytes, and llama2.c's file is read."""

import struct
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.tokenizers import tokenizer_from_json
from studio.tokenizers.llama2c import ScoredTokenizer, from_json, make, read_bin

BYTES = [f"<0x{value:02X}>" for value in range(256)]
START = ["<unk>", "<s>", "</s>", *BYTES]
PIECES = [" ", "a", "b", "c", "ab", "bc", " a", "abc", "é"]
SCORES = [0.0, 0.0, 0.0, 0.0, -2.0, -1.0, -4.0, -5.0, 0.0]


def tokenizer(scores: list[float] = SCORES) -> ScoredTokenizer:
    return ScoredTokenizer([*START, *PIECES], [0.0] * len(START) + scores)


def spelled(tokens: list[int], of: ScoredTokenizer) -> list[str]:
    return [of.pieces[token] for token in tokens]


def test_the_pair_with_the_best_score_is_joined_first() -> None:
    one = tokenizer()
    assert spelled(one.encode("abc"), one) == [" a", "bc"]  # bc, then “ a”
    other = tokenizer([0.0, 0.0, 0.0, 0.0, -1.0, -2.0, -4.0, -5.0, 0.0])
    assert spelled(other.encode("abc"), other) == [" ", "abc"]


def test_of_equal_pairs_the_first_is_joined() -> None:
    one = ScoredTokenizer([*START, "a", "aa"], [0.0] * len(START) + [0.0, -1.0])
    assert spelled(one.encode("aaaaa"), one) == ["aa", "aa", "a"]


def test_what_has_no_piece_becomes_its_bytes_and_comes_back() -> None:
    one = tokenizer()
    assert spelled(one.encode("é猫"), one) == [" ", "é", "<0xE7>", "<0x8C>", "<0xAB>"]
    for text in ("", "abc", " abc", "  ", "猫🐈\n", "a\x00b"):
        assert one.decode(one.encode(text)) == text


def test_the_spelling_of_a_special_token_is_text_unless_it_is_asked_for() -> None:
    one = tokenizer()
    assert one.special["</s>"] not in one.encode("a</s>")
    assert one.decode(one.encode("a</s>")) == "a</s>"
    assert one.encode("a</s>", special=True)[-1] == one.end_of_text == 2
    assert one.prefix == (1,)


def test_without_a_blank_nothing_is_put_before_the_text() -> None:
    one = ScoredTokenizer([*START, *PIECES], [0.0] * len(START) + SCORES, blank=False)
    assert spelled(one.encode("a"), one) == ["a"]
    assert one.decode(one.encode(" a")) == " a"
    assert from_json(one.to_json()).encode(" a") == one.encode(" a")


def test_without_bytes_the_unknown_token_or_a_sentence_answers() -> None:
    assert ScoredTokenizer(["<unk>", "a"], [0, 0], (0,)).encode("ab") == [1, 0]
    with pytest.raises(StudioError, match="“b”"):
        ScoredTokenizer(["a"], [0], ()).encode("b")


@pytest.mark.slow
def test_a_long_text_is_joined_in_time_and_the_same_as_its_parts() -> None:
    one = tokenizer()
    tokens = one.encode("abc " * 20_000)
    assert tokens[:2] == one.encode("abc")
    assert one.decode(tokens) == "abc " * 20_000


def bin_of(pieces: list[str], longest: int = 7) -> bytes:
    raw = [piece.encode() for piece in pieces]
    return struct.pack("<i", longest) + b"".join(struct.pack("<fi", -i, len(one)) + one for i, one in enumerate(raw))


def test_llama2cs_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.bin"
    pieces = ["<unk>", "\n<s>\n", "\n</s>\n", *BYTES, *PIECES]
    path.write_bytes(bin_of(pieces))
    found = read_bin(path, len(pieces))
    assert found.special == {"<unk>": 0, "<s>": 1, "</s>": 2}
    assert found.pieces[3:] == tuple(pieces[3:])
    assert found.scores[5] == -5
    again = tokenizer_from_json(found.to_json())
    assert again.fingerprint == found.fingerprint
    assert again.encode("abc é") == found.encode("abc é")


def test_a_file_of_another_size_or_with_a_lie_in_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.bin"
    good = bin_of(["<unk>", "<s>", "</s>", "a"])
    lies = [good[:-1], good + b"x", good[:4] + struct.pack("<fi", 0, 1 << 30) + good[12:], b"", bin_of(["\x00"])[:-1],
            good[:4] + struct.pack("<f", float("nan")) + good[8:], good.replace(b"a", b"\xff")]  # fmt: skip
    for raw in lies:
        path.write_bytes(raw)
        with pytest.raises(StudioError):
            read_bin(path, 4)
    with pytest.raises(StudioError, match=r"missing\.bin"):
        read_bin(tmp_path / "missing.bin", 4)
    path.write_bytes(good)
    with pytest.raises(StudioError, match="1,000,000,000"):
        read_bin(path, 10**9)


def test_damaged_json_is_refused() -> None:
    good = make().to_json()
    for change in ({"pieces": None}, {"scores": [0.0]}, {"control": [10**6]}, {"pieces": [1] * 260}, {"pieces": []}):
        with pytest.raises(StudioError):
            from_json({**good, **change})
