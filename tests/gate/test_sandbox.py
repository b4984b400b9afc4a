"""The limited child: it answers, it may write in its folder, and every way out of it is closed."""

import os
import sys
import time
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.gate.sandbox import Limits, run_limited

HERE = "tests.gate.sandbox_targets"
LIMITS = Limits(seconds=30.0, memory=256 << 20, output=32 << 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "inside"
    inside.mkdir()
    return inside


def test_a_child_answers_in_json_and_writes_in_its_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", "/somewhere")
    said = run_limited(f"{HERE}:answer", {"value": [1, "ä", None]}, folder, LIMITS)
    assert said["value"] == [1, "ä", None]
    assert os.path.realpath(said["here"]) == os.path.realpath(folder)
    assert "PYTHONSTARTUP" not in said["python"]
    assert (folder / "written").read_text() == "x"


def test_an_error_for_people_comes_through_and_a_librarys_words_do_not(folder: Path) -> None:
    with pytest.raises(StudioError, match="The file is odd") as refused:
        run_limited(f"{HERE}:refuse", {}, folder, LIMITS)
    assert refused.value.hint == "Get another one."
    for how in ("exception", "panic"):
        with pytest.raises(StudioError, match="could not be read") as refused:
            run_limited(f"{HERE}:break_down", {"how": how}, folder, LIMITS)
        assert "weights_only" not in str(refused.value)


@pytest.mark.parametrize(("how", "words"), [("exit", "code 7"), ("flood", "without an answer")])
def test_a_child_that_dies_or_talks_nonsense_is_told(folder: Path, how: str, words: str) -> None:
    with pytest.raises(StudioError, match=words) as refused:
        run_limited(f"{HERE}:break_down", {"how": how}, folder, LIMITS)
    assert refused.value.hint


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_more_memory_than_is_allowed_is_not_given(folder: Path) -> None:
    with pytest.raises(StudioError, match="more memory"):
        run_limited(f"{HERE}:break_down", {"how": "memory"}, folder, LIMITS)


def test_a_child_that_does_not_come_to_an_end_is_ended(folder: Path) -> None:
    began = time.monotonic()
    with pytest.raises(StudioError, match="stopped after 2 seconds"):
        run_limited(f"{HERE}:break_down", {"how": "sleep"}, folder, Limits(seconds=2.0))
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("what", ["write", "descriptor", "remove", "rename", "program", "system", "fork", "socket"])
def test_a_way_out_is_closed(folder: Path, tmp_path: Path, what: str) -> None:
    outside = tmp_path / "outside"
    if what in ("remove", "rename"):
        outside.write_text("mine")
    said = run_limited(f"{HERE}:try_out", {"what": what, "path": str(outside)}, folder, LIMITS)
    assert said == ("AttributeError" if what == "fork" and not hasattr(os, "fork") else "PermissionError")
    assert outside.exists() == (what in ("remove", "rename"))


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not limit files there")
def test_a_file_that_grows_without_end_is_cut(folder: Path) -> None:
    said = run_limited(f"{HERE}:try_out", {"what": "large", "path": ""}, folder, LIMITS)
    assert said == "OSError"
    assert (folder / "large").stat().st_size <= LIMITS.output
