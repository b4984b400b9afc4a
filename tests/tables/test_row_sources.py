"""Rows of a table by number: whichever way they are asked for, a number is always the same row."""

from pathlib import Path
from typing import Any

import pytest

from studio.tables.row_sources import page_of, picked, pieces, whole_row

ROWS = [f"text number {number}" for number in range(50)]


@pytest.fixture
def dataset(scripted_run: Any, tmp_path: Path) -> Any:
    path = tmp_path / "rows.csv"
    path.write_text("label,text\n" + "".join(f"{number % 2},{text}\n" for number, text in enumerate(ROWS)), "utf-8")
    return scripted_run.session.project.add_dataset(path)


def texts(rows: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, str]]:
    return [(number, values["text"]) for number, values in rows]


@pytest.mark.gui
def test_a_page_is_numbered_from_where_it_begins(dataset: Any) -> None:
    assert texts(page_of(dataset, 40, 20)) == [(number, ROWS[number]) for number in range(40, 50)]
    assert page_of(dataset, 50, 20) == []


@pytest.mark.gui
def test_picked_rows_come_in_the_order_in_which_they_were_picked(dataset: Any) -> None:
    numbers = [7, 49, 0, 7, 12]
    assert texts(picked(dataset, numbers, 0, 10)) == [(number, ROWS[number]) for number in numbers]
    assert texts(picked(dataset, numbers, 1, 2)) == [(49, ROWS[49]), (0, ROWS[0])]
    assert [whole_row(dataset, number)["text"] for number in (0, 49)] == [ROWS[0], ROWS[49]]


@pytest.mark.gui
def test_paragraphs_of_a_text_are_found_by_their_number_and_those_behind_its_end_are_not_there(
    scripted_run: Any, tmp_path: Path
) -> None:
    path = tmp_path / "story.txt"
    path.write_text("\n\n".join(ROWS), "utf-8")
    text = scripted_run.session.project.add_text([path])
    found = pieces(text, [9, 3, 99, 4], 3)
    assert [(row.number, row.values["text"]) for row in found] == [(9, ROWS[9]), (3, ROWS[3])]
    assert pieces(text, [], 10) == []
