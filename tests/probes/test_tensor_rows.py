"""Parts fold over their tensors, and a part's numbers are those of its tensors together."""

import math

import pytest

from studio.insight.health import TensorHealth
from studio.probes.tensor_rows import columns, part_of, part_words, rows_of, short_name

FOUND = [
    TensorHealth("embed_tokens.weight", 100, 3.0, 0.5, 0, 0, 0),
    TensorHealth("layers.0.mlp.up_proj.weight", 40, 3.0, 0.9, 1, 0, 0),
    TensorHealth("layers.0.mlp.up_proj.bias", 4, 4.0, 0.2, 0, 2, 1),
    TensorHealth("layers.11.mlp.up_proj.bias", 4, 1.0, 0.2, 0, 0, 0),
    TensorHealth("norm.weight", 8, 2.0, 1.0, 0, 0, 0),
]


def test_folded_there_is_one_row_for_each_part() -> None:
    rows = rows_of(FOUND, {}, ())
    assert [row.part for row in rows] == ["embeddings", "0", "11", "end"]
    assert all(not row.tensor and row.folded for row in rows)
    block = rows[1]
    assert (block.count, block.norm, block.largest, block.odd) == (44, 5.0, 0.9, 3)
    assert block.rms == pytest.approx(5 / math.sqrt(44))
    assert math.isnan(block.gradient)


def test_an_open_part_shows_its_tensors_behind_it() -> None:
    gradients = {"layers.0.mlp.up_proj.weight": 0.3, "layers.0.mlp.up_proj.bias": 0.4}
    rows = rows_of(FOUND, gradients, {"0"})
    assert [row.tensor for row in rows] == [
        "", "", "layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.bias", "", "",
    ]  # fmt: skip
    assert rows[1].gradient == pytest.approx(0.5)
    assert not rows[1].folded
    assert short_name(rows[2]) == "mlp.up_proj.weight"


def test_a_tensor_belongs_to_the_part_its_name_begins_with() -> None:
    assert [part_of(name) for name in ("embed_positions.weight", "layers.7.x", "lm_head.weight")] == [
        "embeddings", "7", "end",
    ]  # fmt: skip
    assert part_words("7") == "layer 7"


def test_the_table_reads_thousands_and_marks_what_is_no_number() -> None:
    rows = rows_of(FOUND, {}, {"0"})
    words = {column.title: column.words(rows[3]) for column in columns()}
    assert words["Part"] == "mlp.up_proj.bias"
    assert words["Gradient"] == "–"
    assert words["No number"] == "3"
    odd = next(column for column in columns() if column.title == "No number")
    assert odd.role is not None
    assert (odd.role(rows[3]), odd.role(rows[0])) == ("danger", "text_quiet")
