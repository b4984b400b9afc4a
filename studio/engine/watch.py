"""Looking into the weights in training now and then: what is seen stays with the run, and no number of it changes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.events import RunEvent, SnapshotTaken, Warned
from studio.engine.checkpoint import Progress
from studio.engine.prepare import Prepared
from studio.engine.scene import DEFAULT_TOKENS, ENOUGH, beginning, ids_of
from studio.insight import health
from studio.insight.health import StepHealth, TensorHealth
from studio.insight.snapshot import Subject, read, take, write
from studio.store.disk import require_space, size_text
from studio.store.examples import Examples
from studio.store.runs import RunRecord
from studio.store.snapshots import FOLDER, PROBES, folder_name, remove, steps_in, thin, weigh

SHARE = 0.02  # of the computing time that looking may take where nobody chose an interval
PACE = 0.75 * SHARE  # of it for the looks in between; the rest pays for the first, which is the dearest, and the last
SAMPLE = 512  # tokens whose embeddings are kept: the most frequent ones of the text
COUNTED = 1 << 20  # tokens of the text that are counted for that
PROBES_KEPT = 16
ROOM = 4 << 20  # bytes that must be free for a snapshot besides the disk's reserve


class Watch:
    """What a training loop calls around its steps. Whatever goes wrong in it is told once and costs no step.

    `busy` are the seconds that looking has taken since the step in progress began; they are no part of the step.
    """

    def __init__(self, run: Prepared, record: RunRecord) -> None:
        self.busy = 0.0
        self.cost = 0.0  # seconds of the last look, gradients and updates included
        self._run, self._config, self._place = run, run.config.watch, record.folder
        self._on = self._config.inside
        self._subject: Subject | None = None
        self._spent, self._began = 0.0, run.progress.seconds
        self._looked = run.progress.seconds  # computing time at the last look
        # One that could not be removed when the run went back lies ahead of it, and is written over.
        steps = [step for step in steps_in(record.folder / FOLDER) if step <= run.progress.step]
        self._first, self._newest = (steps[0], steps[-1]) if steps else (0, -1)
        self._sizes: dict[int, int] = {}  # bytes on disk by step, once the first look is kept
        self._due = False
        self._gradients: tuple[TensorHealth, ...] = ()
        self._before: dict[str, Tensor] = {}  # the weights of the step in progress
        self._training: StepHealth | None = None
        self._trouble: Exception | None = None

    # --- around a step ------------------------------------------------------------------------------------------

    def before_update(self, progress: Progress) -> None:
        """The gradients are there, not clipped yet, and the weights are still the old ones."""
        self.busy, self._gradients, self._training = 0.0, (), None
        self._due = self._on and self._wanted(progress)
        if not self._due:
            return
        with self._minded():
            self._gradients = health.gradients(self._run.model)
            if sum(p.numel() * p.element_size() for p in self._run.model.parameters()) <= self._budget:
                self._before = health.copied(self._run.model)

    def after_update(self) -> None:
        """The weights have moved."""
        if not self._gradients:
            return
        with self._minded():
            layers = len(self._run.model.layers)
            moved = health.by_layer(health.updates(self._before, self._run.model), layers) if self._before else None
            self._training = StepHealth(
                health.by_layer(self._gradients, layers),
                moved if moved is not None else StepHealth.unknown(layers).updates,
                sum(item.nan + item.infinite for item in self._gradients),
            )
        self._before = {}

    def _wanted(self, progress: Progress) -> bool:
        """Whether the step that is about to end is one to look at."""
        step = progress.step + 1
        if step == self._run.total_steps:
            return True
        if self._config.every:
            return step % self._config.every == 0
        affordable = self.cost <= PACE * (progress.seconds - self._looked)
        return affordable and step - self._newest >= (self._newest - self._first) / self._config.keep

    # --- looking ------------------------------------------------------------------------------------------------

    def begin(self, progress: Progress) -> Iterator[RunEvent]:
        """The first look of a run, before its first step."""
        if self._newest < 0:
            yield from self.look(progress, now=True)

    def look(self, progress: Progress, now: bool = False) -> Iterator[RunEvent]:
        """Look if it is due, or `now`; at most once at a step."""
        if not self._on or not (self._due or now) or progress.step == self._newest:
            return
        size = 0
        if self._trouble is None:
            with self._minded():
                size = self._keep(progress.step)
        self._spent, self.cost, self.busy = self._spent + self.busy, self.busy, 0.0
        if self._trouble is not None:
            self._on = False
            yield self._warning("The run goes on without watching inside.", progress.step)
            return
        self._first = progress.step if self._newest < 0 else self._first
        self._newest, self._looked = progress.step, progress.seconds
        yield self._taken(FOLDER, progress, self.cost, size)

    def probe(self, progress: Progress, text: str) -> Iterator[RunEvent]:
        """Look once at a text that somebody asked for; an empty one means the text that is watched."""
        started, size = time.perf_counter(), 0
        with self._minded():
            subject = self._watched()
            tokenizer, length = self._run.words.tokenizer, self._run.config.model.context_length
            asked = replace(subject, ids=ids_of(tokenizer, text)[:length], prompt=text) if text else subject
            size = self._write(PROBES, asked, progress.step)
            with suppress(OSError):  # tried again at the next one
                thin(self._place / PROBES, weigh(self._place / PROBES), PROBES_KEPT, self._limit)
            text = asked.prompt
        self.busy = 0.0
        if self._trouble is not None:
            yield self._warning("The text could not be looked at.", progress.step)
            return
        yield replace(self._taken(PROBES, progress, time.perf_counter() - started, size), prompt=text)

    def _taken(self, folder: str, progress: Progress, seconds: float, size: int) -> SnapshotTaken:
        trained = progress.seconds - self._began
        share = self._spent / (trained + self._spent) if self._spent else 0.0
        file = f"{folder}/{folder_name(progress.step)}"
        return SnapshotTaken(step=progress.step, file=file, seconds=seconds, bytes=size, share=share)

    def _keep(self, step: int) -> int:
        """A snapshot of the watched text, and fewer of the older ones; its bytes."""
        folder = self._place / FOLDER
        size = self._write(FOLDER, self._watched(), step)
        if size > self._limit:
            remove(folder, step)
            raise StudioError(
                f"One look at this model takes {size_text(size)} of disk, and {size_text(self._limit)} are allowed.",
                "Allow more space, or watch a shorter text.",
            )
        with suppress(OSError):  # tried again at the next look
            self._sizes = self._sizes or weigh(folder)
            self._sizes[step] = size
            thin(folder, self._sizes, self._config.keep, self._limit)
        return size

    def _write(self, folder: str, subject: Subject, step: int) -> int:
        require_space(self._place, ROOM, f"the snapshot of step {step:,}")
        found = take(self._run.model, subject, step, self._training, self._budget)
        if subject.basis is None:
            self._subject = replace(self._watched(), basis=found.basis)
        return sum(file.stat().st_size for file in write(self._place / folder, found).iterdir())

    def _watched(self) -> Subject:
        """What every look of this run is at: as in its first one, else what the settings say."""
        if self._subject is None:
            self._subject = self._as_before() or subject_of(self._run)
        return self._subject

    def _as_before(self) -> Subject | None:
        folder = self._place / FOLDER
        for step in steps_in(folder):
            with suppress(StudioError):  # a damaged one is passed over
                return subject_as_in(folder / folder_name(step))
        return None

    @property
    def _budget(self) -> int:
        return self._config.memory << 20

    @property
    def _limit(self) -> int:
        return self._config.megabytes * 1_000_000

    @contextmanager
    def _minded(self) -> Iterator[None]:
        """Time what is done inside, and keep its trouble to be told instead of ending the run."""
        started = time.perf_counter()
        try:
            yield
        except Exception as error:
            self._trouble = error
        finally:
            self.busy += time.perf_counter() - started

    def _warning(self, words: str, step: int) -> Warned:
        error, self._trouble = self._trouble, None
        self._gradients, self._before, self._training = (), {}, None
        if isinstance(error, StudioError):
            return Warned(step=step, message=f"{words} {error.message}", hint=error.hint)
        return Warned(step=step, message=f"{words} {type(error).__name__}: {error}")


def subject_of(run: Prepared) -> Subject:
    """The text to watch and the tokens whose embeddings are kept, as a fresh run has them."""
    text, ids = watched_text(run)
    counts = np.bincount(np.asarray(run.words.training()[:COUNTED], np.int64), minlength=run.config.model.vocab_size)
    sample = np.argsort(-counts, kind="stable")[:SAMPLE]
    says_words = not run.config.model.outputs
    return Subject(ids[: run.config.model.context_length], sample.tolist(), prompt=text, says_words=says_words)


def subject_as_in(folder: Path) -> Subject:
    """What a snapshot looked at, with its basis, so that later ones can be laid beside it."""
    found = read(folder)
    says_words = found.top_ids.shape[-1] > 0
    return Subject(found.ids, found.sample, found.basis, prompt=found.prompt, says_words=says_words)


def watched_text(run: Prepared) -> tuple[str, list[int]]:
    """The text that was chosen to be watched, else the samples' prompt if it is long enough, else held-back text.

    A model that tells classes apart watches one held-back row, whole.
    """
    shards, chosen = run.words, run.config.watch.prompt
    if chosen:
        return chosen, ids_of(shards.tokenizer, chosen)
    if run.config.model.outputs and isinstance(shards, Examples):
        return watched_row(shards)
    held = shards.validation() if shards.validation_tokens else shards.training()
    prompt = run.config.sampling.prompt
    with suppress(StudioError):  # what the vocabulary cannot say is no reason not to look
        ids = ids_of(shards.tokenizer, prompt)
        if len(ids) >= ENOUGH:
            return prompt, ids
    with suppress(StudioError):
        text = beginning(shards.tokenizer, held)
        if ids := ids_of(shards.tokenizer, text):
            return text, ids
    return "", [int(number) for number in held[:DEFAULT_TOKENS]]


def watched_row(examples: Examples) -> tuple[str, list[int]]:
    """The first held-back row that is long enough to show something, else the longest of them; cut at `DEFAULT_TOKENS`.

    Where nothing is held back, one that is learned from.
    """
    places = examples.split.validation if len(examples.split.validation) else examples.split.training
    lengths = examples.lengths(places)
    enough = np.flatnonzero(lengths >= ENOUGH)
    ids = examples.of(int(places[enough[0] if len(enough) else lengths.argmax()]))[:DEFAULT_TOKENS].tolist()
    return examples.tokenizer.decode(ids), ids
