"""`main.py tour DIR`: the real window through the real job, in pictures."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.commands import tour
from studio.core.errors import StudioError
from studio.lessons import lessons
from studio.panels import PANELS
from studio.panels.tokenizer import TokenizerPanel
from studio.shell.camera import THEMES
from studio.shell.guide import SIZES

ROOT = Path(__file__).resolve().parents[2]


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    tour.add_options(parser)
    return parser.parse_args(arguments)


def test_a_run_too_short_to_be_paused_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError):
        tour.run(options(str(tmp_path), "--steps", "5"))


@pytest.mark.slow
@pytest.mark.gui
@pytest.mark.torch
@pytest.mark.timeout(1_800)
def test_the_tour_writes_every_page_in_both_themes_and_sizes(tmp_path: Path) -> None:
    """In a process of its own, for the window lives as long as its process."""
    text = tmp_path / "wood.txt"
    text.write_text("Once there was a wood, and in the wood there was a fox.\n" * 200, "utf-8")
    command = [sys.executable, "main.py", "tour", str(tmp_path / "pictures"), "--steps", "24", "--text", str(text)]
    code = f"import sys; from studio.commands import main; sys.exit(main({command[2:]!r}))"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=1_700, env=environment
    )
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "pictures").iterdir()}
    for entry in PANELS:
        for theme in THEMES:
            for width, height in SIZES:
                assert f"{entry.name}-{theme}-{width}x{height}.png" in written
    views = {"data": ("arriving", "rows", "contents", "clean", "windows"), "lessons": lesson_names()}
    views["tokenizer"] = tuple(view.name for view in TokenizerPanel.views[1:])
    views["classify"] = ("configure", "current", "classes", "calibration", "learning", "try", "book")
    views["instruct"] = ("configure", "current", "skills", "judge", "vote", "prompt")
    views |= {"adapters": ("changes", "bits", "step"), "chat": ("continue", "talk"), "runs": ("open",)}
    wanted = {f"{page}-{view}-{theme}" for page, names in views.items() for view in names for theme in THEMES}
    assert {name.rsplit("-", 1)[0] for name in written} >= wanted
    small = [name for name in written if (tmp_path / "pictures" / name).stat().st_size < 10_000]
    assert small == []


def lesson_names() -> tuple[str, ...]:
    return tuple(f"{lesson.number}-{lesson.name}" for lesson in lessons())
