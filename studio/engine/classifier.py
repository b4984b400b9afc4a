"""A run that learned classes, at work: every row of one side scored, single texts, and whole files."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from studio.core.config import ComputeConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.checkpoint import read_state
from studio.engine.device import Compute, choose
from studio.engine.kept_scores import kept_or_made
from studio.engine.last_opened import at_hand
from studio.engine.opening import open_weights
from studio.gate.names import visible
from studio.insight.token_effects import Grounds, effects
from studio.layers.decoder import Decoder
from studio.layers.lora import lora_layers, set_strength
from studio.layers.row_reader import KeptRows
from studio.objectives.classify import encoded, limit_of, pad_token, read
from studio.rows import Values
from studio.rows.kinds import Reading, spoken
from studio.store.checkpoints import choose as choose_checkpoint
from studio.store.datasets import Dataset
from studio.store.project import Project
from studio.store.row_export import write_rows
from studio.store.runs import RunRecord
from studio.tokenizers import Tokenizer

AT_ONCE = 4_096  # tokens in one pass through the model
CHUNK = 512  # rows of a file that are sorted by length together
Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """What a classifier says of the rows of one side. `truth` is int64 (rows,), or bool (rows, classes) of several.

    `rows` are numbers in `dataset` (NAME@VERSION); `texts(numbers)` reads them when they are looked at.
    """

    labels: tuple[str, ...]
    truth: npt.NDArray[Any]
    logits: npt.NDArray[np.float32]  # (rows, classes)
    rows: npt.NDArray[np.int64]
    dataset: str
    split: str
    texts: Callable[[Sequence[int]], list[str]]
    multi_label: bool = False


@dataclass(frozen=True)
class Classifier:
    """A classifier in memory; `logits` reads rows of ids of any length, longest first, in portions."""

    model: Decoder
    config: RunConfig
    tokenizer: Tokenizer
    compute: Compute
    checkpoint: Path
    lock: threading.Lock
    grounds: dict[float, Grounds] = field(default_factory=dict)  # by the adapter's strength

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the outputs."""
        return self.config.classify.labels

    def ids(self, text: str) -> list[int]:
        """A text as the model reads it, cut where it reads no further."""
        return encoded(self.tokenizer, text)[: limit_of(self.config)]

    def batch(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids (rows, time), filled up as the run was trained, and the length of each."""
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.full((len(rows), max(self.config.classify.pad_to, int(lengths.max()))), pad_token(self.tokenizer))
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
        return ids.to(self.compute.device), lengths.to(self.compute.device)

    def logits(
        self, rows: Sequence[Sequence[int]], progress: Progress | None = None, keep_going: KeepGoing | None = None
    ) -> npt.NDArray[np.float32]:
        """(rows, classes), in the order of the rows."""
        found = np.zeros((len(rows), len(self.labels)), np.float32)
        done = 0
        for places in _portions([len(row) for row in rows], self.config.classify.pad_to):
            _go_on(keep_going)
            ids, lengths = self.batch([rows[place] for place in places])
            with torch.no_grad():
                found[places] = self.model.classes(ids, lengths).float().cpu().numpy()
            done += len(places)
            if progress is not None:
                progress(done, len(rows))
        return found

    def chances(self, logits: npt.NDArray[np.float32]) -> Floats:
        """Probabilities (rows, classes): softmax, or a sigmoid for each where a row may have several classes."""
        wide = torch.from_numpy(logits).double()
        return (wide.sigmoid() if self.config.classify.multi_label else wide.softmax(-1)).numpy()


# --- opening ----------------------------------------------------------------------------------------------------------


def checkpoint_of(folder: Path, step: int | None = None) -> Path:
    """The checkpoint that is meant: `folder` itself, or of a run the one at `step`, else its best, else its newest."""
    if (folder / "state.json").is_file():
        return folder
    return choose_checkpoint(RunRecord(folder), "best" if step is None else step).folder


def opened(folder: Path, step: int | None = None) -> Classifier:
    """The classifier in memory: a try box asks the same one again and again."""
    return at_hand(checkpoint_of(folder, step), _open)


def _open(checkpoint: Path) -> Classifier:
    config = read_state(checkpoint).config
    refuse_other(config, "classify", checkpoint)
    compute = replace(choose(ComputeConfig()), precision="fp32")
    compute.apply()
    found = open_weights(checkpoint, compute.device)
    assert found.tokenizer is not None
    found.model.eval()
    found.model.requires_grad_(False)
    if found.model.reader is not None:
        found.model.reader.kept = KeptRows(0)  # no row comes again
    return Classifier(found.model, found.config, found.tokenizer, compute, checkpoint, threading.Lock())


def refuse_other(config: RunConfig, objective: str, checkpoint: Path) -> None:
    """Refuse a model that learned something else."""
    if config.objective != objective:
        words = {"classify": tr("classes"), "regress": tr("numbers")}[objective]
        raise StudioError(
            tr("“{name}” has not learned {what}.", name=visible(checkpoint.parents[1].name), what=words),
            tr("Choose a run that has the task “{objective}”.", objective=objective),
        )


# --- a side of the split ----------------------------------------------------------------------------------------------


def scored(
    folder: Path, split: str = "validation", progress: Progress | None = None, keep_going: KeepGoing | None = None,
    step: int | None = None,
) -> Scored:  # fmt: skip
    """What the run in `folder` says of every row of "training", "validation" or "test"; quick the second time."""
    checkpoint, config, dataset = rows_of(folder, step, "classify")
    facts = {"labels": list(config.classify.labels)}
    make = partial(_scored, checkpoint, dataset, split, progress, keep_going)
    arrays = kept_or_made(checkpoint, split, dataset.sha256, make, facts)
    return Scored(
        config.classify.labels, arrays["truth"], arrays["logits"], arrays["rows"], dataset.title, split,
        texts_of(dataset), config.classify.multi_label,
    )  # fmt: skip


def rows_of(folder: Path, step: int | None, objective: str) -> tuple[Path, RunConfig, Dataset]:
    """The checkpoint that is meant, how it was taught `objective`, and the rows that it was taught with."""
    checkpoint = checkpoint_of(folder, step)
    config = read_state(checkpoint).config
    refuse_other(config, objective, checkpoint)
    return checkpoint, config, Project.open(checkpoint.parents[3]).find_dataset(config.data.dataset)


def _scored(
    checkpoint: Path, dataset: Dataset, split: str, progress: Progress | None, keep_going: KeepGoing | None
) -> dict[str, npt.NDArray[Any]]:
    known = opened(checkpoint)
    examples = read(dataset, known.tokenizer, known.config, lambda done, total: None, keep_going or (lambda: True))
    places = np.unique(examples.split.of(split))
    assert examples.targets is not None
    with known.lock:
        known.compute.apply()
        logits = known.logits([examples.of(int(place)).tolist() for place in places], progress, keep_going)
    return {"truth": examples.targets[places], "logits": logits, "rows": examples.rows[places]}


def texts_of(dataset: Dataset) -> Callable[[Sequence[int]], list[str]]:
    """Reads the texts of rows by their numbers."""
    roles = dataset.reading.roles
    column = roles.get("text") or roles.get("prompt", "")  # of rows that are completed with a number
    return lambda numbers: [spoken(values.get(column)) for values in dataset.rows_at(list(numbers))]


# --- single texts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attributed:
    """Which tokens of a text speak for a class: `scores` (tokens,) together are `total`, and should be `wanted`.

    `wanted` is how far the class' logit is above that of a text of which nothing is known. `chances` is every class
    with its probability.
    """

    tokens: tuple[str, ...]
    scores: Floats
    label: str
    total: float
    wanted: float
    chances: tuple[tuple[str, float], ...]


def attributed(
    folder: Path, text: str, label: str = "", method: str = "integrated", strength: float | None = None,
    step: int | None = None,
) -> Attributed:  # fmt: skip
    """Take one text apart for `label`, or the likeliest class; `method` is one of `insight.token_effects.METHODS`."""
    known = opened(folder, step)
    if label and label not in known.labels:
        raise StudioError(
            tr("There is no class “{label}”.", label=visible(label)),
            tr("There are: {labels}.", labels=", ".join(map(visible, known.labels))),
        )
    row = known.ids(text)
    with known.lock:
        known.compute.apply()
        set_adapter_strength(known.model, strength)
        ids, lengths = known.batch([row])
        output = known.labels.index(label) if label else None
        grounds = known.grounds.setdefault(1.0 if strength is None else strength, Grounds())
        if known.config.classify.read_at != "padded":
            ids = ids[:, : len(row)]
        found = effects(known.model, ids, lengths, output, method, grounds)
    chances = known.chances(found.logits[None])[0]
    tokens = tuple(map(known.tokenizer.token_text, row))
    return Attributed(
        tokens, found.scores, known.labels[found.output], float(found.scores.sum()), found.wanted,
        tuple(zip(known.labels, chances.tolist(), strict=True)),
    )  # fmt: skip


# --- texts and files --------------------------------------------------------------------------------------------------


def classify_texts(
    folder: Path, texts: Sequence[str], step: int | None = None, strength: float | None = None
) -> tuple[tuple[str, ...], Floats]:
    """The classes, and the probability of each for each text (texts, classes)."""
    known = opened(folder, step)
    with known.lock:
        known.compute.apply()
        set_adapter_strength(known.model, strength)
        return known.labels, known.chances(known.logits([known.ids(text) for text in texts]))


def set_adapter_strength(model: Decoder, strength: float | None) -> None:
    """As it was trained where nothing is said; a model without an adapter has none to scale."""
    if lora_layers(model):
        set_strength(model, 1.0 if strength is None else strength)


def classify_file(
    folder: Path, source: Path, column: str, out: Path, progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> int:  # fmt: skip
    """Write the rows of a table with the class and its probabilities behind them; complete or not there at all.

    Returns how many there are. A row whose text is empty gets no class. Progress in bytes of the table.
    """
    from studio.formats import Choices, open_table

    table = open_table(source, Choices())
    if column not in table.facts.columns:
        raise StudioError(
            tr("“{name}” has no column “{column}”.", name=source.name, column=visible(column)),
            tr("Its columns: {columns}.", columns=", ".join(map(visible, table.facts.columns))),
        )
    if out.suffix.lower() not in (".csv", ".tsv", ".jsonl"):
        raise StudioError(tr("Classes are not written as “{name}”.", name=out.name), tr("Use .csv, .tsv or .jsonl."))
    known = opened(folder)
    names = answer_names(table.facts.columns, known.labels)
    done, size = [0], max(1, source.stat().st_size)

    def watch(count: int) -> None:
        done[0] += count
        if progress is not None:
            progress(min(done[0], size), size)

    rows = (row.values for row in table.rows(watch=watch, keep_going=keep_going))
    with known.lock:
        known.compute.apply()
        set_adapter_strength(known.model, None)
        answered = _answered(known, rows, column, names, keep_going)
        return write_rows(out, answered, (*table.facts.columns, *names), Reading("text", {}))


def answer_names(columns: Sequence[str], labels: Sequence[str]) -> list[str]:
    """The new columns: the class, its probability, then the probability of every class; none that is there already."""
    names: list[str] = []
    for wanted in ("label", "probability", *(f"P({label})" for label in labels)):
        numbered = (f"{wanted} {number}" for number in itertools.count(2))
        free = (name for name in itertools.chain((wanted, f"predicted {wanted}"), numbered) if name not in columns)
        names.append(next(name for name in free if name not in names))
    return names


def _answered(
    known: Classifier, rows: Iterable[Values], column: str, names: Sequence[str], keep_going: KeepGoing | None
) -> Iterator[Values]:
    """The rows with what the model says of them, a chunk in memory at a time."""
    stream = iter(rows)
    while chunk := list(itertools.islice(stream, CHUNK)):
        texts = [spoken(values.get(column)) for values in chunk]
        asked = [place for place, text in enumerate(texts) if text.strip()]
        logits = known.logits([known.ids(texts[place]) for place in asked], keep_going=keep_going)
        found = dict(zip(asked, known.chances(logits), strict=True))
        for place, values in enumerate(chunk):
            yield {**values, **(_said(known, found[place], names) if place in found else {})}


def _said(known: Classifier, chances: Floats, names: Sequence[str]) -> Values:
    if known.config.classify.multi_label:
        places = np.flatnonzero(chances > 0.5).tolist()
        label, sure = ", ".join(known.labels[place] for place in places), float(np.maximum(chances, 1 - chances).min())
    else:
        place = int(chances.argmax())
        label, sure = known.labels[place], float(chances[place])
    return dict(zip(names, (label, *(round(float(chance), 6) for chance in (sure, *chances))), strict=True))


def _portions(lengths: Sequence[int], pad_to: int) -> Iterator[list[int]]:
    """Places of rows that go through the model together, the longest first so that memory shows its worst at once."""
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable").tolist()
    while order:
        count = max(1, AT_ONCE // max(pad_to, lengths[order[0]]))
        yield order[:count]
        order = order[count:]


def _go_on(keep_going: KeepGoing | None) -> None:
    if keep_going is not None and not keep_going():
        raise StudioError(tr("Classifying was stopped."), tr("Nothing was written."))
