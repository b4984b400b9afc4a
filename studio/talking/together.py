"""Messages that are of use only together: all of them are kept, or none is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from studio.store.chats import Message


@dataclass
class Together:
    """`kept` hears of them in their order once the last has come; where one was not kept, `broken` of the others."""

    count: int
    kept: Callable[[Sequence[Message]], None]
    broken: Callable[[Sequence[Message]], None]
    _come: dict[int, Message] = field(default_factory=dict)
    _lost: int = 0

    def take(self, place: int, message: Message) -> None:
        """One is on the disk."""
        self._come[place] = message
        self._settle()

    def lose(self) -> None:
        """One is not."""
        self._lost += 1
        self._settle()

    def _settle(self) -> None:
        if len(self._come) + self._lost == self.count:
            told = self.broken if self._lost else self.kept
            told([self._come[place] for place in sorted(self._come)])
