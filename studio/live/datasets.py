"""The datasets of the open project as wishes: each is a job, each ends in a new version. Part of the session."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.project_things import ProjectThings
from studio.live.runs import Undo
from studio.store.project import Project

if TYPE_CHECKING:
    from studio.formats import Choices
    from studio.rows.kinds import Reading
    from studio.store.corpus import Text
    from studio.store.datasets import Dataset

Values = dict[str, Any]
_SAMPLE = "studio.store.sample_datasets:add_sample"
_TEXT_FROM = "studio.store.dataset_texts:text_from"


@dataclass(frozen=True)
class Arrival:
    """A table that is to be taken in, and what was chosen about it; None: as it is found by looking."""

    path: Path
    choices: "Choices | None"
    reading: "Reading | None"
    name: str


class Datasets(ProjectThings):
    """Like `Texts`: what it starts tells by `changed` when something new lies on the disk, a text or a dataset."""

    kind = "datasets"

    def add(self, path: Path, choices: "Choices | None", reading: "Reading | None", name: str = "") -> Job:
        """Import a table; the job's result is the `Dataset`."""
        title = tr("Importing {what}", what=name or path.name)
        arrival = Arrival(path, choices, reading, name)
        return self._told(self._jobs.start(import_rows, self._here(), arrival, title=title))

    def add_sample(self, name: str, label: str) -> Job:
        """Write one of the datasets that come along into the project; the job's result is the `Dataset`."""
        title = tr("Adding the sample “{what}”", what=label)
        return self._told(self._jobs.start(_SAMPLE, self._here(), name, title=title))

    def edit(self, parent: "Dataset", edits: Mapping[int, Values | None], reading: "Reading") -> Job:
        """Keep what was changed by hand as the next version; the job's result is the `Dataset`."""
        title = tr("Saving the next version of “{name}”", name=parent.name)
        return self._told(self._jobs.start("studio.store.datasets:edited", parent, dict(edits), reading=reading,
                                           title=title))  # fmt: skip

    def write_out(self, dataset: "Dataset") -> Job:
        """Make a text of it, to learn from; the job's result is the `Text`."""
        title = tr("Making a text of “{name}”", name=dataset.name)
        job = self._jobs.start(_TEXT_FROM, self._here(), dataset, title=title)
        job.succeeded.connect(self._text_made)
        return job

    def find(self, dataset: "Dataset", words: str) -> Job:
        """Search all rows; the job yields the numbers of those that hold the words, whatever their case."""
        title = tr("Searching “{name}”", name=dataset.title)
        return self._jobs.start(rows_with, dataset, words, title=title, lane="datasets.find")

    def delete(self, name: str) -> Undo:
        """Move a dataset with all its versions to the trash."""
        way_back = partial(self._restore, self._here().delete_dataset(name))
        self._tell()
        return Undo(tr("“{name}” was moved to the trash with all its versions.", name=name), way_back)

    def made(self, _thing: object = None) -> None:
        """Something was made by others, as by cleaning."""
        self.changed.emit(frozenset({"datasets", "texts"}))

    def _text_made(self, _text: "Text") -> None:
        self.changed.emit(frozenset({"texts"}))


def import_rows(
    project: Project,
    arrival: Arrival,
    *,
    progress: Callable[[int, int], None] | None = None,
    keep_going: Callable[[], bool] | None = None,
) -> "Dataset":
    """`Project.add_dataset` with the words that a job looks for; runs on a thread of its own."""
    return project.add_dataset(
        arrival.path, arrival.choices, arrival.reading, name=arrival.name, progress=progress, keep_going=keep_going
    )


def rows_with(
    dataset: "Dataset", words: str, *,
    progress: Callable[[int, int], None] | None = None, keep_going: Callable[[], bool] | None = None,
) -> Iterator[int]:  # fmt: skip
    """Numbers of the rows in which some value holds `words`, whatever their case."""
    wanted = words.casefold()
    for number, values in enumerate(dataset.stream(keep_going)):
        if progress is not None and number % 1_000 == 0:
            progress(number, dataset.rows)
        if any(_holds(value, wanted) for value in values.values()):
            yield number


def _holds(value: Any, wanted: str) -> bool:
    if isinstance(value, str):
        return wanted in value.casefold()
    if isinstance(value, list | dict):
        return any(_holds(item, wanted) for item in (value.values() if isinstance(value, dict) else value))
    return value is not None and wanted in str(value).casefold()
