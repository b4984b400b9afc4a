"""Results and experiments over a session: what is scored when, and what becomes of a person's wishes."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.classifying.beside import beside_numbers, beside_of
from studio.classifying.experiments import EXPERIMENTS, Experiment, config_of, is_published, run_name
from studio.classifying.experiments_page import ExperimentsPage, published_starts
from studio.classifying.file_dialog import FileDialog
from studio.classifying.numbers import NumberResults, NumberRun
from studio.classifying.parts_of_rows import siblings
from studio.classifying.results import Beside, Results
from studio.classifying.results_book import ResultsBook
from studio.classifying.results_page import ResultsPage
from studio.classifying.scored import ScoredRun, chances_of
from studio.core.config import DataConfig, ModelConfig, RunConfig
from studio.core.task_config import EVERYTHING
from studio.parts.rows_asked import RowsAsked
from studio.rows.labelled import labelled
from studio.store.datasets import edited
from studio.store.starts import Start
from studio.tables.rows_view import RowsView
from studio.tables.workplace import Workplace
from studio.widgets.look import Look
from tests.classifying.conftest import SMALL, classify_config
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui


@pytest.fixture
def page(session: Any, guessing: Any, scripted_run: Any, look: Look, qtbot: Any) -> ResultsPage:
    """Results of a finished run “tale”, with the baselines left out, which have tests of their own."""
    scripted_run.play(small_run(), "tale", classify_config())
    found = ResultsPage(session, ResultsBook(session), look)
    qtbot.addWidget(found)
    found.book.measure_beside = lambda run, split: None  # type: ignore[method-assign, assignment, return-value]
    found.resize(1_062, 640)
    found.show()
    return found


def test_validation_rows_are_scored_by_themselves_and_once_and_each_row_can_be_asked_about(
    page: ResultsPage, guessing: Any, scripted_run: Any
):
    page.refresh()
    page.refresh()
    scripted_run.settle()
    assert guessing.asked == [("tale", "validation")]
    assert page.stack.currentWidget() is page.classes
    assert page.classes.results is page.book.known(page.run, "validation")  # type: ignore[arg-type]
    assert page.classes.rows.rows()[0].text.startswith("message ")
    assert page.purpose == "tale · spam@1 · last block, final norm and head"
    table = page.classes.rows.table
    table.select(table.rows()[0])
    scripted_run.settle()
    why = page.classes.why.why
    assert why is not None
    assert why.tokens == tuple(table.rows()[0].text.split())
    assert why.label == table.rows()[0].guess
    page.classes.trial.text.setPlainText("win a prize")
    page.classes.trial.ask()
    scripted_run.settle()
    assert [choice.text for choice in page.classes.trial.bars.choices] == ["spam", "ham"]
    page.classes.relabels.set(0, "ham")
    page.classes.rows.save.click()
    scripted_run.settle()
    assert scripted_run.session.project.dataset("spam").title == "spam@2"
    assert page.classes.relabels.labels == {}


def test_test_rows_are_scored_only_when_a_person_asks(page: ResultsPage, guessing: Any, scripted_run: Any):
    page.refresh()
    scripted_run.settle()
    page.bar.splits.set_value("test")
    page.bar.splits.changed.emit("test")
    scripted_run.settle()
    assert ("tale", "test") not in guessing.asked
    words, press, enabled = page.press
    assert (words, enabled) == ("Score the test rows", True)
    assert "have not been looked at" in page.wait.headline.text()
    press()
    scripted_run.settle()
    assert guessing.asked[-1] == ("tale", "test")
    assert len(guessing.asked) == 2  # the validation rows behind the temperature were known already
    found = page.book.known(page.run, "test")  # type: ignore[arg-type]
    assert isinstance(found, Results)
    assert found.fitted_on == "validation"
    assert page.press[0] == "Try it on a file…"


@pytest.mark.slow
def test_a_failure_is_said_in_place_and_tried_again_and_another_run_can_be_compared(
    page: ResultsPage, scripted_run: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("studio.classifying.scored.SCORED", "tests.classifying.guesses:missing")
    page.refresh()
    scripted_run.settle()
    assert page.wait.headline.text() == "These rows could not be scored"
    monkeypatch.setattr("studio.classifying.scored.SCORED", "tests.classifying.guesses:scored")
    words, press, _ = page.press
    assert words == "Try again"
    press()
    scripted_run.settle()
    assert page.stack.currentWidget() is page.classes

    scripted_run.play(small_run(), "tale two", classify_config())
    page.choose(scripted_run.session.runs["tale"])
    scripted_run.settle()
    assert page.classes.compare.choice.isEnabled()
    page.classes.compare.choice.set_value("tale two")
    page.classes.compare.choice.changed.emit()
    scripted_run.settle()
    assert page.classes.compare.found is not None
    assert not page.classes.classes.table.isColumnHidden(4)


def test_a_run_is_repeated_on_smaller_parts_of_its_rows_and_all_of_them_make_one_curve(
    page: ResultsPage, guessing: Any, scripted_run: Any
):
    page.refresh()
    scripted_run.settle()
    scripted_run.engine.script = small_run()
    page.classes.learning.parts_wanted.emit()
    scripted_run.settle()
    tale = scripted_run.session.runs["tale"]
    parts = [one.config.classify.part for one in siblings(tale, list(scripted_run.session.runs.values()))]
    assert sorted(parts) == [0.125, 0.25, 0.5, 1.0]
    page.choose(tale)
    page.book._beside[page.book._key(tale, "validation")] = Beside(0.5, 0.9, 12, ((20, 0.8), (40, 0.9)))
    page.refresh()
    scripted_run.until(lambda: len(guessing.asked) == 4 and not page.book.working)
    page.refresh()
    drawn = page.classes.learning.chart.lines[1]
    assert drawn.x.tolist() == [5.0, 10.0, 20.0, 40.0]


@pytest.mark.slow
def test_a_run_that_guesses_numbers_has_a_view_of_its_own(
    session: Any, guessing: Any, scripted_run: Any, look: Look, qtbot: Any
):
    scripted_run.play(small_run(), "prices", classify_config(objective="regress"))
    page = ResultsPage(session, ResultsBook(session), look)
    qtbot.addWidget(page)
    page.book.measure_beside = lambda run, split: None  # type: ignore[method-assign, assignment, return-value]
    page.show()
    page.refresh()
    scripted_run.settle()
    assert page.stack.currentWidget() is page.numbers
    assert isinstance(page.book.known(page.run, "validation"), NumberResults)  # type: ignore[arg-type]
    assert page.numbers.table.rows()[0].text.startswith("message")


@pytest.mark.slow  # scikit-learn takes seconds to import
def test_the_baselines_learn_from_the_rows_that_the_run_learned_from(session: Any):
    pytest.importorskip("sklearn")
    config, dataset = classify_config(), session.project.dataset("spam")
    known = labelled(dataset.stream(), dataset.reading, config)
    places = known.split.test
    logits = chances_of(known.truth[places][:, None] * [[0.0, 1.0]])
    run = ScoredRun(
        known.labels, known.truth[places], logits, logits, known.rows[places], "test", "tale",
        lambda rows: [str(row["text"]) for row in dataset.rows_at(list(rows))],
    )  # fmt: skip
    found = beside_of(session.project, config, run)
    assert found.tfidf == 1.0  # the two classes share no word
    assert found.majority == pytest.approx((run.truth == 0).mean())
    assert found.tested == len(places)
    assert [rows for rows, _ in found.fractions] == [21, 42]


@pytest.mark.slow
def test_numbers_have_a_constant_and_counted_words_beside_them(session: Any, tmp_path: Path):
    pytest.importorskip("sklearn")
    with (tmp_path / "prices.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("prompt", "completion"), *((f"box of {at} nails", at * 10) for at in range(1, 41))]
        )
    dataset = session.project.add_dataset(tmp_path / "prices.csv", name="prices")
    config = classify_config(objective="regress", data=DataConfig(dataset="prices"))
    truth = [float(row["completion"]) for row in dataset.page(0, 5)]
    run = NumberRun(np.asarray(truth), np.asarray(truth), np.arange(5), "test", "tale",
                    lambda rows: [str(row["prompt"]) for row in dataset.rows_at(list(rows))])  # fmt: skip
    names = {one.name: one.mae for one in beside_numbers(session.project, config, run)}
    assert set(names) == {"TF-IDF", "constant"}
    assert names["constant"] > 100


# --- a table of one's own ---------------------------------------------------------------------------------------------


def test_a_table_is_classified_into_another_one(
    session: Any, scripted_run: Any, look: Look, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("studio.classifying.file_dialog.CLASSIFY_FILE", "tests.classifying.guesses:classify_file")
    dialog = FileDialog(session, tmp_path, "tale", look)
    qtbot.addWidget(dialog)
    assert not dialog.go.isEnabled()
    dialog.choose(tmp_path / "spam.csv")
    scripted_run.settle()
    assert dialog.column.value() == "text"
    assert dialog.go.text() == "Write spam-classified.csv"
    dialog.go.click()
    scripted_run.settle()
    assert (tmp_path / "spam-classified.csv").read_text("utf-8") == "text"
    dialog.go.click()
    assert "is there already" in dialog.banner.message.text()
    dialog.choose(tmp_path / "spam.csv")
    scripted_run.settle()
    assert dialog.go.text() == "Write spam-classified 2.csv"
    dialog.choose(tmp_path / "nothing.csv")
    assert not dialog.go.isEnabled()


# --- the book's experiments -------------------------------------------------------------------------------------------


def start(model: ModelConfig = SMALL) -> Start:
    return Start("mine", "mine", Path("mine"), RunConfig(model=model, data=DataConfig(tokenizer="words")))


def by_number(number: int) -> Experiment:
    return next(one for one in EXPERIMENTS if one.number == number)


def test_nineteen_rows_repeat_the_published_table():
    assert [one.number for one in EXPERIMENTS] == list(range(1, 20))
    assert {one.number for one in EXPERIMENTS if one.own} == {1, 2, 3, 5, 10, 11, 16, 17, 19}
    assert by_number(16).published == (99.42, 98.66, 98.33)
    assert by_number(12).weights == "GPT-2 1558M"


def test_each_experiment_changes_what_it_says():
    configs = {one.number: config_of(one, "spam", start()) for one in EXPERIMENTS}
    base = configs[1]
    assert (base.data.split, base.classify.read_at, base.classify.trained_blocks) == ("book", "padded", 1)
    assert (base.training.epochs, base.training.batch_size, base.training.learning_rate) == (5.0, 8, 5e-5)
    assert base.start_from == "mine"
    assert configs[2].classify.read_at == "first"
    assert configs[3].classify.trained_blocks == 0
    assert configs[5].classify.trained_blocks == configs[10].classify.trained_blocks == EVERYTHING
    assert configs[10].start_from == ""
    assert configs[10].data.tokenizer == "words"
    assert (configs[11].adapter.kind, configs[11].adapter.alpha, configs[12].adapter.alpha) == ("lora", 16.0, 8.0)
    assert configs[13].classify.pad_to == 1_024
    assert (configs[14].training.batch_size, configs[15].training.accumulation) == (1, 8)
    assert configs[17].classify.causal_mask is False
    assert configs[18] == base
    assert configs[19].classify.read_at == "mean"


def test_published_weights_are_known_by_their_shape():
    gpt2 = ModelConfig(vocab_size=50_257, emb_dim=768, n_layers=12, n_heads=12, context_length=1_024)
    assert is_published(gpt2, "GPT-2 124M")
    assert not is_published(replace(gpt2, n_layers=6), "GPT-2 124M")
    assert published_starts(Path("nowhere"), ["nobody"]) == {}


def test_rows_without_their_weights_say_which_they_need_and_the_rest_is_queued(
    session: Any, scripted_run: Any, guessing: Any, look: Look, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    book = ResultsBook(session)
    page = ExperimentsPage(session, book, look)
    qtbot.addWidget(page)
    page.refresh()
    assert page.press[0] == "Import GPT-2 first"
    assert [row.missing for row in page.view.table.rows()][5:8] == ["GPT-2 355M", "GPT-2 774M", "GPT-2 1558M"]
    page._starts = {"GPT-2 124M": start()}
    page._show()
    assert page.press[0] == "Run these 14"
    page.view.table.select(page.view.table.rows()[9])
    assert page.press[0] == "Run these 1"
    scripted_run.engine.script = small_run()
    page.press[1]()
    scripted_run.settle()
    run = session.runs["book-10"]
    assert run.config.start_from == ""
    page.show()
    page.score()
    scripted_run.settle()
    assert set(guessing.asked) == {("book-10", "validation"), ("book-10", "test")}
    assert " / " in page.view.table.rows()[9].published.words
    assert run_name(by_number(3), own=True) == "book-03-own"


def test_the_rows_of_a_cell_open_on_the_data_page_of_their_own_version(
    session: Any, guessing: Any, scripted_run: Any, look: Look, qtbot: Any
):
    scripted_run.play(small_run(), "tale", classify_config())
    page = ResultsPage(session, ResultsBook(session), look)
    qtbot.addWidget(page)
    page.book.measure_beside = lambda run, split: None  # type: ignore[method-assign, assignment, return-value]
    page.show()
    page.refresh()
    scripted_run.settle()
    page.classes.rows.show_places("ham read as spam", [3, 1])
    with qtbot.waitSignal(session.focus_requested) as told:
        page.classes.rows.data.click()
    assert told.args == ["data", RowsAsked("spam@1", "ham read as spam", (3, 1))]
    stage = Workplace(session, look)
    qtbot.addWidget(stage)
    edited(session.project.dataset("spam"), {0: None})  # a newer version, in which row 3 is another one
    stage.set_sources(session.project.datasets())
    stage.moved.connect(stage.show_source)
    stage.look_at(told.args[1])
    rows = stage.stage.view
    assert isinstance(rows, RowsView)
    assert stage.stage.source.title == "spam@1"  # type: ignore[union-attr]
    assert rows.picks.isVisibleTo(stage)
    assert rows.grid.rows.rowCount() == 2
    scripted_run.settle()
