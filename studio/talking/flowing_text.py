"""The text of one message at a width: only what comes into sight is read and laid out; the rest is guessed."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF

from studio.talking.answer import AnswerToken
from studio.talking.clean_text import Joiner
from studio.talking.ink import LINE, Ink
from studio.talking.laid_block import LaidBlock
from studio.talking.markdown_blocks import Block, blocks_of
from studio.talking.markdown_pieces import Pieces
from studio.talking.token_pieces import TokenPieces

_UNDER_CODE = 10.0  # pixels


class Place(NamedTuple):
    """A gap between letters of a message: piece, block in it, letter of the block."""

    piece: int = 0
    block: int = 0
    letter: int = 0


END = 1 << 30  # a block or letter behind the last one
Chosen = tuple[Place, Place]


class FlowingText:
    """Points are relative to the corner of the text. `marked`: the signs of Markdown are read, else everything is text.

    `growing`: more will come, so that code stays without colours until it is done.
    """

    def __init__(self, ink: Ink, room: float, marked: bool, growing: bool = False) -> None:
        self.ink, self.room, self.growing = ink, room, growing
        self._parts: Pieces | TokenPieces = Pieces() if marked else TokenPieces()
        self._joiner = Joiner()
        self._heights: list[float] = []
        self._laid: list[list[LaidBlock] | None] = []
        self._tops: list[float] = [0.0]
        self._former: tuple[int, list[LaidBlock]] = (-1, [])  # a piece as it looked: most of it stays as it is
        self.natural = 0.0  # width of the widest line that was laid out

    @property
    def height(self) -> float:
        """Of all pieces, guessed where they were not laid out yet."""
        return self._all_tops()[-1]

    # --- growing -----------------------------------------------------------------------------------------------

    def add(self, text: str) -> None:
        """Append text that belongs to no token."""
        parts = self._parts
        self._changed(parts.add(self._joiner.take(text)) if isinstance(parts, Pieces) else parts.add(text))

    def add_tokens(self, tokens: Sequence[AnswerToken], known: int) -> None:
        """Append tokens, the first of which is number `known`."""
        parts = self._parts
        if isinstance(parts, Pieces):
            self.add("".join(token.text for token in tokens))
            return
        first = len(parts.items)
        for place, token in enumerate(tokens, known):
            first = min(first, parts.add(token.text, place if token.id >= 0 else -1))
        self._changed(first)

    def finish(self) -> None:
        """Nothing more comes."""
        self.growing = False
        if isinstance(self._parts, Pieces):
            first = self._parts.add(self._joiner.flush())
            self._changed(min(first, self._parts.finish()))

    def _changed(self, first: int) -> None:
        """Pieces from `first` on are others than before."""
        items = self._parts.items
        if first < len(self._laid):
            self._former = first, self._laid[first] or []
        del self._heights[first:], self._laid[first:]
        self._heights += [self._guess(place) for place in range(first, len(items))]
        self._laid += [None] * (len(items) - first)
        del self._tops[max(1, first + 1) :]
        before = self._laid[first - 1] if 0 < first < len(items) and items[first].joined else None
        if before and before[-1].block.kind == "code" and before[-1].ends:
            before[-1].ends = False  # code that ended there goes on now
            self._heights[first - 1] = self._height_of(first - 1, before)
            del self._tops[first:]

    def let_go(self) -> None:
        """Keep the heights, free the letters: what is far away needs none."""
        self._laid = [None] * len(self._laid)

    # --- layout ------------------------------------------------------------------------------------------------

    def lay_out(self, top: float, bottom: float) -> None:
        """Make sure of everything between two heights."""
        place = self._piece_at(top)
        while place < len(self._heights) and self._all_tops()[place] <= bottom:
            if self._laid[place] is None:
                self._lay(place)
            place += 1

    def dull_code(self) -> Iterator[tuple[int, LaidBlock]]:
        """Pieces of code that are laid out without their colours."""
        for place, laid in enumerate(self._laid):
            yield from ((place, block) for block in laid or () if not block.colored)

    def color_code(self, place: int) -> None:
        """Lay one piece out again with the colours of its code; its height stays."""
        self._laid[place] = self._made(place, True)

    def _lay(self, place: int) -> list[LaidBlock]:
        laid = self._made(place, not self.growing)
        self._laid[place] = laid
        height = self._height_of(place, laid)
        if height != self._heights[place]:
            self._heights[place] = height
            del self._tops[place + 1 :]
        self.natural = max([self.natural, *(one.x + one.box.width + 1 for block in laid for one in block.placed)])
        return laid

    def _height_of(self, place: int, laid: Sequence[LaidBlock]) -> float:
        height = sum(block.gap + block.height + _under(block) for block in laid)
        return height - laid[0].gap if place == 0 and laid else height

    def _made(self, place: int, colored: bool) -> list[LaidBlock]:
        items = self._parts.items
        former = self._former[1] if self._former[0] == place else []
        laid = []
        for number, block in enumerate(self.blocks(place)):
            old = former[number] if number < len(former) else None
            same = old is not None and old.block == block and old.colored == (colored or block.kind != "code")
            laid.append(old if same and old is not None else LaidBlock(block, self.room, self.ink, colored, old))
        if laid and laid[-1].block.kind == "code" and place + 1 < len(items):
            laid[-1].ends = not items[place + 1].joined
        return laid

    def blocks(self, place: int) -> tuple[Block, ...]:
        """What a piece shows."""
        item = self._parts.items[place]
        return (item,) if isinstance(item, Block) else blocks_of(item)

    def _guess(self, place: int) -> float:
        item = self._parts.items[place]
        return estimated(item.text if isinstance(item, Block) else item.source, self.room, self.ink)

    def _all_tops(self) -> list[float]:
        known = len(self._tops)
        if known <= len(self._heights):
            self._tops += list(accumulate(self._heights[known - 1 :], initial=self._tops[-1]))[1:]
        return self._tops

    def _piece_at(self, y: float) -> int:
        return min(max(0, bisect_right(self._all_tops(), y) - 1), max(0, len(self._heights) - 1))

    def each(self, place: int) -> Iterator[tuple[int, LaidBlock, float]]:
        """(number, block, its top) of one piece."""
        laid = self._laid[place] or self._lay(place)
        y = self._all_tops()[place]
        for number, block in enumerate(laid):
            y += 0.0 if place == 0 and number == 0 else block.gap
            yield number, block, y
            y += block.height + _under(block)

    def between(self, top: float, bottom: float) -> Iterator[tuple[Place, LaidBlock, float]]:
        """Every block between two heights, with its place and its top."""
        self.lay_out(top, bottom)
        place = self._piece_at(top)
        while place < len(self._heights) and self._all_tops()[place] <= bottom:
            yield from ((Place(place, number), block, y) for number, block, y in self.each(place))
            place += 1

    # --- places ------------------------------------------------------------------------------------------------

    def place_at(self, point: QPointF) -> Place:
        """The gap between letters that is nearest to a point."""
        if not self._heights:
            return Place()
        place = self._piece_at(point.y())
        found = Place(place)
        for number, block, y in self.each(place):
            if number == 0 or point.y() >= y:
                found = Place(place, number, block.place_at(QPointF(point.x(), point.y() - y)))
        return found

    def block_at(self, point: QPointF) -> tuple[Place, LaidBlock, QPointF] | None:
        """The block under a point, and the point as that block counts."""
        if not self._heights or point.y() < 0:
            return None
        place = self._piece_at(point.y())
        for number, block, y in self.each(place):
            if y <= point.y() <= y + block.height:
                return Place(place, number), block, QPointF(point.x(), point.y() - y)
        return None

    def token_rect(self, token: int) -> QRectF:
        """Where a token begins; empty where tokens are not drawn by themselves."""
        for place, item in enumerate(self._parts.items):
            if isinstance(item, Block) and item.tokens and item.tokens[0][2] <= token <= item.tokens[-1][2]:
                for _, block, y in self.each(place):
                    return block.token_rect(token).translated(0, y)
        return QRectF()

    def code_from(self, where: Place) -> str:
        """All of the code that begins in a block, whatever number of pieces it was cut into."""
        source = [self.blocks(where.piece)[where.block].text]
        for place in range(where.piece + 1, len(self._heights)):
            if not self._parts.items[place].joined:
                break
            source.append(self.blocks(place)[0].text)
        return "\n".join(source)

    def text_between(self, chosen: Chosen) -> str:
        """The letters between two places, blocks on lines of their own."""
        found: list[str] = []
        for place in range(chosen[0].piece, min(chosen[1].piece + 1, len(self._heights))):
            for number, block in enumerate(self.blocks(place)):
                start, end = stretch(chosen, Place(place, number), len(block.text))
                if start < end:
                    found += ["" if not found else "\n" if block.joined else "\n\n", block.text[start:end]]
        return "".join(found)


def stretch(chosen: Chosen | None, at: Place, length: int) -> tuple[int, int]:
    """The selected letters of one block of so many."""
    if chosen is None or not chosen[0][:2] <= at[:2] <= chosen[1][:2]:
        return 0, 0
    first = chosen[0].letter if at[:2] == chosen[0][:2] else 0
    last = min(length, chosen[1].letter) if at[:2] == chosen[1][:2] else length
    return first, last


def estimated(text: str, room: float, ink: Ink) -> float:
    """About how high a text will be; nothing of it is read."""
    return LINE * max(1.0, len(text) * ink.letter * 0.95 / room + 0.6 * text.count("\n") + 0.5)


def _under(block: LaidBlock) -> float:
    return _UNDER_CODE if block.block.kind == "code" and block.ends else 0.0
