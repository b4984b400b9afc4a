import dataclasses
from types import SimpleNamespace

import pytest

from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.history import History
from studio.store.project import Project
from studio.store.shards import make_shards
from studio.tokenizers import make_tokenizer
from studio.training.survey import measured_speed, survey


@pytest.fixture
def project(tmp_path):
    source = tmp_path / "story.txt"
    source.write_text("Mira went to the harbour. " * 200, "utf-8")
    project = Project.create(tmp_path / "project")
    project.add_text([source], "story")
    return project


CONFIG = RunConfig(data=DataConfig(text="story", tokenizer="characters", validation_share=0.5), model=ModelConfig())


def test_a_text_that_was_never_cut_is_judged_by_its_beginning(project):
    facts = survey(project, CONFIG)
    assert facts.training_tokens == 2_600
    assert not facts.exact
    assert facts.vocab_size == len(set("Mira went to the harbour. "))
    assert facts.free_disk > 0


def test_a_text_that_was_cut_before_is_known_exactly(project):
    made = make_shards(project.text("story"), "characters", 0.5, project.tokens_folder)
    facts = survey(project, CONFIG)
    assert facts.exact
    assert facts.training_tokens == made.training_tokens


def test_a_tokenizer_of_the_project_counts_with_its_own_vocabulary_and_an_unknown_one_is_named(project):
    own = dataclasses.replace(CONFIG, data=dataclasses.replace(CONFIG.data, tokenizer="mine"))
    with pytest.raises(StudioError, match="no tokenizer called “mine”"):
        survey(project, own)
    project.add_tokenizer(make_tokenizer("characters", ["Mira went to the harbour. !"]), "mine")
    facts = survey(project, own)
    assert facts.vocab_size == len(set("Mira went to the harbour. !"))
    make_shards(project.text("story"), project.tokenizer("mine"), 0.5, project.tokens_folder)
    assert survey(project, own).exact


def test_parameters_follow_from_the_model_and_the_vocabulary(project):
    wide = CONFIG.with_part(model=dataclasses.replace(CONFIG.model, emb_dim=384))
    assert survey(project, wide).parameters > 3 * survey(project, CONFIG).parameters


def run_with_speed(config, speed, steps=30):
    history = History()
    history.extend(range(steps), range(steps), range(steps), [speed] * steps)
    return SimpleNamespace(config=config, history={"tokens_per_second": history})


def test_the_speed_is_that_of_the_newest_run_that_did_the_same_work():
    other = CONFIG.with_part(compute=ComputeConfig(precision="bf16"))
    runs = [run_with_speed(CONFIG, 100.0), run_with_speed(CONFIG, 200.0), run_with_speed(other, 900.0)]
    assert measured_speed(CONFIG, runs) == 200.0


def test_a_run_that_has_hardly_begun_tells_no_speed():
    assert measured_speed(CONFIG, [run_with_speed(CONFIG, 100.0, steps=3)]) == 0.0
    assert measured_speed(CONFIG, []) == 0.0
