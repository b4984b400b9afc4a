"""`main.py tour DIR`: the real window through the real job, in pictures."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.commands import tour
from studio.core.errors import StudioError
from studio.panels import PANELS

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
def test_the_tour_writes_every_page_in_both_themes_and_sizes(tmp_path: Path) -> None:
    """In a process of its own, for the window lives as long as its process."""
    text = tmp_path / "wood.txt"
    text.write_text("Once there was a wood, and in the wood there was a fox.\n" * 200, "utf-8")
    command = [sys.executable, "main.py", "tour", str(tmp_path / "pictures"), "--steps", "24", "--text", str(text)]
    code = f"import sys; from studio.commands import main; sys.exit(main({command[2:]!r}))"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=280, env=environment
    )
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "pictures").iterdir()}
    for entry in PANELS:
        for theme in tour.THEMES:
            for width, height in tour.SIZES:
                assert f"{entry.name}-{theme}-{width}x{height}.png" in written
