"""A judge at work on answers: a server on this computer, or a model of the project; one text in, one text out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import resolve
from studio.hub.local_judge import Judged, JudgeError, LocalJudge, ask_judge, judge_answers
from studio.instructing.answer_scores import Figure, Scored, mean_of, question_of
from studio.prompts import Turn
from studio.scores.judging import (
    RUBRICS,
    Reading,
    Rubric,
    Steadiness,
    Verdict,
    compare_prompt,
    read_score,
    read_verdict,
    readings,
    swapped_agreement,
    swapped_verdict,
)

KeepGoing = Callable[[], bool]
Progress = Callable[[int, int], None]
Ask = Callable[[str], str]

OPEN, REPLY, PROMPT = (
    "studio.engine.loaded:open_model", "studio.engine.chat:reply", "studio.engine.chat:default_prompt"
)  # fmt: skip
_TOKENS = 24  # that a model of the project may use for its number
_KINDS = {
    "outside": "a number off the scale", "prose": "prose without one number", "nothing": "nothing",
    "silent": "no answer at all",
}  # fmt: skip


@dataclass(frozen=True)
class Judge:
    """Who judges: a server on this computer, or the folder of a model; exactly one of both."""

    name: str
    server: LocalJudge | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class RowJudged:
    """What a judge said about one row of the dataset."""

    row: int
    judged: Judged


@dataclass(frozen=True)
class Judgement:
    """All rows judged: the mean score with its interval, and a sentence on what could not be read as a score."""

    judge: str
    rubric: Rubric
    rows: tuple[RowJudged, ...]
    mean: Figure | None
    unread: str

    @property
    def scores(self) -> dict[int, str]:
        """What stands in the table: a number, or a dash where none could be read."""
        return {one.row: "–" if one.judged.reading.score is None else f"{one.judged.reading.score:g}"
                for one in self.rows}  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Two runs' answers compared by a judge, each pair in both orders; verdicts are A for the first run."""

    first: str
    second: str
    verdicts: tuple[Verdict, ...]
    steady: Steadiness
    unread: int


def rubric_named(name: str) -> Rubric:
    """One of the rubrics."""
    return next(one for one in RUBRICS if one.name == name)


def judge_rows(
    judge: Judge, rubric: Rubric, rows: Sequence[Scored], *, progress: Progress, keep_going: KeepGoing
) -> Iterator[RowJudged]:
    """Ask about each row in turn; a row without an answer is named and the rest goes on. For a worker."""
    entries = [(question_of(row.answer), row.answer.wanted, row.answer.answered) for row in rows]
    if judge.server is not None:
        found = judge_answers(judge.server, rubric, entries, keep_going)
    else:
        found = _by_model(judge, rubric, entries, keep_going)
    for number, (row, judged) in enumerate(zip(rows, found, strict=False), 1):
        progress(number, len(rows))
        yield RowJudged(row.answer.row, judged)


def summed(judge: Judge, rubric: Rubric, rows: Sequence[RowJudged]) -> Judgement:
    """The scores of all rows as one figure with its bootstrap interval."""
    counted = readings(one.judged.reading for one in rows)
    mean = mean_of(counted.scores) if counted.scores else None
    parts = [f"{count:,} × {tr(_KINDS[kind])}" for kind, count in counted.counts.items() if kind in _KINDS]
    unread = tr("{count} of {rows} answers of the judge gave no score: {parts}.", count=f"{counted.unread:,}",
                rows=f"{len(rows):,}", parts=", ".join(parts)) if counted.unread else ""  # fmt: skip
    return Judgement(judge.name, rubric, tuple(rows), mean, unread)


def compare_rows(
    judge: Judge, first: tuple[str, Sequence[Scored]], second: tuple[str, Sequence[Scored]], *,
    progress: Progress, keep_going: KeepGoing,
) -> Comparison:  # fmt: skip
    """Ask which of two runs' answers is better, in both orders; only what holds when they are swapped is a win."""
    others = {row.answer.row: row for row in second[1]}
    pairs = [(row, others[row.answer.row]) for row in first[1] if row.answer.row in others]
    if not pairs:
        raise StudioError(tr("These two runs have answered none of the same rows."),
                          tr("Let both answer the same side of the same dataset."))  # fmt: skip
    ask = asking(judge, keep_going)
    given: list[Verdict] = []
    swapped: list[Verdict] = []
    for number, (one, other) in enumerate(pairs):
        progress(number, len(pairs))
        if not keep_going():
            raise StudioError(tr("The comparison was stopped."))
        asked = question_of(one.answer)
        verdicts = [_verdict(ask, compare_prompt(asked, *texts)) for texts in (
            (one.answer.answered, other.answer.answered), (other.answer.answered, one.answer.answered))]  # fmt: skip
        if verdicts[0] is not None and verdicts[1] is not None:
            given.append(verdicts[0])
            swapped.append(verdicts[1])
    settled = tuple(swapped_verdict(one, other) for one, other in zip(given, swapped, strict=True))
    return Comparison(first[0], second[0], settled, swapped_agreement(given, swapped), len(pairs) - len(given))


def asking(judge: Judge, keep_going: KeepGoing) -> Ask:
    """A function that asks the judge; a model of the project is opened once."""
    if judge.server is not None:
        server = judge.server
        return lambda text: ask_judge(server, text, keep_going)
    loaded = resolve(OPEN)(judge.folder, keep_going)
    prompt, reply = resolve(PROMPT)(loaded), resolve(REPLY)
    sampling = replace(Sampling(), tokens=_TOKENS, temperature=0.0)

    def ask(text: str) -> str:
        pieces = reply(loaded, prompt, (Turn("user", text),), sampling, _Control(keep_going))
        return "".join(piece.text for piece in pieces).strip()

    return ask


class _Control:
    """What the engine asks before every token."""

    def __init__(self, keep_going: KeepGoing) -> None:
        self.keep_going = keep_going


def _by_model(
    judge: Judge, rubric: Rubric, entries: Sequence[tuple[str, str, str]], keep_going: KeepGoing
) -> Iterator[Judged]:
    ask = asking(judge, keep_going)
    for entry in entries:
        if not keep_going():
            return
        try:
            said = ask(rubric.ask(*entry))
        except StudioError as error:  # a question that is longer than the model's context
            yield Judged(Reading("silent"), trouble=str(error))
            continue
        yield Judged(read_score(said, rubric), said)


def _verdict(ask: Ask, prompt: str) -> Verdict | None:
    try:
        return read_verdict(ask(prompt))
    except JudgeError:
        return None


def sample_of(rows: Sequence[Scored], most: int) -> list[Scored]:
    """At most so many rows, spread evenly, always the same ones."""
    if len(rows) <= most:
        return list(rows)
    places = np.unique(np.linspace(0, len(rows) - 1, most).astype(np.int64))
    return [rows[place] for place in places.tolist()]


def first_verdicts(found: Comparison) -> dict[str, Any]:
    """How often each run won, and ties, by name."""
    return {found.first: found.verdicts.count("A"), found.second: found.verdicts.count("B"),
            "tie": found.verdicts.count("tie")}  # fmt: skip
