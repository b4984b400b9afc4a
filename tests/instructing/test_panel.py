"""The Instruct page: from an empty project to a run, from a run to its answers."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from studio.instructing.draft import FILE, InstructDraft, default_config
from studio.instructing.template_choice import STARTER
from studio.panels.instruct import InstructPanel
from tests.instructing.conftest import small
from tests.scripted_run import UNTIL_STOPPED, finished, measured, saved, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def page(session, look, on_screen):
    page = InstructPanel(session, look)
    session.changed.connect(page.refresh)
    on_screen(page)
    page.refresh()
    return page


def test_a_draft_is_kept_with_its_project(session, scripted_run):
    draft = InstructDraft(session)
    draft.follow()
    assert draft.config == default_config("instruct")
    draft.set(small())
    scripted_run.settle()
    assert (session.project.path / FILE).is_file()
    again = InstructDraft(session)
    again.follow()
    assert again.config == small()


def test_the_other_task_begins_with_its_own_defaults_and_keeps_template_and_adapter(session, scripted_run):
    draft = InstructDraft(session)
    draft.follow()
    chosen = small().with_part(instruct=replace(small().instruct, template="chatml"))
    draft.set(chosen)
    draft.set(replace(chosen, objective="prefer"))
    assert draft.config.adapter.kind == "lora", "the base under it is the reference"
    assert draft.config.instruct.template == "chatml"
    assert draft.config.training == default_config("prefer").training
    scripted_run.settle()


def test_from_a_dataset_to_a_run_with_one_button(page, session, scripted_run, qtbot):
    view = page.configuring.view
    assert view.dataset.value() == "book", "the first one that fits stands there already"
    assert not (session.project.path / "instruct-draft.json").exists(), "nothing is kept before a person chooses"
    page.configuring.draft.set(small("gone"))
    scripted_run.settle()
    assert page.primary.text() == "Mend the rows first"
    assert "There is no dataset “gone”" in view.survey.findings.findings[0].words
    page.configuring.draft.set(small("liked", "prefer"))
    scripted_run.settle()
    assert page.primary.text() == "Choose a model that answers first"
    assert view.forms["Preference"].isVisible()
    assert not view.adapter.kind._buttons["none"].isEnabled()
    assert view.painted.second.isVisible()
    page.configuring.draft.set(small())  # another task begins with its own defaults
    page.configuring.draft.set(small())
    scripted_run.settle()
    assert page.primary.text() == "Train 6 steps on 12 rows"
    assert view.painted.legend.words()[0] == "trained 21"
    assert view.facts.texts()["To choose by"] == "6"
    scripted_run.engine.script = [started(6), *steps(3), UNTIL_STOPPED]
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    run = session.running
    assert page.mode == "current"
    assert (run.config.objective, run.config.data.dataset) == ("instruct", "book@1")
    assert page.stop.isVisible()
    session.stop_run(run)
    scripted_run.until(lambda: not run.living)
    scripted_run.settle()


@pytest.mark.slow
def test_a_template_that_is_written_paints_the_row_and_becomes_the_drafts(page, session, scripted_run, qtbot):
    page.configuring.draft.set(small())
    scripted_run.settle()
    card, painted = page.configuring.view.template, page.configuring.view.painted
    card.open_editor()
    card.text.setPlainText("Hey {user} - {assistant}")
    qtbot.waitUntil(lambda: page.configuring._typed == "Hey {user} - {assistant}", timeout=2_000)
    scripted_run.settle()
    assert painted.tokens._tokens[0].text == "H"
    assert page.primary.text() == "Save the template first"
    card.name.set_value("Mine")
    card.text.setPlainText(STARTER)
    card.save.click()
    scripted_run.settle()
    assert page.configuring.draft.config.instruct.template == "Mine"
    assert card.choice.value() == "Mine"
    assert painted.tokens._tokens[0].text == "Q"
    assert page.primary.text().startswith("Train")


@pytest.mark.slow
def test_a_finished_run_leads_to_its_answers(page, session, scripted_run, save_checkpoint):
    def save(_control, record):
        save_checkpoint(record, 6, 1.5)

    script = [started(6), *steps(6), measured(6), save, saved(6, validation_loss=1.5), finished(6)]
    run = scripted_run.play(script, "tale", small())
    page.show_mode("current")
    assert page.primary.text() == "Judge its answers"
    page.primary.click()
    scripted_run.settle()
    assert page.mode == "answers"
    assert page.answers.run is run
    assert page.primary.text() == "Let it answer"
    page.focus_on("tale@6")
    assert page.mode == "configure"
    assert page.configuring.draft.config.start_from == "", "that checkpoint has no tokenizer"
    assert "came without a tokenizer" in page.banner.message.text()
    page.show_mode("prompt")
    scripted_run.settle()
    assert page.prompt.built is not None, "the first dataset that fits is there to be asked about"
