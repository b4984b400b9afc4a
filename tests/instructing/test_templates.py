"""Templates: the ones that can be chosen, an editor that judges what is typed, and a desk that keeps them."""

import pytest

from studio.core.shelf import PROMPTS
from studio.instructing.template_card import TemplateCard
from studio.instructing.template_choice import STARTER, STARTERS, ModelTemplate, Templates, fault_of, templates_of
from studio.instructing.template_desk import TemplateDesk
from studio.prompts import Segment, Turn
from studio.rows.written_prompt import written_prompt
from studio.store.own_prompts import OwnPrompt, list_prompts, save_prompt

OWN = Templates((OwnPrompt("Mine", "Q {user} A {assistant}"),))
ASKED = (Turn("user", "Why?", "the sky"), Turn("assistant", "Because."))


def spelled(prompt):
    return [(piece.text, piece.learned, piece.special) for piece in joined(prompt.segments(ASKED, False))]


def joined(pieces):
    """Neighbours of one kind as one, as the rendering sees them."""
    found = []
    for piece in pieces:
        last = found[-1] if found else piece
        if found and last.learned == piece.learned and not (last.special or piece.special):
            found[-1] = Segment(last.text + piece.text, piece.learned)
        elif piece.text:
            found.append(piece)
    return found


@pytest.mark.parametrize("name", ["alpaca", "chatml", "plain"])
def test_an_editor_that_begins_as_one_of_ateliers_own_writes_the_same(name):
    assert spelled(written_prompt("mine", STARTERS[name])) == spelled(PROMPTS.load(name))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{user} alone", "have to stand in it once each"),
        ("{assistant} before {user}", "{assistant} has to come last"),
        ("{user} {name} {assistant}", "a place for “name”"),
        ("[[{system} {user} {assistant}", "never closed"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_in_words(text, words):
    assert words in fault_of(text)


def test_a_template_that_can_be_used_has_no_fault():
    assert fault_of(STARTER) == ""


def test_the_projects_own_templates_are_offered_behind_the_shelf(project):
    save_prompt(project.path, "Mine", STARTER)
    found = templates_of(project, "")
    assert found.choices()[-1] == ("Mine", "Mine")
    assert found.choices()[0] == ("alpaca", "Alpaca")
    assert found.text_of("Mine") == STARTER
    assert found.model is None


def test_a_models_own_template_is_offered_only_if_it_can_be_used():
    used = Templates(model=ModelTemplate("{{ messages }}", "It writes the same.", usable=True))
    refused = Templates(model=ModelTemplate("{{ messages }}", "It loops.", usable=False))
    assert ("model", "The model's own") in used.choices()
    assert ("model", "The model's own") not in refused.choices()


# --- the card ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def card(look, on_screen):
    card = TemplateCard(look)
    on_screen(card)
    card.set_draft("alpaca", OWN)
    return card


@pytest.mark.gui
def test_choosing_tells_the_template(card, qtbot):
    card.choice.set_value("Mine")
    with qtbot.waitSignal(card.chosen) as told:
        card.choice.changed.emit()
    assert told.args == ["Mine", ""]


@pytest.mark.gui
def test_the_editor_begins_as_the_chosen_template_under_a_free_name(card):
    card.write.click()
    assert card.text.toPlainText() == STARTERS["alpaca"]
    assert card.name.text() == "My template"
    assert card.save.isEnabled()


@pytest.mark.gui
def test_what_is_typed_is_previewed_or_its_fault_named(card, qtbot):
    typed = []
    card.typed.connect(typed.append)
    card.write.click()
    card.text.setPlainText("{user} only")
    qtbot.waitUntil(lambda: card.problem.isVisible(), timeout=2_000)
    assert not card.save.isEnabled()
    card.text.setPlainText("{user} then {assistant}")
    qtbot.waitUntil(lambda: typed[-1] == "{user} then {assistant}", timeout=2_000)
    assert not card.problem.isVisible()
    card.cancel.click()
    assert typed[-1] == ""
    assert not card.editing


@pytest.mark.gui
def test_an_own_template_is_edited_under_its_name_and_can_be_deleted(card, qtbot):
    card.set_draft("Mine", OWN)
    assert card.delete.isVisible()
    card.write.click()
    assert card.name.text() == "Mine"
    with qtbot.waitSignal(card.save_requested) as told:
        card.save.click()
    assert told.args == ["Mine", "Q {user} A {assistant}"]


@pytest.mark.gui
def test_a_template_of_a_model_that_is_refused_is_shown_as_text_with_the_reason(card):
    card.set_draft("alpaca", Templates(model=ModelTemplate("{% for x in y %}", "It does not end.", usable=False)))
    assert card.brought.isVisible()
    assert card.brought.toPlainText() == "{% for x in y %}"
    assert card.about.text().endswith("It does not end.")


# --- the desk ---------------------------------------------------------------------------------------------------------


@pytest.mark.gui
def test_a_saved_template_is_known_at_once_and_a_deleted_one_comes_back(scripted_run, qtbot):
    session = scripted_run.session
    desk = TemplateDesk(session)
    desk.follow("")
    with qtbot.waitSignal(desk.saved) as told:
        desk.save("Mine", STARTER)
    assert told.args == ["Mine"]
    assert [one.name for one in desk.templates.own] == ["Mine"]
    with qtbot.waitSignal(desk.deleted):
        desk.delete("Mine")
    assert list_prompts(session.project.path) == []
    with qtbot.waitSignal(desk.saved):
        desk.save("Mine", STARTER)
    scripted_run.settle()
    assert [one.text for one in list_prompts(session.project.path)] == [STARTER]


@pytest.mark.gui
def test_a_template_that_cannot_be_used_is_not_kept(qtbot, scripted_run):
    desk = TemplateDesk(scripted_run.session)
    with qtbot.waitSignal(desk.failed) as told:
        desk.save("Broken", "{user}")
    assert "cannot be used" in told.args[0].message
    scripted_run.settle()
