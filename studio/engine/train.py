"""The training loop: a plain generator of events that asks its control what to do between steps."""

import dataclasses
import math
import time
from collections.abc import Iterator

import torch

from studio.core.channel import Ask, RunControl
from studio.core.config import RunConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.core.events import (
    CheckpointSaved,
    EvaluationDone,
    PhaseChanged,
    RunEnded,
    RunEvent,
    RunPaused,
    RunStarted,
    StepDone,
    Warned,
)
from studio.core.schedule import learning_rate
from studio.engine.checkpoint import Progress, Saved, size_on_disk, write
from studio.engine.evaluate import Measured, measure
from studio.engine.figures import Figures
from studio.engine.gradients import backward
from studio.engine.optimize import clip, set_learning_rate
from studio.engine.pauses import Pauses
from studio.engine.prepare import Prepared, prepare
from studio.engine.recording import drawing
from studio.engine.sample import canaries, written
from studio.engine.watch import Watch
from studio.store.checkpoints import folder_name, prune
from studio.store.runs import RunRecord

MEASURE_SECONDS = 5.0  # after a stop: less than the window waits for a run that is told to end


def train(config: RunConfig, control: RunControl, record: RunRecord, resume: int | None = None) -> Iterator[RunEvent]:
    """Run `config` in `record`'s folder, from the checkpoint at step `resume` if given (-1: newest whole one).

    Expected troubles raise `StudioError`; the host turns whatever is raised into the stream's last event.
    """
    prepared = yield from prepare(config, control, record, resume)
    if prepared is None:
        reached = record.summary.step  # by an earlier start of the same run
        message = "Stopped before it went on." if reached else "Stopped before the first step."
        yield RunEnded(reason="stopped", step=reached, message=message, time=time.time())
        return
    yield from Trainer(prepared, control, record).run()


class Trainer:
    """One run in progress. Its methods are the paragraphs of the loop, and yield what they have to tell."""

    def __init__(self, run: Prepared, control: RunControl, record: RunRecord) -> None:
        self.run_parts = run
        self.config, self.compute, self.model = run.config, run.compute, run.model
        self.control, self.record = control, record
        self.progress = run.progress
        self.watch, self.figures = Watch(run, record), Figures(run)
        self.pauses = Pauses(control, self)
        self.saved_step = run.resumed_from  # -1: nothing saved yet
        cut_short = run.validation is not None and run.progress.validation_loss is None  # by the stop that saved it
        self.measured_step = -1 if cut_short else run.resumed_from
        self.rate = 0.0  # tokens per second, averaged over some steps
        self.rate_scale = 1.0  # what a person has made of the learning rate during the run
        self.stopped = 0.0  # monotonic time at which a stop was first seen while measuring
        self.unsaved: StudioError | None = None  # why the newest save failed
        self.worried = ""  # what the last measurement should make a person look at

    def run(self) -> Iterator[RunEvent]:
        """From the first step to the last, or to where somebody stops it."""
        yield started(self.run_parts)
        if self._due():
            yield from self._measure()
        yield PhaseChanged(phase="training")
        if not self.control.stopping:
            yield from self.watch.begin(self.progress)
        while self.progress.step < self.run_parts.total_steps:
            yield from self.pauses.obey()
            if self.control.stopping:
                break
            yield from self._advance()
            if 0 < self.config.training.patience <= self.progress.stale:
                break
        if self.control.stopping:
            yield from self._end_early()
            return
        yield from self._save()
        yield RunEnded(
            reason="finished", step=self.progress.step, message=early_words(self.run_parts, self.progress),
            time=time.time(),
        )  # fmt: skip

    def _advance(self) -> Iterator[RunEvent]:
        """One optimizer step, and what is due after it."""
        done = self._step()
        yield done
        if not (math.isfinite(done.loss) and math.isfinite(done.gradient_norm)):
            yield from self.watch.look(self.progress)  # its gradients are gone after the pause
            yield from self._pause_non_finite(done)
            return
        training, step = self.config.training, done.step
        last = step == self.run_parts.total_steps
        if self._due():
            yield from self._measure()
        if samples_due(training, step, self.run_parts.total_steps):
            texts = written(self.run_parts, step, self.config.sampling, self._not_stopping, asked=False)
            yield from self.pauses.between(texts)
        yield from self.watch.look(self.progress)
        if not last and step % training.save_every == 0:
            yield from self._save()

    def _step(self) -> StepDone:
        """Gradients of all batches of the step, clipped; the weights move only if everything is finite."""
        started = time.perf_counter()
        training, step = self.config.training, self.progress.step
        # All randomness of a step follows from its number: nothing of it has to be saved, and nothing disturbs it.
        torch.manual_seed(self.config.compute.seed * 1_000_003 + step)
        with drawing():
            loss, tokens = backward(self.run_parts, step)
        self.watch.before_update(self.progress)
        norm = clip(self.model.parameters(), training.clip_norm)
        rate = learning_rate(step, training, self.run_parts.total_steps) * self.rate_scale
        if math.isfinite(loss) and math.isfinite(norm):
            set_learning_rate(self.run_parts.optimizer, rate)
            self.run_parts.optimizer.step()
        self.watch.after_update()
        self.run_parts.optimizer.zero_grad(set_to_none=True)
        took = time.perf_counter() - started - self.watch.busy
        self.progress = dataclasses.replace(
            self.progress,
            step=step + 1,
            tokens=self.progress.tokens + tokens,
            seconds=self.progress.seconds + took,
            training_loss=loss,
            validation_loss=None,
        )
        self.rate = tokens / took if not self.rate else 0.9 * self.rate + 0.1 * tokens / took
        return StepDone(
            step=step + 1,
            loss=loss,
            learning_rate=rate,
            gradient_norm=norm,
            tokens=self.progress.tokens,
            tokens_per_second=self.rate,
            seconds=self.progress.seconds,
        )

    def _measure(self) -> Iterator[RunEvent]:
        """Loss on both sides, once per step at most; silent when it is cut short."""
        if self.measured_step == self.progress.step:
            return
        yield PhaseChanged(phase="measuring")
        run, count = self.run_parts, self.config.training.evaluation_batches
        found: list[Measured | None] = []
        for batches in (run.training, run.validation):
            if batches is None:
                found.append(None)
                continue
            measured = measure(self.model, batches, count, run.objective, self.compute, self._may_measure)
            if measured is None:
                return
            found.append(measured)
        self.measured_step = self.progress.step
        own = self.figures.now(self._may_measure)
        training, validation = found
        loss = validation.loss if validation is not None else None
        self.progress = dataclasses.replace(self.progress, validation_loss=loss)
        if loss is not None and self._due():  # what a stop or a wish measures must not bring the end nearer
            self.progress = _weighed(self.progress, loss)
        yield EvaluationDone(
            step=self.progress.step,
            training_loss=training.loss if training is not None else math.nan,
            validation_loss=self.progress.validation_loss,
            validation_accuracy=validation.accuracy if validation is not None else None,
            measures=(validation.measures if validation is not None else {}) | own,
            seconds=self.progress.seconds,
        )
        before, self.worried = self.worried, worry(run, validation)
        if self.worried and not before:
            yield Warned(step=self.progress.step, message=self.worried)
        yield PhaseChanged(phase="training")

    def _due(self) -> bool:
        """Whether the plan has a measurement at this step."""
        step = self.progress.step
        return step == self.run_parts.total_steps or step % self.config.training.evaluate_every == 0

    def _not_stopping(self) -> bool:
        """Samples are also written during a pause, so only a stop cuts them short."""
        return not self.control.stopping

    def _may_measure(self) -> bool:
        """A stop that saves leaves a few seconds to measure what is saved; one that does not ends it at once."""
        if not self.control.stopping:
            return True
        self.stopped = self.stopped or time.monotonic()
        return self.control.saving and time.monotonic() - self.stopped < MEASURE_SECONDS

    def grant(self, ask: Ask) -> Iterator[RunEvent]:
        """Do what a person wished for during the run."""
        match ask.kind:
            case "sample":
                sampling = dataclasses.replace(self.config.sampling, prompt=ask.text or self.config.sampling.prompt)
                texts = written(self.run_parts, self.progress.step, sampling, self._not_stopping, asked=True)
                yield from self.pauses.between(texts)
            case "probe":
                yield from self.watch.probe(self.progress, ask.text)
            case "save":
                yield from self._save()
            case "learning_rate":
                self.rate_scale = ask.number / max(self.config.training.learning_rate, 1e-30)
                yield Warned(step=self.progress.step, message=f"The learning rate now peaks at {ask.number:g}.")

    def _pause_non_finite(self, done: StepDone) -> Iterator[RunEvent]:
        """Hold the run before anything is damaged: the weights did not move in this step."""
        what = "loss" if not math.isfinite(done.loss) else "gradient"
        self.control.pause()
        yield RunPaused(
            step=done.step,
            reason="non-finite",
            message=f"The {what} of step {done.step:,} is not a finite number. The weights were left as they were.",
            hint="Stop, lower the learning rate, and resume from the last checkpoint; or continue without this batch.",
        )
        yield from self.pauses.wait()

    def _save(self) -> Iterator[RunEvent]:
        """Measure if that is due, then write a checkpoint; a full disk pauses the run until it works or is given up."""
        if self.saved_step == self.progress.step:
            return
        yield from self._measure()
        while self.saved_step != self.progress.step and not self._given_up():
            yield PhaseChanged(phase="saving")
            try:
                yield self._write_checkpoint()
                yield PhaseChanged(phase="training")
            except StudioError as error:
                self.unsaved = StudioError(error.message, error.hint)
                if not self.control.stopping:
                    yield from self._pause_unsaved(self.unsaved)
        if not samples_due(self.config.training, self.progress.step, self.run_parts.total_steps):
            yield from self.pauses.between(canaries(self.run_parts, self.progress.step, self._not_stopping))

    def _given_up(self) -> bool:
        """Whether a stop has made the save needless, or has seen it fail."""
        return self.control.stopping and (not self.control.saving or self.unsaved is not None)

    def _pause_unsaved(self, why: StudioError) -> Iterator[RunEvent]:
        self.control.pause()
        yield RunPaused(step=self.progress.step, reason="disk", message=why.message, hint=why.hint)
        yield from self.pauses.wait()

    def _write_checkpoint(self) -> CheckpointSaved:
        started = time.perf_counter()
        loss = self.progress.validation_loss
        best = self.progress.best_validation_loss
        is_best = loss is not None and math.isfinite(loss) and (best is None or loss < best)
        if is_best:
            self.progress = dataclasses.replace(self.progress, best_validation_loss=loss)
        step, run = self.progress.step, self.run_parts
        saved = Saved(self.config, self.compute, self.progress)
        with self.record.saving(step, size_on_disk(self.model)) as folder:
            write(folder, self.model, run.optimizer, saved, run.words.tokenizer.to_json())
            size = sum(path.stat().st_size for path in folder.iterdir())
        self.saved_step = step
        prune(self.record.checkpoints_folder, self.config.training.keep_checkpoints)
        return CheckpointSaved(
            step=step,
            folder=folder_name(step),
            bytes=size,
            seconds=time.perf_counter() - started,
            validation_loss=loss,
            best=is_best,
        )

    def _end_early(self) -> Iterator[RunEvent]:
        """Save, unless the stop says otherwise, and tell what was lost and why."""
        if self.control.saving:
            self.unsaved = None  # what failed during a pause is tried once more
            yield from self._save()
        if self.control.saving and self.saved_step == self.progress.step and 0 < self.watch.cost < MEASURE_SECONDS:
            yield from self.watch.look(self.progress, now=True)  # last: a kill while it looks costs no step
        step, hint = self.progress.step, ""
        message = lost_words(step, self.saved_step)
        if message and self.control.saving and self.unsaved is not None:
            message, hint = f"{message} {self.unsaved.message}", self.unsaved.hint
        yield RunEnded(reason="stopped", step=step, message=message, hint=hint, time=time.time())


def samples_due(training: TrainingConfig, step: int, total: int) -> bool:
    """Whether the plan has samples at this step."""
    return bool(training.sample_every) and (step == total or step % training.sample_every == 0)


def started(run: Prepared) -> RunStarted:
    """What is about to be computed, and with what."""
    compute = run.compute
    return RunStarted(
        step=run.progress.step,
        total_steps=run.total_steps,
        parameters=sum(parameter.numel() for parameter in run.model.parameters()),
        tokens_per_step=_tokens_per_step(run),
        training_tokens=run.words.training_tokens,
        validation_tokens=run.words.validation_tokens,
        device=compute.device,
        precision=compute.precision,
        threads=compute.threads,
        resumed_from=run.resumed_from,
        exact=run.exact,
        time=time.time(),
    )


def _weighed(progress: Progress, loss: float) -> Progress:
    """The same with a measurement held against the best one; a loss that is no number is never better."""
    best = progress.best_measured
    if math.isfinite(loss) and (best is None or loss < best):
        return dataclasses.replace(progress, best_measured=loss, stale=0)
    return dataclasses.replace(progress, stale=progress.stale + 1)


def worry(run: Prepared, measured: Measured | None) -> str:
    """What the objective finds worrying about a measurement, or nothing."""
    ask = run.objective.worry
    return ask(measured.measures) if ask is not None and measured is not None else ""


def _tokens_per_step(run: Prepared) -> int:
    """Tokens that a step reads; of rows, which are of many lengths, the mean."""
    training = run.config.training
    if run.objective.rows is not None:
        return run.words.training_tokens * training.accumulation // max(1, run.training.per_epoch)
    return training.batch_size * training.accumulation * run.config.model.context_length


def early_words(run: Prepared, progress: Progress) -> str:
    """Why a run ended before its last step though nobody stopped it; empty where it did not."""
    if progress.step >= run.total_steps:
        return ""
    return f"{progress.stale:,} measurements brought no better validation loss, so it ended early."


def lost_words(step: int, saved: int) -> str:
    """What a run that ends at `step` loses, its newest checkpoint being at `saved` (-1: none); empty for nothing."""
    lost = step - max(0, saved)
    if not lost:
        return ""
    since = "since the last checkpoint" if saved >= 0 else "since the beginning"
    return f"1 step {since} was not saved." if lost == 1 else f"{lost:,} steps {since} were not saved."
