"""The small parts of the Lenses page's probes: words about neurons and scores, snippets, lengths over the training."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from studio.probes import neuron_words, score_words
from studio.probes.length_curves import LengthCurves, odd_words
from studio.probes.neuron_cards import TextCard
from studio.probes.snippet_list import ROW, ShownSnippet, SnippetList
from studio.views.token_view import Token

pytestmark = pytest.mark.gui


# --- neurons --------------------------------------------------------------------------------------------------------


def side(scale: float = 1.0, gated: bool = False) -> Any:
    values = scale * np.array([[1.0, -2.0, 0.5], [0.0, 3.0, np.nan]], np.float32)
    gate = values / 4 if gated else None
    return SimpleNamespace(layer=1, values=values, inner=2 * values, gate=gate, bent=values / 2)


def scene(activation: str = "gelu_tanh", wide: int = 3) -> Any:
    model = SimpleNamespace(activation=activation, feed_forward_dim=wide)
    return SimpleNamespace(config=SimpleNamespace(model=model), tokens=("a", " b"), tokenizer=None, time=2)


def test_of_one_model_neurons_are_ordered_by_value_and_of_two_by_how_far_they_are_apart() -> None:
    one, both = (side(),), (side(), side(0.5))
    np.testing.assert_array_equal(neuron_words.values_of(one), side().values)
    np.testing.assert_array_equal(neuron_words.values_of(both)[0], [0.5, -1.0, 0.25])
    assert neuron_words.strength(neuron_words.values_of(one)[0], False).argmax() == 0
    assert neuron_words.strength(neuron_words.values_of(both)[0], True).argmax() == 1
    assert neuron_words.strength(neuron_words.values_of(both)[1], True)[2] == -np.inf  # what is no number comes last


def test_the_formula_is_that_of_the_activation_and_of_the_gate() -> None:
    assert neuron_words.formula(side(), scene(), 1, 0) == "gelu(-4.0000) = -2.0000"
    gated = neuron_words.formula(side(gated=True), scene("silu"), 1, 0)
    assert gated == "silu(-0.5000) · -4.0000 = -1.0000 · -4.0000 = -2.0000"
    alone = neuron_words.explanation((side(),), (scene(),), (1, 1, 0))
    assert alone.endswith("Layer 1 neuron 1 at “a”: gelu(-4.0000) = -2.0000.")
    said = neuron_words.explanation((side(), side(0.5)), (scene(), scene("relu")), (1, 1, 0))
    assert said.endswith("A gelu(-4.0000) = -2.0000; B relu(-2.0000) = -1.0000; A − B = -1.0000.")


def test_operands_are_told_of_two_models_only() -> None:
    assert neuron_words.operands((side(),), 0, 0) == ""
    assert neuron_words.operands((side(), side(0.5)), 0, 1) == "A -2.0000 − B -1.0000 = -1.0000"


def test_widths_that_differ_are_told_with_both_numbers() -> None:
    assert neuron_words.widths_words(scene(), None) == neuron_words.widths_words(scene(), scene()) == ""
    assert "A has 3 neurons in a layer, B has 4,096" in neuron_words.widths_words(scene(), scene(wide=4_096))


def test_a_file_holds_both_sides_and_their_difference() -> None:
    scan = SimpleNamespace(layer=1, peaks=np.ones(3), windows=np.ones(3), places=np.ones(3), starts=(0, 8))
    found = neuron_words.numbers_of((side(gated=True), side(0.5)), scan)
    np.testing.assert_array_equal(found["difference"], found["values"] - found["values_b"])
    assert {"gate", "bent", "peaks", "window_starts", "inner_b"} <= found.keys()
    assert "peaks" not in neuron_words.numbers_of((side(),), SimpleNamespace(layer=0))
    assert neuron_words.share_words(0.4567) == "45.7 %"
    assert neuron_words.share_words(float("nan")) == "–"


def test_a_text_is_coloured_on_both_sides_of_nothing_only_where_two_are_compared(look, on_screen) -> None:
    card = TextCard(look)
    on_screen(card)
    card.view.set_tokens([Token("a", 0), Token("b", 1)])
    card.show_neuron(np.array([1.0, -2.0], np.float32), (side(),), 1, 0)
    assert card.view._weights == [0.5, 0.0]
    assert card.view._remarks == []
    alone = card.view.grab().toImage()
    card.show_neuron(np.array([1.0, -2.0], np.float32), (side(), side(0.5)), 1, 0)
    assert card.view._weights == [0.5, -1.0]
    assert card.view._remarks[0][0].text == "A 1.0000 − B 0.5000 = +0.5000"
    assert card.note.text() == "layer 1 neuron 0 · A − B"
    assert card.view.grab().toImage() != alone


def test_signed_values_have_their_sign_and_a_colour_below_nothing(look, on_screen) -> None:
    made = SnippetList(look)
    one = ShownSnippet(("a", "b"), np.array([0.5, -2.0], np.float32), 1)
    on_screen(made)
    made.set_snippets([one] * 5)
    assert made.accessibleDescription().startswith("-2.000 ab; ")
    plain = made.grab().toImage()
    made.set_snippets([one] * 5, signed=True)
    assert made.grab().toImage() != plain
    made.set_snippets([ShownSnippet(("a", "b"), np.array([2.0, 0.5], np.float32), 0)], signed=True)
    assert made.accessibleDescription() == "+2.000 ab"
    assert made.minimumSizeHint().height() == 3 * ROW


# --- heads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind, _ in score_words.KINDS])
def test_every_score_has_a_name_a_meaning_and_a_formula_with_its_number(kind: str) -> None:
    assert score_words.name_of(kind)
    assert score_words.meaning_of(kind).endswith(".")
    said = score_words.filled(kind, 0.12345, 20, 0.05)
    assert "= 0.1235" in said or "= 0.1234" in said
    assert "{" not in said


def test_the_induction_formula_counts_back_to_just_after_the_same_token() -> None:
    assert "A[i, i − 19] over the second round of 20 tokens" in score_words.filled("induction", 0.5, 20, 0.05)
    assert "chance is 0.0500" in score_words.filled("induction", 0.5, 20, 0.05)


# --- lengths over the training --------------------------------------------------------------------------------------


def series(**more: Any) -> Any:
    lengths = np.array([[1.0, 2.0, 3.0], [1.5, 2.0, 2.0], [2.0, 2.5, 1.0]])
    made = {"steps": np.array([0, 10, 20]), "weights": lengths, "gradients": lengths / 10, "updates": lengths / 100,
            "not_numbers": np.zeros(3, int), "odd_gradients": np.zeros(3, int), "missing": 0}  # fmt: skip
    return SimpleNamespace(**{**made, **more})


@pytest.fixture
def curves(look, on_screen) -> LengthCurves:
    made = LengthCurves(look)
    on_screen(made)
    return made


def test_lengths_are_drawn_as_they_are_or_less_those_of_the_held_step(curves: LengthCurves) -> None:
    curves.show_series(series(), 20, None)
    assert [line.name for line in curves.chart.lines] == ["embeddings", "layer 0", "end"]
    np.testing.assert_array_equal(curves.chart.lines[0].y, [1.0, 1.5, 2.0])
    curves.chart.point_at(0, 1)
    assert curves.point_words() == (
        "embeddings, step 10: weights 1.5, gradient 0.15, update 0.015; update ÷ weight = 1.00e-02."
    )
    curves.show_series(series(), 20, 10)
    np.testing.assert_array_equal(curves.chart.lines[2].y, [1.0, 0.0, -1.0])
    curves.chart.point_at(2, 2)
    assert curves.point_words() == "end, weights: 1 at step 20 − 2 at step 10 = -1."
    np.testing.assert_array_equal(curves.numbers()["updates_change"], series().updates - series().updates[1])


def test_a_step_that_no_snapshot_has_is_not_subtracted(curves: LengthCurves) -> None:
    curves.show_series(series(), 20, 7)
    assert curves.held is None
    assert curves.note.text() == ""
    assert "weights_change" not in curves.numbers()


def test_without_a_run_there_are_no_lines_and_no_numbers(curves: LengthCurves) -> None:
    curves.show_series(series(), 20, 10)
    curves.show_series(None, None, None)
    assert curves.chart.lines == ()
    assert curves.numbers() == {}
    assert curves.point_words() == ""


def test_what_a_run_did_not_keep_is_said_for_the_kind_that_is_shown(curves: LengthCurves, qtbot: Any) -> None:
    curves.show_series(series(gradients=np.full((3, 3), np.nan)), 20, None)
    curves.kind.set_value("gradients")
    with qtbot.waitSignal(curves.turned):
        curves.kind.changed.emit("gradients")
    assert curves.odd.text() == "This run did not keep its gradients."


def test_numbers_that_are_none_are_counted_since_their_first_snapshot() -> None:
    said = odd_words(series(not_numbers=np.array([0, 4, 1_200]), missing=2))
    assert said == (
        "weights that are no numbers: 1,200, first at step 10 · gradients that are none: 0 at 3 snapshots · "
        "2 more are being read"
    )
