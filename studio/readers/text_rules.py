"""How SentencePiece prepares a text before it is cut: letters rewritten by a table, blanks made one, marked, put on.

What `tokenizer.json` cannot say exactly: github.com/google/sentencepiece, normalizer.cc.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from studio.core.errors import StudioError
from studio.gate.rewriting_tables import LONGEST, RewritingTable

MOST_WHOLE = 300_000  # as many as pieces are read
_FLAGS = ("blank_before", "blank_behind", "single_blanks")


@dataclass(frozen=True)
class TextRules:
    """`table`: what becomes what, the longest first; `whole` is left as it is in texts that a table rewrites."""

    table: RewritingTable | None = None
    whole: tuple[str, ...] = ()
    blank: str = "▁"  # what a blank becomes
    blank_before: bool = True
    blank_behind: bool = False
    single_blanks: bool = True

    def prepare(self, text: str) -> str:
        """The text as its pieces spell it."""
        if not text:
            return text
        if self.table is not None:
            text = self._rewritten(text, self.table)
        if self.single_blanks and text:
            text = re.sub(" {2,}", " ", text).strip(" ")
            if not text:
                return text
        text = text.replace(" ", self.blank)
        if self.blank_before:
            text = self.blank + text
        if self.single_blanks:
            text = text.rstrip(self.blank)
        return text + self.blank if self.blank_behind else text

    @cached_property
    def _places(self) -> re.Pattern[str]:
        """Where something may be rewritten: what stays whole, the beginning of several characters, single ones."""
        table = self.table
        assert table is not None
        kept, first, second, single = map(_ranges, (self._sizes, table.first, table.second, table.single))
        kinds = (
            f"[{kept}]" if kept else "",
            f"[{first}](?=[{second}])" if second else "",
            f"(?P<single>[{single}])" if single else "",
        )
        return re.compile("|".join(filter(None, kinds)) or r"\Z\A")

    @cached_property
    def _whole(self) -> frozenset[str]:
        return frozenset(self.whole)

    @cached_property
    def _sizes(self) -> dict[str, list[int]]:
        """How long pieces are that stay whole, by their first letter, the longest first."""
        found: dict[str, set[int]] = {}
        for piece in self.whole:
            found.setdefault(piece[0], set()).add(len(piece))
        return {letter: sorted(sizes, reverse=True) for letter, sizes in found.items()}

    def _rewritten(self, text: str, table: RewritingTable) -> str:
        parts: list[str] = []
        at = 0
        while (found := self._places.search(text, at)) is not None:
            place = found.start()
            if found.lastgroup == "single":
                end, becomes = found.end(), table.single[found[0]]
            else:
                end, becomes = self._rewritten_at(text, place, table)
            parts += [text[at:place], becomes]
            at = end
        return "".join([*parts, text[at:]])

    def _rewritten_at(self, text: str, place: int, table: RewritingTable) -> tuple[int, str]:
        """Where it goes on behind what begins at a place, and what that becomes."""
        for size in self._sizes.get(text[place], ()):
            if (piece := text[place : place + size]) in self._whole:
                return place + size, piece
        size, becomes = table.longest(text[place : place + LONGEST]) or (1, text[place])
        return place + size, becomes

    def to_json(self) -> dict[str, Any]:
        """All of it, for `rules_from_json`."""
        table = "" if self.table is None else base64.b64encode(self.table.raw).decode()
        return {
            "table": table, "whole": list(self.whole), "blank": self.blank,
            **{flag: getattr(self, flag) for flag in _FLAGS},
        }  # fmt: skip


def rules_from_json(data: Any) -> TextRules:
    """Read saved rules back; damaged ones are a `StudioError`."""
    try:
        raw, whole = base64.b64decode(data["table"], validate=True), data["whole"]
        sound = isinstance(whole, list) and len(whole) <= MOST_WHOLE and data["blank"] in (" ", "▁")
        sound = sound and all(isinstance(piece, str) and piece for piece in whole)
        if not sound or not all(isinstance(data[flag], bool) for flag in _FLAGS):
            raise ValueError("another value than was saved")
        table = RewritingTable(raw) if raw else None
        return TextRules(table, tuple(whole), data["blank"], **{flag: data[flag] for flag in _FLAGS})
    except (KeyError, TypeError, ValueError) as error:
        raise StudioError(
            "The rules by which this tokenizer prepares texts are damaged.", "Import the model again."
        ) from error


def _ranges(letters: Iterable[str]) -> str:
    """The letters of a character class, neighbours as one range."""
    found: list[list[int]] = []
    for code in sorted(map(ord, letters)):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"{re.escape(chr(low))}-{re.escape(chr(high))}" for low, high in found)
