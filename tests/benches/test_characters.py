"""The bench of Shakespeare's characters: the shape asked for, measured on all that was held back."""

import argparse
import math
from pathlib import Path

import pytest

from studio.benches import characters

pytestmark = pytest.mark.torch
LINES = "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer\n"


@pytest.fixture
def short_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines in place of the whole text."""
    (tmp_path / "tinyshakespeare.txt").write_text(LINES * 120, "utf-8")
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))


def test_the_shape_is_the_one_that_was_asked_for() -> None:
    config = characters.shakespeare_config(2_000, 2)
    model, training = config.model, config.training
    assert (model.n_layers, model.n_heads, model.emb_dim, model.context_length) == (4, 4, 128, 64)
    assert (training.batch_size, training.steps, model.drop_rate) == (12, 2_000, 0.0)
    assert training.accumulation == 1


@pytest.mark.slow
@pytest.mark.usefixtures("short_text")
def test_a_few_steps_are_measured_but_prove_nothing() -> None:
    rows = {row["what"]: row for row in characters.run(argparse.Namespace(steps=3, threads=1, keep=""))}
    assert math.isfinite(rows["validation loss"]["ours"])
    assert not rows["validation loss"]["reached"]
    assert not rows["seconds"]["reached"]
    assert rows["threads"]["ours"] == 1


@pytest.mark.slow
@pytest.mark.timeout(3_000)
def test_two_thousand_steps_reach_the_loss(data_folder: Path) -> None:
    rows = {row["what"]: row for row in characters.run(argparse.Namespace(steps=2_000, threads=2, keep=""))}
    assert rows["validation loss"]["ours"] <= characters.LOSS
