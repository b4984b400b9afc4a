"""Prompts on disk: the newest first, at most fifty, and no file can do harm."""

import json
from pathlib import Path

import pytest

from studio.store.prompt_history import KEPT, LONGEST, load_prompts, save_prompts


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    save_prompts(tmp_path, ["Es war einmal", "一\n二"])
    assert load_prompts(tmp_path) == ["Es war einmal", "一\n二"]
    assert [path.name for path in tmp_path.iterdir()] == ["prompts.json"]


def test_a_book_is_not_kept_and_the_oldest_go(tmp_path: Path) -> None:
    save_prompts(tmp_path, ["x" * (LONGEST + 1), *map(str, range(80))])
    assert load_prompts(tmp_path) == [str(number) for number in range(KEPT)]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"version": 2, "prompts": ["a"]}', '{"version": 1, "prompts": 3}', '"a"'],
)
def test_a_damaged_or_newer_file_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "prompts.json").write_text(content, "utf-8")
    assert load_prompts(tmp_path) == []


def test_what_is_no_prompt_is_left_out(tmp_path: Path) -> None:
    data = {"version": 1, "prompts": ["a", 3, None, "", "b", ["c"]]}
    (tmp_path / "prompts.json").write_text(json.dumps(data), "utf-8")
    assert load_prompts(tmp_path) == ["a", "b"]
