import pytest

from studio.training.charts import RunCharts, marks_of, smoothing_for
from studio.training.published import published_runs
from tests.scripted_run import finished, measured, sample, saved, started, step, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def charts(look, on_screen):
    charts = RunCharts(look)
    on_screen(charts)
    return charts


@pytest.fixture
def run(scripted_run):
    events = [started(50), *steps(50), measured(50, validation=1.5), sample(20), saved(40, validation_loss=1.625)]
    return scripted_run.play([*events, finished(50)])


def shown(charts):
    return [name for name, tile in charts.tiles.items() if tile.isVisible()]


def test_the_loss_is_large_and_the_other_numbers_are_tiles(charts, run):
    charts.set_run(run)
    assert shown(charts) == ["perplexity", "learning_rate", "gradient_norm", "tokens_per_second"]
    assert charts.tiles["tokens_per_second"].value.text() == "640"
    assert charts.tiles["perplexity"].value.text() == "4.48"


def test_a_tile_changes_places_with_the_large_curve(charts, run):
    charts.set_run(run)
    charts.tiles["learning_rate"].clicked.emit()
    assert shown(charts) == ["loss", "perplexity", "gradient_norm", "tokens_per_second"]
    charts.tiles["loss"].clicked.emit()
    assert "loss" not in shown(charts)


def test_another_run_begins_with_its_loss_again(charts, run):
    charts.set_run(run)
    charts.enlarge("gradient_norm")
    charts.set_run(None)
    assert "loss" not in shown(charts)
    assert charts.tiles["perplexity"].value.text() == "–"


def test_checkpoints_and_samples_are_marked_with_what_they_hold(run):
    assert [(mark.kind, mark.step, mark.text) for mark in marks_of(run)] == [
        ("checkpoint", 40, "checkpoint 40, validation 1.625"),
        ("sample", 20, "sample at 20"),
    ]


def test_a_published_curve_lies_under_the_run_that_repeats_it_with_its_source(charts, run, look):
    charts.set_run(run, published_runs(look.resources)[0])
    assert charts.source.isVisible()
    assert "rasbt/LLMs-from-scratch" in charts.source.text()
    charts.enlarge("learning_rate")
    assert not charts.source.isVisible()


def test_new_points_reach_the_tiles(charts, run):
    charts.set_run(run)
    run.apply([step(51, tokens_per_second=900.0)])
    charts.refresh(frozenset({"metrics"}))
    assert charts.tiles["tokens_per_second"].value.text() == "900"


def test_a_short_run_is_not_smoothed_since_the_average_would_lag():
    assert smoothing_for(90) == 0.0
    assert smoothing_for(200) == 0.6
    assert smoothing_for(1_000) == 0.6  # the first run: 0.9 would hold training above validation on the way down
    assert smoothing_for(5_000) == 0.9
