"""What a network is made of, as plain data: the engine reads it off the real modules, a page draws it."""

from collections.abc import Iterator
from dataclasses import dataclass

Shape = tuple[int, ...]
Columns = tuple[tuple["Node", ...], ...]  # what stands side by side, each column from top to bottom


@dataclass(frozen=True)
class Node:
    """One step on the way from ids to logits: a module, or an operation between modules.

    `kind` is the module's class or the operation ("add", "scores", …), `path` where it is found in the network.
    `rows` are its own steps in their order. A step may also read what came long before the step above it: what entered
    row `since`, or column `late[1]` of row `late[0]`; -1 means that it does not.
    """

    kind: str
    path: str
    into: tuple[Shape, ...]
    out: Shape
    parameters: int = 0
    weight: Shape = ()
    rows: tuple[Columns, ...] = ()
    times: int = 1
    tied: str = ""  # the module whose table it shares
    since: int = -1
    late: tuple[int, int] = (-1, -1)

    @property
    def name(self) -> str:
        """The last word of its path."""
        return self.path.rpartition(".")[2]

    def walk(self) -> Iterator["Node"]:
        """Itself and everything inside, from top to bottom."""
        yield self
        for columns in self.rows:
            for column in columns:
                for node in column:
                    yield from node.walk()
