"""A table that fits: columns as wide as their texts where there is room, else the widest ones narrower."""

import math
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from studio.talking.ink import TABLE_LINE, Ink
from studio.talking.markdown_blocks import Block
from studio.talking.markdown_inline import Inline
from studio.talking.text_box import LineForm, TextBox

_GAP, _PAD = 20.0, 5.0  # between columns, and above and below a row
_NARROW = 40.0

_FREE = 100_000.0  # pixels: a line that nothing breaks, to see how wide a cell would like to be
_STEP = 32.0  # pixels in which the columns of a table that needs more than its room grow


class Cell(NamedTuple):
    """A cell, the width it would like to have, and the one that it was laid out for."""

    box: TextBox
    natural: float
    width: float


Known = dict[tuple[Inline, bool], Cell]  # cells by text and whether they are a heading
Cells = list[tuple[TextBox, float, float, int]]  # box, x, y, the place of its first letter in the block's text


def laid_table(block: Block, room: float, ink: Ink, known: Known) -> tuple[Cells, list[float], float]:
    """The cells, the heights of the lines between rows, and the height of the whole; `known` cells are used again."""
    rows = [[(cell, number == 0 and not block.headless) for cell in row] for number, row in enumerate(block.cells)]
    cells = [[known.get(key) or _cell(key, _FREE, ink) for key in row] for row in rows]
    natural = [_NARROW] * max((len(row) for row in rows), default=0)
    for of_row in cells:
        natural = [max(pair) for pair in zip_longest(natural, (cell.natural for cell in of_row), fillvalue=_NARROW)]
    free = room - _GAP * max(0, len(natural) - 1)
    if sum(natural) > free:  # a letter more must not move all the others
        natural = [_STEP * math.ceil(width / _STEP) for width in natural]
    widths = fitted(natural, free)
    found: Cells = []
    lines: list[float] = []
    used: Known = {}
    top, start = 0.0, 0
    for row, of_row in zip(rows, cells, strict=True):
        left, height = 0.0, TABLE_LINE
        for key, old, width in zip(row, of_row, widths, strict=False):
            cell = used[key] = _cell(key, width, ink, old)
            found.append((cell.box, left, top + _PAD, start))
            left += width + _GAP
            start += len(key[0].text) + 1
            height = max(height, cell.box.height)
        top += height + 2 * _PAD
        lines.append(top - 1)
    known.clear()
    known.update(used)
    return found, lines, top


def _cell(key: tuple[Inline, bool], width: float, ink: Ink, old: Cell | None = None) -> Cell:
    """The cell as it was, if it looks the same in this width: it had the same one, or needs one line in both."""
    if old is not None and (old.width == width or (old.box.lines == 1 and old.box.width <= width)):
        return old
    inline, head = key
    font = ink.head if head else ink.cell
    stretches = [ink.stretch(span, font) for span in inline.spans]
    box = TextBox(inline.text, font, LineForm(width, TABLE_LINE), stretches)
    return Cell(box, old.natural if old is not None else box.width + 2, width)


def fitted(natural: Sequence[float], room: float) -> list[float]:
    """Widths of at most the natural ones that need no more than `room`: the widest give way first."""
    if sum(natural) <= room or not natural:
        return list(natural)
    low, high = 0.0, max(natural)
    for _ in range(40):
        most = (low + high) / 2
        low, high = (low, most) if sum(min(width, most) for width in natural) > room else (most, high)
    return [max(8.0, min(width, low)) for width in natural]
