"""What a classification run would learn from, looked at before it starts: classes, split, lengths, what is wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from studio.classifying.scored import Ints
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.parts.row_finding import RowFinding
from studio.rows.duplicates import leaks
from studio.rows.labelled import Labelled, labelled
from studio.rows.lengths import LengthTable
from studio.rows.numbered import Numbered, numbered
from studio.rows.shared_out import DRAWN
from studio.store.row_file import require_going
from studio.store.starts import find_start, tokenizer_in
from studio.tokenizers import Tokenizer, make_tokenizer

if TYPE_CHECKING:
    from studio.store.project import Project

KeepGoing = Callable[[], bool]
SIDES = ("training", "validation", "test")
TOGETHER = "together"  # the way out that keeps near copies on one side
_OFTEN = 256  # texts between two questions whether to go on
_MOST_COMPARED = 20_000  # rows whose near copies are looked for


@dataclass(frozen=True, eq=False)
class RowsSeen:
    """`counts` is (3, classes), rows of `SIDES` before balancing; `trained` (classes,) after it."""

    labels: tuple[str, ...]
    counts: Ints
    trained: Ints
    lengths: LengthTable
    findings: tuple[RowFinding, ...]
    words: str  # 5 classes; of numbers their range

    @property
    def rows(self) -> tuple[int, int, int]:
        """Rows to learn from after balancing, to choose by, to be tested on."""
        sums = self.counts.sum(1)
        return int(self.trained.sum()), int(sums[1]), int(sums[2])

    @property
    def refused(self) -> RowFinding | None:
        """What keeps a run from starting, if something does."""
        return next((one for one in self.findings if one.level == "danger"), None)


def look_at_rows(project: "Project", config: RunConfig, *, keep_going: KeepGoing | None = None) -> RowsSeen:
    """Read the rows as the run would; what makes no sense is a finding, or a `StudioError` of the reader's own."""
    dataset = project.dataset(config.data.dataset)
    stream, numbers = dataset.stream(keep_going), config.objective == "regress"
    known = (numbered if numbers else labelled)(stream, dataset.reading, config, keep_going)
    sides = [known.split.of(side) for side in SIDES]
    labels: tuple[str, ...]
    if isinstance(known, Numbered):
        labels, counts = (tr("rows"),), np.asarray([[len(side)] for side in sides], np.int64)
        trained = counts[0]
    else:
        labels, counts = known.labels, np.stack([counted(known, side) for side in sides])
        trained = counted(known, known.training(config))
    lengths = lengths_of(known.texts, tokenizer_of(project, config), keep_going)
    told = (RowFinding("warning", note, action="data") for note in known.notes)
    found = (*told, *length_findings(lengths, config), *leak_findings(known, config, keep_going))
    order = ("danger", "warning", "info")
    findings = tuple(sorted(found, key=lambda one: order.index(one.level)))
    words = number_words(known) if isinstance(known, Numbered) else tr("{count} classes", count=f"{len(labels):,}")
    return RowsSeen(labels, counts, trained, lengths, findings, words)


def number_words(known: Numbered) -> str:
    """The numbers in a few words: 2 to 999, half below 85."""
    low, middle, high = np.quantile(known.values, (0.0, 0.5, 1.0))
    return tr("{low} to {high}, half below {middle}", low=f"{low:,g}", high=f"{high:,g}", middle=f"{middle:,g}")


def counted(known: Labelled, places: Ints) -> Ints:
    """Rows of each class among these, (classes,)."""
    if known.truth.ndim == 2:
        return np.asarray(known.truth[places].sum(0), np.int64)
    return np.bincount(known.truth[places], minlength=len(known.labels)).astype(np.int64)


def length_findings(lengths: LengthTable, config: RunConfig) -> Iterator[RowFinding]:
    """What the model cannot read because a row is longer than it sees at once."""
    if lengths.unit != "tokens":
        return
    limit = limit_of(config)
    cut = lengths.cut(limit)
    if cut.rows and cut.rows == len(lengths.values):
        yield RowFinding(
            "danger", tr("All {rows} rows are longer than the {limit} tokens that are read; the median has {median}.",
                         rows=f"{cut.rows:,}", limit=f"{limit:,}", median=f"{lengths.quantile(0.5):,}"),
            tr("Choose a model with a longer context, or shorter texts."),
        )  # fmt: skip
    elif cut.rows:
        yield RowFinding(
            "warning" if cut.row_share > 0.1 else "info",
            tr("{rows} rows ({share} %) are longer than {limit} tokens; only their beginning is read.",
               rows=f"{cut.rows:,}", share=f"{100 * cut.row_share:.1f}", limit=f"{limit:,}"),
        )  # fmt: skip


def limit_of(config: RunConfig) -> int:
    """Tokens of a text that are read."""
    own = config.regress.longest if config.objective == "regress" else config.classify.longest
    return min(filter(None, (own, config.model.context_length)))


def leak_findings(known: Labelled | Numbered, config: RunConfig, keep_going: KeepGoing | None) -> Iterator[RowFinding]:
    """Rows that are tested on and, nearly, learned from; where rows are drawn they can be kept together."""
    drawn = config.data.split in DRAWN and not config.data.near_together
    way_out = (
        tr("The result would look better than it is. Keep near copies on one side, or drop them on the Data page.")
        if drawn
        else tr("The result would look better than it is. Drop near copies on the Data page, under Clean.")
    )
    if len(known.texts) > _MOST_COMPARED:
        yield RowFinding("info", tr("Near copies across the split were not looked for in so many rows."))
        return
    training = [known.texts[place] for place in known.split.training]
    for side in SIDES[1:]:
        held = [known.texts[place] for place in known.split.of(side)]
        if not held or not training:
            continue
        if found := leaks(training, held, keep_going=keep_going):
            yield RowFinding(
                "warning", tr("{count} of {rows} {side} rows are nearly the same as a row that is learned from.",
                              count=f"{len({pair[1] for pair in found}):,}", rows=f"{len(held):,}", side=tr(side)),
                way_out, TOGETHER if drawn else "data",
            )  # fmt: skip


def lengths_of(texts: list[str], tokenizer: Tokenizer | None, keep_going: KeepGoing | None = None) -> LengthTable:
    """Tokens of every text, or its characters where no tokenizer is there yet."""
    if tokenizer is None:
        return LengthTable(np.asarray([len(text) for text in texts], np.int32), "characters")
    found = []
    for number, text in enumerate(texts):
        if number % _OFTEN == 0:
            require_going(keep_going)
        found.append(len(tokenizer.encode(text)))
    return LengthTable(np.asarray(found, np.int32))


def tokenizer_of(project: "Project", config: RunConfig) -> Tokenizer | None:
    """The tokenizer of the model that the run begins with, else the one it names; None where it learns one first."""
    try:
        if config.start_from:
            found = tokenizer_in(find_start(project.path, config.start_from).folder)
        else:
            found = project.tokenizer(config.data.tokenizer)
        return make_tokenizer(found) if isinstance(found, str) else found
    except StudioError:
        return None
