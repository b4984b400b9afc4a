"""When a run waits: a pause is told before anything else is done, and wishes are granted while it lasts."""

import weakref
from collections.abc import Iterator
from typing import Protocol

from studio.core.channel import Ask, RunControl
from studio.core.events import RunContinued, RunEvent, RunPaused
from studio.engine.checkpoint import Progress


class Run(Protocol):
    """What a run has to say of itself here: how far it is, and what it does where a wish comes in."""

    progress: Progress

    def grant(self, ask: Ask) -> Iterator[RunEvent]:
        """Do what the wish asks for."""


class Pauses:
    """Those of one run, which it belongs to and does not keep alive: its model is freed as soon as it ends."""

    def __init__(self, control: RunControl, run: Run) -> None:
        self._control, self._run = control, weakref.proxy(run)
        self._told = False  # and not over

    def obey(self) -> Iterator[RunEvent]:
        """Between two steps: wait where that is wanted, and grant what has come in."""
        yield from self.hold()
        yield from self._grant_all()

    def hold(self) -> Iterator[RunEvent]:
        """Tell a pause that was pressed, once, and wait until it is over."""
        if self._control.paused and not self._told:
            yield RunPaused(step=self._run.progress.step)
            yield from self.wait()

    def between(self, texts: Iterator[RunEvent]) -> Iterator[RunEvent]:
        """Texts that the model writes one after the other; a pause that comes meanwhile is told between two of them."""
        yield from self.hold()
        for text in texts:
            yield text
            yield from self.hold()

    def wait(self) -> Iterator[RunEvent]:
        """Wait for the end of a pause that was told."""
        self._told = True
        while self._control.paused:
            self._control.wait_for_change()
            yield from self._grant_all()
        self._told = False
        if not self._control.stopping:
            yield RunContinued(step=self._run.progress.step)

    def _grant_all(self) -> Iterator[RunEvent]:
        for ask in self._control.asks():
            yield from self._run.grant(ask)
