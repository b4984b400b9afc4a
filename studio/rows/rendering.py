"""Conversations as tokens: one function gives the ids and what of them is learned, for training and for the page."""

import contextlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.prompts import END_OF_TEXT, START_OF_TEXT, Prompt, Segment, Turn
from studio.rows import Values
from studio.rows.conversations import NO_ANSWER, RowFault, refuse_disliked, told_pair, whole_turns
from studio.rows.kinds import Reading
from studio.tokenizers import Tokenizer, split_special

STATES = ("trained", "ignored", "padding", "cut")
LEARN = ("answers", "everything")
Ids = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

CROWDED_OUT = "the question alone fills what the model reads at once"
WARNED = 0.01  # rows without anything to learn that need no warning
_NAMED = 6  # reasons in one sentence
_OFTEN = 64  # rows between two looks at whether the walk is still wanted
REASONS, OTHERWISE = 100, "something else"  # told apart; a hostile file must not make a table of its own


@dataclass(frozen=True, eq=False)
class Rendered:
    """A conversation as tokens: `learned[i]` says that token i is a target. The first never is: nothing precedes it."""

    ids: Ids  # (tokens,)
    learned: Flags  # (tokens,)
    pieces: tuple[tuple[str, str], ...]  # text and "trained" or "ignored"; joined they are the whole text
    cut: int = 0  # tokens that were left out at the end

    @property
    def text(self) -> str:
        """All of it as written, cut or not."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True)
class RenderRules:
    """How conversations become tokens; `longest` is what the model reads at once, 0 for no limit.

    `pairs`: the two answers of a row are compared, so that equal ones say nothing.
    """

    prompt: Prompt
    tokenizer: Tokenizer
    learn: str = "answers"  # or "everything"
    longest: int = 0
    pairs: bool = False

    def render(self, turns: Sequence[Turn]) -> Rendered:
        """A conversation to learn from."""
        return render(self.prompt, turns, self.tokenizer, self.learn, longest=self.longest)


@dataclass(frozen=True, eq=False)
class Painted:
    """The tokens of one row as a page shows them: `states[i]` is a place in `STATES`."""

    ids: Ids  # (tokens,)
    texts: tuple[str, ...]
    states: npt.NDArray[np.int8]  # (tokens,)

    @property
    def counts(self) -> Mapping[str, int]:
        """Tokens in each state."""
        return {name: int((self.states == place).sum()) for place, name in enumerate(STATES)}


def render(
    prompt: Prompt,
    turns: Sequence[Turn],
    tokenizer: Tokenizer,
    learn: str = "answers",
    answering: bool = False,
    longest: int = 0,
) -> Rendered:
    """Tokens and loss mask. Only the prompt's own special segments become special tokens, whatever a turn spells.

    A model that reads `longest` tokens at once gets one more: the last is only a target. Whoever is `answering` cuts
    nothing, but forgets earlier turns.
    """
    if learn not in LEARN:
        raise StudioError(f"There is no way to learn “{learn}”.", f"Choose one of: {', '.join(LEARN)}.")
    segments = _joined(prompt.segments(turns, answering))
    tokens = _Tokens(tokenizer, prompt.specials, answering)
    ids: list[int] = [] if segments and segments[0].special else list(getattr(tokenizer, "prefix", ()))
    learned = [learn == "everything"] * len(ids)
    pieces = []
    for segment in segments:
        found = tokens.special(segment.text) if segment.special else tokens.plain(segment.text)
        trained = segment.learned or learn == "everything"
        ids += found
        learned += [trained] * len(found)
        pieces.append((segment.text, STATES[0] if trained else STATES[1]))
    learned[:1] = [False] * len(learned[:1])
    kept = longest + 1 if longest and not answering else len(ids)
    return Rendered(
        np.array(ids[:kept], np.int32), np.array(learned[:kept], np.bool_), tuple(pieces), max(0, len(ids) - kept)
    )


def letters_of(prompt: Prompt) -> str:
    """All that a template writes itself, marks spelled out: what a vocabulary that is learned from rows must know too.

    A mark that a tokenizer has no token for is written with letters.
    """
    turns = (Turn("system", " "), Turn("user", " ", " "), Turn("assistant", " "))
    written: list[Segment] = []
    for talk, answering in ((turns, False), (turns[1:], False), ((*turns[1:], turns[1]), True)):
        with contextlib.suppress(StudioError):  # not every template takes a system text
            written += prompt.segments(talk, answering)
    return "".join(segment.text for segment in written)


def paint(rules: RenderRules, turns: Sequence[Turn], padded_to: int = 0) -> Painted:
    """Every token of a row with its state; what does not fit is shown as cut, and padding fills up to `padded_to`."""
    whole = render(rules.prompt, turns, rules.tokenizer, rules.learn)
    states = np.where(whole.learned, 0, 1).astype(np.int8)
    if rules.longest:
        states[rules.longest + 1 :] = STATES.index("cut")
        padded_to = min(padded_to, rules.longest + 1)
    texts = [rules.tokenizer.token_text(token) for token in whole.ids.tolist()]
    missing = max(0, padded_to - len(texts))
    end = rules.tokenizer.end_of_text
    padding = 0 if end is None else end  # what stands there is never looked at, nor a target
    return Painted(
        np.concatenate([whole.ids, np.full(missing, padding, np.int32)]),
        (*texts, *["" if end is None else rules.tokenizer.token_text(end)] * missing),
        np.concatenate([states, np.full(missing, STATES.index("padding"), np.int8)]),
    )


def paint_batch(rules: RenderRules, conversations: Sequence[Sequence[Turn]]) -> list[Painted]:
    """Rows as they lie in one batch: each padded to the longest of them."""
    longest = max((len(rules.render(turns).ids) for turns in conversations), default=0)
    return [paint(rules, turns, longest) for turns in conversations]


def totals(painted: Sequence[Painted]) -> dict[str, int]:
    """Tokens in each state over a batch."""
    return {name: sum(row.counts[name] for row in painted) for name in STATES}


def rendered_rows(
    rows: Iterable[Values], reading: Reading, rules: RenderRules, keep_going: Callable[[], bool] | None = None
) -> Iterator[Rendered | str]:
    """Every row as tokens, or the reason why there is nothing to learn in it; a training and a survey read alike."""
    for number, values in enumerate(rows):
        if number % _OFTEN == 0 and keep_going is not None and not keep_going():
            raise StudioError("Reading the rows was stopped before it was finished.", "Nothing was changed.")
        try:
            refuse_disliked(values)
            turns = whole_turns(reading, values)
            if rules.pairs:
                told_pair(reading, values)
        except RowFault as fault:
            yield fault.reason
            continue
        try:
            rendered = rules.render(turns)
        except StudioError as error:  # letters that the vocabulary does not have, or turns that the prompt refuses
            yield error.message.rstrip(".")
            continue
        yield rendered if rendered.learned.any() else CROWDED_OUT if rendered.cut else NO_ANSWER


@dataclass(frozen=True, eq=False)
class RenderingSurvey:
    """What a whole dataset looks like as tokens; row numbers ascend. Tokens in padding depend on the batches."""

    rows: int
    tokens: Mapping[str, int]  # by state
    lengths: Ids  # (rows that can be learned from,): tokens before anything is cut
    cut_rows: Rows  # longer than what the model reads at once
    faults: Mapping[str, Rows]  # reason why there is nothing to learn -> rows

    @property
    def nothing(self) -> int:
        """Rows without anything to learn."""
        return sum(map(len, self.faults.values()))

    @property
    def share(self) -> float:
        """The part of all rows that has nothing to learn; of no rows at all everything."""
        return self.nothing / self.rows if self.rows else 1.0

    @property
    def warning(self) -> str:
        """A sentence where more than one row in a hundred has nothing to learn, or nothing."""
        if self.share <= WARNED:
            return ""
        return f"{self.nothing:,} of {self.rows:,} rows have nothing to learn: {self.reasons}. They are left out."

    @property
    def reasons(self) -> str:
        """Why, with how many rows each, the commonest first; beyond a few only how many more."""
        common = sorted(((reason, len(rows)) for reason, rows in self.faults.items()), key=lambda item: -item[1])
        more = sum(count for _, count in common[_NAMED:])
        told = common[:_NAMED] + ([("other reasons", more)] if more else [])
        return ", ".join(f"{reason} ({count:,})" for reason, count in told)

    def require(self) -> None:
        """A `StudioError` where no row at all can be learned from."""
        if not self.rows:
            raise StudioError("There are no rows to learn from.", "Choose a dataset that has some.")
        if self.nothing == self.rows:
            hint = "Choose other roles for the columns, another template, or a longer context."
            raise StudioError(f"None of the {self.rows:,} rows has anything to learn: {self.reasons}.", hint)


def survey_rendering(
    rows: Iterable[Values],
    reading: Reading,
    rules: RenderRules,
    progress: Callable[[int, int], None] | None = None,
    keep_going: Callable[[], bool] | None = None,
) -> RenderingSurvey:
    """Render every row once, a few numbers of each in memory; `progress` hears rows done and of how many, or 0."""
    total = len(rows) if isinstance(rows, Sized) else 0
    tokens = dict.fromkeys(STATES, 0)
    lengths, cut = array("i"), array("q")
    faults: dict[str, array[int]] = {}
    number = 0
    for number, found in enumerate(rendered_rows(rows, reading, rules, keep_going), 1):
        if isinstance(found, str):
            reason = found if found in faults or len(faults) < REASONS else OTHERWISE
            faults.setdefault(reason, array("q")).append(number - 1)
        else:
            trained = int(found.learned.sum())
            lengths.append(len(found.ids) + found.cut)
            tokens["trained"] += trained
            tokens["ignored"] += len(found.ids) - trained
            tokens["cut"] += found.cut
            if found.cut:
                cut.append(number - 1)
        if progress is not None and number % _OFTEN == 0:
            progress(number, max(number, total))
    named = {reason: np.array(numbers, np.int64) for reason, numbers in faults.items()}
    return RenderingSurvey(number, tokens, np.array(lengths, np.int32), np.array(cut, np.int64), named)


def special_token(tokenizer: Tokenizer, spelling: str) -> int | None:
    """The one token that a mark is; vocabularies list some of them as ordinary tokens."""
    token = tokenizer.special.get(spelling)
    if token is not None:
        return token
    try:
        found = tokenizer.encode(spelling, special=True)
    except StudioError:  # letters that the vocabulary does not have
        return None
    return found[0] if len(found) == 1 and tokenizer.token_text(found[0]) == spelling else None


def _joined(segments: Sequence[Segment]) -> list[Segment]:
    """Neighbours of one kind as one: how a prompt is put together must not show in the tokens."""
    joined: list[Segment] = []
    for segment in filter(lambda one: one.text, segments):
        last = joined[-1] if joined else segment
        if joined and last.learned == segment.learned and not (last.special or segment.special):
            joined[-1] = Segment(last.text + segment.text, segment.learned)
        else:
            joined.append(segment)
    return joined


class _Tokens:
    """The ids of segments: special ones by what they spell, all others as nothing but text."""

    def __init__(self, tokenizer: Tokenizer, specials: Sequence[str], answering: bool) -> None:
        self._tokenizer, self._spellings, self._answering = tokenizer, specials, answering

    def special(self, spelling: str) -> list[int]:
        """The token of this spelling where there is one; what ends or begins a text by whatever name; else as text."""
        known = special_token(self._tokenizer, spelling)
        if known is not None:
            return [known]
        if spelling == START_OF_TEXT:
            return list(getattr(self._tokenizer, "prefix", ()))
        if spelling == END_OF_TEXT and self._tokenizer.end_of_text is not None:
            return [self._tokenizer.end_of_text]
        try:
            return self._tokenizer.encode(spelling)
        except StudioError:
            if spelling == END_OF_TEXT and self._answering:
                return []  # nobody taught this model an end: what it cannot read need not stand between two turns
            raise

    def plain(self, text: str) -> list[int]:
        """A text without special tokens; vocabularies list some as ordinary ones, whose spelling is taken apart."""
        ids = self._tokenizer.encode(text)
        spelled = [mark for mark in self._spellings if mark in text]
        special = {token for mark in spelled if (token := special_token(self._tokenizer, mark)) is not None}
        if special.isdisjoint(ids):
            return ids
        parts = split_special(text, spelled)
        halves = [half for part in parts for half in ((part[:2], part[2:]) if part in spelled else (part,))]
        return [token for half in halves for token in self._tokenizer.encode(half)]
