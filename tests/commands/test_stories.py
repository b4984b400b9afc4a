"""`main.py stories`: the sample corpus, to a file or to standard output."""

from pathlib import Path

import pytest

from studio.commands import DONE, main


def test_stories_go_to_standard_output_or_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stories", "--characters", "3000", "--seed", "5"]) == DONE
    told = capsys.readouterr().out
    assert main(["stories", "--characters", "3000", "--seed", "5", str(tmp_path / "s.txt")]) == DONE
    assert (tmp_path / "s.txt").read_text(encoding="utf-8") == told
    assert "characters in" in capsys.readouterr().err


def test_another_seed_tells_other_stories(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stories", "--characters", "2000"]) == DONE
    first = capsys.readouterr().out
    assert main(["stories", "--characters", "2000", "--seed", "2"]) == DONE
    assert capsys.readouterr().out != first
