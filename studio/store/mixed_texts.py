"""Several texts and datasets mixed into one text, document by document."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.kinds import Reading, text_of
from studio.rows.mixing import Lengths, draw, plan
from studio.store.corpus import END_OF_TEXT, Text, write_text
from studio.store.dataset_texts import Writing, reading_of, rows_of
from studio.store.datasets import Dataset
from studio.store.disk import explained, require_space
from studio.store.project import Project
from studio.store.row_file import KeepGoing, Progress, RowReader, RowWriter, require_going
from studio.tokenizers import make_tokenizer

Source = Text | Dataset

MOST = 100  # epochs over one source
_ASK = 256  # documents between two questions whether to go on
_NEAR = 0.01  # how far the share of a source may be from the wanted one without being told
_FIRST_ROWS = 20_000  # that a dataset is weighed by
_FIRST_DOCUMENTS = 1_000  # that a text is weighed by
_SAMPLE = 100_000  # characters that are cut into tokens


@dataclass(frozen=True)
class Mixture:
    """What to mix: sources with weights, how long (with what stands between), α of p ∝ w^α, and the seed that draws."""

    sources: tuple[tuple[Source, float], ...]
    characters: int
    alpha: float = 1.0
    seed: int = 123
    separator: str = END_OF_TEXT
    name: str = ""


@dataclass(frozen=True)
class Weighed:
    """How much a source is, with the end of text behind each document: exact where it is small, else by its first."""

    characters: int
    tokens_per_character: float | None  # by its beginning; None where no tokenizer is at hand


def weigh(
    project: Project, sources: Sequence[Source], tokenizer: str, *, keep_going: KeepGoing | None = None
) -> list[Weighed]:
    """Characters of each source, and how many tokens they make."""
    return [_weighed(project, source, tokenizer, keep_going) for source in sources]


def _weighed(project: Project, source: Source, name: str, keep_going: KeepGoing | None) -> Weighed:
    reading, rows, characters, sample = reading_of(source), 0, 0, ""
    most = _FIRST_ROWS if isinstance(source, Dataset) else _FIRST_DOCUMENTS
    for values in islice(rows_of(source, keep_going), most):
        text = text_of(reading, values)
        rows, characters = rows + 1, characters + len(text)
        if len(sample) < _SAMPLE:
            sample += text[:_SAMPLE] + END_OF_TEXT
    marked = characters + rows * len(END_OF_TEXT)
    if isinstance(source, Dataset):
        total = round(marked * source.rows / max(1, rows))
    else:
        before = characters + rows * len(source.separator or "\n\n")
        total = round(marked * source.characters / max(1, before)) if rows == most else marked
    try:
        found = project.tokenizer(name)
        tokenizer = make_tokenizer(found, [sample]) if isinstance(found, str) else found
        rate = len(tokenizer.encode_array(sample, marked=True)) / len(sample) if sample else None
    except StudioError:
        rate = None
    return Weighed(total, rate)


def characters_of(source: Source, keep_going: KeepGoing | None = None) -> Lengths:
    """Characters of each document of a source, 0 where it is blank, (documents,)."""
    return _lengths(rows_of(source, keep_going), reading_of(source))


def mixed(
    project: Project, mixture: Mixture, *, progress: Progress | None = None, keep_going: KeepGoing | None = None
) -> Text:
    """A new text of documents drawn from all sources; the same mixture is the same text. Progress in characters."""
    texts = project.path / "texts"
    size = 4 * mixture.characters
    with explained("The mixture", texts, size), ExitStack() as opened:
        require_space(project.path, size, "the mixture")
        texts.mkdir(exist_ok=True)
        place = Path(opened.enter_context(TemporaryDirectory(prefix=f".making-{os.getpid()}-", dir=texts)))
        blend = _Blend(mixture, place, opened, keep_going)
        writing = Writing("documents", mixture.separator)
        documents = writing.pieces(blend.documents(progress, keep_going))
        words, title = (lambda: f"{writing.sentence()} {blend.words()}"), mixture.name or "Mixture"
        return write_text(texts, title, documents, words, separator=mixture.separator, parent=blend.names)


class _Blend:
    """A mixture at work: every source indexed, its part decided, its documents drawn."""

    def __init__(self, mixture: Mixture, place: Path, opened: ExitStack, keep_going: KeepGoing | None) -> None:
        self._mixture = mixture
        chosen = [(source, weight) for source, weight in mixture.sources if weight]
        self._sources = [
            opened.enter_context(_Documents(source, place / str(number), keep_going))
            for number, (source, _) in enumerate(chosen)
        ]
        between = len(mixture.separator)
        lengths = [np.where(source.lengths, source.lengths + between, 0) for source in self._sources]
        sizes = [int(length.sum()) for length in lengths]
        self._parts = plan(sizes, [weight for _, weight in chosen], mixture.alpha, mixture.characters)
        if max(part.epochs for part in self._parts) > MOST:
            sentence = f"Some source would be read more than {MOST} times."
            raise StudioError(sentence, "Mix fewer characters, or give it less weight.")
        wanted = [part.characters for part in self._parts]
        self._order = draw(lengths, wanted, mixture.seed)
        order = self._order
        self._drawn = [int(length[order[order[:, 0] == number, 1]].sum()) for number, length in enumerate(lengths)]
        self._epochs = [drawn / size for drawn, size in zip(self._drawn, sizes, strict=True)]

    @property
    def names(self) -> str:
        """Of all sources."""
        return ", ".join(source.title for source in self._sources)

    def words(self) -> str:
        """A sentence on what was drawn, and on what was wanted where documents are too long to come near it."""
        total, said = sum(self._drawn), []
        for part, drawn, epochs, source in zip(self._parts, self._drawn, self._epochs, self._sources, strict=True):
            wanted = "" if abs(drawn / total - part.share) < _NEAR else f"{_percent(part.share)} wanted, "
            said.append(f"{_percent(drawn / total)} “{source.title}” ({wanted}read {_times(epochs)})")
        return f"{', '.join(said)}; α {self._mixture.alpha:g}, seed {self._mixture.seed}."

    def documents(self, progress: Progress | None, keep_going: KeepGoing | None) -> Iterator[str]:
        """Those that were drawn."""
        done, total, between = 0, sum(self._drawn), len(self._mixture.separator)
        for start in range(0, len(self._order), _ASK):
            require_going(keep_going)
            if progress is not None:
                progress(min(done, total), total)
            for source, document in self._order[start : start + _ASK].tolist():
                text = self._sources[source].document(document)
                done += len(text) + between
                yield text


class _Documents:
    """The documents of a source, to be read in any order: a dataset's own files, or a copy of a text's documents."""

    def __init__(self, source: Source, folder: Path, keep_going: KeepGoing | None) -> None:
        self.title = source.title if isinstance(source, Dataset) else source.name
        self._reading = reading_of(source)
        if isinstance(source, Dataset):
            folder = source.folder
            self.lengths = characters_of(source, keep_going)
        else:
            folder.mkdir()
            with RowWriter(folder) as writer:
                self.lengths = _lengths(_kept(rows_of(source, keep_going), writer), self._reading)
        self._reader = RowReader(folder)

    def __enter__(self) -> "_Documents":
        return self

    def __exit__(self, *_error: object) -> None:
        self._reader.close()

    def document(self, number: int) -> str:
        """One of them."""
        return text_of(self._reading, self._reader.row(number))


def _percent(share: float) -> str:
    """25%, 0.25%."""
    return f"{share:.0%}" if share >= 0.01 or not share else f"{100 * share:.2g}%"


def _times(epochs: float) -> str:
    """Once, 0.5 times."""
    words = f"{epochs:.2g}" if epochs < 10 else f"{epochs:.0f}"
    return "once" if words == "1" else f"{words} times"


def _kept(rows: Iterable[Values], writer: RowWriter) -> Iterator[Values]:
    for values in rows:
        writer.write(values)
        yield values


def _lengths(rows: Iterable[Values], reading: Reading) -> Lengths:
    texts = (text_of(reading, values) for values in rows)
    return np.fromiter((0 if text.isspace() else len(text) for text in texts), np.int64)
