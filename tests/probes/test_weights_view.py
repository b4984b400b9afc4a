"""Lengths over the training are the snapshots', tensors now the network's, gradients are measured on request."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from studio.insight import health
from studio.probes.length_curves import odd_words
from studio.probes.weights_view import WeightsView
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(stage: Stage) -> WeightsView:
    stage.look_at()
    shown: WeightsView = stage.show(WeightsView)
    stage.until(lambda: shown._tensors.answer is not None and shown._histogram.answer is not None)
    stage.until(lambda: stage.looking.film.all().missing == 0 and len(stage.looking.film.steps) > 3)
    stage.settle()
    return shown


@pytest.mark.parametrize("kind", ["weights", "gradients", "updates"])
def test_the_curves_are_the_lengths_that_the_run_kept(view: WeightsView, stage: Stage, kind: str) -> None:
    view.kind.set_value(kind)
    view.kind.changed.emit(kind)
    series = stage.looking.film.all()
    values = getattr(series, kind)
    assert [line.name for line in view.chart.lines] == ["embeddings", "layer 0", "layer 1", "end"]
    for at, line in enumerate(view.chart.lines):
        np.testing.assert_array_equal(line.y, values[:, at])
        np.testing.assert_array_equal(line.x, series.steps)
    assert np.isfinite(values[-1]).all()


def test_the_weights_of_the_last_snapshot_are_those_of_the_last_checkpoint(view: WeightsView, stage: Stage) -> None:
    now = health.by_layer(health.weights(stage.looking.scene.model), 2)
    np.testing.assert_allclose(stage.looking.film.all().weights[-1], now, rtol=1e-6)


def test_the_table_shows_the_length_of_every_tensor_and_folds(view: WeightsView, stage: Stage) -> None:
    assert [row.part for row in view.table.rows()] == ["embeddings", "0", "1", "end"]
    view.table.row_activated.emit(view.table.rows()[1])
    rows = {row.tensor: row for row in view.table.rows() if row.tensor}
    tensors = {n: p for n, p in stage.looking.scene.model.named_parameters() if n.startswith("layers.0.")}
    assert rows.keys() == tensors.keys()
    for name, row in rows.items():
        assert row.norm == pytest.approx(float(torch.linalg.vector_norm(tensors[name].detach())), rel=1e-6)
    view.table.link_clicked.emit(view.table.rows()[1], "")
    assert not any(row.tensor for row in view.table.rows())


def test_a_chosen_tensor_shows_its_histogram(view: WeightsView, stage: Stage) -> None:
    view.table.row_activated.emit(view.table.rows()[2])
    row = next(row for row in view.table.rows() if row.tensor.endswith("down_proj.weight"))
    view.table.select(row)
    stage.until(lambda: view._histogram.key is not None and view._histogram.key[2] == row.tensor)
    stage.settle()
    assert view.bars.counts.sum() == row.count
    assert row.tensor in view.note.text()
    assert stage.session.selection.locked("layer") == 1


def test_gradients_are_measured_when_asked_for(view: WeightsView, stage: Stage, qtbot: Any) -> None:
    assert all(np.isnan(row.gradient) for row in view.table.rows())
    view.measure.click()
    stage.until(lambda: view._pull.answer is not None)
    pull = view._pull.answer
    lengths = [row.gradient for row in view.table.rows()]
    assert np.linalg.norm(lengths) == pytest.approx(pull.total, rel=1e-6)
    assert f"{pull.loss:.4f}" in view.note.text()
    assert "harbour" in view.note.text()
    assert not view.measure.isVisible()


def test_a_hovered_point_fills_the_explanation(view: WeightsView, stage: Stage) -> None:
    view.chart.point_at(1, 2)
    series = stage.looking.film.all()
    assert f"weights {series.weights[2, 1]:.4g}" in view.explanation()
    assert f"update ÷ weight = {series.updates[2, 1] / series.weights[2, 1]:.2e}" in view.explanation()
    assert stage.session.selection.value("layer") == 0


def test_numbers_that_are_none_are_counted_with_their_first_step() -> None:
    steps = np.array([10, 20, 30])
    series: Any = SimpleNamespace(
        steps=steps, not_numbers=np.array([0, 5, 9]), odd_gradients=np.zeros(3, np.int64), missing=2
    )
    words = odd_words(series)
    assert "weights that are no numbers: 9, first at step 20" in words
    assert "gradients that are none: 0 at 3 snapshots" in words
    assert words.endswith("2 more are being read")


def test_its_numbers_are_the_very_arrays(view: WeightsView, stage: Stage) -> None:
    found, series = view.numbers(), stage.looking.film.all()
    np.testing.assert_array_equal(found["updates"], series.updates)
    assert found["tensors"].tolist() == [name for name, _ in stage.looking.scene.model.named_parameters()]


def test_nothing_of_the_former_model_is_told_while_the_next_is_measured(view: WeightsView, stage: Stage) -> None:
    assert "norms" in view.numbers()
    view._tensors.ask("another", health.weights, stage.looking.scene.model)
    view._histogram.ask("another", health.weights, stage.looking.scene.model)
    assert not view.numbers().keys() & {"tensors", "norms", "negative"}
    view._tensors.stop()
    view._histogram.stop()
    assert view.table.rows() == []
    stage.settle()


def test_adams_moments_stand_in_for_the_weights(view: WeightsView, stage: Stage) -> None:
    view.listed.set_value("second")
    view.listed.changed.emit("second")
    stage.settle()
    folder = stage.looking.scene.folder
    kept = load_file(folder / "optimizer.safetensors")
    view.table.row_activated.emit(view.table.rows()[1])
    rows = {row.tensor: row for row in view.table.rows() if row.tensor}
    for name, row in rows.items():
        assert row.norm == pytest.approx(float(kept[f"{name}.exp_avg_sq"].sqrt().norm()), rel=1e-5)
    assert "√v(" in view.note.text()
    assert "m ÷ √v" in view.explanation()
    assert view.numbers()["of"].tolist() == ["second"]


def test_two_checkpoints_are_subtracted_tensor_by_tensor(view: WeightsView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: stage.looking.other is not None and not stage.looking.busy)
    stage.settle()
    scene, other = stage.looking.scene, stage.looking.other
    names = dict(other.model.named_parameters())
    wanted = [float((weight - names[name]).detach().norm()) for name, weight in scene.model.named_parameters()]
    assert view.numbers()["norms"] == pytest.approx(wanted, rel=1e-5)
    assert "A − B" in view._now.note.text()
    assert not view.measure.isVisible()
    stage.looking.compare_with(None)
    stage.settle()
    assert view.numbers()["norms"] != pytest.approx(wanted, rel=1e-2)
    assert view.measure.isVisible()


def test_two_moments_are_the_change_of_every_length_since_the_held_one(view: WeightsView, stage: Stage) -> None:
    film = stage.looking.film
    film.go(3)
    stage.until(lambda: film.step == 3)
    stage.looking.hold()
    series = film.all()
    place = series.steps.tolist().index(3)
    for kind in ("weights", "updates"):
        view.kind.set_value(kind)
        view.kind.changed.emit(kind)
        lengths = getattr(series, kind)
        for at, line in enumerate(view.chart.lines):
            np.testing.assert_array_equal(line.y, lengths[:, at] - lengths[place, at])
    assert not view.chart.scene.logarithmic
    assert view.curves.note.text() == "change since step 3"
    view.chart.point_at(1, len(series.steps) - 1)
    now, then = series.updates[-1, 1], series.updates[place, 1]
    assert f"{now:.4g} at step 12 − {then:.4g} at step 3 = {now - then:+.4g}" in view.explanation()
    np.testing.assert_array_equal(view.numbers()["weights_change"], series.weights - series.weights[place])
    stage.looking.hold()
    assert view.chart.scene.logarithmic
    assert "weights_change" not in view.numbers()
    assert view.curves.note.text() == ""
