"""Preferences survive damage, key by key; the window's state is worth nothing."""

import json
from pathlib import Path

import pytest

from studio.store.preferences import Preferences, load_preferences, load_session, save_preferences, save_session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a new home" / "preferences.json"


def test_preferences_come_back_equal(path: Path) -> None:
    assert load_preferences(path) == Preferences()
    chosen = Preferences(theme="dark", threads=2, projects_folder="/tmp/Projekte 🦊", ask_before_closing=False)
    save_preferences(path, chosen)
    assert load_preferences(path) == chosen
    assert not path.with_name("preferences.json.bak").exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b"{", b"[]", b"3", b"\xff"])
def test_a_damaged_file_is_kept_and_the_defaults_serve(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    told: list[str] = []
    assert load_preferences(path, told.append) == Preferences()
    assert path.with_name("preferences.json.bak").read_bytes() == content
    assert "preferences.json.bak" in told[0]


def test_only_the_bad_values_go_back_to_their_defaults(path: Path) -> None:
    path.parent.mkdir()
    bad = {"theme": "plaid", "threads": -3, "device": 7, "of_the_future": True}
    path.write_text(json.dumps({"version": 1, "reduce_motion": True, "language": "pseudo", **bad}))
    told: list[str] = []
    assert load_preferences(path, told.append) == Preferences(reduce_motion=True, language="pseudo")
    assert all(name in told[0] for name in bad)
    assert "plaid" in path.with_name("preferences.json.bak").read_text()


def test_the_window_s_state_may_be_lost(path: Path) -> None:
    assert load_session(path) == {}
    save_session(path, {"geometry": "abc", "sizes": [1, 2]})
    assert load_session(path) == {"geometry": "abc", "sizes": [1, 2]}
    for content in ("", "{", "[]"):
        path.write_text(content)
        assert load_session(path) == {}
