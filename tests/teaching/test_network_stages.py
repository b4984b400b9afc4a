"""The words behind the numbers of a training step, against the step itself."""

import numpy as np
import pytest

from studio.exercises.network import LABELS, Plan, Training, train
from studio.teaching.network_stages import STAGES, after_of, formula, loss_words, shown_at

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def training() -> Training:
    return train(Plan(hidden=(4, 3), epochs=2))


def shapes(training: Training, stage: str) -> list[tuple[int, ...]]:
    return [one.values.shape for one in shown_at(stage, training, 0, LABELS)]


def test_every_stage_shows_its_matrices(training: Training) -> None:
    assert [name for name, _ in STAGES] == ["forward", "loss", "backward", "update"]
    assert shapes(training, "forward") == [(2, 2), (2, 4), (2, 3), (2, 2), (2, 2)]
    assert shapes(training, "loss") == [(2, 2), (2, 2)]
    assert shapes(training, "backward") == [(2, 4), (3, 4), (2, 3)]  # high ones lie on their sides
    assert shapes(training, "update") == [(2, 3)] * 3


def test_the_right_class_of_each_point_is_framed(training: Training) -> None:
    step = training.steps[0]
    chances = shown_at("loss", training, 0, LABELS)[1]
    assert chances.lit == tuple((row, LABELS[point]) for row, point in enumerate(step.rows))
    own = [step.chances[cell] for cell in chances.lit]
    assert -np.log(own).mean() == pytest.approx(step.loss, abs=1e-6)
    assert loss_words(step, LABELS).endswith(f"/ 2 = {step.loss:.4f}")


def test_an_update_ends_where_the_next_step_begins(training: Training) -> None:
    for number in range(len(training.steps)):
        before, move, after = shown_at("update", training, number, LABELS)
        assert np.allclose(before.values + move.values, after.values, atol=1e-6)
    last = len(training.steps) - 1
    assert np.array_equal(after_of(training, last, 0), training.final[0][0])
    assert np.array_equal(after_of(training, 0, 1), training.steps[1].layers[1].weight)


def test_a_sum_is_written_with_its_own_numbers(training: Training) -> None:
    layer = training.steps[0].layers[0]
    words = formula(("bent", 0), (1, 2), training, 0)
    made, bent = float(layer.made[1, 2]), float(layer.bent[1, 2])
    assert words.endswith(f"→ ReLU → {bent:.4f}")
    assert f"{made:.4f}".replace("-", "−") in words
    assert words.count("×") == 2
    deep = formula(("bent", 1), (0, 0), training, 0)
    assert "… 1 more" in deep
    assert "ReLU" not in formula(("bent", 2), (0, 0), training, 0)


def test_chances_gradients_and_updates_have_their_formulas(training: Training) -> None:
    step = training.steps[0]
    assert formula(("chances", 0), (0, 1), training, 0).endswith(f"= {step.chances[0, 1]:.4f}")
    lying = formula(("gradient", 0), (1, 3), training, 0)  # 4 × 2 weights, shown as 2 × 4
    assert lying.startswith("from input 2 to output 4")
    assert formula(("gradient", 1), (2, 3), training, 0).startswith("from input 4 to output 3")
    after = float(after_of(training, 0, 2)[0, 0])
    assert formula(("after", 2), (0, 0), training, 0).endswith(f"= {after:.4f}".replace("-", "−"))
    assert formula(("given", 0), (0, 0), training, 0) == ""
