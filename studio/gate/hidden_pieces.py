"""Pieces of Unigram that no text may reach by spelling them: control pieces, what is unknown, bytes.

SentencePiece leaves them out of its search. The library `tokenizers` finds every piece that is not empty, so there they
stand as empty ones, and their ids are put back into its answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_BYTES = {f"<0x{value:02X}>": value for value in range(256)}


@dataclass
class HiddenPieces:
    """What the library is given in place of a checked file, and what its ids mean."""

    content: Mapping[str, Any]
    unknown: int | None = None  # its id, where what is unknown is spelled in bytes
    bytes: dict[int, int] = field(default_factory=dict)  # value to id
    moved: dict[int, int] = field(default_factory=dict)  # the library's id to the file's

    @property
    def any(self) -> bool:
        """Whether ids have to be put back."""
        return self.unknown is not None or bool(self.moved)

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
    """A checked `tokenizer.json` without what texts must not reach; `moved` is for whoever has the library to say."""
    model, added = content["model"], content["added_tokens"] or []
    if model["type"] != "Unigram":
        return HiddenPieces(content)
    places = {piece: number for number, (piece, _) in enumerate(model["vocab"])}
    hidden = {places[entry["content"]] for entry in added if entry.get("special") and entry["content"] in places}
    unknown = model.get("unk_id")
    in_bytes = unknown is not None and bool(model.get("byte_fallback"))
    values = {value: places[piece] for piece, value in _BYTES.items() if piece in places} if in_bytes else {}
    hidden |= {*values.values(), *(() if unknown is None else (unknown,))}
    pieces = [["" if number in hidden else piece, score] for number, (piece, score) in enumerate(model["vocab"])]
    without = {**content, "model": {**model, "vocab": pieces, "byte_fallback": False}}
    return HiddenPieces(without if hidden else content, unknown if in_bytes else None, values)
