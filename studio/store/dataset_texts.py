"""Between rows and texts: a text read as rows, a dataset written down as a text, and either of them cleaned."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.cleaning import Tally, clean
from studio.rows.kinds import Reading, missing, text_of
from studio.rows.steps import step_to_json, step_words
from studio.store.corpus import END_OF_TEXT, Text, write_text
from studio.store.datasets import Dataset, next_version
from studio.store.disk import require_space
from studio.store.project import Project
from studio.store.row_file import KeepGoing, Progress, require_going

PLAIN = Reading("text", {"text": "text"}, "A text has one column.")
LONGEST = 1 << 22  # characters of one document; a longer one is cut, so that it need not fit in memory

_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
_EMPTY_LINES_BEFORE = re.compile(r"\A(?:[ \t]*\n)+")
_MARKS = re.compile(r"<\|([^\s<>|]{1,40})\|>")  # how end of text and its like are spelled
_END = re.compile(r"<\|(endoftext)\|>")
_ASK = 256  # documents between two questions whether to go on


def reading_of(source: Text | Dataset) -> Reading:
    """How the rows of a source are read."""
    return source.reading if isinstance(source, Dataset) else PLAIN


def rows_of(source: Text | Dataset, keep_going: KeepGoing | None = None) -> Iterator[Values]:
    """The rows of a source; of a text its documents, or its paragraphs where nothing stands between documents."""
    if isinstance(source, Dataset):
        return source.stream(keep_going)
    return ({"text": document} for document in documents_in(source.chunks(), source.separator, keep_going))


def documents_in(chunks: Iterable[str], separator: str = "", keep_going: KeepGoing | None = None) -> Iterator[str]:
    """The documents of a text, or its paragraphs without a separator; empty ones are left out.

    What stands between them does not belong to them. A few megabytes in memory.
    """
    separated = bool(separator.strip())
    between = re.compile(re.escape(separator)) if separated else _EMPTY_LINE
    rest = ""
    for chunk in itertools.chain(chunks, (None,)):
        require_going(keep_going)
        *whole, rest = between.split(rest + chunk) if chunk is not None else [rest, ""]
        for document in filter(str.strip, whole):
            yield document if separated else _EMPTY_LINES_BEFORE.sub("", document.rstrip("\n"))
        while len(rest) > LONGEST:
            yield rest[:LONGEST]
            rest = rest[LONGEST:]


def text_from(
    project: Project,
    dataset: Dataset,
    *,
    separator: str = END_OF_TEXT,
    name: str = "",
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Text:
    """A text to pretrain on, of what a model reads of each row; rows without any text are left out.

    What is spelled like a special token inside a row stays text: a blank is put into it, and that is told.
    """
    if lacking := missing(dataset.reading):
        words = ", ".join(f"“{role.label}”" for role in lacking)
        raise StudioError(f"“{dataset.title}” has no column for {words}.", "Choose it in the header of a column.")
    require_space(project.path, dataset.bytes, "the text")
    writing = Writing(f"rows of “{dataset.title}”", separator)
    rows = _watched(dataset.stream(keep_going), dataset.rows, progress)
    pieces = writing.pieces(text_of(dataset.reading, values) for values in rows)
    return write_text(
        project.path / "texts",
        name or dataset.name,
        pieces,
        writing.sentence,
        separator=separator,
        parent=dataset.title,
    )


def cleaned(
    project: Project,
    source: Text | Dataset,
    steps: Sequence[Any],
    *,
    name: str = "",
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Text | Dataset:
    """What the steps leave of a source: the next version of a dataset, or a new text beside the old one.

    A text's documents keep their separator; paragraphs are put together again by an empty line. Only what stood between
    documents before ends one afterwards: where a step makes such a mark inside a document, it gets a blank.
    """
    tallies: list[Tally] = []
    watched = _watched(rows_of(source, keep_going), source.rows if isinstance(source, Dataset) else 0, progress)
    columns = source.columns if isinstance(source, Dataset) else ("text",)
    rows = clean(watched, steps, reading_of(source), tallies=tallies, columns=columns, keep_going=keep_going)
    if isinstance(source, Dataset):
        kept = [step_to_json(step) for step in steps]
        return next_version(source, rows, lambda: changed_words(tallies), steps=kept, keep_going=keep_going)
    require_space(project.path, source.bytes, "the text")
    writing = Writing("", source.separator or "\n\n", marks=True)
    return write_text(
        project.path / "texts",
        name or f"{source.name} cleaned",
        writing.pieces(str(values["text"]) for values in rows),
        lambda: f"“{source.name}”, cleaned. {changed_words(tallies)}{writing.blanks()}",
        separator=source.separator,
        parent=source.name,
    )


def changed_words(tallies: Sequence[Tally]) -> str:
    """A sentence on what each step did: "Drop exact duplicates (403 dropped), normalise blanks (12 changed)."""
    done: list[str] = []
    for tally in tallies:
        counts = [
            f"{tally.dropped:,} dropped" if tally.dropped else "",
            f"{tally.changed:,} changed" if tally.changed else "",
        ]
        words = step_words(tally.step)
        words = words[:1].lower() + words[1:] if done else words
        done.append(f"{words} ({', '.join(filter(None, counts)) or 'nothing'})")
    return f"{', '.join(done)}."


class Writing:
    """Documents on their way into a text, counted; `sentence` says afterwards what became of them."""

    def __init__(self, made_of: str, separator: str, *, marks: bool = False) -> None:
        self.documents = 0
        self.broken = 0  # documents in which the spelling of a special token got a blank
        self._made_of = made_of
        self._separator = separator
        self._between = separator == END_OF_TEXT  # only then a mark can be more than text
        self._marks = marks  # whether those that are never more than text may stay as they are spelled

    def pieces(self, documents: Iterable[str]) -> Iterator[str]:
        """The documents and what stands between them; empty ones are left out."""
        for document in filter(str.strip, documents):
            if self.documents:
                yield self._separator
            self.documents += 1
            yield self._plain(document.replace("\r\n", "\n").replace("\r", "\n"))
        if not self.documents:
            raise StudioError("No text would be left.", "Nothing was changed. Loosen a step, or choose other columns.")

    def _plain(self, document: str) -> str:
        if not self._between:
            return document
        plain = (_END if self._marks else _MARKS).sub(r"<|\1 |>", document)
        self.broken += plain != document
        return plain

    def sentence(self) -> str:
        """What it was made of."""
        return f"Made of {self.documents:,} {self._made_of}.{self.blanks('of them')}"

    def blanks(self, whose: str = "of its documents") -> str:
        """A further sentence where marks got a blank, else nothing."""
        if not self.broken:
            return ""
        return f" In {self.broken:,} {whose} a mark such as {END_OF_TEXT} got a blank, so that it stays text."


def _watched(rows: Iterable[Values], total: int, progress: Progress | None) -> Iterator[Values]:
    for number, values in enumerate(rows):
        if progress is not None and number % _ASK == 0:
            progress(number, total)
        yield values
