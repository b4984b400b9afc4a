"""What a run would learn from, read as the run will read it: every token, its side, and what is wrong with the rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import OBJECTIVES
from studio.objectives import learnable
from studio.objectives.instruct import rules_of, settled
from studio.parts.row_finding import RowFinding
from studio.rows.conversations import RowFault, chosen_rejected, turns_of, whole_turns
from studio.rows.conversing import Conversations, conversations, preferences
from studio.rows.kinds import KINDS, kind_of, missing
from studio.rows.lengths import LengthTable
from studio.rows.rendering import Painted, RenderingSurvey, RenderRules, paint, survey_rendering
from studio.store.answer_batches import packed
from studio.store.datasets import Dataset
from studio.store.examples import Examples
from studio.store.starts import find_start, tokenizer_in
from studio.tokenizers import Tokenizer, make_tokenizer

if TYPE_CHECKING:
    from studio.prompts import Turn
    from studio.store.project import Project

KeepGoing = Callable[[], bool]
Progress = Callable[[int, int], None]
Batch = npt.NDArray[np.int64]

SIDES = ("training", "validation", "test")


@dataclass(frozen=True)
class Source:
    """A dataset with the rules by which its rows become tokens: enough to paint any of them."""

    dataset: Dataset
    rules: RenderRules
    config: RunConfig


@dataclass(frozen=True, eq=False)
class RowsSeen:
    """A whole dataset looked at; `found` is what the run will learn from, None where that is nothing.

    `lines` are those of all batches of a pass: a row or a pair each, or as many as the rows are packed into.
    """

    source: Source
    survey: RenderingSurvey
    found: Conversations | None
    findings: tuple[RowFinding, ...]
    lines: int = 0

    @property
    def sides(self) -> tuple[int, int, int]:
        """Rows to learn from, to choose by, to be tested on; a pair of answers counts once."""
        if self.found is None:
            return 0, 0, 0
        each = answers_each(self.source.config)
        training, validation, test = (len(self.found.split.of(side)) // each for side in SIDES)
        return training, validation, test

    @property
    def lengths(self) -> LengthTable:
        """Tokens of every row that can be learned from, before anything is cut."""
        return LengthTable(self.survey.lengths)

    @property
    def refused(self) -> RowFinding | None:
        """What keeps a run from starting, if something does."""
        return next((one for one in self.findings if one.level == "danger"), None)


@dataclass(frozen=True)
class PaintedRow:
    """One row as tokens, or why it cannot be one; of a pair both answers, the chosen one first."""

    number: int
    painted: tuple[Painted, ...] = ()
    trouble: str = ""


def answers_each(config: RunConfig) -> int:
    """Conversations that one row of the dataset becomes."""
    return 2 if config.objective == "prefer" else 1


# --- opening ----------------------------------------------------------------------------------------------------------


def open_source(project: "Project", config: RunConfig, *, keep_going: KeepGoing | None = None) -> Source:
    """The dataset and the rules of `config`; what cannot be read is a `StudioError` in words."""
    dataset = project.dataset(config.data.dataset)
    task = OBJECTIVES.load(config.objective).rows
    if dataset.reading.kind not in task.kinds:
        wanted = ", ".join(f"“{KINDS[kind].label}”" for kind in task.kinds)
        raise StudioError(
            tr("The rows of “{name}” are read as “{kind}”, and nobody answers in them.", name=dataset.name,
               kind=kind_of(dataset.reading).label),
            tr("Choose other roles for its columns on the Data page: {kinds}.", kinds=wanted),
        )  # fmt: skip
    if absent := missing(dataset.reading):
        names = ", ".join(f"“{role.label}”" for role in absent)
        raise StudioError(tr("No column of “{name}” plays the role {names}.", name=dataset.name, names=names),
                          tr("Choose the roles of its columns on the Data page."))  # fmt: skip
    tokenizer = tokenizer_for(project, config, dataset, keep_going)
    return Source(dataset, rules_of(settled(dataset, config), tokenizer), config)


def tokenizer_for(
    project: "Project", config: RunConfig, dataset: Dataset, keep_going: KeepGoing | None = None
) -> Tokenizer:
    """What the run cuts its rows with; a vocabulary that is learned is learned from the rows, as the run will."""
    if config.start_from:
        found = tokenizer_in(find_start(project.path, config.start_from).folder)
    else:
        found = project.tokenizer(config.data.tokenizer)
    if not isinstance(found, str):
        return found
    task = OBJECTIVES.load(config.objective).rows
    return make_tokenizer(found, learnable(task, dataset, config, keep_going))


# --- single rows ------------------------------------------------------------------------------------------------------


def paint_rows(source: Source, numbers: Sequence[int]) -> list[PaintedRow]:
    """These rows token by token; one that is no conversation says why in place of its tokens."""
    rows = source.dataset.rows_at(list(numbers))
    return [_painted(source, number, values) for number, values in zip(numbers, rows, strict=True)]


def _painted(source: Source, number: int, values: dict[str, object]) -> PaintedRow:
    reading, pair = source.dataset.reading, answers_each(source.config) == 2
    try:
        told = _pair(source, values) if pair else (whole_turns(reading, values),)
        painted = tuple(paint(source.rules, turns) for turns in told)
    except RowFault as fault:
        return PaintedRow(number, trouble=fault.reason)
    except StudioError as error:  # letters that the vocabulary does not have, or turns that the template refuses
        return PaintedRow(number, trouble=f"{error.message} {error.hint}".strip())
    return PaintedRow(number, painted)


def _pair(source: Source, values: dict[str, object]) -> tuple[tuple["Turn", ...], ...]:
    from studio.prompts import Turn

    turns = turns_of(source.dataset.reading, values)
    answers = chosen_rejected(source.dataset.reading, values)
    return tuple((*turns, Turn("assistant", answer)) for answer in answers)


# --- all rows ---------------------------------------------------------------------------------------------------------


def look_at_rows(source: Source, *, progress: Progress | None = None, keep_going: KeepGoing | None = None) -> RowsSeen:
    """Read every row as the run will; rows with nothing to learn are findings, all of them a refusal.

    Only where some have a fault or an end that is cut off are they read a second time, for their numbers.
    """
    dataset, config, going = source.dataset, source.config, keep_going or _always
    tell = progress or _nothing
    read = preferences if answers_each(config) == 2 else conversations
    watching = (lambda done: tell(done, max(done, dataset.rows)), going)
    try:
        found = read(dataset.stream(going), dataset.reading, source.rules, config, watching)
    except StudioError as error:
        if not going():
            raise
        survey = survey_rendering(_Counted(dataset, going), dataset.reading, source.rules, progress, going)
        refusal = RowFinding("danger", error.message, error.hint, action="data")
        return RowsSeen(source, survey, None, (refusal, *fault_findings(survey, "info")))
    whole = len(np.unique(found.rows)) == dataset.rows and not any(_of_cuts(note) for note in found.notes)
    if whole:
        survey = survey_of(found, answers_each(config))
    else:
        survey = survey_rendering(_Counted(dataset, going), dataset.reading, source.rules, progress, going)
    level = "warning" if survey.warning else "info"
    notes = (RowFinding("warning", note) for note in found.notes if note != survey.warning and not _of_cuts(note))
    findings = (*notes, *fault_findings(survey, level), *cut_findings(survey, source.rules.longest))
    return RowsSeen(source, survey, found, findings, lines_of(found, config))


def survey_of(found: Conversations, each: int) -> RenderingSurvey:
    """The survey of rows that are all whole; of a pair the chosen answer counts."""
    lengths = np.diff(found.starts)[::each]
    firsts = np.repeat(np.arange(len(found.starts) - 1) % each == 0, np.diff(found.starts))
    trained = int(found.learned[firsts].sum())
    tokens = {"trained": trained, "ignored": int(lengths.sum()) - trained, "padding": 0, "cut": 0}
    return RenderingSurvey(len(lengths), tokens, lengths.astype(np.int32), np.empty(0, np.int64), {})


def lines_of(found: Conversations, config: RunConfig) -> int:
    """Lines of all batches of one pass over the training side."""
    places = found.split.training
    if config.objective != "instruct" or config.instruct.batching != "pack":
        return len(places) // answers_each(config)
    room = config.model.context_length
    return len(packed((found.starts[places + 1] - found.starts[places] - 1).clip(max=room), room))


def fault_findings(survey: RenderingSurvey, level: str) -> Iterator[RowFinding]:
    """Each reason why rows have nothing to learn, the commonest first."""
    for reason, rows in sorted(survey.faults.items(), key=lambda item: -len(item[1])):
        share = 100 * len(rows) / survey.rows
        yield RowFinding(
            level,
            tr("{count} of {rows} rows ({share} %) have nothing to learn: {reason}.", count=f"{len(rows):,}",
               rows=f"{survey.rows:,}", share=_percent(share), reason=reason),
            tr("They are left out."), rows=tuple(rows.tolist()),
        )  # fmt: skip


def cut_findings(survey: RenderingSurvey, longest: int) -> Iterator[RowFinding]:
    """Rows that end beyond what the model reads at once."""
    if rows := survey.cut_rows.tolist():
        share = 100 * len(rows) / survey.rows
        yield RowFinding(
            "warning" if share > 10 else "info",
            tr("{count} rows ({share} %) are longer than the {longest} tokens that the model reads; their ends are not "
               "learned.", count=f"{len(rows):,}", share=_percent(share), longest=f"{longest:,}"),
            rows=tuple(rows),
        )  # fmt: skip


def first_batch(seen: RowsSeen, size: int, index: int = 0) -> Batch:
    """Batch `index` of `size` lines as the run will compute it: (lines, 2 or 3, time); see `store.answer_batches`."""
    found, config = seen.found, seen.source.config
    assert found is not None
    examples = Examples(
        seen.source.rules.tokenizer, config, found.ids, found.starts, found.rows, found.split, found.learned
    )
    task = OBJECTIVES.load(config.objective).rows
    return task.batches(examples, config, size, "training").batch(index)  # type: ignore[no-any-return]


class _Counted:
    """The rows of a dataset with their number, so that whoever reads them can say how far it is."""

    def __init__(self, dataset: Dataset, keep_going: KeepGoing) -> None:
        self._dataset, self._keep_going = dataset, keep_going

    def __len__(self) -> int:
        return self._dataset.rows

    def __iter__(self) -> Iterator[dict[str, object]]:
        return self._dataset.stream(self._keep_going)


def _of_cuts(note: str) -> bool:
    return "longer than what the model reads" in note


def _percent(share: float) -> str:
    return f"{share:.1f}" if share >= 0.1 else f"{share:.2f}"


def _always() -> bool:
    return True


def _nothing(_done: int, _total: int) -> None:
    return None
