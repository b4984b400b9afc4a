"""How much could reach one token from another through the layers: the largest flow through the attention weights.

Every layer is a set of pipes as wide as ½A + ½I (Abnar and Zuidema 2020); found exactly, by Dinic's algorithm.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.reading import Doubles, Numbers
from studio.insight.rollout import Side, Way, joined, taken

LONGEST = 32  # tokens; every pair of them is a flow of its own
_EMPTY = 1e-12  # what is left of a pipe and counts as nothing


def flows(
    weights: Numbers,
    heads: str = "mean",
    start: int = 0,
    rows: Sequence[int] | None = None,
    keep_going: Callable[[], bool] = lambda: True,
) -> Iterator[tuple[int, Doubles]]:
    """(layers, heads, time, time) to one row after the other: from a token at the end to every token (time,) below.

    `rows` says which, in which order; all are NaN where a weight is no number. Unlike rollout's, a row does not sum to
    1: each number is a flow by itself.
    """
    time = weights.shape[-1]
    if time > LONGEST:
        raise StudioError(
            tr("Flow is worked out for {most} tokens at most; these are {count}.", most=LONGEST, count=time),
            tr("Take a shorter text, or look at the rollout."),
        )
    capacities = joined(weights[start:], heads)
    known = bool(np.isfinite(capacities).all())
    network = Network(capacities)
    for row in range(time) if rows is None else rows:
        found = np.full(time, np.nan)
        for column in range(time):
            if not keep_going():
                return
            if known:
                found[column] = network.flow(row, column)
        yield row, found


def flows_between(
    sides: Sequence[Side], way: Way, rows: Sequence[int] | None = None, keep_going: Callable[[], bool] = lambda: True
) -> Iterator[tuple[int, Doubles]]:
    """`flows` of a model, less those of another where there are two."""
    each = [flows(taken(side, way), way[0], way[1], rows, keep_going) for side in sides]
    for found in zip(*each, strict=False):  # asked to stop, one of them may be a row ahead
        row, values = found[0]
        yield row, values - found[1][1] if len(found) > 1 else values


class Network:
    """Pipes between layers of tokens; `capacities` (layers, time, time) lead from each row down to the columns."""

    def __init__(self, capacities: Numbers) -> None:
        self.layers, self.time = capacities.shape[:2]
        self._ends: list[int] = []  # of each pipe; the pipe back is its neighbour, number ^ 1
        self._widths: list[float] = []
        self._pipes: list[list[int]] = [[] for _ in range((self.layers + 1) * self.time)]
        for layer, row, column in zip(*np.nonzero(capacities > _EMPTY), strict=True):
            self._join(self._node(layer + 1, row), self._node(layer, column), float(capacities[layer, row, column]))

    def flow(self, source: int, sink: int) -> float:
        """The most that can run from a token above the last layer to one below the first; endless without layers."""
        above, below = self._node(self.layers, source), self._node(0, sink)
        if above == below:
            return float("inf")
        left, total = list(self._widths), 0.0
        while (steps := self._steps(left, above, below))[above] >= 0:
            total += self._fill(left, steps, above, below)
        return total

    def _node(self, layer: int, token: int) -> int:
        place: int = int(layer) * self.time + int(token)
        return place

    def _join(self, above: int, below: int, width: float) -> None:
        for start, end, wide in ((above, below, width), (below, above, 0.0)):
            self._pipes[start].append(len(self._ends))
            self._ends.append(end)
            self._widths.append(wide)

    def _steps(self, left: Sequence[float], above: int, below: int) -> list[int]:
        """How many pipes with room each node is from the sink; −1 where none lead there, or further than the source."""
        steps = [-1] * len(self._pipes)
        steps[below] = 0
        waiting = deque((below,))
        while waiting and steps[above] < 0:
            node = waiting.popleft()
            for pipe in self._pipes[node]:
                other = self._ends[pipe]
                if steps[other] < 0 and left[pipe ^ 1] > _EMPTY:
                    steps[other] = steps[node] + 1
                    waiting.append(other)
        return steps

    def _fill(self, left: list[float], steps: Sequence[int], above: int, below: int) -> float:
        """Use up every shortest way; each pipe that turned out blind is not tried again."""
        tried, path, total, node = [0] * len(self._pipes), list[int](), 0.0, above
        while True:
            if node == below:
                narrowest = min(left[pipe] for pipe in path)
                for pipe in path:
                    left[pipe] -= narrowest
                    left[pipe ^ 1] += narrowest
                total, path, node = total + narrowest, [], above
            pipes = self._pipes[node]
            while tried[node] < len(pipes) and not self._leads_on(pipes[tried[node]], node, left, steps):
                tried[node] += 1
            if tried[node] < len(pipes):
                path.append(pipes[tried[node]])
                node = self._ends[path[-1]]
            elif path:
                node = self._ends[path.pop() ^ 1]
                tried[node] += 1
            else:
                return total

    def _leads_on(self, pipe: int, node: int, left: Sequence[float], steps: Sequence[int]) -> bool:
        return left[pipe] > _EMPTY and steps[self._ends[pipe]] == steps[node] - 1
