"""Where the rows of a table come from: a dataset, some rows of it, or pieces of a text. All of it runs on threads."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from studio.store.dataset_texts import rows_of
from studio.tables.row_words import ShownRow, shown_row

if TYPE_CHECKING:
    from studio.store.corpus import Text
    from studio.store.datasets import Dataset

Values = dict[str, Any]


def page_of(dataset: "Dataset", start: int, count: int) -> list[tuple[int, Values]]:
    """Numbered rows of a whole dataset."""
    return list(enumerate(dataset.page(start, count), start))


def picked(dataset: "Dataset", numbers: Sequence[int], start: int, count: int) -> list[tuple[int, Values]]:
    """Numbered rows of some that were picked, in the order in which they were."""
    part = [int(number) for number in numbers[start : start + count]]
    return list(zip(part, dataset.rows_at(part), strict=True))


def pieces(
    text: "Text", numbers: Sequence[int], most: int, keep_going: Callable[[], bool] | None = None
) -> list[ShownRow]:
    """Paragraphs or documents of a text by number, in the order given, at most so many."""
    wanted = [int(number) for number in numbers[:most]]
    last, needed = max(wanted, default=-1), set(wanted)
    found: dict[int, ShownRow] = {}
    for number, values in enumerate(rows_of(text, keep_going)):
        if number > last:
            break
        if number in needed:
            found[number] = shown_row(number, values, ("text",))
    return [found[number] for number in wanted if number in found]


def whole_row(dataset: "Dataset", number: int) -> Values:
    """One row with all of its values."""
    return dataset.rows_at([number])[0]
