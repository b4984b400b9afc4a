"""A text that grows, cut into pieces that are each small enough to be read and laid out within a frame.

A piece ends at an empty line, or earlier where it becomes too long; everything but the last one is finished, so that a
stream touches only its end. Cutting looks at lines alone and takes the same time whatever the text tries.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 1_200  # characters of a paragraph or of a line
_LISTED = 3_000  # characters of a list or a table
CODE_LINES = 20  # of a piece of code
_LINES = 12  # of any other piece

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})([^`]*)$")
_ITEM = re.compile(r"^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_DELIMITERS = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$")


@dataclass(slots=True)
class Piece:
    """Markdown source, or the lines of a fenced block. `joined`: it goes on where the piece before it ended."""

    source: str
    code: bool = False
    language: str = ""
    joined: bool = False
    head: str = ""  # the two lines that make `source` the rest of a table
    closed: bool = False


class Pieces:
    """`items` are all pieces so far; `add` says from which one on they are new."""

    def __init__(self, text: str = "") -> None:
        self.items: list[Piece] = []
        self._line = ""  # the last line, while it has no end
        self._lines: list[str] = []  # of the open piece
        self._size = 0
        self._fence = ""  # what opened the code that is being read
        self._indent = 0
        self._language = ""
        self._joined = self._waiting = False  # the next piece goes on; an empty line inside a list was seen
        self._head = ""
        self._open = False  # whether the last item is the open piece
        if text:
            self.add(text)
            self.finish()

    def add(self, text: str) -> int:
        """Append; returns the place of the first piece that changed."""
        first = self._withdraw()
        lines = (self._line + text).split("\n")
        for line in lines[:-1]:
            self._take(line if len(line) <= LONGEST else self._fold(line))
        self._line = self._fold(lines[-1])
        self._show()
        return min(first, len(self.items))

    def finish(self) -> int:
        """Nothing more comes; returns the place of the first piece that changed."""
        first = self._withdraw()
        if self._line:
            self._take(self._line)
        self._line = ""
        self._close()
        return first

    # --- the open piece ----------------------------------------------------------------------------------------

    def _withdraw(self) -> int:
        if self._open:
            self.items.pop()
            self._open = False
        return len(self.items)

    def _show(self) -> None:
        """Put the open piece at the end, with the line that has no end yet unless it may turn out to be a fence."""
        hidden = self._line.lstrip()[:1] in ("`", "~") and not self._line.strip(" \t`~")
        hidden = hidden or (not self._fence and _FENCE.match(self._line) is not None)
        lines = self._lines if hidden or not self._line else [*self._lines, self._line]
        if lines or self._fence:
            self.items.append(self._piece(lines, False))
            self._open = True

    def _piece(self, lines: list[str], closed: bool) -> Piece:
        source = "\n".join(lines)
        return Piece(source, bool(self._fence), self._language, self._joined, self._head, closed)

    def _close(self, cut: bool = False) -> None:
        """Finish the open piece; `cut`: what follows belongs to it."""
        head = self._head or (table_head(self._lines) if cut and not self._fence else "")
        while self._lines and not self._fence and not self._lines[-1].strip():
            self._lines.pop()
        if self._lines or (self._fence and not self._joined):
            self.items.append(self._piece(self._lines, True))
            self._joined = cut
        self._lines, self._size, self._waiting = [], 0, False
        self._head = head if cut else ""

    @property
    def _listed(self) -> bool:
        return bool(self._lines) and _ITEM.match(self._lines[0]) is not None

    # --- lines -------------------------------------------------------------------------------------------------

    def _fold(self, line: str) -> str:
        """Take what is over the longest line, at a space where there is one; returns the rest."""
        at = 0
        while len(line) - at > LONGEST:
            end = line.rfind(" ", at + LONGEST // 2, at + LONGEST) + 1 or at + LONGEST
            self._take(line[at:end])
            if not self._listed:
                self._close(cut=True)
            at = end
        return line[at:]

    def _take(self, line: str) -> None:
        if self._fence:
            self._take_code(line)
        else:
            self._take_text(line)

    def _take_code(self, line: str) -> None:
        bare = line.strip()
        if len(bare) >= len(self._fence) and not bare.strip(self._fence[0]):
            self._close()
            self._fence = self._language = ""
            self._joined = False
            return
        lead = len(line) - len(line.lstrip(" \t"))
        self._append(line[min(self._indent, lead) :])
        if len(self._lines) >= CODE_LINES or self._size > LONGEST:
            self._close(cut=True)

    def _take_text(self, line: str) -> None:
        if ("`" in line or "~" in line) and self._opens_code(line):
            return
        if not line.strip():
            self._take_empty()
            return
        if self._waiting and not line.startswith(("  ", "\t")) and _ITEM.match(line) is None:
            self._close()
        self._waiting = False
        size = self._size + len(line)
        if self._head and "|" not in line:
            self._close()
            self._joined = False
        elif self._lines and size > LONGEST and size > self._most:
            self._close(cut=True)
        self._append(line)
        if len(self._lines) >= _LINES:
            self._close(cut=True)

    def _opens_code(self, line: str) -> bool:
        fence = _FENCE.match(line)
        if fence is None or (self._lines and len(fence[1]) >= 4 and not self._listed):
            return False
        self._close()
        self._joined = False
        self._fence, self._indent = fence[2], len(fence[1])
        self._language = fence[3].strip().split(" ")[0][:40].lower()
        return True

    def _take_empty(self) -> None:
        if self._listed:
            self._waiting = True
            self._append("")
        else:
            self._close()
            self._joined = False

    @property
    def _most(self) -> int:
        """Characters of the open piece."""
        return _LISTED if self._head or self._listed or table_head(self._lines) else LONGEST

    def _append(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line) + 1


def table_head(lines: Sequence[str]) -> str:
    """The two lines above the rows of a table; empty where none begins with the first line."""
    table = len(lines) > 2 and "|" in lines[0] and _DELIMITERS.match(lines[1]) is not None
    return f"{lines[0]}\n{lines[1]}" if table else ""
