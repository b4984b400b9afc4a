"""A dataset of conversations as a run reads it: every row as tokens, what is learned of it, and its side."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.prompts import Turn
from studio.rows import Values
from studio.rows.conversations import NO_ANSWER, RowFault, refuse_disliked, told_pair, turns_of, whole_turns
from studio.rows.kinds import Reading
from studio.rows.rendering import CROWDED_OUT, OTHERWISE, REASONS, Ids, Rendered, RenderingSurvey, RenderRules
from studio.rows.shared_out import shared_out
from studio.rows.splits import Numbers, Split

SPLIT_COLUMN = "split"
_OFTEN = 64  # rows between two words with whoever waits

Watching = tuple[Callable[[int], None], Callable[[], bool]]  # hears of rows done; says whether to go on
Read = Callable[[Reading, Values, RenderRules], tuple[str, tuple[Rendered, ...]]]  # with what is asked


@dataclass(frozen=True)
class Conversations:
    """`ids`, `learned` and `starts` as in `store.examples`; `rows` are the numbers of those that can be learned from.

    `split` holds places among the conversations; a pair is two of them, one behind the other.
    """

    ids: Ids
    learned: npt.NDArray[np.bool_]
    starts: Numbers
    rows: Numbers
    split: Split
    notes: tuple[str, ...]


@dataclass
class _Gathered:
    """Rendered rows as they come, a few numbers of each and all tokens in one array."""

    ids: "array[int]" = field(default_factory=lambda: array("i"))
    learned: "array[int]" = field(default_factory=lambda: array("b"))
    lengths: "array[int]" = field(default_factory=lambda: array("q"))
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    questions: list[str] = field(default_factory=list)  # all before the last answer of each row, to know copies by
    sides: list[str | None] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    seen: int = 0

    def leave_out(self, reason: str) -> None:
        """Count a row that cannot be learned from."""
        self.faults[reason if reason in self.faults or len(self.faults) < REASONS else OTHERWISE] += 1

    def take(self, question: str, rendered: tuple[Rendered, ...], values: Values) -> None:
        """Keep a row."""
        for one in rendered:
            self.ids.frombytes(one.ids.tobytes())
            self.learned.frombytes(one.learned.astype(np.int8).tobytes())
            self.lengths.append(len(one.ids))
        side = values.get(SPLIT_COLUMN)
        self.cut += any(one.cut for one in rendered)
        self.rows.append(self.seen)
        self.questions.append(question)
        self.sides.append(side if isinstance(side, str) else None)

    def survey(self) -> RenderingSurvey:
        """What the rows that were left out add up to."""
        named = {reason: np.zeros(count, np.int64) for reason, count in self.faults.items()}
        return RenderingSurvey(self.seen, {}, np.empty(0, np.int32), np.empty(0, np.int64), named)

    def notes(self, split: Split) -> Iterator[str]:
        """Sentences on what a person should know before the first step."""
        if warning := self.survey().warning:
            yield warning
        if self.cut:
            yield (
                f"{self.cut:,} of {self.seen:,} rows are longer than what the model reads at once, "
                "so their ends are not learned."
            )
        learned = {self.questions[place] for place in split.training.tolist()}
        held = np.concatenate([split.validation, split.test]).tolist()
        if leaked := sum(self.questions[place] in learned for place in held):
            yield (
                f"{leaked:,} of {len(held):,} held-back rows ask what is also learned from, so their score flatters. "
                "A split at random keeps equal questions together."
            )


def conversations(
    rows: Iterable[Values], reading: Reading, rules: RenderRules, config: RunConfig, watching: Watching
) -> Conversations:
    """Every row with an answer; no such row at all is a `StudioError`."""
    return _shared(_gathered(rows, reading, rules, _whole, watching), config, each=1)


def preferences(
    rows: Iterable[Values], reading: Reading, rules: RenderRules, config: RunConfig, watching: Watching
) -> Conversations:
    """Every pair as two conversations that differ in the last answer, the chosen one first."""
    return _shared(_gathered(rows, reading, rules, _pair, watching), config, each=2)


def asked(reading: Reading, values: Values) -> tuple[Turn, ...]:
    """What the last answer of a row answers: the turns before it, none where the row has a fault."""
    try:
        turns = whole_turns(reading, values)
    except RowFault:
        return ()
    return _before_answer(turns)


def _before_answer(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The turns before the last answer."""
    return turns[: max(place for place, turn in enumerate(turns) if turn.role == "assistant")]


def _question(turns: Sequence[Turn]) -> str:
    return "\n".join(turn.whole for turn in turns)


def _whole(reading: Reading, values: Values, rules: RenderRules) -> tuple[str, tuple[Rendered, ...]]:
    turns = whole_turns(reading, values)
    return _question(_before_answer(turns)), (rules.render(turns),)


def _pair(reading: Reading, values: Values, rules: RenderRules) -> tuple[str, tuple[Rendered, ...]]:
    turns, answers = turns_of(reading, values), told_pair(reading, values)
    return _question(turns), tuple(rules.render((*turns, Turn("assistant", answer))) for answer in answers)


def _gathered(
    rows: Iterable[Values], reading: Reading, rules: RenderRules, read: Read, watching: Watching
) -> _Gathered:
    found, (tell, keep_going) = _Gathered(), watching
    for values in rows:
        if found.seen % _OFTEN == 0:
            tell(found.seen)
            if not keep_going():
                raise StudioError("Reading the rows was stopped before it was finished.", "Nothing was changed.")
        try:
            refuse_disliked(values)
            question, rendered = read(reading, values, rules)
        except RowFault as fault:
            found.leave_out(fault.reason)
        except StudioError as error:  # letters that the vocabulary does not have, or turns that the prompt refuses
            found.leave_out(error.message.rstrip("."))
        else:
            if all(one.learned.any() for one in rendered):
                found.take(question, rendered, values)
            else:
                found.leave_out(CROWDED_OUT if any(one.cut for one in rendered) else NO_ANSWER)
        found.seen += 1
    found.survey().require()
    return found


def _shared(found: _Gathered, config: RunConfig, each: int) -> Conversations:
    """The rows on their sides; `each` conversations stand for one row."""
    starts = np.zeros(len(found.lengths) + 1, np.int64)
    np.cumsum(found.lengths, out=starts[1:])
    split = shared_out(found.questions, config, None, found.sides)
    sides = [
        (side[:, None] * each + np.arange(each)).ravel() for side in (split.training, split.validation, split.test)
    ]
    return Conversations(
        np.frombuffer(found.ids, np.int32), np.frombuffer(found.learned, np.bool_), starts,
        np.repeat(np.array(found.rows, np.int64), each), Split(*sides), tuple(found.notes(split)),
    )  # fmt: skip
