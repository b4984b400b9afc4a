"""Forms in cards: one value in all of them, and only what can be seen is complained about."""

import pytest

from studio.controls.form_cards import FormCards
from studio.controls.named_row import NamedRow
from studio.controls.number_edit import NumberEdit
from studio.core.config import RunConfig, TrainingConfig
from studio.widgets.side_column import SideColumn

pytestmark = pytest.mark.gui

GROUPS = (("Training", ("training.steps", "training.learning_rate")), ("Compute", ("compute.seed",)))


@pytest.fixture
def column(qtbot):
    found = SideColumn([])
    qtbot.addWidget(found)
    return found


@pytest.fixture
def cards(look, column):
    found = FormCards(RunConfig, GROUPS, look, column)
    for card in found.cards.values():
        column.body.addWidget(card)
    return found


def test_a_value_stands_in_every_form_and_an_edit_carries_all_of_it(cards, qtbot):
    config = RunConfig(training=TrainingConfig(steps=77))
    cards.set_value(config)
    assert [cards.forms[title].value() for title in ("Training", "Compute")] == [config, config]
    steps = cards.forms["Training"].row("training.steps").editor
    told = []
    cards.edited.connect(told.append)
    steps.selectAll()
    qtbot.keyClicks(steps, "78")
    assert told[-1] == RunConfig(training=TrainingConfig(steps=78))


def test_what_cannot_be_used_counts_only_in_cards_that_are_shown(cards, qtbot):
    rate = cards.forms["Training"].row("training.learning_rate").editor
    rate.selectAll()
    qtbot.keyClicks(rate, "fast")
    assert [problem.field for problem in cards.problems] == ["training.learning_rate"]
    cards.cards["Training"].hide()
    assert cards.problems == []


def test_a_named_row_lets_its_control_grow_only_where_it_may(look, qtbot):
    widths = []
    for stretch in (0, 2):
        control = NumberEdit(look, False)
        row = NamedRow("Passes", control, stretch)
        qtbot.addWidget(row)
        row.resize(600, 30)
        row.grab()
        widths.append(control.width())
    assert widths[0] < widths[1] < 600
