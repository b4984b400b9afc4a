"""Rows as numbers: how they are written, left out, split and refused."""

import numpy as np
import pytest

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.rows.kinds import Reading
from studio.rows.numbered import number_in, numbered

READING = Reading("completion", {"prompt": "prompt", "completion": "completion"})


@pytest.mark.parametrize(
    ("cell", "number"),
    [(12, 12.0), (9.5, 9.5), ("1,299.00", 1299.0), (" $9.99 ", 9.99), ("-3", -3.0), ("12 apples", None), ("", None),
     (True, None), (float("nan"), None), (None, None)],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it_and_nothing_else_is_one(cell: object, number: float | None) -> None:
    assert number_in(cell) == number


def test_the_ending_is_taken_off_and_rows_without_a_number_are_counted() -> None:
    rows = [{"prompt": f"Thing {n}\n\nPrice is $", "completion": f"{n}.00"} for n in range(1, 31)]
    found = numbered([*rows, {"prompt": "Thing", "completion": "dear"}], READING, RunConfig())
    assert found.texts[:2] == ["Thing 1", "Thing 2"]
    assert found.values.tolist() == [float(n) for n in range(1, 31)]
    assert any("1 rows have no text or no number" in note for note in found.notes)


def test_each_side_holds_small_and_large_numbers() -> None:
    rows = [{"prompt": f"Thing {n}", "completion": n} for n in range(200)]
    found = numbered(rows, READING, RunConfig())
    for side in (found.split.training, found.split.validation, found.split.test):
        assert np.median(found.values[side]) == pytest.approx(100, abs=12)


def test_a_labelled_table_may_hold_the_numbers_too() -> None:
    reading = Reading("labelled", {"text": "name", "label": "price"})
    found = numbered([{"name": f"{n}", "price": n} for n in range(10)], reading, RunConfig())
    assert found.rows.tolist() == list(range(10))


def test_a_table_without_numbers_is_refused_with_an_example() -> None:
    with pytest.raises(StudioError, match="“dear” is none"):
        numbered([{"prompt": "Thing", "completion": "dear"}], READING, RunConfig())
    with pytest.raises(StudioError, match="no rows"):
        numbered([], READING, RunConfig())


def test_one_number_for_all_is_told() -> None:
    found = numbered([{"prompt": f"{n}", "completion": 5} for n in range(10)], READING, RunConfig())
    assert any("same number, 5" in note for note in found.notes)


def test_reading_can_be_called_off() -> None:
    with pytest.raises(StudioError, match="stopped"):
        numbered([{"prompt": "a", "completion": 1}], READING, RunConfig(), lambda: False)
