"""Every hostile file that concerns loading, measured one by one: what it costs to be told that it is one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gate.hostile_files import REASONS, reason_for, write_all

SECONDS, MEMORY = 5.0, 1_000_000_000  # of one file at most (trust.md 4.2); memory with all programs that are loaded
FORBIDDEN = ("weights_only=False", "trust_remote_code=True", "Traceback")
HARMLESS = ("code of its own", "settings for 10^9 tokens", "config of 4 MB")
TOKENIZERS, ALONE = "tokenizers: ", "The model reads and writes token ids only."


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
    strange = {name: words for name, words in said.items() if not _is_answered(name, words)}
    assert (slow, large, died, strange) == ({}, {}, {}, {})
    assert not [name for name, words in said.items() if any(word in words for word in FORBIDDEN)]
    assert not (tmp_path / "canary").exists()
    assert {f"{TOKENIZERS}{name}" for name in REASONS} <= set(files)
    assert len(files) > 200


def _is_answered(name: str, words: str) -> bool:
    """Whether a file is refused that must be, for its own reason, or read that is harmless."""
    if not name.startswith(TOKENIZERS):
        return words.startswith("refused: ") or (words.startswith("harmless") and any(one in name for one in HARMLESS))
    reason = reason_for(name)
    if reason is None:
        return words == "harmless"
    sentence = words.removeprefix("refused: ").removeprefix("harmless; ")
    alone = words.startswith("refused: ") or sentence.endswith(ALONE)
    return alone and sentence.startswith("The tokenizer in “") and "” was not read: " in sentence and reason in sentence


@pytest.mark.parametrize(
    ("name", "words", "right"),
    [
        ("folders: -1 layers", "refused: It has -1 layers. ", True),
        ("folders: -1 layers", "harmless", False),
        ("folders: code of its own", "harmless", True),
        ("tokenizers: long pieces", "harmless", True),
        ("tokenizers: long pieces", f"harmless; The tokenizer in “x” was not read: it is blue. {ALONE}", False),
        ("tokenizers: merge #3", "refused: The tokenizer in “x” was not read: its merge “a” leads to a token that is "
         "not in its vocabulary. Get it again.", True),
        ("tokenizers: merge #3", "refused: The tokenizer in “x” was not read: it is blue. Get it again.", False),
        ("tokenizers: merge", "harmless", False),
        ("tokenizers: fields of 8 MB", "refused: The tokenizer has 9 tokens, but the model knows 60. ", False),
        ("tokenizers: entries without end", "raised: ValueError: entries without end", False),
    ],
)  # fmt: skip
def test_an_answer_that_changes_sides_or_has_another_reason_is_noticed(name: str, words: str, right: bool) -> None:
    assert _is_answered(name, words) is right
