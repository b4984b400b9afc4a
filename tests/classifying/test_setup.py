"""Before a classifier is trained: what its rows are like, what is trained, what the page says and hands on."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.classifying.class_bars import ClassBars
from studio.classifying.depth import choices, depth_words, trained_weights
from studio.classifying.depth_slider import DepthSlider
from studio.classifying.draft import FILE, ClassifyDraft
from studio.classifying.length_bars import LengthBars
from studio.classifying.plan import plan_facts, start_words, steps_of
from studio.classifying.rows_keeper import RowsKeeper
from studio.classifying.rows_seen import TOGETHER, RowsSeen, look_at_rows
from studio.classifying.setup_view import SetupView
from studio.core.config import ClassifyConfig, DataConfig, ModelConfig, RunConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.core.task_config import EVERYTHING
from studio.parts.row_finding import RowFinding
from studio.rows.lengths import LengthTable
from studio.widgets.look import Look
from tests.classifying.conftest import SMALL, classify_config

pytestmark = pytest.mark.gui


def table(project: Any, folder: Path, name: str, rows: list[tuple[str, str]]) -> Any:
    path = folder / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("label", "text"), *rows])
    return project.add_dataset(path, name=name)


def seen_of(session: Any, name: str, **parts: Any) -> RowsSeen:
    data = DataConfig(dataset=name, tokenizer="gpt2")
    return look_at_rows(session.project, classify_config(data=data, **parts))


def test_classes_are_counted_on_every_side_of_the_split(session: Any):
    seen = seen_of(session, "spam")
    assert seen.labels == ("ham", "spam")
    assert seen.counts.sum() == 60
    assert seen.rows == (int(seen.counts[0].sum()), int(seen.counts[1].sum()), int(seen.counts[2].sum()))
    balanced = seen_of(session, "spam", classify=ClassifyConfig(balance="undersample"))
    assert balanced.trained.tolist() == [balanced.counts[0].min()] * 2
    assert seen.lengths.unit == "tokens"
    half = seen_of(session, "spam", classify=ClassifyConfig(part=0.5))
    assert half.rows[0] == seen.rows[0] // 2
    assert half.counts.tolist() == seen.counts.tolist()


def test_rows_that_are_too_long_are_told_with_the_figure_and_refused_when_all_are(session: Any):
    short = seen_of(session, "spam", model=replace(SMALL, context_length=9))
    assert any("12 rows (20.0 %) are longer than 9 tokens" in one.words for one in short.findings)
    assert short.refused is None
    none = seen_of(session, "spam", model=replace(SMALL, context_length=4))
    assert none.refused is not None
    assert none.refused.words == "All 60 rows are longer than the 4 tokens that are read; the median has 7."


def test_copies_across_the_split_and_odd_labels_are_told(session: Any, tmp_path: Path):
    texts = [f"please meet me at the gate number {at} of the old harbour this evening" for at in range(40)]
    near = [(("ham", "spam")[at % 2], f"{text} ok") for at, text in enumerate(texts)]
    rows = (
        [(("ham", "spam")[at % 2], text) for at, text in enumerate(texts)] + near + [("ham ", texts[0]), ("odd", "x")]
    )
    table(session.project, tmp_path, "copies", rows)
    seen = seen_of(session, "copies")
    words = " ".join(one.words for one in seen.findings)
    assert "nearly the same as a row that is learned from" in words
    assert "repeat" in words
    assert "“odd” has a single row" in words
    ways = {one.action for one in seen.findings if "nearly the same" in one.words}
    assert ways == {TOGETHER}
    data = DataConfig(dataset="copies", tokenizer="gpt2", near_together=True)
    kept = look_at_rows(session.project, classify_config(data=data))
    assert not any("nearly the same" in one.words for one in kept.findings)
    in_order = look_at_rows(session.project, classify_config(data=replace(data, near_together=False, split="in_order")))
    assert {one.action for one in in_order.findings if "nearly the same" in one.words} == {"data"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("ham", f"text {at}") for at in range(30)], "one class"),
        ([(f"{at}.5", f"text {at}") for at in range(30)], "different numbers"),
    ],
)
def test_what_no_classifier_can_learn_is_refused_in_words(session: Any, tmp_path: Path, rows: Any, words: str):
    table(session.project, tmp_path, "odd", rows)
    with pytest.raises(StudioError, match=words):
        seen_of(session, "odd")


def test_without_a_ready_tokenizer_lengths_are_characters(session: Any):
    seen = look_at_rows(session.project, classify_config())
    assert seen.lengths.unit == "characters"
    assert all("tokens" not in one.words for one in seen.findings)


def test_the_slider_goes_from_the_head_to_everything_and_counts_the_weights():
    model = ModelConfig(vocab_size=50_257, emb_dim=768, n_layers=12, n_heads=12, context_length=1_024, qkv_bias=True)
    assert choices(model) == (*range(13), EVERYTHING)
    assert trained_weights(model, 0, 2, bias=True)[0] == 1_538
    assert trained_weights(model, 1, 2, bias=True)[0] == 7_090_946  # the book's: last block, final norm and head
    trained, whole = trained_weights(model, EVERYTHING, 2, bias=True)
    assert trained == whole == 124_439_808 + 1_538
    assert depth_words(0) == "The head only"
    assert depth_words(3) == "Last 3 blocks, final norm and head"


def test_the_slider_stops_at_every_block(look: Look, qtbot: Any):
    slider = DepthSlider(look)
    qtbot.addWidget(slider)
    slider.set_model(SMALL, 2, False, 1)
    told: list[int] = []
    slider.changed.connect(told.append)
    slider.slider.setFocus()
    for _ in range(3):
        qtbot.keyClick(slider.slider, Qt.Key.Key_Right)
    assert told == [2, EVERYTHING]
    assert slider.words.text() == "Everything"
    qtbot.keyClick(slider.slider, Qt.Key.Key_Home)
    assert told[-1] == 0


def test_the_plan_follows_rows_batches_and_passes():
    config = RunConfig(training=TrainingConfig(epochs=5.0, batch_size=8))
    assert steps_of(config, 1_045) == 650
    assert steps_of(RunConfig(training=TrainingConfig(epochs=2.0, batch_size=8, accumulation=4)), 100) == 6
    assert steps_of(RunConfig(training=TrainingConfig(steps=70)), 1_045) == 70
    assert start_words(config, None) == "Train"
    assert {row.name: row.value for row in plan_facts(config, None)}["Steps"] == "–"


def test_the_bars_draw_the_largest_classes_and_count_the_others(look: Look, qtbot: Any):
    bars, lengths = ClassBars(look), LengthBars(look)
    for widget in (bars, lengths):
        qtbot.addWidget(widget)
    bars.set_counts([f"c{at}" for at in range(15)], np.arange(45).reshape(3, 15))
    assert bars.rows[0] == ("c14", (14, 29, 44))
    assert (len(bars.rows), bars.hidden) == (12, 3)
    lengths.set_table(LengthTable(np.asarray([20, 25, 60], np.int32)), 32)
    assert "longest 60 tokens · read up to 32" in lengths.accessibleDescription()
    bars.grab()
    lengths.grab()


def test_the_draft_is_kept_with_the_project_and_tasks_have_their_own_defaults(session: Any, scripted_run: Any):
    draft = ClassifyDraft(session)
    draft.follow()
    assert draft.config.objective == "classify"
    draft.set(draft.config.with_part(data=replace(draft.config.data, dataset="spam")))
    scripted_run.settle()
    assert (session.project.path / FILE).is_file()
    again = ClassifyDraft(session)
    again.follow()
    assert again.config.data.dataset == "spam"
    (session.project.path / FILE).write_text("{}", "utf-8")
    third = ClassifyDraft(session)
    third.follow()
    assert third.config.data.dataset == ""
    with pytest.raises(StudioError, match="no model or run"):
        again.start_from("nobody")


def test_the_rows_are_looked_at_once_for_the_same_settings(session: Any, scripted_run: Any):
    keeper, config = RowsKeeper(session), classify_config()
    assert keeper.want(config) is None
    assert keeper.want(config) is None
    scripted_run.settle()
    assert keeper.want(config) is keeper.seen
    assert keeper.seen is not None
    deeper = config.with_part(classify=replace(config.classify, trained_blocks=2, read_at="mean"))
    assert keeper.want(deeper) is keeper.seen
    assert not session.jobs.jobs  # how the network is trained changes nothing about its rows
    before = keeper.seen
    assert keeper.want(config.with_part(classify=replace(config.classify, balance="oversample"))) is before
    scripted_run.settle()
    assert keeper.seen is not before
    missing = config.with_part(data=replace(config.data, dataset="gone"))
    assert keeper.want(missing) is None
    scripted_run.settle()
    assert keeper.trouble is not None
    assert "There is no dataset “gone”" in keeper.trouble.message


def test_the_form_hands_on_every_choice_and_says_where_rows_would_be_why_there_are_none(
    session: Any, look: Look, qtbot: Any
):
    view = SetupView(look)
    qtbot.addWidget(view)
    view.resize(1_062, 620)
    view.set_choices(["spam"], [("gpt2", "gpt2")])
    view.set_draft(classify_config(), seen_of(session, "spam"))
    told: list[RunConfig] = []
    view.edited.connect(told.append)
    view.passes.set_value(3)
    view.passes.changed.emit()
    assert told[-1].training.epochs == 3.0
    view.depth_slider.changed.emit(2)
    assert told[-1].classify.trained_blocks == 2
    view.task.changed.emit("regress")
    assert told[-1].objective == "regress"
    with qtbot.waitSignal(view.start_chosen) as chosen:
        view.start.set_value("gpt2")
        view.start.changed.emit()
    assert chosen.args == ["gpt2"]
    assert view.problems == []
    view.grab()

    view.set_draft(classify_config(), None, StudioError("All rows are of one class.", "Add others."))
    assert view.findings.findings == (RowFinding("danger", "All rows are of one class.", "Add others.", "data"),)
    assert view.bars.isHidden()
    view.set_draft(classify_config(data=DataConfig()), None)
    assert view.waiting.text().startswith("Choose a dataset")


def test_numbers_are_told_by_their_range(session: Any, tmp_path: Path):
    (tmp_path / "prices.csv").write_text(
        "prompt,completion\n" + "".join(f"a box of {at} nails,{at * 2}\n" for at in range(1, 42)), "utf-8"
    )
    session.project.add_dataset(tmp_path / "prices.csv", name="prices")
    seen = seen_of(session, "prices", objective="regress")
    assert seen.words == "2 to 82, half below 42"
    assert sum(seen.rows) == 41
    assert seen.labels == ("rows",)
