"""Surveys of texts and datasets, made in the background one at a time and kept for whoever looks again."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.store.corpus import Text
from studio.tokenizers import Tokenizer, make_tokenizer

if TYPE_CHECKING:
    from studio.rows import Values
    from studio.rows.survey import Survey
    from studio.store.datasets import Dataset
    from studio.store.project import Project

    Source = Text | Dataset

AUTOMATIC_ROWS = 200_000  # what is surveyed without being asked
AUTOMATIC_CHARACTERS = 50_000_000
_KEPT = 6

Key = tuple[str, str, str]
Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]


@dataclass(frozen=True)
class Wish:
    """What is to be surveyed: a source, or its beginning unless `whole`; `tokenizer` by its name in the project."""

    source: "Source"
    tokenizer: str
    share: float  # held back
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Surveyed:
    """A survey and how it came about; `problem` says why lengths are in characters where they are."""

    survey: "Survey"
    whole: bool  # False when only the beginning was read
    tokenizer: str
    share: float  # held back
    problem: StudioError | None = None


class Surveys(QObject):
    """`want` answers at once with what is known and asks for the rest; `changed` says when more is known."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._known: dict[Key, Surveyed] = {}
        self._failed: dict[Key, StudioError] = {}
        self._stopped: set[Key] = set()
        self._now: tuple[Key, bool] | None = None
        self._splitting: tuple[Key, float] | None = None
        self.job: Job | None = None
        self._split_job: Job | None = None
        session.changed.connect(self._session_changed)

    @classmethod
    def of(cls, session: Session) -> "Surveys":
        """The one of this session."""
        found = session.findChild(cls)
        return found if isinstance(found, cls) else cls(session)

    def want(self, source: "Source", tokenizer: str, share: float, whole: bool = False) -> Surveyed | None:
        """What is known of a source, split at `share`, if only of its beginning; `whole` reads a huge one to its end.

        A newer wish calls off an older one that is still going on.
        """
        key = _key(source, tokenizer)
        known = self._known.get(key)
        enough = known is not None and (known.whole or not whole)
        if not enough and key not in self._failed and key not in self._stopped and self._now != (key, whole):
            self._begin(key, Wish(source, tokenizer, share, whole))
        elif known is not None and known.share != share and self._splitting != (key, share):
            self._split(key, known, share)
        return known

    def again(self, source: "Source", tokenizer: str) -> None:
        """What failed or was called off may be tried once more."""
        self._stopped.discard(_key(source, tokenizer))
        self._failed.pop(_key(source, tokenizer), None)

    def failure(self, source: "Source", tokenizer: str) -> StudioError | None:
        """Why there is no survey of this source."""
        return self._failed.get(_key(source, tokenizer))

    def stopped(self, source: "Source", tokenizer: str) -> bool:
        """Whether a person called it off."""
        return _key(source, tokenizer) in self._stopped

    def working(self, source: "Source", tokenizer: str) -> bool:
        """Whether this source is being surveyed now."""
        return self._now is not None and self._now[0] == _key(source, tokenizer)

    def call_off(self) -> None:
        """End the survey that is going on; it is not begun again by itself."""
        if self._now is not None and self.job is not None:
            if self._now[0] not in self._known:
                self._stopped.add(self._now[0])
            self.job.cancel()

    def _begin(self, key: Key, wish: Wish) -> None:
        if self._session.project is None:
            return
        self._now, self.job = (key, wish.whole), None  # an older one that waits for its turn ends at once
        name = wish.source.name if isinstance(wish.source, Text) else wish.source.title
        title = tr("Looking at all rows of “{name}”", name=name) if wish.whole else ""
        self.job = self._session.jobs.start(survey_source, self._session.project, wish, title=title, lane="data.survey")
        self.job.succeeded.connect(partial(self._surveyed, key))
        self.job.failed.connect(partial(self._refused, key))
        self.job.ended.connect(partial(self._ended, self.job))

    def _surveyed(self, key: Key, found: Surveyed) -> None:
        self._known.pop(key, None)
        self._known[key] = found
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def _refused(self, key: Key, error: StudioError) -> None:
        self._failed[key] = error

    def _ended(self, job: Job) -> None:
        if job is self.job:
            self._now = self.job = None
        self.changed.emit()

    def _split(self, key: Key, known: Surveyed, share: float) -> None:
        self._splitting, self._split_job = (key, share), None
        self._split_job = job = self._session.jobs.start(split_again, known, share, lane="data.split")
        job.succeeded.connect(partial(self._split_came, key, known))
        job.ended.connect(partial(self._split_ended, job))

    def _split_came(self, key: Key, before: Surveyed, found: Surveyed) -> None:
        """Unless more is known by now, as of all rows instead of the first."""
        if self._known.get(key) is before:
            self._surveyed(key, found)

    def _split_ended(self, job: Job) -> None:
        if job is self._split_job:
            self._splitting = self._split_job = None
            self.changed.emit()

    def _session_changed(self, what: frozenset[str]) -> None:
        """Another project has other sources, and a name may mean another tokenizer now: nothing is known any more."""
        if what & {"project", "tokenizers"}:
            self._known.clear()
            self._failed.clear()
            self._stopped.clear()
            for job in (self.job, self._split_job):
                if job is not None:
                    job.cancel()


def _key(source: "Source", tokenizer: str) -> Key:
    roles = "" if isinstance(source, Text) else json.dumps([source.reading.kind, sorted(source.reading.roles.items())])
    return source.sha256, roles or source.separator, tokenizer  # type: ignore[union-attr]


def split_again(known: Surveyed, share: float, *, keep_going: KeepGoing | None = None) -> Surveyed:
    """The same survey with another part held back."""
    from studio.rows.survey import split

    return replace(known, survey=split(known.survey, share, keep_going), share=share)


def survey_source(
    project: "Project", wish: Wish, *, progress: Progress | None = None, keep_going: KeepGoing | None = None
) -> Surveyed:
    """Survey a source; lengths in characters where the tokenizer fails. For a worker thread."""
    try:
        try:
            measure = _Measure(_tokenizer(project, wish, keep_going))
            return _surveyed(wish, measure, None, progress, keep_going)
        except _MeasureError as failed:
            return _surveyed(wish, None, failed.error, progress, keep_going)
    except OSError as error:
        words = tr("“{name}” cannot be read: {why}.", name=wish.source.name, why=error.strerror or error)
        raise StudioError(words, tr("Look whether its files are still in the project's folder.")) from error


def _surveyed(
    wish: Wish,
    encode: "_Measure | None",
    problem: StudioError | None,
    progress: Progress | None,
    keep_going: KeepGoing | None,
) -> Surveyed:
    from studio.rows.survey import survey
    from studio.store.dataset_texts import reading_of

    portion, share = Portion(wish, keep_going), wish.share
    reading = reading_of(wish.source)
    found = survey(portion, reading, encode, validation_share=share, progress=progress, keep_going=keep_going)
    return Surveyed(found, portion.exhausted, wish.tokenizer, share, problem)


class _MeasureError(Exception):
    """The tokenizer cannot say a row."""

    def __init__(self, error: StudioError) -> None:
        super().__init__(str(error))
        self.error = error


class _Measure:
    """Encodes rows, and tells what a tokenizer refuses from everything else that can go wrong."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._encode = tokenizer.encode

    def __call__(self, text: str) -> Sequence[int]:
        try:
            return self._encode(text)
        except StudioError as error:
            raise _MeasureError(error) from error


def _tokenizer(project: "Project", wish: Wish, keep_going: KeepGoing | None) -> Tokenizer:
    """The tokenizer by its name; one that learns its vocabulary from a text learns it from the rows."""
    from studio.rows.kinds import text_of
    from studio.store.dataset_texts import reading_of

    reading = reading_of(wish.source)
    texts = (text_of(reading, values) for values in Portion(wish, keep_going))
    try:
        found = project.tokenizer(wish.tokenizer)
        return make_tokenizer(found, texts) if isinstance(found, str) else found
    except StudioError as error:
        if keep_going is not None and not keep_going():
            raise
        raise _MeasureError(error) from error


class Portion:
    """The rows of a source, or as many as are read without being asked; its `len` is only an estimate for a text."""

    def __init__(self, wish: Wish, keep_going: KeepGoing | None = None) -> None:
        self.exhausted = False
        self._source, self._whole, self._keep_going = wish.source, wish.whole, keep_going
        self._rows = self._characters = 0

    def __len__(self) -> int:
        if not isinstance(self._source, Text):
            return self._source.rows if self._whole else min(self._source.rows, AUTOMATIC_ROWS)
        return int(self._source.characters * self._rows / max(1, self._characters))

    def __iter__(self) -> Iterator["Values"]:
        from studio.store.dataset_texts import rows_of

        for values in rows_of(self._source, self._keep_going):
            if not self._whole and (self._rows >= AUTOMATIC_ROWS or self._characters >= AUTOMATIC_CHARACTERS):
                return
            self._rows += 1
            self._characters += sum(len(value) for value in values.values() if isinstance(value, str))
            yield values
        self.exhausted = True
