"""What no text may reach is not among the pieces that the library is given, nor what its merges form."""

from types import SimpleNamespace
from typing import Any

import pytest

from studio.gate.hidden_pieces import hide_pieces

BYTES = [[f"<0x{value:02X}>", 0.0] for value in (0x41, 0xE7)]
PLACES = {"<": 0, "s": 1, ">": 2, "s>": 3, "<s>": 4, "a": 5, "as": 6}


def content(**model: Any) -> dict[str, Any]:
    pieces = [["<unk>", 0.0], ["</s>", 0.0], ["plain", -1.0], *BYTES, ["a", -2.0]]
    added = [{"content": "</s>", "id": 1, "special": True}, {"content": "plain", "id": 2, "special": False}]
    return {"added_tokens": added, "model": {"type": "Unigram", "vocab": pieces, "unk_id": 0, **model}}


def pairs(merges: list[Any], special: str = "<s>", **more: Any) -> dict[str, Any]:
    added = [{"content": special, "id": PLACES.get(special, 7), "special": True}]
    return {"added_tokens": added, "model": {"type": "BPE", "vocab": PLACES, "merges": merges, **more}}


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
    hidden.find({"</s>": 6, "plain": 2})
    answer = SimpleNamespace(ids=[5, 0, 0, 6], tokens=["a", "AA", "é", "</s>"])
    assert hidden.put_back(answer) == [5, 3, 3, 0, 1]
    assert hidden.put_back(SimpleNamespace(ids=[5, 2])) == [5, 2]


def test_only_ids_that_a_text_has_by_itself_have_to_be_put_back_in_it() -> None:
    for places, moved, in_texts in (({"</s>": 6, "plain": 2}, {6: 1}, False), ({"</s>": 1, "plain": 6}, {6: 2}, True)):
        hidden = hide_pieces(content())
        hidden.find(places)
        assert (hidden.moved, hidden.in_texts) == (moved, in_texts)
    spelled = hide_pieces(content(byte_fallback=True))
    spelled.find({"</s>": None, "plain": None})
    assert (spelled.moved, spelled.in_texts) == ({}, True)


@pytest.mark.parametrize("forming", [["<", "s>"], "< s>", ("<", "s>")])
def test_merges_that_form_a_special_token_are_left_out_and_its_id_stays(forming: Any) -> None:
    given = pairs([["s", ">"], forming, ["a", "s"]])
    model = hide_pieces(given).content["model"]
    assert (model["merges"], model["vocab"]) == ([["s", ">"], ["a", "s"]], PLACES)
    assert given["model"]["merges"][1] == forming


def test_merges_that_form_a_byte_are_left_out_where_bytes_spell_what_is_unknown() -> None:
    vocabulary = {"<0x": 0, "41>": 1, "<0x41>": 2}
    for spells, left in ((True, []), (False, [["<0x", "41>"]])):
        model = {"type": "BPE", "vocab": vocabulary, "merges": [["<0x", "41>"]], "byte_fallback": spells}
        assert hide_pieces({"added_tokens": None, "model": model}).content["model"]["merges"] == left


@pytest.mark.parametrize(("special", "more"), [("<s>", {"ignore_merges": True}), ("s", {})])
def test_a_special_token_that_is_a_whole_word_or_one_letter_has_a_name_that_nobody_can_type(
    special: str, more: dict[str, Any]
) -> None:
    hidden = hide_pieces(pairs([["s", ">"], ["<", "s>"], ["a", "s"]], special, **more)).content["model"]
    assert special not in hidden["vocab"]
    assert sorted(hidden["vocab"].values()) == sorted(PLACES.values())
    [name] = hidden["vocab"].keys() - PLACES.keys()
    assert len(name) > 32
    assert all(special not in (*merge, "".join(merge)) for merge in hidden["merges"])


def test_word_pieces_lose_the_names_of_special_tokens_and_what_is_unknown_is_still_known() -> None:
    vocabulary = {"[UNK]": 0, "[MASK]": 1, "a": 2}
    added = [{"content": "[UNK]", "id": 0, "special": True}, {"content": "[MASK]", "id": 1, "special": True}]
    added.append({"content": "new", "id": 3, "special": False})
    hidden = hide_pieces({"added_tokens": added, "model": {"type": "WordPiece", "vocab": vocabulary}}).content
    model = hidden["model"]
    assert not {"[UNK]", "[MASK]"} & model["vocab"].keys()
    assert (model["vocab"][model["unk_token"]], model["vocab"]["a"]) == (0, 2)
    assert [entry["content"] for entry in hidden["added_tokens"]] == ["new", "[UNK]", "[MASK]"]


def test_ids_that_a_file_leaves_out_are_taken_where_the_library_would_give_them_to_an_added_token() -> None:
    given = pairs([], "<new>")
    given["model"] = {**given["model"], "vocab": {"a": 0, "b": 3}}
    vocabulary = hide_pieces(given).content["model"]["vocab"]
    assert sorted(vocabulary.values()) == [0, 1, 2, 3]
    assert (vocabulary["a"], vocabulary["b"]) == (0, 3)


def test_what_has_nothing_to_hide_stays_as_it_is() -> None:
    for given in (pairs([["s", ">"]]), pairs([], "<new>")):
        hidden = hide_pieces(given)
        assert hidden.content == given
    bare = {"added_tokens": None, "model": {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": None}}
    assert hide_pieces(bare).content is bare
