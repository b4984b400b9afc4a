"""The trash says what it weighs, asks before it is emptied, and goes on only after the answer."""

import pytest

from studio.core.config import RunConfig
from studio.parts.trash_card import TrashCard, contents
from studio.store.places import places
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def card(qtbot, scripted_run):
    card = TrashCard(scripted_run.session, Look(places().resources))
    qtbot.addWidget(card)
    return card


def shown(card, qtbot, scripted_run):
    with qtbot.waitExposed(card):
        card.show()
    scripted_run.settle()


def test_it_says_how_much_lies_there_and_empties_it_after_the_question(card, qtbot, scripted_run):
    project = scripted_run.session.project
    record = project.new_run(RunConfig(), "tale")
    (record.folder / "notes.md").write_bytes(b"x" * 3_000_000)
    record.delete()
    shown(card, qtbot, scripted_run)
    assert card.words.text() == "One deleted thing, 3 MB."
    card.empty.click()
    assert "3 MB" in card.question.words.text()
    assert card.question.keep.isDefault()
    card.question.keep.click()
    assert project.weigh_trash()[0] == 1
    card.empty.click()
    card.question.delete.click()
    scripted_run.settle()
    assert project.weigh_trash() == (0, 0)
    assert card.words.text() == "It is empty."
    assert not card.empty.isEnabled()
    card.hide()


def test_without_a_project_there_is_nothing_to_empty(card, qtbot, scripted_run):
    scripted_run.session.close_project()
    shown(card, qtbot, scripted_run)
    assert card.words.text() == "It is empty."
    assert not card.empty.isEnabled()
    card.hide()


def test_several_things_are_counted():
    assert contents(1_200, 5e9) == "1,200 deleted things, 5 GB."
