"""The datasets that come with Atelier become datasets of a project, as if they had been imported."""

import dataclasses

from studio.core.shelf import SAMPLES
from studio.rows.kinds import Reading
from studio.samples import Sample
from studio.store.datasets import Dataset, described, making, opened, seal
from studio.store.files import free_name, rename_folder, sync_folder
from studio.store.project import Project
from studio.store.row_file import KeepGoing, Progress, RowWriter, require_going

_ASK = 256  # rows between two questions whether to go on
_BYTES = 400  # that a row may need, for the look whether there is room


def samples() -> list[Sample]:
    """All there are, in the order of their names."""
    return [SAMPLES.load(name) for name in SAMPLES.names()]


def sample_titles() -> dict[str, str]:
    """What each is called, by its name."""
    return {sample.name: sample.label for sample in samples()}


def add_sample(
    project: Project, name: str, progress: Progress | None = None, keep_going: KeepGoing | None = None
) -> Dataset:
    """Write a sample as version 1 of a new dataset; `progress` is told rows.

    The same rows that are here already are returned instead, with a note. Stopped early, nothing stays; an unknown
    name is a `StudioError`.
    """
    sample: Sample = SAMPLES.load(name)
    datasets = project.path / "datasets"
    with making(datasets, sample.count * _BYTES, f"The sample “{sample.label}”") as temporary:
        folder = temporary / "v1"
        folder.mkdir()
        with RowWriter(folder) as writer:
            for values in sample.rows(sample.seed):
                if writer.rows % _ASK == 0:
                    require_going(keep_going)
                    if progress is not None:
                        progress(writer.rows, sample.count)
                writer.write(values)
        require_going(keep_going)
        reading = Reading(sample.kind, dict(sample.roles), "Atelier wrote it so.")
        for known in project.datasets():
            if known.sha256 == writer.sha256 and dict(known.reading.roles) == reading.roles:
                note = f"These are the rows of “{known.title}”, which is here already; nothing was added."
                return dataclasses.replace(known, notes=(note,))
        seal(folder, described(writer, reading, sources=(source_of(sample),), why=("It comes with Atelier.",)))
        final = datasets / free_name(datasets, sample.name)
        rename_folder(temporary, final)
        sync_folder(datasets)
    return opened(final / "v1")


def source_of(sample: Sample) -> str:
    """What a dataset says that it came from."""
    return f"Atelier's sample “{sample.label}”"
