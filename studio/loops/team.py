"""Threads that run a program's parts side by side: the caller's own is the first, the others wait between two calls."""

import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Program = Callable[[int], None]


@dataclass
class _Desk:
    """Where a thread finds what to do next; nothing there means to go home."""

    work: tuple[Program, int] | None = None
    called: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    memory: object = None


class Team:
    """So many threads, whose programs meet at their end: a call is over when all have. They end with their team.

    The last may still be leaving that meeting then: `memory` that it looks at outlives it.
    """

    def __init__(self, parts: int, memory: object = None) -> None:
        self.parts = parts
        self.whole = True  # False: a call was broken off, and the others may still wait for the caller's part
        self._desks = [_Desk(memory=memory) for _ in range(parts - 1)]
        self._threads = [threading.Thread(target=_work, args=(desk,), daemon=True) for desk in self._desks]
        self._dismiss = weakref.finalize(self, _send_home, self._desks)  # also where one of them cannot be started
        for thread in self._threads:
            thread.start()

    def run(self, program: Program, addresses: Sequence[int]) -> None:
        """The program once for each address, all at the same time."""
        self.whole = False
        for desk, address in zip(self._desks, addresses[1:], strict=True):
            desk.work = (program, address)
            desk.called.release()
        program(addresses[0])
        self.whole = True

    def close(self) -> None:
        """End the threads, and wait until they have."""
        self._dismiss()
        for thread in self._threads:
            thread.join()


def _work(desk: _Desk) -> None:
    while True:
        desk.called.acquire()
        if desk.work is None:
            return
        program, address = desk.work
        program(address)


def _send_home(desks: Sequence[_Desk]) -> None:
    for desk in desks:
        desk.work = None
        desk.called.release()
