"""A project's own templates: kept by name, found before a run and by a run, never mistaken for one of the shelf."""

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.prompts import Turn
from studio.store.files import write_json
from studio.store.own_prompts import (
    FOLDER,
    OwnPrompt,
    delete_prompt,
    find_prompt,
    list_prompts,
    prompt_text,
    save_prompt,
)

TEXT = "Q: {user}\nA: {assistant}"
ASKED = [Turn("user", "Hi")]


def test_what_was_saved_is_found_by_its_name(tmp_path: Path) -> None:
    kept = save_prompt(tmp_path, " Short ", TEXT)
    assert kept == OwnPrompt("Short", TEXT)
    assert list_prompts(tmp_path) == [kept]
    prompt = find_prompt(tmp_path, "Short")
    assert prompt.name == prompt.label == "Short"
    assert "".join(segment.text for segment in prompt.segments(ASKED, True)) == "Q: Hi\nA: "
    assert prompt_text(tmp_path, "Short") == TEXT


def test_saving_again_replaces_and_deleting_gives_back(tmp_path: Path) -> None:
    save_prompt(tmp_path, "b", TEXT)
    save_prompt(tmp_path, "A", TEXT)
    save_prompt(tmp_path, "b", "{user}: {assistant}")
    assert [one.name for one in list_prompts(tmp_path)] == ["A", "b"]
    gone = delete_prompt(tmp_path, "b")
    assert [one.name for one in list_prompts(tmp_path)] == ["A"]
    assert save_prompt(tmp_path, gone.name, gone.text).text == "{user}: {assistant}"


def test_a_template_of_the_shelf_needs_no_text(tmp_path: Path) -> None:
    assert find_prompt(tmp_path, "alpaca") is PROMPTS.load("alpaca")
    assert find_prompt(tmp_path, "alpaca", "left over from another choice") is PROMPTS.load("alpaca")
    assert prompt_text(tmp_path, "alpaca") == ""


def test_the_text_that_a_run_kept_counts_more_than_what_its_name_means_now(tmp_path: Path) -> None:
    save_prompt(tmp_path, "Short", "Now: {user} {assistant}")
    then = find_prompt(tmp_path, "Short", TEXT)
    assert then.name == "Short"
    assert then.segments(ASKED, True)[0].text == "Q: "


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("alpaca", "My alpaca"), ("ChatML", "My ChatML"), ("model", "My model"), ("a/b", "a-b"), ("", "My template")],
)
def test_a_name_that_means_something_else_is_changed(tmp_path: Path, wanted: str, name: str) -> None:
    assert save_prompt(tmp_path, wanted, TEXT).name == name


def test_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    save_prompt(tmp_path, "Short", TEXT)
    for look in (find_prompt, prompt_text, delete_prompt):
        with pytest.raises(StudioError, match="no template called “other”") as refused:
            look(tmp_path, "other")
        assert "chatml" in refused.value.hint
        assert "of your own: “Short”" in refused.value.hint


def test_a_template_that_cannot_be_used_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="cannot be used"):
        save_prompt(tmp_path, "Short", "{user}")
    assert list_prompts(tmp_path) == []


def test_a_damaged_file_is_passed_over(tmp_path: Path) -> None:
    save_prompt(tmp_path, "good", TEXT)
    folder = tmp_path / FOLDER
    (folder / "torn.json").write_text('{"version": 1, "te', "utf-8")
    (folder / "huge.json").write_text(" " * (1 << 20) + "{}", "utf-8")
    write_json(folder / "newer.json", {"version": 2, "text": TEXT})
    write_json(folder / "list.json", [TEXT])
    write_json(folder / "number.json", {"version": 1, "text": 7})
    assert [one.name for one in list_prompts(tmp_path)] == ["good"]
