"""Where tokens stand when they wrap like text: one pass over all of them, then every question by bisection. No Qt."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class TokenLayout:
    """Left edge, width and line of each token; `starts` holds the first token of every line."""

    lefts: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self.starts)

    def line_of(self, index: int) -> int:
        """The line a token stands in."""
        return bisect_right(self.starts, index) - 1

    def span(self, line: int) -> range:
        """The tokens of a line."""
        last = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.lefts)
        return range(self.starts[line], last)

    def at(self, x: float, line: int) -> int:
        """The token at `x` in a line, or -1."""
        if not 0 <= line < len(self.starts):
            return -1
        span = self.span(line)
        index = bisect_right(self.lefts, x, span.start, span.stop) - 1
        return index if index >= span.start and x < self.lefts[index] + self.widths[index] else -1

    def nearest(self, x: float, line: int) -> int:
        """The token of a line nearest to `x`, for moving up and down."""
        span = self.span(min(max(line, 0), len(self.starts) - 1))
        index = min(bisect_left(self.lefts, x, span.start, span.stop), span.stop - 1)
        before = max(index - 1, span.start)
        return before if abs(self._middle(before) - x) < abs(self._middle(index) - x) else index

    def _middle(self, index: int) -> float:
        return self.lefts[index] + self.widths[index] / 2


def lay_out(widths: Sequence[float], ends_line: Sequence[bool], room: float, gap: float) -> TokenLayout:
    """Break lines before a token that does not fit and after one that ends a line; wider than `room` is cut to it."""
    layout = TokenLayout(starts=[0] if len(widths) else [])
    lefts, cut, starts = layout.lefts, layout.widths, layout.starts
    left = 0.0
    fresh = False
    for index, (wide, ends) in enumerate(zip(widths, ends_line, strict=True)):
        width = wide if wide < room else room
        if fresh or (left > 0.0 and left + width > room):
            starts.append(index)
            left = 0.0
        lefts.append(left)
        cut.append(width)
        left += width + gap
        fresh = ends
    return layout
