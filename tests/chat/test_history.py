import json

import pytest

from studio.chat.history import PromptHistory
from studio.core.errors import StudioError

pytestmark = pytest.mark.gui


@pytest.fixture
def history(look, tmp_path):
    made = PromptHistory(look)
    made.set_project(tmp_path)
    return made


def again(look, folder):
    made = PromptHistory(look)
    made.set_project(folder)
    return made


def test_prompts_come_back_when_the_project_is_opened_again(history, look, tmp_path):
    for prompt in ("one", "two\nlines", "one"):
        history.add(prompt)
    assert again(look, tmp_path).prompts == ["one", "two\nlines"]
    assert again(look, tmp_path).list.count() == 2


def test_every_project_has_its_own(history, tmp_path):
    history.add("here")
    other = tmp_path / "other"
    other.mkdir()
    history.set_project(other)
    assert history.prompts == []
    history.add("there")
    history.set_project(tmp_path)
    assert history.prompts == ["here"]
    history.set_project(None)
    history.add("nowhere")
    assert history.prompts == ["nowhere"]


def test_only_the_last_fifty_are_kept_and_blank_ones_not_at_all(history, look, tmp_path):
    for number in range(60):
        history.add(f"prompt {number}")
    history.add("  \n")
    assert len(history.prompts) == 50
    assert again(look, tmp_path).prompts[0] == "prompt 59"


def test_browsing_goes_from_the_newest_to_the_oldest_and_back(history):
    for prompt in ("old", "new"):
        history.add(prompt)
    assert history.browse(1, afresh=True) == "new"
    assert history.browse(1) == "old"
    assert history.browse(1) is None
    assert history.browse(-1) == "new"
    assert history.browse(-1) == ""
    assert history.browse(-1) is None


def test_a_folder_that_cannot_be_written_is_told_and_the_prompt_is_still_remembered(history, monkeypatch):
    def refuse(folder, prompts):
        raise StudioError("The disk is full.")

    told = []
    history.failed.connect(told.append)
    monkeypatch.setattr("studio.chat.history.save_prompts", refuse)
    history.add("kept")
    assert [error.message for error in told] == ["The disk is full."]
    assert history.prompts == ["kept"]


def test_choosing_one_gives_it_back_whole(history, qtbot):
    history.add("two\nlines")
    with qtbot.waitSignal(history.chosen) as chosen:
        history.list.itemActivated.emit(history.list.item(0))
    assert chosen.args == ["two\nlines"]
    assert json.loads((history._folder / "prompts.json").read_text("utf-8"))["version"] == 1
