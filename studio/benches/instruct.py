"""From nothing to a model that does as it is asked, with what comes along: stories to read, instructions to learn.

Two runs on this computer: one reads the bundled stories, the other goes on from it with the bundled instructions. The
test rows are known by their sum before anything is learned, and none of their inputs is ever trained on. Everything
about the recipe was chosen on the validation rows (`--validate`). Minutes are processor time: on two idle cores it
takes less by the clock.
"""

import argparse
import hashlib
import json
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy, recipe_options
from studio.benches.book import fitting, play
from studio.benches.spam import project_in, row
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.core.config import RunConfig
    from studio.rows import Values
    from studio.store.answers import Answer
    from studio.store.datasets import Dataset
    from studio.store.project import Project

MINUTES, GOAL, AHEAD = 20.0, 0.60, 0.30
ANSWERING = 2.0  # of the minutes, for 2,200 answers
FROZEN = "60fd9d4287675a5f4443a0e7c816794ab4a5c0ad7d035671523e371925f966a9"
TEXT, TOKENIZER, BASE, TUNED = "stories", "stories and tasks", "base", "tuned"
TEMPLATE = "{user}[[\n{input}]]\n= {assistant}"


@dataclass(frozen=True)
class Recipe:
    """How large, how long and how: chosen on the validation rows alone. Steps are those of the twenty minutes."""

    vocabulary: int = 2_048
    layers: int = 4
    heads: int = 4
    width: int = 128
    context: int = 128
    steps: int = 600
    batch: int = 8
    rate: float = 3e-3
    fine_steps: int = 8_000
    fine_batch: int = 32
    fine_rate: float = 3e-3
    fine_dropout: float = 0.0
    learn: str = "answers"
    batching: str = "pad"


RECIPES = {
    "full": Recipe(),
    "tiny": Recipe(vocabulary=300, layers=1, heads=2, width=16, steps=40, fine_steps=40, fine_batch=4, batch=2),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much of it, which rows, and whether the project stays."""
    recipe_options(parser, RECIPES, "answer the validation rows, to choose a recipe by")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="fewer take fewer steps (default: 20)")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Read, learn, answer, and put the three ways side by side for each skill."""
    share, side = options.minutes / MINUTES, "validation" if options.validate else "test"
    return measured(RECIPES[options.size], side, share, options.threads, options.keep)


def measured(recipe: Recipe, side: str, share: float, threads: int, keep: str = "") -> list[dict[str, Any]]:
    """The whole of it by a recipe, in a `share` of its steps."""
    with project_in(keep) as project:
        started, cpu = time.monotonic(), time.process_time()
        dataset = frozen(project)
        longest = material(project, dataset, recipe)
        base = play_all(project, reading(recipe, share, threads), BASE)
        left = share * (MINUTES - ANSWERING) - (time.process_time() - cpu) / 60
        config = fitting(project, tuning(recipe, dataset.title, share, threads), left)
        tuned = play_all(project, config, TUNED)
        after = {TUNED: answers(tuned, tuned, dataset, side, longest)}
        minutes, cpu = (time.monotonic() - started) / 60, (time.process_time() - cpu) / 60
        after[BASE] = answers(base, tuned, dataset, side, longest)
        after["nearest"] = looked_up(dataset, after[TUNED])
        beside = (time.monotonic() - started) / 60 - minutes
    asked = side == "test" and share == 1.0 and recipe == RECIPES["full"]
    return [
        *table(after, asked),
        row("processor minutes to read, learn and answer", cpu, f"≤ {MINUTES:.0f}", asked and cpu <= MINUTES),
        row("minutes of that by the clock", minutes),
        row("steps of learning", config.training.steps),
        row("minutes by the clock of base and nearest beside", beside),
        row("load", busy()),
    ]


# --- what is read and learned -----------------------------------------------------------------------------------------


def frozen(project: "Project") -> "Dataset":
    """The bundled instructions; refused unless the test rows are the ones of before, and unknown to the training."""
    from studio.store.sample_datasets import add_sample

    dataset = add_sample(project, "instructions")
    rows = list(dataset.stream())
    test = [row for row in rows if row["split"] == "test"]
    if sum_of(test) != FROZEN:
        raise StudioError(f"The test rows are not those that were fixed: {sum_of(test)}.", "Were the words changed?")
    refuse_known([row for row in rows if row["split"] == "train"], test)
    return dataset


def sum_of(rows: "list[Values]") -> str:
    """SHA-256 of rows in their order."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def refuse_known(training: "list[Values]", test: "list[Values]") -> None:
    """Stop unless no question and no input of a test row occurs in training, as an input or within an instruction."""
    asked = {(row["instruction"], row["input"]) for row in training}
    about = {value for row in training for value in (row["input"], *(within(row["instruction"])))}
    if known := [row for row in test if (row["instruction"], row["input"]) in asked or row["input"] in about]:
        raise StudioError(f"{len(known):,} test rows are known from training, “{known[0]['input']}” among them.")


def within(instruction: str) -> list[str]:
    """What an instruction may hold as its input: all behind a colon or a question, all before the last sentence."""
    behind = [instruction[found.end() :] for found in re.finditer(r"[:?] ", instruction)]
    return [*behind, instruction[: instruction.rfind(". ") + 1]]


def material(project: "Project", dataset: "Dataset", recipe: Recipe) -> int:
    """The stories as a text, and a vocabulary of them and of the training rows; the tokens an answer needs at most."""
    from studio.store.places import places
    from studio.vocabularies.training import Recipe as Vocabulary
    from studio.vocabularies.training import train_tokenizer

    path = places().resources / "samples" / "stories.txt"
    project.add_text([path], TEXT)
    columns = ("instruction", "input", "output")
    rows = ("\n".join(row[name] for name in columns) for row in dataset.stream() if row["split"] == "train")
    chunks = [path.read_text("utf-8"), *(f"{text}\n" for text in rows)]
    tokenizer = train_tokenizer(Vocabulary(vocabulary=recipe.vocabulary), chunks)
    project.add_tokenizer(tokenizer, TOKENIZER)
    return 1 + max(len(tokenizer.encode(row["output"])) for row in dataset.stream())  # with the end of the text


def reading(recipe: Recipe, share: float, threads: int) -> "RunConfig":
    """The run that reads the stories."""
    from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, TrainingConfig, WatchConfig

    steps = max(1, round(recipe.steps * share))
    return RunConfig(
        data=DataConfig(text=TEXT, tokenizer=TOKENIZER, validation_share=0.02),
        model=ModelConfig(
            context_length=recipe.context, emb_dim=recipe.width, n_layers=recipe.layers, n_heads=recipe.heads,
            drop_rate=0.0,
        ),
        training=TrainingConfig(
            steps=steps, batch_size=recipe.batch, learning_rate=recipe.rate, warmup_steps=min(100, steps),
            evaluate_every=max(1, steps // 4), evaluation_batches=4, sample_every=0, save_every=steps,
            keep_checkpoints=1,
        ),
        watch=WatchConfig(inside=False),
        compute=ComputeConfig(seed=1, device="cpu", threads=threads),
    )  # fmt: skip


def tuning(recipe: Recipe, dataset: str, share: float, threads: int) -> "RunConfig":
    """The run that learns to answer, from where the other one ended."""
    from studio.core.config import (
        ComputeConfig,
        DataConfig,
        InstructConfig,
        ModelConfig,
        RunConfig,
        TrainingConfig,
        WatchConfig,
    )

    steps = max(1, round(recipe.fine_steps * share))
    return RunConfig(
        objective="instruct",
        start_from=BASE,
        data=DataConfig(dataset=dataset, split="column"),
        model=ModelConfig(drop_rate=recipe.fine_dropout),
        instruct=InstructConfig(
            template="short", template_text=TEMPLATE, learn=recipe.learn, batching=recipe.batching,
        ),
        training=TrainingConfig(
            steps=steps, batch_size=recipe.fine_batch, learning_rate=recipe.fine_rate,
            minimum_learning_rate=recipe.fine_rate / 20, warmup_steps=min(100, steps),
            evaluate_every=max(1, steps // 6), evaluation_batches=8, sample_every=0, save_every=max(1, steps // 6),
            keep_checkpoints=1,
        ),
        watch=WatchConfig(inside=False),
        compute=ComputeConfig(seed=1, device="cpu", threads=threads),
    )  # fmt: skip


def play_all(project: "Project", config: "RunConfig", name: str) -> Path:
    """The run to its end; its best checkpoint."""
    from studio.store.checkpoints import choose

    record = project.new_run(config, name)
    play(record, record.config)
    return choose(record, "best").folder


# --- what is answered -------------------------------------------------------------------------------------------------


def answers(checkpoint: Path, like: Path, dataset: "Dataset", side: str, longest: int) -> "tuple[Answer, ...]":
    """Every row of a side, answered by the likeliest tokens and the template that the tuned model was taught."""
    from studio.core.config import Sampling
    from studio.engine.answering import answered_like

    def tell(done: int, whole: int) -> None:
        if done % 500 == 0:
            print(f"  {checkpoint.parents[1].name}: {done:,} of {whole:,} answered", file=sys.stderr, flush=True)

    sampling = Sampling(tokens=longest, temperature=0.0)
    return answered_like(checkpoint, like, dataset.title, side, sampling, (tell, lambda: True)).answers


def looked_up(dataset: "Dataset", asked: "tuple[Answer, ...]") -> "tuple[Answer, ...]":
    """What the nearest training row answers to the same questions."""
    import dataclasses

    from studio.scores.neighbours import Neighbours

    known = [row for row in dataset.stream() if row["split"] == "train"]
    near = Neighbours([f"{row['instruction']} {row['input']}" for row in known])
    return tuple(
        dataclasses.replace(one, answered=known[near.nearest(f"{one.asked} {one.given}")]["output"]) for one in asked
    )


def table(found: "dict[str, tuple[Answer, ...]]", asked: bool) -> list[dict[str, Any]]:
    """Shares of answers that are right letter by letter: each skill, then all, with what was wanted of them."""
    skills = sorted({one.skill for one in found[TUNED]})
    rows = []
    for skill in [*skills, ""]:
        right = {name: share_right(some, skill) for name, some in found.items()}
        rows.append(row(skill or "all skills", right.pop(TUNED)) | right)
    right = {name: share_right(some, "") for name, some in found.items()}
    ahead = right[TUNED] - right["nearest"]
    rows.append(row("exact match of all", right[TUNED], f"≥ {GOAL:.2f}", asked and right[TUNED] >= GOAL))
    rows.append(row("ahead of the nearest", ahead, f"≥ {AHEAD:.2f}", asked and ahead >= AHEAD))
    return rows


def share_right(found: "tuple[Answer, ...]", skill: str) -> float:
    """Of one skill, or with "" of all."""
    from studio.scores.answers import exact_match

    counted = [exact_match(one.wanted, one.answered) for one in found if skill in ("", one.skill)]
    return sum(counted) / len(counted)


BENCH = Bench("instruct", "from the bundled stories to a model that does as it is asked, skill by skill (20 minutes)",
              run, add_options)  # fmt: skip
