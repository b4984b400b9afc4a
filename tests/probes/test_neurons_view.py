"""The page shows the neurons the network computed, the snippets the engine found, and how one value came about."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.insight import neurons
from studio.probes.neurons_view import NeuronsView
from studio.probes.snippet_list import ROW, ShownSnippet, SnippetList
from tests.lenses.trained import Stage, config, make_project, open_stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def shown_on(stage: Stage) -> NeuronsView:
    stage.look_at()
    view: NeuronsView = stage.show(NeuronsView, (1_100, 640))
    stage.until(lambda: view._effect.answer is not None and view._snippets.answer is not None)
    stage.settle()
    return view


@pytest.fixture
def view(stage: Stage) -> NeuronsView:
    return shown_on(stage)


def wanted(stage: Stage, layer: int) -> Any:
    scene = stage.looking.scene
    return neurons.read(scene.model, scene.capture.ids, layer)


def test_it_begins_with_the_strongest_neuron_at_the_last_token(view: NeuronsView, stage: Stage) -> None:
    layer, neuron, row = view.place
    values = wanted(stage, layer).values
    assert (layer, row) == (1, len(values) - 1)
    assert neuron == int(values[-1].argmax())
    assert view.neuron.value() == neuron
    assert view.width_words.text() == f"of {values.shape[1]}"


def test_the_text_is_coloured_by_the_neurons_values(view: NeuronsView, stage: Stage) -> None:
    values = wanted(stage, 1).values[:, view.place[1]]
    np.testing.assert_allclose(view.text._weights, np.maximum(values, 0) / np.abs(values).max(), rtol=1e-6)
    assert np.array_equal(view.numbers()["values"], wanted(stage, 1).values)


def test_pointing_at_a_token_lists_its_most_active_neurons_and_fills_the_formula(
    view: NeuronsView, stage: Stage, qtbot: Any
) -> None:
    at = view.text.token_rect(3).center()
    qtbot.mouseMove(view.text.viewport(), QPoint(1, 1))
    qtbot.mouseMove(view.text.viewport(), at)
    assert stage.session.selection.value("row") == 3
    values = wanted(stage, 1)
    listed = [row[0] for row in view.active.rows()]
    assert listed == np.argsort(-values.values[3], kind="stable")[:12].tolist()
    neuron = view.place[1]
    assert f"gelu({values.inner[3, neuron]:.4f}) = {values.values[3, neuron]:.4f}" in view.explanation()


def test_choosing_a_neuron_by_the_list_or_by_its_number_locks_it(view: NeuronsView, stage: Stage) -> None:
    other = view.active.rows()[2]
    view.active.select(other)
    assert stage.session.selection.locked("neuron") == other[0]
    stage.until(lambda: view._effect.answer is not None and view._effect.answer.neuron == other[0])
    view.neuron.setText("7")
    view.neuron.textEdited.emit("7")
    assert stage.session.selection.locked("neuron") == 7
    stage.settle()
    assert view.place[1] == 7
    found = neurons.snippets(stage.looking.scene.model, view._scan.answer, 7)
    for one, drawn in zip(found, view.larger.list.snippets, strict=True):
        np.testing.assert_allclose(one.values, drawn.values, rtol=1e-5, atol=1e-7)
        assert "".join(drawn.texts) == stage.looking.scene.tokenizer.decode(one.ids)


def test_the_sample_is_stated_with_its_size(view: NeuronsView) -> None:
    scan = view._scan.answer
    assert f"of {len(scan.starts)} windows of {scan.length} tokens: {scan.tokens:,} of" in view.larger.sample.text()
    assert "that it was trained on" in view.larger.sample.text()


def test_the_logits_are_those_of_the_engine_and_the_token_that_is_locked(view: NeuronsView, stage: Stage) -> None:
    stage.session.selection.lock(row=2)
    stage.until(lambda: view._effect.answer is not None and view._effect.answer.position == 2)
    stage.settle()
    scene, (layer, neuron, _) = stage.looking.scene, view.place
    found = neurons.logit_effect(scene.model, scene.capture, wanted(stage, layer), neuron, 2, 5)
    assert list(view.says.raised.texts().values()) == [f"{logit:+.4f}" for _, logit in found.raised]
    assert list(view.says.lowered.texts().values()) == [f"{logit:+.4f}" for _, logit in found.lowered]


def test_another_layer_is_read_and_its_neurons_are_others(view: NeuronsView, stage: Stage) -> None:
    view.layer.set_value(0)
    view.layer.changed.emit()
    stage.until(lambda: view.neurons is not None and view.neurons.layer == 0)
    stage.settle()
    assert np.array_equal(view.neurons.values, wanted(stage, 0).values)
    assert view.place[1] == int(wanted(stage, 0).values[-1].argmax())
    assert view._scan.answer.layer == 0


def test_a_window_of_the_larger_text_can_be_looked_at_by_every_page(view: NeuronsView, stage: Any) -> None:
    stage.settle()
    found = view._snippets.answer[0]
    view.larger.list.chosen.emit(0)
    stage.settle()
    assert stage.session.looking.scene.capture.ids[: len(found.ids)] == tuple(int(number) for number in found.ids)


@pytest.mark.slow
def test_a_gated_neuron_shows_gate_and_inner_value(tmp_path: Any, look: Any, qtbot: Any) -> None:
    llama = config("llama", n_kv_heads=1, hidden_dim=48, activation="silu", tie_embeddings=False)
    stage = open_stage(make_project(tmp_path / "gated", llama), look, qtbot)
    try:
        view = shown_on(stage)
        layer, neuron, row = view.place
        found = wanted(stage, layer)
        gate, bent, inner = (float(part[row, neuron]) for part in (found.gate, found.bent, found.inner))
        assert f"silu({gate:.4f}) · {inner:.4f} = {bent:.4f} · {inner:.4f}" in view.explanation()
        assert bent * inner == pytest.approx(float(found.values[row, neuron]), rel=1e-5)
        assert {"gate", "bent"} <= view.numbers().keys()
    finally:
        stage.close()


# --- the list of snippets -------------------------------------------------------------------------------------------


@pytest.fixture
def snippet_list(look: Any, qtbot: Any) -> SnippetList:
    made = SnippetList(look)
    qtbot.addWidget(made)
    made.resize(500, 200)
    one = ShownSnippet(("a", " b", "c"), np.array([0.1, 2.0, 0.3], np.float32), 1)
    other = ShownSnippet(("x",) * 400, np.linspace(0, 1, 400, dtype=np.float32), 399)
    made.set_snippets([one, other])
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_a_line_is_chosen_by_mouse_and_by_keyboard(snippet_list: SnippetList, qtbot: Any) -> None:
    chosen: list[int] = []
    snippet_list.chosen.connect(chosen.append)
    qtbot.mouseClick(snippet_list, Qt.MouseButton.LeftButton, pos=QPoint(200, ROW + 5))
    qtbot.keyClick(snippet_list, Qt.Key.Key_Down)
    qtbot.keyClick(snippet_list, Qt.Key.Key_Return)
    qtbot.mouseClick(snippet_list, Qt.MouseButton.LeftButton, pos=QPoint(200, 5 * ROW))
    assert chosen == [1, 0]


def test_values_that_are_no_numbers_are_drawn_all_the_same(snippet_list: SnippetList) -> None:
    before = snippet_list.grab().toImage()
    snippet_list.set_snippets([ShownSnippet(("a", "b"), np.array([np.nan, np.nan], np.float32), 0)])
    assert snippet_list.grab().toImage() != before


def test_pointing_opens_no_text_of_the_project(view: NeuronsView, stage: Stage, monkeypatch: Any) -> None:
    monkeypatch.setattr("studio.probes.neurons_view.borrowed_text", lambda _: pytest.fail("the texts were opened"))
    stage.session.selection.hover(row=2)
    assert view.place[2] == 2


def test_a_layer_that_the_next_model_has_not_is_no_choice(view: NeuronsView) -> None:
    view.layer.set_value(9)
    view.refresh(frozenset({"scene"}))
    assert [view.layer.itemData(at) for at in range(view.layer.count())] == [0, 1]
