"""The computation graph of the book's appendix A: numbers.md, stage 0."""

from itertools import pairwise

import pytest

from studio.core.errors import StudioError
from studio.exercises.graph import EDGES, LEAVES, descend, forward_and_back, valley

pytestmark = pytest.mark.torch


def test_the_course_s_numbers_come_out() -> None:
    found = forward_and_back()
    assert found.loss == pytest.approx(0.0852, abs=1e-4)
    assert found.gradients["w"] == pytest.approx(-0.0898, abs=1e-4)
    assert found.gradients["b"] == pytest.approx(-0.0817, abs=1e-4)


@pytest.mark.parametrize("values", [(1.1, 2.2, 0.0, 1.0), (-0.7, 1.5, 0.3, 0.0), (2.0, -1.0, 0.5, 0.25)])
def test_the_local_derivatives_multiply_to_what_the_backward_pass_says(values: tuple[float, ...]) -> None:
    found = forward_and_back(*values)
    assert set(found.local) == set(EDGES)
    for leaf in LEAVES:
        assert found.chained(leaf) == pytest.approx(found.gradients[leaf], rel=1e-9, abs=1e-12)


def test_each_local_derivative_is_the_one_of_its_step() -> None:
    found = forward_and_back(1.1, 2.2, 0.4, 1.0)
    a = found.values["a"]
    assert found.local["w", "u"] == pytest.approx(1.1)
    assert found.local["x", "u"] == pytest.approx(2.2)
    assert found.local["b", "z"] == found.local["u", "z"] == 1.0
    assert found.local["z", "a"] == pytest.approx(a * (1 - a))
    assert found.local["a", "loss"] == pytest.approx(-1 / a)


def test_descent_goes_downhill_by_the_rate_times_the_slope() -> None:
    found = descend({"x": 1.1, "w": 0.0, "b": 0.0}, 1.0, 0.5, 20)
    assert len(found) == 21
    assert all(later.loss < earlier.loss for earlier, later in pairwise(found))
    assert found[1].values["w"] == pytest.approx(0.0 - 0.5 * found[0].gradients["w"])
    assert found[1].values["b"] == pytest.approx(0.0 - 0.5 * found[0].gradients["b"])


def test_the_valley_holds_the_loss_of_every_weight() -> None:
    found = valley(1.1, 0.2, 1.0, -2.0, 4.0, 7)
    assert found.weights == pytest.approx((-2, -1, 0, 1, 2, 3, 4))
    assert found.losses == pytest.approx([forward_and_back(1.1, w, 0.2, 1.0).loss for w in found.weights])


def test_a_label_is_a_probability() -> None:
    with pytest.raises(StudioError, match="probability"):
        forward_and_back(y=1.5)
