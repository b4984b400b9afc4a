"""Counts come from the ids a run was trained on, or there is a reason why there are none."""

import json

import numpy as np
import pytest

from studio.core.config import DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.embeddings.frequency import frequency_of
from studio.store.project import Project
from studio.store.shards import make_shards
from studio.tokenizers import make_tokenizer

TEXT = "the cat sat on the mat and the dog sat too. " * 200


@pytest.fixture
def run(tmp_path):
    project = Project.create(tmp_path / "project")
    source = tmp_path / "cats.txt"
    source.write_text(TEXT, "utf-8")
    text = project.add_text([source], "cats")
    shards = make_shards(text, "bytes", 0.1, project.tokens_folder)
    return project.path / "runs" / "one" / "checkpoints" / "step-000010", shards


def config(**data):
    return RunConfig(data=DataConfig(**({"text": "cats", "tokenizer": "bytes", "validation_share": 0.1} | data)))


def test_every_training_token_is_counted_and_none_that_was_held_back(run):
    folder, shards = run
    found = frequency_of(folder, config(), 256)
    assert found.text == "cats"
    np.testing.assert_array_equal(found.counts, np.bincount(np.asarray(shards.training()), minlength=256)[:256])
    assert found.counts.sum() == shards.training_tokens
    assert len(frequency_of(folder, config(), 300).counts) == 300


def test_a_run_with_a_tokenizer_of_the_project_s_own_is_counted_with_the_one_it_saved(run):
    folder, _ = run
    project = Project.open(folder.parents[3])
    own = make_tokenizer("characters", [TEXT])
    shards = make_shards(project.text("cats"), own, 0.1, project.tokens_folder)
    assert frequency_of(folder, config(tokenizer="mine"), 256).counts is None
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text(json.dumps(own.to_json()), "utf-8")
    assert frequency_of(folder, config(tokenizer="mine"), own.vocab_size).counts.sum() == shards.training_tokens


def test_a_text_that_is_not_there_any_more_is_a_reason(run):
    folder, _ = run
    assert "“dogs” is not in the project" in frequency_of(folder, config(text="dogs"), 256).why
    assert frequency_of(folder, config(tokenizer="gpt2"), 256).counts is None


def test_a_model_of_no_run_and_a_folder_of_no_project_are_reasons(run, tmp_path):
    assert "no run of a project" in frequency_of(tmp_path / "models" / "x", config(), 256).why
    assert frequency_of(tmp_path / "a" / "runs" / "b" / "checkpoints" / "c", config(), 256).why


def test_counting_can_be_called_off(run):
    with pytest.raises(StudioError, match="stopped"):
        frequency_of(run[0], config(), 256, keep_going=lambda: False)


def test_shards_of_another_tokenizer_of_the_same_kind_are_not_counted(run):
    folder, shards = run
    assert frequency_of(folder, config(), 256, shards.tokenizer).counts is not None
    found = frequency_of(folder, config(), 256, make_tokenizer("characters", [TEXT]))
    assert found.counts is None
    assert "“cats” was cut into other tokens" in found.why
