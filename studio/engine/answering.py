"""Asking a model a whole side of a dataset, row by row, and measuring how likely it finds the right answers."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from studio.core.config import RunConfig, Sampling
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.chat import TooLongError, default_prompt, reply
from studio.engine.checkpoint import read_state
from studio.engine.loaded import TAUGHT, LoadedModel, open_model
from studio.prompts import Prompt, Turn
from studio.rows.conversations import whole_turns
from studio.rows.conversing import conversations, preferences
from studio.rows.rendering import RenderRules, render
from studio.store.answers import Answer, Answers, AnswerWriter, answers_path, read_answers, writing_answers
from studio.store.datasets import Dataset
from studio.store.own_prompts import find_prompt
from studio.store.project import Project

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]
SKILL = "skill"  # the column that says what a row practises, where there is one
TOO_LONG = "too long"  # why there is no answer: the question alone fills the context
_TOGETHER = 64  # rows read from the disk at once


@dataclass(frozen=True)
class Asking:
    """Who is asked, by which template, and how answers are drawn; `keep_going` is asked before every token."""

    loaded: LoadedModel
    prompt: Prompt
    sampling: Sampling
    keep_going: KeepGoing = lambda: True

    def answer(self, turns: Sequence[Turn], row: int = 0, skill: str = "") -> Answer:
        """What the model says in place of the last answer of `turns`, and how likely it finds that one."""
        last = max(place for place, turn in enumerate(turns) if turn.role == "assistant")
        before = time.perf_counter()
        try:
            pieces = list(reply(self.loaded, self.prompt, turns[:last], self.sampling, self))
            ended = pieces[-1].done if pieces else ""
        except TooLongError:
            pieces, ended = [], TOO_LONG
        seconds = time.perf_counter() - before
        loss, count = wanted_loss(self.loaded, self.prompt, turns[: last + 1])
        question = next((turn for turn in reversed(turns[:last]) if turn.role == "user"), Turn("user", ""))
        return Answer(
            row=row, asked=question.text, given=question.given, wanted=turns[last].text,
            answered="".join(piece.text for piece in pieces).strip(), tokens=sum(piece.id >= 0 for piece in pieces),
            seconds=round(seconds, 4), loss=loss, wanted_tokens=count, ended=ended, skill=skill,
        )  # fmt: skip


def answered(
    checkpoint: Path, dataset: str, split: str, sampling: Sampling, progress: Progress, keep_going: KeepGoing
) -> Answers:
    """The answers of a run's checkpoint to one side of a dataset of its project, going on where an earlier one stopped.

    `split` is "training", "validation" or "test", as the run's own config shares the rows out.
    """
    return answered_like(checkpoint, checkpoint, dataset, split, sampling, (progress, keep_going))


def answered_like(
    checkpoint: Path, like: Path, dataset: str, split: str, sampling: Sampling, watching: tuple[Progress, KeepGoing]
) -> Answers:
    """The same for a model that was not taught, such as a base: asked what `like`, a checkpoint that was, is asked.

    Its answers lie with those of `like`, for whose sake they were given.
    """
    progress, keep_going = watching
    loaded, config = open_model(checkpoint, keep_going), read_state(like).config
    data = Project.open(like.parents[3]).dataset(dataset)
    chosen = config.instruct
    taught = config.objective in TAUGHT
    prompt = find_prompt(Path(), chosen.template, chosen.template_text) if taught else default_prompt(loaded)
    asking = Asking(loaded, prompt, sampling, keep_going)
    rows = side_of(data, asking, config, split)
    mark = _mark(checkpoint, asking, config, rows)
    path = answers_path(like, data.title, split, mark, of_base=checkpoint != like)
    before = read_answers(path)
    known = {answer.row for answer in before.answers} if before is not None else set()
    head = {"dataset": data.title, "split": split, "title": loaded.title, "rows": len(rows)}
    with writing_answers(path, head) as writer:
        _write(asking, data, [row for row in rows if row not in known], writer, (progress, len(rows)))
    found = read_answers(path)
    if found is None:
        raise StudioError(tr("The answers could not be read back."), tr("Check the disk, then try again."))
    return found


def _write(asking: Asking, data: Dataset, rows: list[int], writer: AnswerWriter, told: tuple[Progress, int]) -> None:
    """The answers that are missing; one that is cut short by a stop is not kept."""
    progress, whole = told
    done = whole - len(rows)
    progress(done, whole)
    for start in range(0, len(rows), _TOGETHER):
        numbers = rows[start : start + _TOGETHER]
        for row, values in zip(numbers, data.rows_at(numbers), strict=True):
            answer = asking.answer(whole_turns(data.reading, values), row, str(values.get(SKILL) or ""))
            if not asking.keep_going():
                raise StudioError(
                    tr("The answers were stopped; {done:,} of {whole:,} are kept.", done=done, whole=whole),
                    tr("Ask again to go on from there."),
                )
            writer.write(answer)
            done += 1
            progress(done, whole)


def wanted_loss(loaded: LoadedModel, prompt: Prompt, turns: Sequence[Turn]) -> tuple[float, int]:
    """Mean negative log-likelihood of the last answer's tokens, and how many of them fit into the context."""
    assert loaded.tokenizer is not None
    whole = render(prompt, turns, loaded.tokenizer, longest=loaded.context_length)
    before = len(render(prompt, turns[:-1], loaded.tokenizer, answering=True).ids)
    ids, learned = whole.ids.astype(np.int64), whole.learned.copy()
    learned[:before] = False  # answers of earlier turns
    places = np.flatnonzero(learned) - 1
    if not len(places):
        return float("nan"), 0
    scores = loaded.scores(ids[:-1], places)  # (places, vocabulary)
    right = torch.from_numpy(ids[places + 1]).to(scores.device)
    return -float(scores.log_softmax(-1).gather(-1, right[:, None]).mean()), len(places)


def side_of(data: Dataset, asking: Asking, config: RunConfig, split: str) -> list[int]:
    """Row numbers of one side, read and shared out as the run of this config did; an empty side is refused."""
    assert asking.loaded.tokenizer is not None
    chosen, room = config.instruct, config.model.context_length
    rules = RenderRules(asking.prompt, asking.loaded.tokenizer, chosen.learn, min(chosen.longest or room, room))
    pairs = config.objective == "prefer" and data.reading.kind == "preference"
    found = (preferences if pairs else conversations)(
        data.stream(asking.keep_going), data.reading, rules, config, (lambda done: None, asking.keep_going)
    )
    rows = found.rows[found.split.of(split)]
    if not len(rows):
        raise StudioError(
            tr("No row of “{name}” is on this side of the split.", name=data.title),
            tr("Choose another side, or another dataset."),
        )
    return list(dict.fromkeys(rows.tolist()))


def _mark(checkpoint: Path, asking: Asking, config: RunConfig, rows: list[int]) -> str:
    """Tells apart answers to other rows, drawn or asked for in another way, or of weights that were written anew."""
    drawn = dataclasses.asdict(dataclasses.replace(asking.sampling, prompt="", samples=1))
    asked = [asking.prompt.name, config.instruct.template_text, drawn, rows]
    state = (checkpoint / "state.json").read_bytes()
    return hashlib.sha256(state + json.dumps(asked).encode()).hexdigest()[:8]
