"""Tensors by rank, shape, type and product, as torch holds them."""

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.exercises.tensors import OPERATIONS, describe, operate, words_of

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("values", "shape"),
    [(3.0, ()), ([1.0, 2.0], (2,)), ([[1.0, 2.0, 3.0]] * 2, (2, 3)), ([[[0.0] * 4] * 3] * 2, (2, 3, 4))],
)
def test_the_rank_of_a_tensor_is_how_many_sides_it_has(values: object, shape: tuple[int, ...]) -> None:
    found = describe(values)  # type: ignore[arg-type]
    assert (found.shape, found.rank, found.count) == (shape, len(shape), int(np.prod(shape)))
    assert found.bytes == 4 * found.count


def test_a_type_keeps_what_it_can_of_a_number() -> None:
    assert describe([2.7], "int64").values.tolist() == [2.0]
    assert describe([0.0, -3.0], "bool").values.tolist() == [0.0, 1.0]
    assert describe([0.1], "float16").values[0] == float(torch.tensor(0.1, dtype=torch.float16))
    assert describe([0.1], "bfloat16").values[0] != describe([0.1], "float32").values[0]
    assert [describe([1.0], kind).bytes for kind in ("float64", "float32", "bfloat16", "bool")] == [8, 4, 2, 1]


def test_a_product_is_rows_times_columns() -> None:
    left, right = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    found = operate("product", left, right)
    assert found.result.shape == (2, 2)
    assert found.result.values.tolist() == (np.array(left) @ np.array(right)).tolist()
    assert found.right is not None
    assert found.right.shape == (3, 2)


def test_sides_that_do_not_meet_are_refused_with_both_shapes() -> None:
    with pytest.raises(StudioError, match="2 × 3 times 2 × 3 is not defined: 3 columns meet 2 rows"):
        operate("product", [[1.0] * 3] * 2, [[1.0] * 3] * 2)
    with pytest.raises(StudioError, match="single number"):
        operate("product", 2.0, [1.0])
    with pytest.raises(StudioError, match="True and False"):
        operate("product", [[1.0]], [[1.0]], "bool")
    with pytest.raises(StudioError, match="does not fit"):
        operate("add", [[1.0, 2.0]], [[1.0, 2.0, 3.0]])
    with pytest.raises(StudioError, match="6 numbers cannot be laid out as 4 × 2"):
        operate("reshape", [[1.0] * 3] * 2, [4, 2])


def test_one_row_is_added_to_every_row() -> None:
    assert operate("add", [[1.0, 2.0], [3.0, 4.0]], [[10.0, 20.0]]).result.values.tolist() == [[11, 22], [13, 24]]
    assert operate("multiply", [[1.0, 2.0]], [[3.0], [4.0]]).result.shape == (2, 2)


def test_transposing_moves_no_number_and_reshaping_keeps_their_order() -> None:
    turned = operate("transpose", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).result
    assert turned.values.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert turned.strides == (1, 3)
    assert operate("reshape", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [3, 2]).result.values.tolist() == [
        [1, 2],
        [3, 4],
        [5, 6],
    ]
    assert operate("transpose", [1.0, 2.0]).result.shape == (2,)


def test_a_shape_is_written_as_people_write_it() -> None:
    assert (words_of((2, 3)), words_of(())) == ("2 × 3", "one number")
    assert set(OPERATIONS) == {"product", "add", "multiply", "transpose", "reshape"}
    with pytest.raises(ValueError, match="takes two"):
        operate("add", [1.0])
