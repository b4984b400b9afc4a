"""The demonstration of the page: two layers read repeated sequences, and one sees when the induction head grew."""

import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core.config import RunConfig, TrainingConfig, WatchConfig
from studio.probes.taxonomy_view import TaxonomyView
from tests.lenses.trained import config, make_project, open_stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]

LETTERS = string.ascii_lowercase
CONTEXT, ROWS, STEPS, EVERY = 48, 5_000, 300, 25


def repetitions() -> str:
    """Rows of one window each: a random sequence of a period of its own, again and again; only content helps."""
    random = np.random.default_rng(0)
    rows = [np.resize(random.permutation(len(LETTERS))[: random.integers(6, 17)], CONTEXT) for _ in range(ROWS)]
    return "".join(LETTERS[letter] for row in rows for letter in row)


def small_reader() -> RunConfig:
    """Two layers of two heads that know places by turning."""
    reader = config(
        "llama", emb_dim=64, n_heads=2, n_kv_heads=0, hidden_dim=128, context_length=CONTEXT, tie_embeddings=False,
        activation="silu",
    )  # fmt: skip
    training = TrainingConfig(
        steps=STEPS, batch_size=32, learning_rate=4e-3, schedule="constant", warmup_steps=20, beta2=0.98,
        weight_decay=0.01, evaluate_every=STEPS, evaluation_batches=2, sample_every=0, save_every=STEPS,
    )  # fmt: skip
    data = replace(reader.data, validation_share=0.02)
    return reader.with_part(training=training, watch=WatchConfig(every=EVERY), data=data)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_timeline_shows_when_an_induction_head_has_grown(tmp_path: Path, look: Any, qtbot: Any) -> None:
    stage = open_stage(make_project(tmp_path / "copies", small_reader(), text=repetitions()), look, qtbot)
    try:
        scene = stage.look_at(STEPS)
        view: TaxonomyView = stage.show(TaxonomyView)
        stage.until(
            lambda: stage.looking.film.all().missing == 0 and len(stage.looking.film.steps) == STEPS // EVERY + 1
        )
        stage.settle()
        series = stage.looking.film.all()
        highest = series.scores["induction"].max(axis=(1, 2))
        assert highest[0] < 3 * view._now.answer.chance
        assert highest.max() > 0.5
        grown = int(series.steps[np.flatnonzero(highest > 0.5)[0]])
        assert 0 < grown <= STEPS
        assert f"at step {grown:,}, to" in view.grown.text()
        layer, head = np.unravel_index(int(series.scores["induction"][-1].argmax()), (2, 2))
        assert layer == 1  # it reads what a head before it has written
        assert view._now.answer.induction[layer, head] > 0.5
        assert scene.step == STEPS
    finally:
        stage.close()
