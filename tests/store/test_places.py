"""Where things lie."""

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.store import places as module
from studio.store.places import places


def test_a_chosen_home_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "Zuhause 🦊"
    monkeypatch.setenv("ATELIER_HOME", str(home))
    found = places()
    assert found.home == home
    for path in (found.preferences, found.session, found.logs, found.projects):
        assert path.is_relative_to(home)
    assert not home.exists()


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_DATA_HOME", "data/atelier"),
        ("win32", "APPDATA", "data/Atelier"),
        ("darwin", "", "Library/Application Support/Atelier"),
    ],
)
def test_without_one_the_platform_s_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, variable: str, expected: str
) -> None:
    monkeypatch.delenv("ATELIER_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(module.sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "data"))
    found = places()
    assert found.home == tmp_path / expected
    assert found.projects == tmp_path / "Atelier"


def test_resources_are_found_beside_the_package_or_one_level_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert places().resources.name == "resources"
    (tmp_path / "studio").mkdir()
    monkeypatch.setattr(module.studio, "__file__", str(tmp_path / "studio" / "__init__.py"))
    with pytest.raises(StudioError, match="no folder “resources”"):
        places()
    (tmp_path / "resources").mkdir()
    assert places().resources == tmp_path / "resources"
    (tmp_path / "studio" / "resources").mkdir()
    assert places().resources == tmp_path / "studio" / "resources"
