"""A text as it was written, letter by letter: for what a person typed, and for answers whose tokens are coloured."""

from dataclasses import replace

from studio.talking.clean_text import clean
from studio.talking.markdown_blocks import Block
from studio.talking.markdown_pieces import LONGEST

_LINES = 24


class TokenPieces:
    """`items` are blocks of plain text that remember which letters belong to which token."""

    def __init__(self) -> None:
        self.items: list[Block] = []
        self._lines = 0  # line ends in the last block

    def add(self, text: str, token: int = -1) -> int:
        """Append the text of a token, or of none (-1); returns the place of the first block that changed."""
        text = clean(text)
        first = max(0, len(self.items) - 1)
        while text:
            room = self._room()
            head = text[:room]
            lines = head.count("\n")
            if self._lines + lines >= _LINES:
                head = _first_lines(head, _LINES - self._lines)
            self._append(head, token)
            text = text[len(head) :]
        return first

    def _room(self) -> int:
        """Letters that still fit into the last block; begins a new one where there are none."""
        full = bool(self.items) and (len(self.items[-1].text) >= LONGEST or self._lines >= _LINES)
        if not self.items or full:
            if full and self.items[-1].text.endswith("\n"):  # the new block begins a line by itself
                self.items[-1] = replace(self.items[-1], text=self.items[-1].text[:-1])
            self.items.append(Block("text", "", joined=bool(self.items)))
            self._lines = 0
        return LONGEST - len(self.items[-1].text)

    def _append(self, text: str, token: int) -> None:
        block = self.items[-1]
        start = len(block.text)
        tokens = block.tokens
        if token >= 0:
            tokens = (*tokens, (start, start + len(text), token))
        self.items[-1] = replace(block, text=block.text + text, tokens=tokens)
        self._lines += text.count("\n")


def _first_lines(text: str, wanted: int) -> str:
    at = -1
    for _ in range(wanted):
        at = text.find("\n", at + 1)
    return text[: at + 1]
