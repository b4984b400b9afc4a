"""Small datasets for the tests of this room."""

from collections.abc import Sequence

from studio.rows import Values
from studio.rows.kinds import Reading
from studio.store.datasets import Dataset, described, making, opened, seal
from studio.store.project import Project
from studio.store.row_file import RowWriter

PLAIN = Reading("text", {"text": "text"}, "Named so.")


def dataset_of(project: Project, rows: Sequence[Values], reading: Reading = PLAIN, name: str = "rows") -> Dataset:
    """Version 1 of a dataset that holds these rows."""
    final = project.path / "datasets" / name
    with making(project.path / "datasets", 0, "The dataset") as temporary:
        (temporary / "v1").mkdir()
        with RowWriter(temporary / "v1") as writer:
            for values in rows:
                writer.write(values)
        seal(temporary / "v1", described(writer, reading, sources=(), why=()))
        temporary.rename(final)
    return opened(final / "v1")
