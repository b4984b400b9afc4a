"""What a stage says of itself: its own numbers, and why A has no gradient at first."""

from types import SimpleNamespace

import numpy as np
import pytest

from studio.adapting.step_view import place_rows
from studio.adapting.step_words import sentence


def predictions(chances=(0.5, 0.25, 0.01), learned=(True, True, True)):
    """Behind a, b and c; only the first right token is the likeliest."""
    chance = np.array(chances)
    counts = np.array(learned)
    losses = -np.log(chance)
    return SimpleNamespace(
        ids=(1, 2, 3, 4), texts=("a", " b", "c", "d\n"), guesses=(2, 9, 9), guess_texts=(" b", "z", "z"),
        learned=counts, chance=chance, best=np.array([0.5, 0.6, 0.7]), losses=losses, loss=float(losses[counts].mean()),
    )  # fmt: skip


def stage(name, step=1, **more):
    layers = (
        SimpleNamespace(gradient_a=0.0, gradient_b=3.0, moved_a=0.0, moved_b=0.1),
        SimpleNamespace(gradient_a=0.0, gradient_b=4.0, moved_a=0.0, moved_b=0.1),
    )
    facts = {"layers": layers, "after": None, "trained": 1_234, "frozen": 56_789, "base": 0x1F, **more}
    return SimpleNamespace(name=name, step=step, **{"before": predictions(), **facts})


def test_the_forward_pass_names_the_place_that_is_furthest_off():
    words = sentence(stage("forward"))
    assert "At 1 of the 3 places that count" in words
    assert "Behind “c” it is furthest off: it says “z” (70 %); the right “d↵” gets 1 %." in words
    assert "B is zero" in words
    assert "B is zero" not in sentence(stage("forward", step=2))


def test_only_places_that_count_are_looked_at():
    words = sentence(stage("forward", before=predictions(learned=(False, True, False))))
    assert "At 0 of the 1 places" in words
    assert "Behind “·b”" in words


def test_the_loss_is_written_as_the_mean_it_is():
    assert "(0.69 + 1.39 + 4.61) / 3 = 2.2282" in sentence(stage("loss"))


def test_a_long_sum_is_cut_but_its_mean_is_not():
    many = predictions(chances=(0.5,) * 3)
    many.losses, many.learned = np.full(9, 0.5), np.ones(9, bool)
    assert "(0.50 + 0.50 + 0.50 + 0.50 + …) / 9" in sentence(stage("loss", before=many))


def test_gradients_are_added_up_over_the_layers_as_one_vector():
    words = sentence(stage("backward"))
    assert "|∇A| = 0, |∇B| = 5." in words
    assert "exactly zero" in words
    assert "exactly zero" not in sentence(stage("backward", step=2))


def test_the_update_says_what_it_brought_and_that_the_base_is_untouched():
    words = sentence(stage("optimise", after=SimpleNamespace(loss=1.5)))
    assert "AdamW moves 1,234 numbers" in words
    assert "now 1.5000 instead of 2.2282" in words
    assert "All 56,789 frozen weights are bit for bit as before (checksum 0000001f)" in words


def test_a_rate_that_is_too_large_is_named_as_the_cause():
    words = sentence(stage("optimise", after=SimpleNamespace(loss=float("nan"))))
    assert "the rate is too large" in words


def test_rows_hold_what_is_predicted_and_what_was_right():
    rows = place_rows(stage("forward"))
    assert [(row.token, row.guess, row.right, row.hit) for row in rows] == [
        ("a", "·b", "·b", True), ("·b", "z", "c", False), ("c", "z", "d↵", False),
    ]  # fmt: skip
    assert np.isnan([row.after for row in rows]).all()
    then = stage("optimise", after=SimpleNamespace(chance=np.array([0.6, 0.3, 0.02])))
    assert [row.after for row in place_rows(then)] == pytest.approx([0.6, 0.3, 0.02])
