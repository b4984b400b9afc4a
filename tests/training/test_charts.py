from dataclasses import replace

import pytest

from studio.core.config import AdapterConfig, RunConfig
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


def test_a_marks_card_says_what_lies_there_and_not_its_title_again(run):
    assert [(mark.kind, mark.step, mark.text) for mark in marks_of(run)] == [
        ("checkpoint", 40, "validation loss 1.625\n10 bytes"),
        ("sample", 20, "Once upon a time\nClick to read it"),
    ]


def test_a_long_sample_is_quoted_on_one_line(scripted_run):
    run = scripted_run.play([started(2), *steps(2), sample(1, "one\ntwo " * 40, prompt="Say: "), finished(2)])
    quoted = marks_of(run)[0].text.splitlines()[0]
    assert quoted.startswith("Say: one two one")
    assert quoted.endswith("…")
    assert len(quoted) <= 57


def test_in_a_narrow_row_every_tile_puts_its_number_below_its_name(charts, run):
    charts.set_run(run)
    for width, below in ((1_000, False), (430, True)):
        charts.resize(width, 400)
        charts.layout().activate()
        tiles = [tile for tile in charts.tiles.values() if tile.isVisible()]
        for tile in tiles:
            tile.layout().activate()
        assert {tile.value.y() > tile.title.y() + 8 for tile in tiles} == {below}
        assert not any(tile.title.cut for tile in tiles)


def test_a_published_curve_lies_under_the_run_that_repeats_it_with_its_source(charts, run, look):
    charts.set_run(run, published_runs(look.resources)[0])
    assert charts.source.isVisible()
    assert "rasbt/LLMs-from-scratch" in charts.source.text()
    charts.enlarge("learning_rate")
    assert not charts.source.isVisible()


def test_published_accuracies_lie_under_the_curve_of_those_that_are_right(charts, scripted_run, look):
    events = [started(10), *steps(10), measured(10, validation=0.5, validation_accuracy=0.95), finished(10)]
    book = next(run for run in published_runs(look.resources) if "chapter 6" in run.title)
    charts.set_run(scripted_run.play(events, "spam", RunConfig(objective="classify")), book)
    assert "5 batches" in charts.source.text()
    charts.enlarge("accuracy")
    assert "after each epoch" in charts.source.text()
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


def test_a_run_that_fills_gaps_shows_how_many_are_right_in_the_perplexitys_place(charts, run, scripted_run):
    events = [started(20), *steps(20), measured(10, validation_accuracy=0.25), measured(20, validation_accuracy=0.5)]
    gaps = scripted_run.play([*events, finished(20)], "gaps", RunConfig(objective="masked_words"))
    charts.set_run(gaps)
    assert shown(charts) == ["accuracy", "learning_rate", "gradient_norm", "tokens_per_second"]
    assert charts.tiles["accuracy"].value.text() == "50.0%"
    assert gaps.history["validation_accuracy"].step.tolist() == [10, 20]
    charts.set_run(run)
    assert "accuracy" not in shown(charts)
    assert "perplexity" in shown(charts)


def test_a_run_that_sorts_rows_shows_how_many_are_right(charts, scripted_run):
    events = [started(10), *steps(10), measured(10, validation=0.5, validation_accuracy=0.95), finished(10)]
    charts.set_run(scripted_run.play(events, "spam", RunConfig(objective="classify")))
    assert shown(charts)[0] == "accuracy"
    assert charts.tiles["accuracy"].title.text() == "Rows right"
    charts.tiles["accuracy"].clicked.emit()
    assert charts.plot.accessibleName() == "Rows sorted into the right class"


def test_a_run_that_compares_pairs_shows_both_answers_their_margin_and_how_many_are_right(charts, scripted_run):
    measures = {"chosen": -20.0, "rejected": -30.0, "margin": 0.5}
    events = [started(10), *steps(10), measured(10, validation_accuracy=0.75, measures=measures), finished(10)]
    charts.set_run(scripted_run.play(events, "liked", RunConfig(objective="prefer")))
    assert shown(charts) == ["accuracy", "learning_rate", "answers", "margin", "tokens_per_second"]
    assert charts.tiles["accuracy"].title.text() == "Pairs right"
    assert charts.tiles["answers"].value.text() == "-20"
    charts.tiles["answers"].clicked.emit()
    assert charts.plot.accessibleName() == "Log-probability of the answers, held-back pairs"


def test_a_run_that_guesses_numbers_shows_how_far_off_they_are(charts, scripted_run):
    events = [started(10), *steps(10), measured(10, measures={"error": 41.5, "error_rows": 64.0}), finished(10)]
    charts.set_run(scripted_run.play(events, "prices", RunConfig(objective="regress")))
    assert shown(charts) == ["learning_rate", "gradient_norm", "error", "tokens_per_second"]
    assert charts.tiles["error"].value.text() == "41.5"
    charts.tiles["error"].clicked.emit()
    assert charts.plot.accessibleName() == "Mean error, a sample of held-back rows"


def test_a_run_with_an_adapter_shows_how_far_each_kind_of_layer_has_moved(charts, run, scripted_run):
    measures = {"change": 0.02, "change.q_proj": 0.01, "change.up_proj": 0.03, "directions": 3.5}
    events = [started(10), *steps(10), measured(10, measures=measures), finished(10)]
    config = RunConfig(adapter=AdapterConfig(kind="lora"))
    charts.set_run(scripted_run.play(events, "thin", config))
    assert shown(charts) == ["perplexity", "learning_rate", "gradient_norm", "change", "directions"]
    assert charts.tiles["change"].value.text() == "0.02"
    assert charts.tiles["directions"].value.text() == "3.5"
    charts.tiles["change"].clicked.emit()
    assert charts.plot.accessibleName() == "Change by kind of layer, |ΔW| / |W|"
    drawn = ["measure.change", "measure.change.q_proj", "measure.change.up_proj"]
    assert [name for name in charts.plot.names if name.startswith("measure.")] == drawn
    charts._run.apply([measured(11, measures={"change": 0.1, "change.v_proj": 0.1})])
    charts.refresh(frozenset({"metrics"}))
    assert "measure.change.v_proj" in charts.plot.names
    pairs = replace(config, objective="prefer")
    charts.set_run(scripted_run.play([started(1), step(1), finished(1)], "liked", pairs))
    assert shown(charts) == ["accuracy", "learning_rate", "answers", "margin", "change"]
    charts.set_run(run)
    assert "change" not in shown(charts)


def test_the_best_of_several_checkpoints_is_marked(scripted_run):
    events = [started(30), *steps(30), *(saved(step, validation_loss=loss) for step, loss in ((10, 2.0), (20, 1.0)))]
    marks = marks_of(scripted_run.play([*events, saved(30, validation_loss=1.5), finished(30)]))
    assert [mark.step for mark in marks if mark.best] == [20]
    assert "the best so far" in marks[1].text
