"""Answers that a person has rated become rows of a dataset, to be learned from or to be sorted out later."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.prompts import Turn
from studio.rows import Values
from studio.rows.kinds import Reading
from studio.store.datasets import Dataset, dataset_versions, described, making, next_version, opened, seal
from studio.store.files import rename_folder, sync_folder
from studio.store.row_file import RowWriter

if TYPE_CHECKING:
    from studio.store.project import Project

NAME = "Rated answers"
_READING = Reading("messages", {"messages": "messages"}, "“messages” holds the turns of a chat, “rating” the verdict.")
_SAID = {1: "liked", -1: "not liked"}


def add_rated(project: "Project", turns: Sequence[Turn], answer: str, rating: int) -> Dataset:
    """The next version of the dataset “Rated answers” with one more row; the same answer again gets the new rating.

    A row holds the turns that led to the answer, the answer as the last one, and `rating`, 1 or -1.
    """
    if rating not in _SAID:
        raise StudioError(f"An answer is rated 1 or -1, not {rating}.")
    if not any(turn.role == "user" for turn in turns) or not answer.strip():
        raise StudioError(
            "There is no question or no answer to keep.", "Rate an answer that a model gave to a question."
        )
    messages = [*turns, Turn("assistant", answer)]
    row: Values = {"messages": [{"role": turn.role, "content": without_halves(turn.whole)} for turn in messages]}
    row["rating"] = rating
    datasets = project.path / "datasets"
    versions = dataset_versions(datasets, NAME)
    if not versions:
        return _begun(project, row)
    newest = versions[-1]
    if newest.reading.kind != _READING.kind or newest.reading.roles.get("messages") != "messages":
        raise StudioError(f"The dataset “{NAME}” holds rows of another kind.", "Rename it, then rate the answer again.")
    known = next((values for values in newest.stream() if values.get("messages") == row["messages"]), None)
    if known == row:
        return newest
    sentence = f"One answer added: {_SAID[rating]}." if known is None else f"One answer rated anew: {_SAID[rating]}."
    return next_version(newest, _with(newest, row, known is not None), sentence)


def _with(dataset: Dataset, row: Values, there: bool) -> Iterator[Values]:
    """All rows and the new one, which takes the place of the one that says the same."""
    for values in dataset.stream():
        yield row if there and values.get("messages") == row["messages"] else values
    if not there:
        yield row


def _begun(project: "Project", row: Values) -> Dataset:
    """Version 1, with this row alone."""
    datasets = project.path / "datasets"
    with making(datasets, 0, f"The dataset “{NAME}”") as temporary:
        (temporary / "v1").mkdir()
        with RowWriter(temporary / "v1") as writer:
            writer.write(row)
        seal(temporary / "v1", described(writer, _READING, sources=("rated in the chat",), why=()))
        rename_folder(temporary, datasets / NAME)
        sync_folder(datasets)
    return opened(datasets / NAME / "v1")
