"""The steps of the way break their line where the width ends."""

import pytest
from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from studio.panels import PANELS
from studio.parts.stages import STAGES, Stages
from studio.store.places import places
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def stages(qtbot: QtBot) -> Stages:
    made = Stages(Look(places().resources))
    qtbot.addWidget(made)
    return made


def test_every_stage_opens_a_page_that_exists() -> None:
    assert {stage.page for stage in STAGES} <= {entry.name for entry in PANELS}


def test_steps_are_numbered_in_their_order(stages: Stages) -> None:
    texts = [button.text() for button in stages.buttons.values()]
    assert texts[0] == "1  Text"
    assert [text.split()[0] for text in texts] == [str(number) for number in range(1, len(STAGES) + 1)]


def test_a_narrow_line_breaks_and_a_wide_one_does_not(stages: Stages) -> None:
    flow = stages.layout()
    one = flow.heightForWidth(2_000)
    assert flow.heightForWidth(260) > 2 * one
    flow.setGeometry(QRect(0, 0, 260, 400))
    rows = {button.y() for button in stages.buttons.values()}
    assert len(rows) > 2
    assert all(button.geometry().right() <= 260 for button in stages.buttons.values())
