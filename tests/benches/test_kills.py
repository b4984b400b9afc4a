"""The bench of the power cuts: it kills, it loses nothing, and it would notice a loss or a difference."""

import argparse
import dataclasses
import random
from pathlib import Path

import pytest

from studio.benches import kills
from studio.core.channel import RunControl
from studio.core.errors import StudioError
from studio.store.runs import RunRecord

pytestmark = pytest.mark.torch
STEPS = 20


@pytest.fixture
def bench(tmp_path: Path) -> kills.Kills:
    """A project with the text, and a run that was not interrupted, computed here."""
    bench = kills.Kills(tmp_path, STEPS, random.Random(0))
    bench._expected = kills.Outcome.of(computed(bench, "whole"))
    return bench


def computed(bench: kills.Kills, name: str, seed: int = 5) -> RunRecord:
    """A whole run in this process."""
    from studio.engine.train import train

    config = kills.kill_config(STEPS)
    config = config.with_part(compute=dataclasses.replace(config.compute, seed=seed))
    record = bench._project.new_run(config, name)
    with record:
        for event in train(config, RunControl(), record):
            record.append(event)
    return record


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_kills_lose_nothing_and_change_nothing() -> None:
    found = rows(kills.run(argparse.Namespace(kills=2, steps=60, seed=1)))
    assert found["kills"] == 2
    assert found["lost"] == 0
    assert found["finished runs"] == found["bit-identical to the uninterrupted one"] >= 1


@pytest.mark.slow
@pytest.mark.timeout(3_000)
def test_fifty_kills_lose_nothing_and_change_nothing() -> None:
    found = rows(kills.run(argparse.Namespace(kills=50, steps=400, seed=0)))
    assert found["kills"] == 50
    assert found["lost"] == 0
    assert found["announced checkpoints verified after a kill"] >= 50
    # Over how many runs fifty kills are spread is a matter of the machine; the last one is always finished.
    assert found["finished runs"] == found["bit-identical to the uninterrupted one"] >= 1


def rows(table: list[dict[str, object]]) -> dict[str, object]:
    return {str(row["what"]): row["count"] for row in table}


@pytest.mark.slow
def test_an_equal_run_is_equal_and_another_seed_is_not(bench: kills.Kills) -> None:
    assert bench._expected.differences(computed(bench, "again")) == []
    words = bench._expected.differences(computed(bench, "other", seed=6))
    assert "another model.safetensors" in words
    assert any("the first other one at" in word for word in words)


@pytest.mark.slow
def test_a_missing_checkpoint_is_noticed(bench: kills.Kills) -> None:
    record = computed(bench, "missing")
    announced = {info.step: info.validation_loss for info in record.checkpoints()}
    bench._look_for(record, announced)
    assert bench.found.lost == []
    newest = record.checkpoints()[-1].folder
    newest.rename(newest.with_name("elsewhere"))
    bench._look_for(record, announced)
    assert any("step 20 is gone" in words for words in bench.found.lost)


@pytest.mark.slow
def test_a_checkpoint_that_three_newer_ones_replaced_is_not_missed(bench: kills.Kills) -> None:
    record = computed(bench, "pruned")
    worse = dict.fromkeys(range(5, STEPS + 1, 5), 99.0)
    there = {info.step for info in record.checkpoints()}
    assert len(there) >= kills.KEEP
    bench._look_for(record, worse)
    assert bench.found.lost == []
    assert bench.found.checked == len(there)


@pytest.mark.slow
def test_a_flipped_byte_is_noticed(bench: kills.Kills) -> None:
    record = computed(bench, "flipped")
    path = record.checkpoints()[-1].folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    bench._look_for(record, {})
    assert len(bench.found.lost) == 1
    assert "step 20" in bench.found.lost[0]


def test_losing_the_best_checkpoint_is_noticed(bench: kills.Kills) -> None:
    record = computed(bench, "best")
    bench._look_for(record, {5: 0.001})
    assert any("best checkpoint is gone" in words for words in bench.found.lost)


def test_a_child_that_fails_is_an_error_and_not_a_finished_run(bench: kills.Kills, tmp_path: Path) -> None:
    child = kills.Child(bench._project, tmp_path, ["run", str(tmp_path / "nothing.json")])
    with pytest.raises(StudioError, match="ended with code"):
        child.wait()
    assert child.announced() == {}


def test_a_torn_last_line_is_not_read(bench: kills.Kills, tmp_path: Path) -> None:
    child = kills.Child(bench._project, tmp_path, ["--version"])
    child.wait()
    whole = '{"v": 1, "kind": "CheckpointSaved", "step": 5, "folder": "step-000005", "bytes": 1, "seconds": 0.1}\n'
    (tmp_path / "events.txt").write_text(whole + whole.replace("5", "6")[:40], "utf-8")
    assert child.announced() == {5: None}
