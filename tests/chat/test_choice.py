"""Runs and imported models in one list; what is chosen says where it lies and what it is called in memory."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.chat.choice import ModelChoice
from studio.core.config import RunConfig
from studio.store.checkpoints import CheckpointInfo
from studio.store.library import BASE, CHECKPOINT, Entry
from tests.library.conftest import TINY

pytestmark = pytest.mark.gui
TINY_MODEL = Entry("tiny", BASE, Path("/p/models/tiny"), TINY, 1, 1, "fp32")
FAR = Entry("tale", CHECKPOINT, Path("/q/step-20"), TINY, 1, 1, "fp32", run="tale", step=20, project="Songs")


def run(name, *steps):
    infos = [
        CheckpointInfo(step, Path(f"/p/{name}/{step}"), 1, float(step), 1.0, step == steps[0], "") for step in steps
    ]
    return SimpleNamespace(
        name=name, record=SimpleNamespace(checkpoints=lambda: infos), config=RunConfig(), writes=True
    )


@pytest.fixture
def choice(look, qtbot):
    made = ModelChoice(look)
    qtbot.addWidget(made)
    return made


def test_runs_come_before_imported_models(choice):
    choice.set_runs([run("tale", 10, 20)])
    choice.set_entries([TINY_MODEL])
    assert [choice.run.itemText(place) for place in range(choice.run.count())] == ["tale", "tiny"]
    assert (choice.chosen_run, choice.entry, choice.wanted) == ("tale", None, "tale · step 10")
    assert choice.folder == Path("/p/tale/10")


def test_an_imported_model_has_no_checkpoints_to_choose_from(choice):
    choice.set_entries([TINY_MODEL])
    assert (choice.chosen_run, choice.entry, choice.wanted) == ("", TINY_MODEL, "tiny")
    assert choice.folder == TINY_MODEL.folder
    assert choice.checkpoint.isHidden()
    choice.set_runs([run("tale", 10)])
    assert choice.entry is TINY_MODEL  # the choice stays
    choice.choose("tale")
    assert not choice.checkpoint.isHidden()


def test_a_run_and_a_model_of_the_same_name_are_two(choice):
    choice.set_runs([run("tiny", 10)])
    choice.set_entries([TINY_MODEL])
    choice.choose_entry(TINY_MODEL)
    assert choice.entry is TINY_MODEL
    choice.choose("tiny")
    assert choice.chosen_run == "tiny"


def test_a_model_of_another_project_joins_the_list_when_it_is_asked_for(choice):
    choice.set_runs([run("tale", 20)])
    choice.choose_entry(FAR)
    assert choice.wanted == "tale · step 20"
    assert choice.folder == FAR.folder
    choice.choose("tale", 20)
    assert choice.wanted == "tale · step 20"  # called alike, and told apart by where they lie
    assert choice.folder == Path("/p/tale/20")


def test_a_model_that_is_gone_makes_room_for_what_is_left(choice):
    choice.set_entries([TINY_MODEL])
    choice.set_entries([])
    assert (choice.wanted, choice.folder) == ("", None)
    assert not choice.about.isHidden()
    assert not choice.run.isEnabled()


def test_a_run_that_cannot_write_on_is_left_out_and_named(choice):
    gaps = run("gaps", 10)
    gaps.writes = False
    choice.set_runs([run("tale", 20), gaps])
    assert [choice.run.itemText(place) for place in range(choice.run.count())] == ["tale"]
    assert choice.left_out.text().endswith("gaps")
    choice.set_runs([run("tale", 20)])
    assert choice.left_out.isHidden()
