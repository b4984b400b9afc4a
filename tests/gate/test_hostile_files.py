"""Every hostile file that concerns loading, measured one by one: what it costs to be told that it is one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gate.hostile_files import write_all

SECONDS, MEMORY = 5.0, 1_000_000_000  # of one file at most (trust.md 4.2); memory with all programs that are loaded
FORBIDDEN = ("weights_only=False", "trust_remote_code=True", "Traceback")
HARMLESS = ("code of its own", "settings for 10^9 tokens", "config of 4 MB", "tokenizers: ")


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.timeout(1_800)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process for each file is a fork")
def test_every_hostile_file_is_answered_within_5_seconds_and_1_gigabyte_and_nothing_of_it_runs(tmp_path: Path) -> None:
    files = write_all(tmp_path)
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps({name: (how, str(path)) for name, (how, path) in files.items()}), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.gate.hostile_child", str(listed)], cwd=Path(__file__).parents[2],
        env=dict(os.environ, OMP_NUM_THREADS="1"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr[-2_000:]
    assert [row["name"] for row in rows] == list(files)
    slow = {row["name"]: round(row["seconds"], 1) for row in rows if row["seconds"] > SECONDS}
    large = {row["name"]: row["bytes"] // 10**6 for row in rows if row["bytes"] > MEMORY}
    died = {row["name"]: row["status"] for row in rows if row["status"]}
    said = {row["name"]: row["said"] for row in rows}
    strange = {
        name: words
        for name, words in said.items()
        if not words.startswith("refused: ") and not (words.startswith("harmless") and _may_be_harmless(name))
    }
    assert (slow, large, died, strange) == ({}, {}, {}, {})
    assert not [name for name, words in said.items() if any(word in words for word in FORBIDDEN)]
    assert not (tmp_path / "canary").exists()
    assert len(files) > 150


def _may_be_harmless(name: str) -> bool:
    return any(words in name for words in HARMLESS)
