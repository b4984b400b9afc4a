"""An entry among the applications of a Linux desktop."""

import sys
from pathlib import Path

import pytest

from studio import commands
from studio.commands import desktop

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="this is for Linux desktops")


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The fields of the entry that was written."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert commands.main(["--install-desktop"]) == 0
    lines = (tmp_path / "share" / "applications" / "atelier.desktop").read_text("utf-8").splitlines()
    assert lines[0] == "[Desktop Entry]"
    return dict(line.split("=", 1) for line in lines[1:])


def test_every_path_is_absolute_and_there(entry: dict[str, str]) -> None:
    python, main = [part.strip('"') for part in entry["Exec"].split('" "')]
    assert Path(python) == Path(sys.executable)
    assert Path(main).is_file()
    assert Path(entry["Icon"]).is_file()
    assert entry["Name"] == "Atelier"
    assert entry["Terminal"] == "false"


def test_a_path_with_odd_characters_is_written_as_the_specification_wants() -> None:
    assert desktop._quoted("/home/a b/100%/x$y") == '"/home/a b/100%%/x\\\\$y"'


def test_a_folder_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert commands.main(["desktop"]) == 1
    assert "cannot be written" in capsys.readouterr().err
