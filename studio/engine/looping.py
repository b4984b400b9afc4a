"""Writing on a CPU by loops compiled for the model: a third of a small model's token is torch being asked for things.

Compiling takes most of a second, on another core, so it begins once the ordinary way has taken as long. The loops are
kept only where they then gave the same logits, and sooner; whatever goes wrong with them, the ordinary way is there.
"""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import torch

from studio.core.config import ModelConfig
from studio.engine.replay import Logits, Trial
from studio.layers.decoder import Decoder
from studio.layers.key_value_cache import KeyValueCache
from studio.layers.token_loop import TokenLoop, can_be_written, fits, small
from studio.loops.team import Program

COMPILING = 0.8  # seconds that the ordinary way takes before it is worth while
PAUSE = 32  # tokens until loops that were slow are tried again, then twice as many: it may have been the machine
LONG = 1_024  # tokens; the longer a text, the more of a token is attention, where torch may be the quicker
_PROGRAMS: dict[tuple[ModelConfig, bool], Future[Program]] = {}  # for 8-bit weights or not; made or being made


class Looping:
    """Decides token by token between the two ways, for one text; the ordinary one counts until the loops are proved.

    They are tried anew each time that a long text has doubled; where they fail then, shorter ones are still theirs.
    """

    def __init__(self, model: Decoder, config: ModelConfig) -> None:
        self._model, self._config = model, config
        self._seconds = 0.0  # of the ordinary way so far
        self._loop: TokenLoop | None = None
        self._trial = Trial()
        self._again, self._too_long = LONG, math.inf  # tokens of a text behind which they are tried, and left
        self._rest, self._pause = 0, PAUSE  # tokens for which they are not asked, and for which the next time
        self.given_up = not can_be_written(config)

    @property
    def settled(self) -> bool:
        """Whether it is known which way will be gone."""
        return self.given_up or (self._loop is not None and self._trial.over)

    def prepare(self) -> None:
        """Have the loops compiled before the first token instead of beside it, and wait for that."""
        coming = None if self.given_up else self._coming(wanted=True)
        if coming is not None:
            coming.exception()

    def read(self, token: int, cache: KeyValueCache, ordinary: Callable[[], Logits]) -> Logits:
        """Logits (1, vocabulary) behind one more token; `ordinary` computes them and advances `cache`."""
        place = cache.length
        if self.given_up or place >= self._too_long or self._rest:
            self._rest = max(0, self._rest - 1)
            return ordinary()
        kept = self._loop is not None and self._loop.threads == torch.get_num_threads() and self._loop.unchanged()
        if not kept:
            self._loop = self._made()
        if self._loop is None:
            return self._watched(ordinary)
        loop = self._loop
        if place >= self._again:
            self._again, self._trial = 2 * place, Trial()
        if self._trial.over:
            found = loop.read(token, cache)
            cache.advance(1)
            return found[None]
        wanted, passed = self._trial.both(lambda: loop.read(token, cache)[None], ordinary)
        if not passed:
            self._leave(place)
        return wanted

    def _leave(self, place: int) -> None:
        """A trial has failed: they are left behind this place, for a while, or where they were wrong for good."""
        if place >= LONG:
            self._too_long = place
        elif self._trial.slow:
            self._rest, self._pause = self._pause, 2 * self._pause
        else:
            self.given_up, self._loop = True, None
        self._trial = Trial()

    def _watched(self, ordinary: Callable[[], Logits]) -> Logits:
        started = time.perf_counter()
        found = ordinary()
        self._seconds += time.perf_counter() - started
        return found

    def _made(self) -> TokenLoop | None:
        """Loops for the model as it is, once they are compiled; what was proved of others is to be proved again."""
        self._trial, self._again, self._too_long = Trial(), LONG, math.inf
        coming = self._coming(wanted=self._seconds >= COMPILING) if self._near() else None
        if coming is None or not coming.done():
            return None
        if coming.exception() is not None:  # no compiler for this processor, say: nothing is lost but speed
            self.given_up = True
            return None
        try:
            return TokenLoop(self._model, self._config, coming.result(), torch.get_num_threads())
        except RuntimeError:  # there can be no more threads
            self.given_up = True
            return None

    def _near(self) -> bool:
        """Whether a look at the model is worth its time, a third of a token's: there are loops, or they are due."""
        begun = [_PROGRAMS[key] for whole in (False, True) if (key := (self._config, whole)) in _PROGRAMS]
        return any(made.done() for made in begun) if begun else self._seconds >= COMPILING

    def _coming(self, wanted: bool) -> Future[Program] | None:
        """The program for the model as it is, made or being made; it begins to be made where it is wanted."""
        whole = small(self._model) if fits(self._model) else None
        if whole is None:
            return None
        key = (self._config, whole)
        if wanted and key not in _PROGRAMS:
            _PROGRAMS[key] = beside(partial(_program, *key))
        return _PROGRAMS.get(key)


def beside(make: Callable[[], Program]) -> Future[Program]:
    """What `make` makes, on a thread that ends with it."""
    made: Future[Program] = Future()

    def work() -> None:
        try:
            made.set_result(make())
        except Exception as error:  # whoever asks for the result gets it
            made.set_exception(error)

    threading.Thread(target=work, name="compiler").start()
    return made


def _program(config: ModelConfig, whole: bool) -> Program:
    from studio.loops.decode import program  # takes a compiler, which not every kind of processor has

    return program(config, whole)
