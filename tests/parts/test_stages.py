"""The steps of the way break their line where the width ends."""

from types import SimpleNamespace

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


def test_classes_and_answers_come_before_the_chat_and_each_has_runs_of_its_own_as_proof() -> None:
    order = [stage.page for stage in STAGES]
    assert order[-4:] == ["runs", "classify", "instruct", "chat"]
    for page in ("pretrain", "classify", "instruct"):
        run = SimpleNamespace(page=page, state="finished", step=5)
        session = SimpleNamespace(runs={"one": run}, project=None, loaded=None)
        done = [stage.page for stage in STAGES if stage.done(session)]
        assert done == ["model", page]


def test_a_run_that_was_stopped_before_it_saved_anything_proves_nothing() -> None:
    record = SimpleNamespace(summary=SimpleNamespace(size=0))
    session = SimpleNamespace(runs={"one": SimpleNamespace(page="classify", state="stopped", record=record)})
    stage = next(stage for stage in STAGES if stage.page == "classify")
    assert not stage.done(session)
    record.summary.size = 1_000
    assert stage.done(session)
