"""What a run is, and how it goes to disk."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.config import (
    VERSION,
    ComputeConfig,
    ModelConfig,
    RunConfig,
    TrainingConfig,
    WatchConfig,
    config_from_json,
    config_to_json,
)
from studio.core.errors import StudioError
from studio.core.knobs import knobs_of, problems


def test_the_default_configuration_is_in_order() -> None:
    assert problems(RunConfig()) == []


def test_a_configuration_survives_the_disk() -> None:
    config = RunConfig(model=ModelConfig(emb_dim=64, n_heads=4), compute=ComputeConfig(seed=9))
    assert config_from_json(json.loads(json.dumps(config_to_json(config)))) == config


@given(
    learning_rate=st.floats(0, 100, allow_subnormal=True),
    steps=st.integers(1, 10**7),
    tied=st.booleans(),
    text=st.text(),
)
def test_every_bit_of_every_number_survives(learning_rate: float, steps: int, tied: bool, text: str) -> None:
    default = RunConfig()
    config = default.with_part(
        training=TrainingConfig(learning_rate=learning_rate, steps=steps),
        model=ModelConfig(tie_embeddings=tied),
        data=dataclasses.replace(default.data, text=text),
    )
    assert config_from_json(json.loads(json.dumps(config_to_json(config)))) == config


def test_a_configuration_from_before_runs_were_watched_is_read_and_watched() -> None:
    data = config_to_json(RunConfig())
    del data["watch"]
    assert config_from_json(data) == RunConfig()
    assert config_from_json(data).watch.inside


def test_a_newer_version_is_refused_before_its_fields_are_looked_at() -> None:
    data: dict[str, Any] = {"version": VERSION + 1, "something": "that did not exist"}
    with pytest.raises(StudioError, match="newer Atelier") as refused:
        config_from_json(data)
    assert "update" in refused.value.hint


@pytest.mark.parametrize("data", [{}, {"version": "1"}, [], None, "text"])
def test_a_file_that_is_no_configuration_is_refused_with_a_way_out(data: object) -> None:
    with pytest.raises(StudioError, match="version") as refused:
        config_from_json(data)
    assert "main.py config" in refused.value.hint


def test_a_width_that_does_not_divide_among_the_heads_is_told_with_one_that_would() -> None:
    (problem,) = problems(RunConfig(model=ModelConfig(emb_dim=100, n_heads=8)))
    assert problem.field == "model.n_heads"
    assert "96" in problem.message


def test_a_warm_up_longer_than_the_run_is_a_problem_unless_epochs_decide() -> None:
    long = TrainingConfig(steps=10, warmup_steps=20)
    assert [problem.field for problem in problems(long)] == ["warmup_steps"]
    assert problems(dataclasses.replace(long, epochs=2.0)) == []


def test_derived_sizes_follow_the_book() -> None:
    config = ModelConfig(emb_dim=768, n_heads=12)
    assert config.head_dim == 64
    assert config.feed_forward_dim == 3072
    assert dataclasses.replace(config, hidden_dim=100).feed_forward_dim == 100


@pytest.mark.parametrize("kind", [ModelConfig, TrainingConfig, WatchConfig, ComputeConfig])
def test_every_setting_has_its_words(kind: type) -> None:
    knobs = knobs_of(kind)
    assert set(knobs) == {field.name for field in dataclasses.fields(kind)}
    for name, knob in knobs.items():
        assert knob.label, name
        assert knob.help.endswith("."), name
