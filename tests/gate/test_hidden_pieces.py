"""What no text may reach in Unigram is not among the pieces that the library is given."""

from types import SimpleNamespace
from typing import Any

from studio.gate.hidden_pieces import hide_pieces

BYTES = [[f"<0x{value:02X}>", 0.0] for value in (0x41, 0xE7)]


def content(kind: str = "Unigram", **model: Any) -> dict[str, Any]:
    pieces = [["<unk>", 0.0], ["</s>", 0.0], ["plain", -1.0], *BYTES, ["a", -2.0]]
    added = [{"content": "</s>", "id": 1, "special": True}, {"content": "plain", "id": 2, "special": False}]
    return {"added_tokens": added, "model": {"type": kind, "vocab": pieces, "unk_id": 0, **model}}


def test_control_what_is_unknown_and_bytes_have_no_spelling_and_keep_their_places() -> None:
    given = content(byte_fallback=True)
    hidden = hide_pieces(given)
    assert [piece for piece, _ in hidden.content["model"]["vocab"]] == ["", "", "plain", "", "", "a"]
    assert [score for _, score in hidden.content["model"]["vocab"]] == [0.0, 0.0, -1.0, 0.0, 0.0, -2.0]
    assert hidden.content["model"]["byte_fallback"] is False
    assert given == content(byte_fallback=True)
    without = hide_pieces(content(byte_fallback=False))
    assert [piece for piece, _ in without.content["model"]["vocab"]][3] == "<0x41>"


def test_what_is_unknown_is_spelled_in_bytes_where_they_are_all_there_and_ids_are_put_back() -> None:
    hidden = hide_pieces(content(byte_fallback=True))
    hidden.moved = {6: 1}
    answer = SimpleNamespace(ids=[5, 0, 0, 6], tokens=["a", "AA", "é", "</s>"])
    assert hidden.put_back(answer) == [5, 3, 3, 0, 1]
    assert hidden.put_back(SimpleNamespace(ids=[5, 2])) == [5, 2]


def test_other_kinds_and_what_has_nothing_to_hide_stay_as_they_are() -> None:
    pairs = content("BPE")
    assert hide_pieces(pairs).content is pairs
    assert not hide_pieces(pairs).any
    bare = {"added_tokens": None, "model": {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": None}}
    assert hide_pieces(bare).content is bare
