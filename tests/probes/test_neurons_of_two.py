"""Neurons of A less B: the difference at every token with both operands, the larger text, and what cannot be done."""

from typing import Any

import numpy as np
import pytest

from studio.insight import neurons
from studio.probes.neurons_view import NeuronsView
from tests.families.conftest import shaken, tiny
from tests.lenses.scenes import LETTERS, scene_of, show
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(stage: Stage) -> NeuronsView:
    """The last checkpoint of the run, and its first one laid over it."""
    stage.look_at()
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: stage.looking.other is not None)
    made: NeuronsView = stage.show(NeuronsView, (1_100, 640))
    stage.until(lambda: made._effect.answer is not None and made._snippets.answer is not None)
    stage.settle()
    return made


def both(stage: Stage, layer: int) -> tuple[Any, Any]:
    scenes = (stage.looking.scene, stage.looking.other)
    return tuple(neurons.read(scene.model, scene.capture.ids, layer) for scene in scenes)  # type: ignore[return-value]


def test_it_begins_with_the_neuron_that_is_furthest_apart(view: NeuronsView, stage: Stage) -> None:
    a, b = both(stage, 1)
    apart = a.values - b.values
    layer, neuron, row = view.place
    assert (layer, neuron, row) == (1, int(np.abs(apart[-1]).argmax()), len(apart) - 1)
    listed = [entry[0] for entry in view.active.rows()]
    assert listed == np.argsort(-np.abs(apart[-1]), kind="stable")[:12].tolist()
    assert view.active.rows()[0][1] == pytest.approx(float(apart[-1, neuron]))
    np.testing.assert_array_equal(view.numbers()["difference"], apart)
    np.testing.assert_array_equal(view.numbers()["values_b"], b.values)


@pytest.mark.slow
def test_both_operands_are_told_at_every_token_and_in_the_formula(view: NeuronsView, stage: Stage) -> None:
    a, b = both(stage, 1)
    neuron = view.place[1]
    one, other = float(a.values[3, neuron]), float(b.values[3, neuron])
    assert view.text._remarks[3][0].text == f"A {one:.4f} − B {other:.4f} = {one - other:+.4f}"
    apart = (a.values - b.values)[:, neuron]
    np.testing.assert_allclose(view.text._weights, apart / np.abs(apart).max(), rtol=1e-5)
    stage.session.selection.lock(row=3)
    assert f"A gelu({a.inner[3, neuron]:.4f}) = {one:.4f}; B gelu({b.inner[3, neuron]:.4f})" in view.explanation()
    assert f"A − B = {one - other:+.4f}" in view.explanation()


@pytest.mark.slow
def test_the_larger_text_is_ranked_by_the_difference(view: NeuronsView, stage: Stage) -> None:
    assert view.larger.title.text() == "Furthest apart in a larger text"
    assert "with the largest |A − B|" in view.larger.sample.text()
    shown = view.larger.list.snippets
    peaks = [abs(float(one.values[one.peak])) for one in shown]
    assert peaks == sorted(peaks, reverse=True)
    models = (stage.looking.scene.model, stage.looking.other.model)
    found = neurons.snippets(models, view._scan.answer, view.place[1])
    np.testing.assert_allclose(shown[0].values, found[0].values, rtol=1e-5, atol=1e-7)
    assert "less those it adds in B" in view.says.words.text()
    assert not view.grab().isNull()


@pytest.mark.slow
def test_one_of_the_two_is_shown_as_it_is_alone(view: NeuronsView, stage: Stage) -> None:
    _, b = both(stage, 1)
    stage.looking.set_mode("B")
    stage.settle()
    np.testing.assert_array_equal(view.numbers()["values"], b.values)
    assert "difference" not in view.numbers()
    assert view.text._remarks == []
    assert view.larger.title.text() == "Strongest in a larger text"
    stage.looking.set_mode("difference")
    stage.settle()
    assert "difference" in view.numbers()


def test_layers_of_another_width_are_a_sentence_and_no_picture(stage: Stage) -> None:
    view: NeuronsView = stage.show(NeuronsView)
    a, b = (tiny("gpt2", vocab_size=LETTERS.vocab_size, hidden_dim=wide) for wide in (48, 64))
    show(stage, scene_of(shaken(a), a), scene_of(shaken(b), b))
    assert "A has 48 neurons in a layer, B has 64" in view.why_nothing()
    assert view.numbers() == {}
    stage.looking.set_mode("A")
    stage.settle()
    assert view.why_nothing() == ""
