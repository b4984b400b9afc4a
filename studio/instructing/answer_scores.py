"""What answers are worth: how near they come to the wanted ones, what only looking up would reach, what is copied."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.objectives.instruct import rules_of
from studio.rows.conversations import RowFault, whole_turns
from studio.rows.conversing import Conversations, conversations, preferences
from studio.scores.answers import Neighbours, SharedRuns, exact_match, rouge_l, token_f1
from studio.scores.intervals import bootstrap, wilson
from studio.store.answers import Answer, Answers
from studio.store.datasets import Dataset
from studio.store.project import Project
from studio.store.starts import tokenizer_in
from studio.tokenizers import Tokenizer, make_tokenizer

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]
Floats = npt.NDArray[np.float64]

_OFTEN = 32  # answers between two looks at whether they are still wanted
_DRAWS = 1_000


@dataclass(frozen=True)
class Scored:
    """One answer with its figures from 0 to 1; `shared` tokens stand word for word in the training rows, or None.

    `found` is the answer of the training row whose question is most alike, and `found_exact` whether it is right.
    """

    answer: Answer
    exact: float
    f1: float
    rouge: float
    shared: int | None
    found: str
    found_exact: float
    found_f1: float


@dataclass(frozen=True)
class Figure:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Skill:
    """The rows of one skill: how many, and how many the model and the looking up get right."""

    name: str
    rows: int
    exact: Figure
    f1: float
    found_exact: float


@dataclass(frozen=True)
class Measured:
    """A set of answers, measured; `notes` say what could not be."""

    answers: Answers
    rows: tuple[Scored, ...]
    exact: Figure
    f1: Figure
    rouge: Figure
    found_exact: float
    found_f1: float
    perplexity: float
    copied: int | None  # answers of which every token stands in one run in the training rows
    skills: tuple[Skill, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Learned:
    """The training rows of a run: questions, answers, and all their tokens."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]
    ids: npt.NDArray[np.int32]
    tokenizer: Tokenizer


def measured(
    project: Project, run: RunConfig, checkpoint: Path, answers: Answers, *, progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Measured:  # fmt: skip
    """Measure answers beside the rows that the run has learned from; for a worker."""
    if not answers.answers:
        raise StudioError(tr("None of these rows asks anything."), tr("Choose another side of the dataset."))
    learned = learned_rows(project.dataset(answers.dataset), run, tokenizer_of(checkpoint), keep_going)
    near = Neighbours(learned.questions) if learned.questions else None
    notes, corpus = [], None
    try:
        corpus = SharedRuns(learned.ids)
    except StudioError as error:
        notes.append(tr("What is copied was not looked for. {why}", why=error.message))
    rows = []
    for number, answer in enumerate(answers.answers):
        if number % _OFTEN == 0:
            if keep_going is not None and not keep_going():
                raise StudioError(tr("Measuring was stopped."))
            if progress is not None:
                progress(number, len(answers.answers))
        rows.append(_scored(answer, learned, near, corpus))
    if not answers.complete:
        notes.append(tr("Not every row has been asked yet."))
    return _summed(answers, rows, notes)


def _scored(answer: Answer, learned: Learned, near: Neighbours | None, corpus: SharedRuns | None) -> Scored:
    found = learned.answers[near.nearest(question_of(answer))] if near is not None else ""
    shared = None
    if corpus is not None:
        shared = corpus.longest(np.asarray(encoded(learned.tokenizer, answer.answered), np.int64)).length
    return Scored(
        answer, exact_match(answer.wanted, answer.answered), token_f1(answer.wanted, answer.answered),
        rouge_l(answer.wanted, answer.answered), shared, found, exact_match(answer.wanted, found),
        token_f1(answer.wanted, found),
    )  # fmt: skip


def _summed(answers: Answers, rows: Sequence[Scored], notes: Sequence[str]) -> Measured:
    tokens = np.array([row.answer.wanted_tokens for row in rows], np.float64)
    losses = np.array([row.answer.loss if row.answer.wanted_tokens else 0.0 for row in rows], np.float64)
    told = float(tokens.sum())
    mean = float((losses * tokens).sum() / told) if told else math.nan
    whole = [row.shared is not None and 0 < row.answer.tokens <= row.shared for row in rows]
    return Measured(
        answers, tuple(rows), share([row.exact for row in rows]), mean_of([row.f1 for row in rows]),
        mean_of([row.rouge for row in rows]), float(np.mean([row.found_exact for row in rows])),
        float(np.mean([row.found_f1 for row in rows])), math.exp(mean) if mean < 700 else math.inf,
        sum(whole) if rows[0].shared is not None else None, skills_of(rows), tuple(notes),
    )  # fmt: skip


def skills_of(rows: Sequence[Scored]) -> tuple[Skill, ...]:
    """The figures of each skill, by name; nothing where the dataset names none."""
    names = sorted({row.answer.skill for row in rows} - {""})
    found = []
    for name in names:
        own = [row for row in rows if row.answer.skill == name]
        exact = share([row.exact for row in own])
        f1, looked = (float(np.mean(values)) for values in ([row.f1 for row in own], [row.found_exact for row in own]))
        found.append(Skill(name, len(own), exact, f1, looked))
    return tuple(found)


def share(values: Sequence[float]) -> Figure:
    """A share of rows with Wilson's interval."""
    return Figure(float(np.mean(values)), *wilson(sum(values), len(values)))


def mean_of(values: Sequence[float]) -> Figure:
    """A mean with the interval that drawing the rows again gives."""
    return Figure(float(np.mean(values)), *bootstrap(np.asarray(values, np.float64), draws=_DRAWS))


# --- the rows that were learned from ----------------------------------------------------------------------------------


def learned_rows(
    dataset: Dataset, run: RunConfig, tokenizer: Tokenizer, keep_going: KeepGoing | None = None
) -> Learned:
    """What the run has learned from, shared out as it was."""
    going = keep_going or (lambda: True)
    read = preferences if run.objective == "prefer" else conversations
    found = read(
        dataset.stream(going), dataset.reading, rules_of(run, tokenizer), run, ((lambda _done: None), going)
    )  # fmt: skip
    places = found.split.training
    numbers = np.unique(found.rows[places]).tolist()
    questions, answers = [], []
    for values in dataset.rows_at(numbers):
        try:
            turns = whole_turns(dataset.reading, values)
        except RowFault:  # of a pair whose answers are read one by one
            continue
        last = max(place for place, turn in enumerate(turns) if turn.role == "assistant")
        questions.append("\n".join(turn.whole for turn in turns[:last] if turn.role == "user"))
        answers.append(turns[last].text)
    return Learned(tuple(questions), tuple(answers), _ids(found, places), tokenizer)


def tokenizer_of(checkpoint: Path) -> Tokenizer:
    """What a checkpoint's model cuts texts with."""
    found = tokenizer_in(checkpoint)
    return make_tokenizer(found) if isinstance(found, str) else found


def encoded(tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids of a text; letters that the vocabulary does not have are left out."""
    try:
        return tokenizer.encode(text)
    except StudioError:
        return []


def question_of(answer: Answer) -> str:
    """What was asked, with what it is about."""
    return f"{answer.asked}\n{answer.given}" if answer.given else answer.asked


def _ids(found: Conversations, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    rows = [found.ids[found.starts[place] : found.starts[place + 1]] for place in places.tolist()]
    return np.concatenate(rows) if rows else np.empty(0, np.int32)
