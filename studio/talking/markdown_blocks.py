"""Pieces of Markdown as a flat list of blocks, each with a plain text: all that the screen ever draws of an answer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from studio.talking.clean_text import clean
from studio.talking.markdown_inline import Inline, Span, inline, reader
from studio.talking.markdown_pieces import Piece, table_head

_DEEPEST = 6  # levels that are still moved to the right
_COLUMNS = 12  # of a table
_ITEM = re.compile(r"(?:[-*+]|(\d{1,9})([.)]))(?:[ \t]|$)")  # of the outermost list
_INNER_NUMBER = re.compile(r" {1,3}\d{1,9}[.)]")


@dataclass(frozen=True, slots=True)
class Block:
    """`kind`: text, heading, code, rule or table. `text` of a table: cells with tabs between, rows with line ends."""

    kind: str
    text: str
    spans: tuple[Span, ...] = ()
    level: int = 0  # of a heading
    indent: int = 0  # levels of lists around it
    quotes: int = 0  # levels of quoting around it
    mark: str = ""  # what stands before the first line of an item
    language: str = ""
    joined: bool = False  # goes on from the block before
    cells: tuple[tuple[Inline, ...], ...] = ()
    headless: bool = False  # a table that goes on, whose first row is no heading
    tokens: tuple[tuple[int, int, int], ...] = ()  # (start, end, place of the token) where each is drawn by itself


def blocks_of(piece: Piece) -> tuple[Block, ...]:
    """What a piece shows; the same for the same source, whatever stands around it."""
    if piece.code:
        return (Block("code", clean(piece.source), language=clean(piece.language), joined=piece.joined),)
    blocks = _read_in_parts(f"{piece.head}\n{piece.source}" if piece.head else piece.source)
    if piece.head and blocks and blocks[0].kind == "table":
        rest = blocks[0].cells[1:]
        blocks[0] = replace(blocks[0], cells=rest, text=_table_text(rest), headless=True)
    if piece.joined and blocks:
        blocks[0] = replace(blocks[0], joined=True)
    return tuple(blocks)


def plain_blocks(text: str) -> tuple[Block, ...]:
    """A text in which nothing is a sign: what a person wrote, as it was written."""
    return (Block("text", clean(text)),)


def _read_in_parts(source: str) -> list[Block]:
    """Rows and items are read one by one, and kept: of a table or a list that grows only the last one is read."""
    lines = source.split("\n")
    if head := table_head(lines):
        rows = [_row(head, line) for line in lines[2:]]
        if all(rows):
            cells = (rows[0][0], *(row[1] for row in rows))
            return [Block("table", _table_text(cells), cells=cells)]
    elif len(lines) > 1 and _ITEM.match(lines[0]) and not any(map(_INNER_NUMBER.match, lines)):
        return list(_items(lines))
    return list(_read(source))


def _read(source: str) -> tuple[Block, ...]:
    if "\n" not in source and source[:1].isalpha():  # nothing but a paragraph begins with a letter
        found = inline(source.rstrip())
        return (Block("text", found.text, found.spans),)
    return tuple(_Walk().blocks(reader().parse(source)))


_read_part = lru_cache(maxsize=256)(_read)  # as many items or rows as a few pieces have


def _row(head: str, line: str) -> tuple[tuple[Inline, ...], ...]:
    """The cells of the head and of one row; nothing for a line that ends the table or makes it none."""
    found = _read_part(f"{head}\n{line}")
    one = len(found) == 1 and found[0].kind == "table" and not found[0].indent and not found[0].quotes
    return found[0].cells if one and len(found[0].cells) == 2 else ()


def _items(lines: Sequence[str]) -> Iterator[Block]:
    """The blocks of all items; numbers are counted from the first one on, as one list does."""
    starts = [place for place, line in enumerate(lines) if _ITEM.match(line)]
    number, sign = 0, ""
    for start, end in pairwise([*starts, len(lines)]):
        blocks = _read_part("\n".join(lines[start:end]))
        mark = _ITEM.match(lines[start])
        own, its_sign = (int(mark[1]), mark[2]) if mark is not None and mark[1] else (0, "")
        number, sign = number + 1 if its_sign and its_sign == sign else own, its_sign
        counted = bool(blocks and sign) and blocks[0].indent == 1 and blocks[0].mark == f"{own}."
        yield from (replace(blocks[0], mark=f"{number}."), *blocks[1:]) if counted else blocks


class _Walk:
    """Follows the reader's tokens and remembers which lists and quotes are open."""

    def __init__(self) -> None:
        self._lists: list[int] = []  # the next number of every open list, 0 for one of points
        self._quotes = 0
        self._mark = ""
        self._found: list[Block] = []
        self._rows: list[list[Inline]] = []

    def blocks(self, tokens: Sequence[Any]) -> list[Block]:
        """All blocks from top to bottom."""
        heading = 0
        for token in tokens:
            kind = token.type
            if kind == "inline":
                self._text(inline(token.content), heading)
            elif kind == "heading_open":
                heading = int(token.tag[1:])
            elif kind == "heading_close":
                heading = 0
            elif kind == "fence":
                self._add(Block("code", clean(token.content.removesuffix("\n")), language=clean(token.info[:40])))
            elif kind == "hr":
                self._add(Block("rule", ""))
            else:
                self._enter(token)
        return self._found

    def _enter(self, token: Any) -> None:
        """What opens and closes around other blocks."""
        kind = token.type
        if kind == "bullet_list_open":
            self._lists.append(0)
        elif kind == "ordered_list_open":
            self._lists.append(int(token.attrGet("start") or 1))
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif kind == "list_item_open":
            number = self._lists[-1]
            self._mark = f"{number}." if number or token.markup in (".", ")") else "•"
            self._lists[-1] += 1 if self._mark != "•" else 0
        elif kind in ("blockquote_open", "blockquote_close"):
            self._quotes += 1 if kind == "blockquote_open" else -1
        elif kind == "tr_open":
            self._rows.append([])
        elif kind == "table_close":
            rows = tuple(tuple(row[:_COLUMNS]) for row in self._rows)
            self._rows = []
            self._add(Block("table", _table_text(rows), cells=rows))

    def _text(self, found: Inline, heading: int) -> None:
        if self._rows:
            self._rows[-1].append(found)
        else:
            self._add(Block("heading" if heading else "text", found.text, found.spans, heading))

    def _add(self, block: Block) -> None:
        indent, quotes = min(len(self._lists), _DEEPEST), min(self._quotes, _DEEPEST)
        self._found.append(replace(block, indent=indent, quotes=quotes, mark=self._mark))
        self._mark = ""


def _table_text(rows: Sequence[Sequence[Inline]]) -> str:
    return "\n".join("\t".join(cell.text for cell in row) for row in rows)
