"""Pieces that no text may reach by spelling them: special tokens, what is unknown, bytes.

The library `tokenizers` finds every piece that a text spells or that merges form. It is given others in their place,
which nobody can spell, and their ids are put back into its answers.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_BYTES = {f"<0x{value:02X}>": value for value in range(256)}
_SHORT = 40  # characters of a piece that is cut everywhere to see whether it is joined from two
_UNSPELLED = secrets.token_hex(16)  # what a piece is called that no text is to reach, before its id


@dataclass
class HiddenPieces:
    """What the library is given in place of a checked file, and what its ids mean."""

    content: Mapping[str, Any]
    unknown: int | None = None  # its id, where what is unknown is spelled in bytes
    bytes: dict[int, int] = field(default_factory=dict)  # value to id
    moved: dict[int, int] = field(default_factory=dict)  # the library's id to the file's
    in_texts: bool = False  # whether ids have to be put back that a text has without special tokens

    def find(self, places: Mapping[str, int | None]) -> None:
        """Take note of the ids that the library gave to added tokens: spelling to id."""
        for entry in self.content["added_tokens"] or []:
            place = places[entry["content"]]
            if place is not None and place != entry["id"]:
                self.moved[place] = entry["id"]
                self.in_texts = self.in_texts or not entry.get("special")
        self.in_texts = self.in_texts or self.unknown is not None

    def put_back(self, answer: Any) -> list[int]:
        """The ids of the file in an encoding of the library."""
        ids: list[int] = answer.ids
        if self.unknown not in ids and self.moved.keys().isdisjoint(ids):
            return list(ids)
        found: list[int] = []
        for number, spelled in zip(ids, answer.tokens, strict=True):
            values = spelled.encode() if number == self.unknown else b""
            if values and all(value in self.bytes for value in values):
                found += [self.bytes[value] for value in values]
            else:
                found.append(self.moved.get(number, number))
        return found


def hide_pieces(content: Mapping[str, Any]) -> HiddenPieces:
    """A checked `tokenizer.json` without what texts must not reach; the library's ids are still to be told to it."""
    model = content["model"]
    special = {entry["content"] for entry in content["added_tokens"] or [] if entry.get("special")}
    if model["type"] == "Unigram":
        return _in_unigram(content, special)
    if model["type"] == "BPE":
        whole = {piece for piece in special if len(piece) == 1 or model.get("ignore_merges")}
        without = _unmerged(model, special | (_BYTES.keys() if model.get("byte_fallback") else set()), whole)
    else:
        whole, without = special, {**model, "unk_token": model.get("unk_token", "[UNK]")}
    return HiddenPieces(_numbered({**content, "model": without}, whole & model["vocab"].keys()))


def _in_unigram(content: Mapping[str, Any], special: set[str]) -> HiddenPieces:
    """Their pieces are empty; what is unknown is spelled in bytes afterwards."""
    model = content["model"]
    places = {piece: number for number, (piece, _) in enumerate(model["vocab"])}
    hidden = {places[piece] for piece in special if piece in places}
    unknown = model.get("unk_id")
    in_bytes = unknown is not None and bool(model.get("byte_fallback"))
    values = {value: places[piece] for piece, value in _BYTES.items() if piece in places} if in_bytes else {}
    hidden |= {*values.values(), *(() if unknown is None else (unknown,))}
    pieces = list(model["vocab"])
    for number in hidden:
        pieces[number] = ["", pieces[number][1]]
    without = {**content, "model": {**model, "vocab": pieces, "byte_fallback": False}}
    return HiddenPieces(without if hidden else content, unknown if in_bytes else None, values)


def _unmerged(model: Mapping[str, Any], hidden: set[str], whole: set[str]) -> dict[str, Any]:
    """Byte pairs without the merges that form such a piece, or that go on from one that is not there any more."""
    formed = {piece for piece in hidden if piece in model["vocab"] and _may_be_formed(piece, model["vocab"])}
    if not formed and not whole:
        return dict(model)
    kept = [
        merge
        for merge, (left, right) in zip(model["merges"], _pairs(model), strict=True)
        if left + right not in formed and left not in whole and right not in whole
    ]
    return {**model, "merges": kept}


def _may_be_formed(piece: str, vocabulary: Mapping[str, int]) -> bool:
    """Whether it is worth while to look through all merges for it."""
    cuts = range(1, len(piece))
    return len(piece) > _SHORT or any(piece[:cut] in vocabulary and piece[cut:] in vocabulary for cut in cuts)


def _pairs(model: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        yield left, right


def _numbered(content: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    """Hidden pieces under names of their own, and no id left out that the library would give to an added token."""
    model, added = content["model"], content["added_tokens"] or []
    vocabulary: dict[str, int] = model["vocab"]
    if not hidden and all(entry["content"] in vocabulary for entry in added):
        return content
    renamed = {piece: f"{_UNSPELLED}{vocabulary[piece]}" for piece in hidden}
    pieces = {renamed.get(piece, piece): number for piece, number in vocabulary.items()}
    left_out = set(range(1 + max(vocabulary.values()))).difference(vocabulary.values())
    pieces |= {f"{_UNSPELLED}{number}": number for number in left_out}
    unknown = {"unk_token": renamed[model["unk_token"]]} if model.get("unk_token") in renamed else {}
    ordered = sorted(added, key=lambda entry: entry["content"] in hidden)  # the others keep their ids
    return {**content, "added_tokens": ordered, "model": {**model, "vocab": pieces, **unknown}}
