import dataclasses

import pytest
from PySide6.QtCore import Qt

from studio.core.config import DataConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.core.events import RunEnded, RunPaused, Warned
from studio.panels.pretrain import PretrainPanel
from studio.parts.fine_tuning import start_next_run
from studio.store.models import delete_model, read_model
from studio.training import stop_choice
from tests.library.conftest import add_model as add_model
from tests.scripted_run import UNTIL_STOPPED, finished, measured, sample, saved, small_run, started, step, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def page(session, look, on_screen):
    panel = PretrainPanel(session, look)
    session.changed.connect(panel.refresh)
    panel.refresh(frozenset())
    on_screen(panel)
    return panel


def visible(page):
    buttons = (page.back, page.again, page.sample, page.save, page.stop, page.primary)
    return [button.text() for button in buttons if button.isVisible()]


@pytest.mark.slow
def test_a_training_is_paused_to_be_talked_to(page, session, scripted_run, qtbot):
    run = scripted_run.start([started(20), *steps(3), UNTIL_STOPPED], config=session.draft)
    scripted_run.until(lambda: run.step == 3 and run.state == "running")
    page.refresh(frozenset())
    assert page.talk.isVisible()
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.talk.click()
    assert wish.args == ["chat", (run.name, 3)]
    session.stop_run(run)
    scripted_run.settle()
    page.refresh(frozenset())
    assert not page.talk.isVisible()


# --- before the run


def test_before_a_run_the_page_offers_to_train_the_draft(page):
    assert page.shows_setup
    assert visible(page) == ["Train 2,000 steps"]


def test_the_plan_fills_in_once_the_text_has_been_looked_at(page, qtbot):
    qtbot.waitUntil(lambda: {row[0]: row[1] for row in page.setup.plan.texts()}["Disk"] != "–")
    rows = {title: value for title, value, _ in page.setup.plan.texts()}
    assert rows["Steps"] == "2,000"
    assert rows["Passes"] != "–"


def test_without_a_text_the_button_names_it_and_goes_there(page, session, qtbot):
    session.set_draft(session.draft.with_part(data=DataConfig()))
    assert page.primary.text() == "Choose a text first"
    page.primary.click()
    assert "none is chosen" in page.banner.message.text()


def test_a_project_without_any_text_leads_to_the_data_page(page, session, qtbot):
    session.project.delete_text("story")
    session.set_draft(session.draft.with_part(data=DataConfig()))
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.primary.click()
    assert wish.args[0] == "data"


def test_a_setting_out_of_range_is_named_instead_of_started(page, session):
    session.set_draft(session.draft.with_part(training=TrainingConfig(learning_rate=1_000.0)))
    assert page.primary.text() == "Correct the settings first"
    page.primary.click()
    assert "Learning rate" in page.banner.message.text()
    assert not session.runs


def test_editing_a_setting_changes_the_draft_and_the_drawn_schedule(page, session):
    edited = dataclasses.replace(session.draft, training=TrainingConfig(steps=50, warmup_steps=10))
    page.setup.edited.emit(edited)
    assert session.draft == edited
    assert page.primary.text() == "Train 50 steps"


def test_starting_shows_the_run_on_the_same_page(page, scripted_run):
    scripted_run.engine.script = small_run(20)
    page.primary.click()
    assert not page.shows_setup
    scripted_run.settle()
    page.refresh()
    assert page.followed.view.run.state == "finished"
    assert visible(page) == ["Set up another run", "Chat with it"]


# --- while it computes


@pytest.fixture
def living(page, scripted_run):
    script = [started(2_000), *steps(40), measured(40), sample(40, "A ship came in."), saved(40), *steps(5, 41)]
    run = scripted_run.start([*script, UNTIL_STOPPED])
    scripted_run.until(lambda: run.step == 45)
    page.refresh(frozenset({"running"}))
    yield run
    scripted_run.session.stop_run(run)
    scripted_run.until(lambda: not run.living)


def test_a_living_run_can_be_sampled_saved_stopped_and_paused(page, living):
    assert visible(page) == ["Sample now", "Save now", "Stop…", "Pause"]
    assert "step 45 of 2,000" in page.purpose.text()
    assert page.followed.view.samples.text.toPlainText() == "A ship came in."


def test_pause_and_continue_change_places(page, living, scripted_run):
    page.primary.click()
    scripted_run.until(lambda: living.state == "paused")
    assert page.primary.text() == "Continue"
    page.primary.click()
    scripted_run.until(lambda: living.state == "running")
    assert page.primary.text() == "Pause"


@pytest.mark.slow
def test_a_sample_that_was_asked_for_appears(page, living, scripted_run):
    page.sample.click()
    scripted_run.until(lambda: len(living.samples) == 2)
    assert living.samples[-1].asked
    assert "asked for" in page.followed.view.samples.rule.text()


def test_save_now_writes_a_checkpoint(page, living, scripted_run):
    page.save.click()
    scripted_run.until(lambda: len(living.checkpoints) == 2)


@pytest.mark.parametrize(("choice", "step_saved"), [(stop_choice.SAVE, 45), (stop_choice.DROP, 40)])
@pytest.mark.slow
def test_stopping_saves_or_does_not_as_was_chosen(page, living, scripted_run, monkeypatch, choice, step_saved):
    def answer(dialog):
        dialog.choice = choice

    monkeypatch.setattr(stop_choice.StopChoice, "exec", answer)
    page.stop.click()
    scripted_run.until(lambda: not living.living)
    assert living.state == "stopped"
    assert living.checkpoints[-1].step == step_saved
    assert page.primary.text() == f"Resume from step {step_saved}"


@pytest.mark.slow
def test_the_answer_keep_training_changes_nothing(page, living, monkeypatch):
    monkeypatch.setattr(stop_choice.StopChoice, "exec", lambda dialog: None)
    page.stop.click()
    assert living.living
    assert living.wish == ""


@pytest.mark.slow
def test_another_run_can_be_set_up_meanwhile_and_waits(page, living, session, scripted_run):
    page.focus_on("training.steps")
    assert page.primary.text() == "Queue 2,000 steps"
    assert visible(page) == ["Back to the run", "Queue 2,000 steps"]
    page.back.click()
    assert not page.shows_setup


# --- when it needs a person


def test_a_loss_that_is_no_number_pauses_and_offers_a_lower_learning_rate(page, scripted_run, session):
    pause = RunPaused(step=31, reason="non-finite", message="The loss is no number.", hint="Lower the learning rate.")
    script = [started(100), *steps(30), saved(30), step(31, float("nan")), pause, UNTIL_STOPPED]
    run = scripted_run.start(script)
    scripted_run.until(lambda: run.state == "paused" and run.ending.reason == "non-finite")
    page.refresh(frozenset({"running"}))
    assert page.banner.message.text() == "The loss is no number."
    assert page.primary.text() == "Go on without this batch"
    scripted_run.engine.scripts[run.name] = [started(100, resumed_from=30, step=30), *steps(70, 31), finished(100)]
    rates = []
    session.set_learning_rate = lambda run, rate: rates.append(rate)
    page.followed.commands.lower_and_resume()
    scripted_run.until(lambda: run.state == "finished")
    assert rates == [3e-4]
    assert scripted_run.engine.calls[-1] == (run.name, 30)


@pytest.mark.slow
def test_a_failure_is_told_with_its_hint_and_its_details_can_be_copied(page, scripted_run, qapp):
    scripted_run.play([started(10), *steps(3), StudioError("The disk is full.", "Free some space.")])
    page.refresh()
    assert (page.banner.message.text(), page.banner.hint.text()) == ("The disk is full.", "Free some space.")
    page.followed.commands.copy_details()
    assert "The disk is full." in qapp.clipboard().text()


def test_a_warning_is_shown_once_and_stays_away_when_dismissed(page, scripted_run):
    run = scripted_run.play([started(3), *steps(2), Warned(step=2, message="The text is short."), finished(3)])
    page.focus_on(run)
    assert page.banner.isVisible()
    page.banner.clear()
    page.refresh()
    assert not page.banner.isVisible()


# --- afterwards


def test_a_stopped_run_is_resumed_from_its_newest_checkpoint(page, scripted_run):
    script = [started(10), *steps(6), saved(6), RunEnded(reason="stopped", step=6, time=1.0)]
    run = scripted_run.play(script)
    page.focus_on(run)
    scripted_run.engine.scripts[run.name] = [started(10, step=6, resumed_from=6), *steps(4, 7), finished(10)]
    page.primary.click()
    scripted_run.until(lambda: run.state == "finished")


def test_a_run_that_was_deleted_leaves_the_page_to_the_settings(page, scripted_run, session):
    page.focus_on(scripted_run.play(small_run(5)))
    assert not page.shows_setup
    session.delete_run("tale")
    assert page.shows_setup


@pytest.mark.slow
def test_a_finished_run_is_taken_to_chat(page, scripted_run, session, qtbot):
    run = scripted_run.play(small_run(5))
    page.focus_on(run)
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.primary.click()
    assert wish.args == ["chat", run]


@pytest.mark.slow
def test_the_palette_offers_what_the_page_can_do_now(page, living):
    offered = {action.name: action.enabled() for action in page.actions()}
    assert offered["pretrain.stop"]
    assert not offered["pretrain.again"]


@pytest.mark.slow
def test_the_page_survives_a_change_of_theme(page, living, look):
    look.set_theme("light")
    page.grab()


def test_an_exported_chart_is_told_with_its_place_and_a_refusal_on_the_page(page, session):
    told = []
    session.notices.posted.connect(told.append)
    page.followed.view.charts.plot.saved.emit("/home/me/loss.png")
    assert (told[0].level, "/home/me/loss.png" in told[0].text) == ("good", True)
    page.followed.view.charts.plot.save_failed.emit("The folder cannot be written to.", "Choose another one.")
    assert page.banner.message.text() == "The folder cannot be written to."


# --- masked words


@pytest.fixture
def gaps(session):
    """The draft with a task that its model is not made for."""
    session.set_draft(dataclasses.replace(session.draft, objective="masked_words"))
    return session.draft


def test_a_task_that_the_model_is_not_made_for_is_named_and_mended_in_one_click(page, session, gaps):
    assert page.primary.text() == "Change the model first"
    page.primary.click()
    assert "only looks back" in page.banner.message.text()
    assert not session.runs
    page.setup.task.switch.click()
    model = session.draft.model
    assert (model.family, model.causal, model.word_head) == ("bert", False, True)
    assert (model.n_layers, model.n_heads, model.emb_dim, model.context_length) == (2, 2, 32, 32)
    assert page.primary.text() == "Train 2,000 steps"
    assert not page.banner.isVisible()


@pytest.mark.slow
def test_the_way_back_to_next_words_is_a_click_too(page, session, gaps):
    page.setup.task.switch.click()
    session.set_draft(dataclasses.replace(session.draft, objective="pretrain"))
    assert "looks both ways" in page.setup.task.reason.text()
    page.setup.task.switch.click()
    assert (session.draft.model.family, session.draft.model.causal) == ("gpt2", True)
    assert page.primary.text() == "Train 2,000 steps"


def test_the_former_model_comes_back_when_the_toast_says_undo(page, session, gaps, qtbot):
    with qtbot.waitSignal(session.notices.posted) as said:
        page.setup.task.switch.click()
    text, undo = said.args[0].text, said.args[0].action[1]
    assert text == "The next run takes the shape of BERT: 2 × 32."
    undo()
    assert session.draft == gaps


@pytest.mark.slow
def test_a_finished_run_of_gaps_offers_no_chat(page, session, gaps, scripted_run):
    page.setup.task.switch.click()
    run = scripted_run.play(small_run(20), "gaps", session.draft)
    page.focus_on(run)
    assert visible(page) == ["Set up another run"]
    assert page.followed.view.samples.title.text() == "Filled gaps"
    page.primary.click()
    assert page.shows_setup


# --- going on with a model that exists


@pytest.fixture
def tuned(session, add_model):
    """The draft as "Fine-tune…" sets it."""
    start_next_run(session, add_model(session.project.path, "tiny"))
    return session.draft


def test_a_run_that_goes_on_with_a_model_says_so_and_can_be_taken_back(page, session, tuned, qtbot):
    note = page.setup.start
    assert note.name.text() == "tiny"
    assert page.setup.forms["Text"].row("data.tokenizer").isHidden()  # the model's own is taken over
    page.focus_on("start_from")
    assert page.focusWidget() is note.leave
    with qtbot.waitSignal(session.notices.posted) as said:
        qtbot.keyClick(note.leave, Qt.Key.Key_Space)
    assert (session.draft.start_from, session.draft.model.vocab_size) == ("", 0)
    assert note.name.text() == "random weights"
    said.args[0].action[1]()
    assert session.draft == tuned


def test_an_adapter_is_chosen_beside_its_base_and_goes_with_it(page, session, tuned, qtbot):
    card = page.setup.adapter.card
    page.focus_on("adapter.kind")
    qtbot.mouseClick(card.kind._buttons["lora"], Qt.MouseButton.LeftButton)
    assert session.draft.adapter.kind == "lora"
    assert page.primary.text().startswith("Train")
    qtbot.waitUntil(lambda: page.setup.plan.texts()[3][1] != "–")
    assert "only the adapter" in page.setup.plan.texts()[3][2]
    page.setup.start.leave.click()
    assert (session.draft.start_from, session.draft.adapter.kind) == ("", "none")
    assert page.primary.text().startswith("Train")


def test_an_adapter_of_nothing_is_named_instead_of_started(page, session):
    adapter = dataclasses.replace(session.draft.adapter, kind="lora")
    session.set_draft(session.draft.with_part(adapter=adapter))
    page.primary.click()
    assert "random weights" in page.banner.message.text()
    assert page.focusWidget() is page.setup.adapter.choose


def test_from_random_weights_the_note_leads_to_the_models(page, session, qtbot):
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.setup.start.choose.click()
    assert wish.args[0] == "models"


def test_a_start_that_was_deleted_is_named_instead_of_started(page, session, tuned):
    delete_model(read_model(session.project.path / "models" / "tiny"))
    page.refresh(frozenset())
    assert page.primary.text() == "Choose another start"
    assert "“tiny”" in page.setup.start.words.text()
    page.primary.click()
    assert "“tiny”" in page.banner.message.text()
    assert not session.runs


def test_the_run_is_kept_with_the_model_it_started_from(page, session, tuned, scripted_run):
    scripted_run.engine.script = small_run(20)
    page.primary.click()
    scripted_run.settle()
    (run,) = session.runs.values()
    assert (run.config.start_from, run.config.data.tokenizer) == ("tiny", "characters")
