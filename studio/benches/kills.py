"""Power cuts: runs in children are killed with SIGKILL at random moments and resumed until they finish.

Nothing that was announced as saved may be lost, and every finished run must equal the uninterrupted one bit for bit.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.benches import Bench
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.core.config import RunConfig
    from studio.store.project import Project
    from studio.store.runs import RunRecord

TEXT = "rain"
WORDS = "the cat sat on the mat and the dog lay by the door while rain fell on the old tin roof all night long . "
KILLS = 50
KEEP = 3  # checkpoints that stay, so that clearing away is killed too
LIMIT = 300.0  # seconds that one child may take


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many kills, how long the run is, and which random moments."""
    parser.add_argument("--kills", type=int, default=KILLS, help="SIGKILLs in all, over several runs (default: 50)")
    parser.add_argument("--steps", type=int, default=400, help="optimizer steps of each run (default: 400)")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One run without and some with kills, compared."""
    with tempfile.TemporaryDirectory(prefix="atelier-kills-", ignore_cleanup_errors=True) as folder:
        bench = Kills(Path(folder), options.steps, random.Random(options.seed))
        bench.uninterrupted()
        while bench.found.kills < options.kills:
            bench.one_run(options.kills)
    return bench.found.rows()


@dataclass
class Found:
    """What came of the kills."""

    kills: int = 0
    checked: int = 0  # announced checkpoints that were looked for after a kill
    lost: list[str] = field(default_factory=list)
    finished: int = 0
    different: list[str] = field(default_factory=list)
    early: int = 0  # killed before the first checkpoint, so begun anew
    while_saving: int = 0

    def rows(self) -> list[dict[str, Any]]:
        """The table; a loss or a difference is named."""
        identical = self.finished - len({words.split(":")[0] for words in self.different})
        return [
            {"what": "kills", "count": self.kills},
            {"what": "of them before the first checkpoint", "count": self.early},
            {"what": "of them in the middle of a save", "count": self.while_saving},
            {"what": "announced checkpoints verified after a kill", "count": self.checked},
            {"what": "lost", "count": len(self.lost), "goal": "0", "reached": not self.lost},
            {"what": "finished runs", "count": self.finished},
            {
                "what": "bit-identical to the uninterrupted one",
                "count": identical,
                "goal": f"{self.finished}",
                "reached": self.finished > 0 and identical == self.finished,
            },
            *({"what": words, "count": 1, "goal": "0", "reached": False} for words in self.lost + self.different),
        ]


def kill_config(steps: int) -> "RunConfig":
    """A run in which everything happens all the time: dropout, accumulation, measures, samples, saves."""
    from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, Sampling, TrainingConfig

    return RunConfig(
        data=DataConfig(text=TEXT, tokenizer="characters"),
        model=ModelConfig(n_layers=2, n_heads=2, emb_dim=32, context_length=32, drop_rate=0.2),
        training=TrainingConfig(
            steps=steps, batch_size=4, accumulation=2, warmup_steps=3, learning_rate=1e-2, evaluate_every=10,
            evaluation_batches=2, sample_every=25, save_every=5, keep_checkpoints=KEEP,
        ),
        sampling=Sampling(prompt="the", tokens=12),
        compute=ComputeConfig(precision="fp32", device="cpu", threads=1, seed=5),
    )  # fmt: skip


class Kills:
    """A project in `folder`, the uninterrupted run in it, and the ones that are killed."""

    def __init__(self, folder: Path, steps: int, moments: random.Random) -> None:
        from studio.core.config import config_to_json
        from studio.store.files import write_json
        from studio.store.project import Project

        self.found = Found()
        self._folder, self._moments = folder, moments
        (folder / f"{TEXT}.txt").write_text(WORDS * 60, "utf-8")
        self._project = Project.create(folder / "project")
        self._project.add_text([folder / f"{TEXT}.txt"], TEXT)
        self._config = folder / "config.json"
        write_json(self._config, config_to_json(kill_config(steps)))
        self._expected = Outcome((), {})
        self._startup = self._work = 1.0  # seconds of the uninterrupted child, before and after its first step
        self._steps = steps
        self._runs = 0

    def uninterrupted(self) -> None:
        """The run that all others are compared with; it also tells how long a child lives."""
        child = Child(self._project, self._folder, ["run", str(self._config), "--name", "whole"])
        self._startup = child.wait_for_step()
        self._work = child.wait() - self._startup
        self._expected = Outcome.of(self._project.run("whole"))

    def one_run(self, most: int) -> None:
        """Begin, kill, resume, kill, … until it is finished; `most` kills in all."""
        self._runs += 1
        name = f"killed-{self._runs}"
        arguments = ["run", str(self._config), "--name", name]
        announced: dict[int, float | None] = {}
        while True:
            child = Child(self._project, self._folder, arguments)
            killed = self.found.kills < most and self._kill(child, max(announced, default=0))
            if not killed:
                child.wait()
            announced |= child.announced()
            if not killed:
                break
            self.found.kills += 1
            if self.found.kills % 10 == 0:
                print(f"  {self.found.kills} kills", file=sys.stderr, flush=True)
            self.found.while_saving += any((self._project.path / "runs" / name / "checkpoints").glob("*.writing"))
            if not (self._project.path / "runs" / name / "config.json").is_file():
                continue  # killed before there was a run: the same command makes it
            record = self._project.run(name)
            self._look_for(record, announced)
            if not record.checkpoints():  # nothing to go on from; a fresh run under the next name
                self.found.early += 1
                return
            arguments = ["run", "--resume", name]
        self.found.finished += 1
        self.found.different += [f"{name}: {words}" for words in self._expected.differences(self._project.run(name))]

    def _kill(self, child: "Child", step: int) -> bool:
        """End it by SIGKILL at a random moment: one in five before its first step, the others while it computes."""
        if self._moments.random() < 0.2:
            return child.kill_after(self._moments.uniform(0.2, 1.0) * self._startup)
        child.wait_for_step()
        left = self._work * (1 - step / self._steps)
        return child.kill_after(child.age() + self._moments.uniform(0.0, 0.6 * left))

    def _look_for(self, record: "RunRecord", announced: dict[int, float | None]) -> None:
        """Every checkpoint that was announced is there and whole, but those that three newer ones had replaced."""
        from studio.store.checkpoints import verify

        there = {info.step: info for info in record.checkpoints()}
        for step, info in there.items():
            try:
                verify(info.folder)
            except StudioError as error:
                self.found.lost.append(f"{record.name}: step {step}: {error.message}")
        newest = sorted(there)[-KEEP:]
        for step in announced:
            self.found.checked += step in there
            if step not in there and (len(newest) < KEEP or step > newest[0]):
                self.found.lost.append(f"{record.name}: step {step} is gone")
        measured = [loss for loss in announced.values() if loss is not None]
        kept = [info.validation_loss for info in there.values() if info.validation_loss is not None]
        if measured and (not kept or min(kept) > min(measured)):
            self.found.lost.append(f"{record.name}: the best checkpoint is gone")


@dataclass(frozen=True)
class Outcome:
    """What a finished run must repeat: every step and measurement to the last bit, and the final files."""

    numbers: tuple[tuple[Any, ...], ...]
    sums: dict[str, str]

    @classmethod
    def of(cls, record: "RunRecord") -> "Outcome":
        """Read from a run's history and its last checkpoint."""
        from studio.core.events import EvaluationDone, StepDone
        from studio.store.checkpoints import choose
        from studio.store.files import sha256_of

        numbers: list[tuple[Any, ...]] = []
        for event in record.events():
            if isinstance(event, StepDone):
                numbers.append((event.step, event.loss, event.learning_rate, event.gradient_norm, event.tokens))
            elif isinstance(event, EvaluationDone):
                numbers.append((event.step, event.training_loss, event.validation_loss))
        folder = choose(record, "last").folder
        files = ("model.safetensors", "optimizer.safetensors")
        return cls(tuple(numbers), {name: sha256_of(folder / name) for name in files})

    def differences(self, record: "RunRecord") -> list[str]:
        """In words; empty when nothing differs."""
        other = Outcome.of(record)
        found = [f"another {name}" for name, total in self.sums.items() if other.sums.get(name) != total]
        if other.numbers != self.numbers:
            pairs = enumerate(zip(self.numbers, other.numbers, strict=False))
            first = next((place for place, (ours, theirs) in pairs if ours != theirs), -1)
            found.append(f"{len(other.numbers)} entries instead of {len(self.numbers)}, the first other one at {first}")
        return found


class Child:
    """`main.py run …` in a process of its own, its events in a file that survives it."""

    def __init__(self, project: "Project", folder: Path, arguments: list[str]) -> None:
        main = Path(__file__).resolve().parents[2] / "main.py"
        environment = dict(os.environ, OMP_NUM_THREADS="1", ATELIER_HOME=str(folder / "home"))
        self._lines, self._errors = folder / "events.txt", folder / "errors.txt"
        command = [sys.executable, str(main), *arguments, "--project", str(project.path), "--json"]
        with open(self._lines, "wb") as out, open(self._errors, "wb") as errors:
            self._process = subprocess.Popen(command, stdout=out, stderr=errors, env=environment)
        self._started = time.monotonic()

    def wait_for_step(self) -> float:
        """Seconds until the first step was announced."""
        while b'"StepDone"' not in self._lines.read_bytes():
            if self._process.poll() is not None or self.age() > LIMIT:
                break
            time.sleep(0.01)
        return self.age()

    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started

    def wait(self) -> float:
        """Let it finish; returns how long it lived. Anything but finishing is a `StudioError`."""
        try:
            code = self._process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if code and not self._ended():
            words = self._errors.read_text("utf-8", "replace").strip()[-400:]
            raise StudioError(f"A child ended with code {code}: {words}")
        return self.age()

    def kill_after(self, seconds: float) -> bool:
        """SIGKILL it so long after its start; False when it had done its work by then."""
        try:
            self._process.wait(max(0.0, self._started + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return not self._ended()
        return False

    def announced(self) -> dict[int, float | None]:
        """Steps of the checkpoints that it said it had saved, and what was measured there."""
        from studio.core.events import CheckpointSaved, event_from_line

        whole = self._lines.read_bytes().rpartition(b"\n")[0]  # the last line may be torn
        events = [event_from_line(line.decode("utf-8")) for line in whole.splitlines()]
        return {event.step: event.validation_loss for event in events if isinstance(event, CheckpointSaved)}

    def _ended(self) -> bool:
        return b'"RunEnded"' in self._lines.read_bytes()


BENCH = Bench("kills", "SIGKILL at random moments: nothing saved is lost, every run ends the same", run, add_options)
