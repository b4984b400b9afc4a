import dataclasses

import pytest

from studio.core.config import DataConfig, RunConfig, TrainingConfig
from studio.core.schedule import learning_rate
from studio.training.plan import Facts, plan
from studio.training.setup import GROUPS, RunSetup, planned_marks, schedule_history

pytestmark = pytest.mark.gui

CONFIG = RunConfig(data=DataConfig(text="story", tokenizer="characters"), training=TrainingConfig(steps=2_000))


@pytest.fixture
def setup(look, on_screen):
    setup = RunSetup(look)
    setup.set_choices(["story", "another"])
    setup.set_draft(CONFIG, Facts(), plan(CONFIG, Facts()))
    on_screen(setup)
    return setup


def test_the_drawn_schedule_is_the_one_the_engine_follows():
    history = schedule_history(CONFIG.training, 2_000, 64)
    for step, tokens, rate in zip(history.step, history.tokens, history.value, strict=True):
        assert rate == learning_rate(int(step) - 1, CONFIG.training, 2_000)
        assert tokens == step * 64


def test_the_bend_at_the_end_of_the_warm_up_is_never_skipped():
    training = TrainingConfig(steps=1_000_000, warmup_steps=3)
    history = schedule_history(training, 1_000_000, 1)
    assert {3, 4} <= set(history.step.tolist())
    assert history.value.max() == training.learning_rate


def test_a_run_of_one_step_has_a_schedule_too():
    assert len(schedule_history(TrainingConfig(steps=1, warmup_steps=0), 1, 1)) == 1


def test_checkpoints_and_samples_are_marked_where_they_will_come():
    training = TrainingConfig(steps=1_000, save_every=500, sample_every=0)
    assert [(mark.kind, mark.step) for mark in planned_marks(training, 1_000)] == [
        ("checkpoint", 500),
        ("checkpoint", 1_000),
    ]


def test_marks_that_would_be_a_line_are_left_out():
    assert planned_marks(TrainingConfig(save_every=1, sample_every=1), 100_000) == []


def test_every_setting_of_training_and_compute_has_its_row_once():
    names = [name for _, group in GROUPS for name in group]
    assert len(names) == len(set(names))
    for part in ("training", "watch", "compute"):
        fields = {f"{part}.{name}" for name in vars(getattr(CONFIG, part))}
        assert fields <= set(names)


def test_watching_inside_is_a_switch_whose_details_are_folded_away(setup):
    form = setup.forms["Watch inside"]
    assert form.row("watch.inside").isVisibleTo(setup)
    folded = [name for name in dict(GROUPS)["Watch inside"] if not form.row(name).isVisibleTo(setup)]
    assert folded == list(dict(GROUPS)["Watch inside"][1:])
    setup.focus_on("watch.prompt")
    assert form.row("watch.prompt").isVisibleTo(setup)


def test_tokenizers_of_the_project_are_offered_beside_those_of_the_shelf(setup, qtbot):
    setup.set_choices(["story"], ["my pairs"])
    editor = setup.forms["Text"].row("data.tokenizer").editor
    for name in ("gpt2", "my pairs"):
        editor.set_value(name)
        assert editor.value() == name
    setup.set_choices(["story"])
    editor.set_value("gpt2")
    assert editor.value() == "gpt2"


def test_an_edit_leaves_as_a_whole_new_draft(setup, qtbot):
    with qtbot.waitSignal(setup.edited) as said:
        setup.forms["Along the way"].changed.emit(CONFIG)
    assert said.args == [CONFIG]


def test_showing_a_draft_is_no_edit(setup, qtbot):
    with qtbot.assertNotEmitted(setup.edited):
        changed = CONFIG.with_part(training=TrainingConfig(steps=10, warmup_steps=1))
        setup.set_draft(changed, Facts(), plan(changed, Facts()))
    assert setup.plan.texts()[0][:2] == ("Steps", "10")
    assert setup.forms["Training"].value().training.steps == 10


def test_a_setting_can_be_given_the_keyboard_even_when_it_is_folded_away(setup):
    setup.focus_on("training.beta1")
    assert setup.forms["Training"].row("training.beta1").isVisible()


def test_a_narrow_plan_keeps_its_notes_for_the_pointer(setup):
    title, value, note = setup.plan._cells[0]
    for width, seen in ((600, True), (400, False)):
        setup.plan.resize(width, 160)
        assert note.isHidden() is not seen
    assert value.toolTip() == note.text() != ""
    assert title.text() in value.accessibleName()


def test_in_a_small_window_the_forms_leave_the_curve_more_room(setup):
    setup.resize(740, 500)
    assert setup._side.maximumWidth() == 300
    setup.resize(1_100, 700)
    assert setup._side.minimumWidth() == 360


def test_a_task_of_gaps_takes_away_what_only_writing_needs(setup):
    length = setup.forms["Samples"].row("sampling.tokens")
    gaps = dataclasses.replace(CONFIG, objective="masked_words")
    for config, hidden in ((gaps, True), (CONFIG, False)):
        setup.set_draft(config, Facts(), plan(config, Facts()))
        assert length.isHidden() is hidden
        assert setup.forms["Task"].value().objective == config.objective
        assert setup.task.switch.isVisible() is hidden


def test_the_button_of_the_note_asks_for_the_other_model(setup, qtbot):
    with qtbot.waitSignal(setup.switch_requested):
        setup.task.switch.click()
