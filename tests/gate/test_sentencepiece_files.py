"""A `tokenizer.model` is data: what is in it is read, what is wrong with it is said."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.gate import sentencepiece_files
from studio.gate.sentencepiece_files import BYTE, BYTE_PAIRS, CONTROL, NORMAL, UNIGRAM, read_sentence_pieces
from tests.vocabularies.piece_files import BYTES, CONTROLS, LETTERS, PAIRS, flag, number, part, piece_file


def test_pieces_scores_kinds_and_rules_are_read(tmp_path: Path) -> None:
    path = piece_file(tmp_path / "tokenizer.model", [*CONTROLS, *BYTES, *PAIRS], single_blanks=True)
    found = read_sentence_pieces(path)
    assert found.pieces[:4] == ["<unk>", "<s>", "</s>", "<0x00>"]
    assert found.pieces[259:261] == ["▁t", "he"]
    assert found.scores[259:262] == [0.0, -1.0, -2.0]
    assert found.of_kind(CONTROL) == [1, 2]
    assert len(found.of_kind(BYTE)) == 256
    assert found.of_kind(NORMAL) == list(range(259, 259 + len(PAIRS)))
    assert (found.model, found.byte_fallback, found.begin, found.end) == (BYTE_PAIRS, True, 1, 2)
    assert (found.blank_before, found.single_blanks, found.marks_blanks, found.table) == (True, True, True, None)


def test_what_the_file_leaves_out_is_as_sentencepiece_says_it_is(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.model"
    path.write_bytes(part(1, part(1, b"<unk>") + flag(3, 2)) + part(1, part(1, "é".encode())))
    found = read_sentence_pieces(path)
    assert (found.model, found.byte_fallback) == (UNIGRAM, False)
    assert (found.pieces, found.kinds, found.scores) == (["<unk>", "é"], [2, NORMAL], [0.0, 0.0])
    assert (found.blank_before, found.single_blanks) == (True, True)


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([], "no pieces"),
        ([*LETTERS], "no single piece for what is unknown"),
        ([*CONTROLS, ("<unk2>", 0.0, 2)], "no single piece for what is unknown"),
        ([*CONTROLS, *LETTERS, LETTERS[0]], "twice"),
        ([*CONTROLS, ("", 0.0, 1)], "damaged"),
        ([*CONTROLS, ("x" * 129, 0.0, 1)], "damaged"),
        ([*CONTROLS, ("x", 0.0, 9)], "damaged"),
        ([*CONTROLS, ("x", float("nan"), 1)], "no number"),
        ([*CONTROLS, ("x", -1e30, 1)], "no number"),
        ([*CONTROLS, *LETTERS], "does not have all of them"),
        ([*CONTROLS, *BYTES[1:], ("the", 0.0, 6)], "pieces for bytes are no bytes"),
    ],
)
def test_lists_that_cannot_be_are_refused_with_the_reason(
    tmp_path: Path, pieces: list[tuple[str, float, int]], said: str
) -> None:
    with pytest.raises(StudioError, match=said) as refused:
        read_sentence_pieces(piece_file(tmp_path / "tokenizer.model", pieces))
    assert "tokenizer.model" in refused.value.message


@pytest.mark.parametrize("model", [3, 4, 77])
def test_other_ways_of_cutting_are_refused(tmp_path: Path, model: int) -> None:
    with pytest.raises(StudioError, match="whole words or characters"):
        read_sentence_pieces(piece_file(tmp_path / "tokenizer.model", [*CONTROLS, *LETTERS], model=model))


@pytest.mark.parametrize(
    "raw",
    [
        b"<!DOCTYPE html><html>",
        part(1, part(1, b"\xff\xfe")),
        number(1 << 3 | 2) + number(1 << 40),  # a field that ends behind the file
        number(1 << 3 | 3),  # the beginning of a group
        b"\xff" * 11,  # a number without an end
        flag(1, 5),
        flag(9, 1) * 400_000,
        part(2, flag(9, 1) * 1_001),
        part(1, flag(2, 5)),
        part(1, part(3, b"x")),
        part(1, number(2 << 3 | 1) + struct.pack("<d", 1.0)),
        part(2, part(3, b"x")),
    ],
)
def test_what_is_no_such_message_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "tokenizer.model"
    path.write_bytes(raw)
    with pytest.raises(StudioError, match="not the list of pieces"):
        read_sentence_pieces(path)


def test_files_and_lists_beyond_the_limits_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = piece_file(tmp_path / "tokenizer.model", [*CONTROLS, *LETTERS], falls_back=False)
    monkeypatch.setattr(sentencepiece_files, "MOST_CHARACTERS", 40)
    with pytest.raises(StudioError, match="more than 40 characters together"):
        read_sentence_pieces(path)
    monkeypatch.setattr(sentencepiece_files, "LISTED", sentencepiece_files.Limits(tokens=10))
    with pytest.raises(StudioError, match="more than 10 pieces"):
        read_sentence_pieces(path)
    monkeypatch.setattr(sentencepiece_files, "LISTED", sentencepiece_files.Limits(file_bytes=100))
    with pytest.raises(StudioError, match="at most 100 are read"):
        read_sentence_pieces(path)
    with pytest.raises(StudioError, match="could not be read"):
        read_sentence_pieces(tmp_path / "none.model")


def test_usual_and_unusual_ways_to_write_pieces_are_read_alike_and_in_order(tmp_path: Path) -> None:
    score = number(2 << 3 | 5) + struct.pack("<f", -1.5)
    written = [
        part(1, b"<unk>") + score + flag(3, 2),
        part(1, "é".encode()) + score,
        score + part(1, b"ab"),  # in another order
        part(1, b"abc") + score + flag(3, 300),
        part(1, "猫".encode() * 60) + score,  # a length of two bytes
        part(1, "▁x".encode()) + score + flag(3, 4),
        part(1, b"no score"),
        part(1, b"new") + flag(3, 1) + score + flag(9, 1),
        part(1, b"\x15\n\x18") + score,  # the marks of fields
    ]
    path = tmp_path / "tokenizer.model"
    path.write_bytes(b"".join(part(1, raw) for raw in written))
    with pytest.raises(StudioError, match="“abc” is damaged"):
        read_sentence_pieces(path)
    path.write_bytes(b"".join(part(1, raw) for raw in written if b"abc" not in raw))
    found = read_sentence_pieces(path)
    assert found.pieces == ["<unk>", "é", "ab", "猫" * 60, "▁x", "no score", "new", "\x15\n\x18"]
    assert found.kinds == [2, 1, 1, 1, 4, 1, 1, 1]
    assert found.scores == [-1.5, -1.5, -1.5, -1.5, -1.5, 0.0, -1.5, -1.5]


def test_pieces_behind_the_rules_are_read_and_more_fields_than_a_piece_has_are_refused(tmp_path: Path) -> None:
    path = piece_file(tmp_path / "tokenizer.model", [*CONTROLS, *LETTERS], falls_back=False)
    path.write_bytes(path.read_bytes() + part(1, part(1, b"late")))
    assert read_sentence_pieces(path).pieces[-1] == "late"
    path.write_bytes(path.read_bytes() + part(1, part(1, b"later") + flag(9, 1) * 5))
    with pytest.raises(StudioError, match="not the list of pieces"):
        read_sentence_pieces(path)


def test_a_tree_of_unigram_that_would_take_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentencepiece_files, "MOST_BRANCHES", 20)
    alike = [("<unk>", 0.0, 2), *(("a" * length, 0.0, 1) for length in range(1, 16))]  # 5 and 15 branches
    path = tmp_path / "tokenizer.model"
    assert len(read_sentence_pieces(piece_file(path, alike, model=1, falls_back=False)).pieces) == 16
    piece_file(path, [*alike, ("b", 0.0, 1)], model=1, falls_back=False)
    with pytest.raises(StudioError, match="more than 20 branches"):
        read_sentence_pieces(path)
    assert len(read_sentence_pieces(piece_file(path, [*alike, ("b", 0.0, 1)], falls_back=False)).pieces) == 17


@settings(max_examples=60)
@given(st.data())
def test_no_change_of_bytes_does_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.model"
    raw = bytearray(piece_file(path, [*CONTROLS, *PAIRS], falls_back=False).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        found = read_sentence_pieces(path)
    except StudioError:
        return
    assert len(found.pieces) == len(found.scores) == len(found.kinds)
