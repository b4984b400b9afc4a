"""Which exercises are solved: kept beside the preferences, and never in the way."""

from pathlib import Path

import pytest

from studio.store.lesson_marks import load_marks, path_beside, save_marks


def test_marks_come_back(tmp_path: Path) -> None:
    path = path_beside(tmp_path / "home" / "preferences.json")
    assert path.parent.name == "home"
    assert load_marks(path) == {}
    save_marks(path, {"rotation": frozenset({1, 0}), "first_steps": frozenset()})
    assert load_marks(path) == {"rotation": frozenset({0, 1})}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"version": 9, "solved": {"a": [1]}}', '{"solved": {"a": ["x"]}}',
                                     '{"solved": []}'])  # fmt: skip
def test_a_damaged_file_counts_as_nothing_done(content: str, tmp_path: Path) -> None:
    path = tmp_path / "lessons.json"
    path.write_text(content, "utf-8")
    assert load_marks(path) == {}
