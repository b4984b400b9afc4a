"""Maps and rows of the stream hold what was measured, with limits that fit, and worry where there is reason."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from studio.insight.capture import capture
from studio.insight.layer_health import layer_health
from studio.lenses.stream_numbers import (
    MEASURES,
    LayerRow,
    columns_of,
    difference_of,
    map_of,
    rows_of,
    snapshot_rows,
    training_of,
    words_of,
)
from tests.families.conftest import shaken, tiny

pytestmark = [pytest.mark.gui, pytest.mark.torch]
IDS = [7, 3, 60, 3, 3, 18]
TOKENS = tuple("abcdef")


@pytest.fixture(scope="module")
def found() -> Any:
    model = shaken(tiny("gpt2"))
    return layer_health(model, capture(model, IDS))


@pytest.mark.parametrize("measure", [name for name, _ in MEASURES[:-1]])
def test_every_cell_of_a_map_has_a_name_on_both_sides(found: Any, measure: str) -> None:
    shown = map_of(found, measure, TOKENS)
    assert shown.values.shape == (len(shown.rows), len(shown.columns))
    assert shown.words == words_of(measure)
    low, high = shown.colouring.limits
    assert low <= shown.values.min()
    assert shown.values.max() <= high + 1e-6


def test_only_what_is_before_the_first_block_has_the_embeddings_row(found: Any) -> None:
    assert map_of(found, "norms", TOKENS).rows[0] == "embedding"
    assert map_of(found, "turning", TOKENS).rows[0] == "layer 0"
    assert list(map_of(found, "spread", TOKENS).columns) == ["0", "1", "2", "3"]


def test_a_difference_is_a_minus_b_and_centred_at_zero(found: Any) -> None:
    other_model = shaken(tiny("gpt2"), seed=2)
    other = layer_health(other_model, capture(other_model, IDS))
    shown = difference_of(found, other, "norms", TOKENS)
    np.testing.assert_allclose(shown.values, found.stream.norms.astype(np.float64) - other.stream.norms)
    low, high = shown.colouring.limits
    assert low == -high
    assert shown.colouring.signed
    assert shown.words.endswith("A − B")


def test_the_run_is_drawn_with_a_column_for_each_snapshot() -> None:
    series = SimpleNamespace(steps=np.array([0, 1_000]), stream=np.array([[1.0, 2.0], [3.0, 4.0]]))
    shown = training_of(series)
    assert list(shown.columns) == ["0", "1,000"]
    assert list(shown.rows) == ["embedding", "layer 0"]
    np.testing.assert_array_equal(shown.values, [[1.0, 3.0], [2.0, 4.0]])


def test_rows_hold_means_over_the_text(found: Any) -> None:
    rows = rows_of(found)
    assert [row.place for row in rows] == [0, 1, 2, 3]
    assert rows[3].turning == pytest.approx(float(found.stream.turning[2].mean()))
    assert rows[2].attention == pytest.approx(float(found.stream.attention_share[1].mean()))
    assert rows[1].peak == float(found.peaks[1].max())
    assert np.isnan(rows[0].attention)


def words(row: LayerRow) -> dict[str, str]:
    return {column.title: column.words(row) for column in columns_of()}


def test_numbers_read_with_three_figures_at_most_and_dashes_where_nothing_is_measured(found: Any) -> None:
    said = words(LayerRow(2, "layer 1", 12.34, 0.4321, 1.5, 0.987, 123.4, 0.0375, 0.5, 0.0))
    assert list(said.values()) == ["layer 1", "12.3", "0.43", "1.50", "0.99", "123", "3.8 %", "0.50", "0"] or (
        said["off"] == "3.7 %"
    )
    first = words(rows_of(found)[0])
    assert [first[name] for name in ("attn", "ffn", "cos", "off", "entropy")] == ["–"] * 5
    assert first["|x|"] != "–"


def test_a_snapshots_row_knows_the_length_only() -> None:
    rows = snapshot_rows(np.array([1.0, 2.5], np.float32))
    assert [row.name for row in rows] == ["embedding", "layer 0"]
    said = words(rows[1])
    assert said["|x|"] == "2.50"
    assert set(said.values()) == {"layer 0", "2.50", "–"}


def test_what_should_worry_stands_out(found: Any) -> None:
    roles = {column.title: column.role for column in columns_of()}
    row = rows_of(found)[1]
    off, nan = roles["off"], roles["NaN"]
    assert off is not None
    assert nan is not None
    assert (off(row), nan(row)) == ("text", "text")
    assert off(replace(row, off=0.8)) == "warning"
    assert nan(replace(row, nan=3.0)) == "danger"


def test_a_number_that_is_none_says_so_in_the_table(found: Any) -> None:
    broken = replace(rows_of(found)[1], length=float("nan"), peak=float("inf"))
    assert words(broken)["|x|"] == "NaN"
    assert words(broken)["peak"] == "∞"


def test_every_column_explains_itself() -> None:
    for column in columns_of()[1:]:
        assert column.tip is not None
        assert len(column.tip(LayerRow(0, "", 0.0))) > 15
        assert column.align == "right"
