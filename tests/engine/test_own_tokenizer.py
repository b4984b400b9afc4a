"""A run that reads its text with a tokenizer of the project's own: trained, saved beside the weights, gone on with."""

import dataclasses
from typing import Any

import pytest

from studio.core.channel import RunControl
from studio.core.config import DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.events import StepDone
from studio.engine.opening import open_weights
from studio.store.project import Project
from studio.store.starts import find_start
from studio.tokenizers import END_OF_TEXT, byte_pair
from studio.tokenizers.byte_pair import BytePairTokenizer
from tests.engine.conftest import with_training

pytestmark = pytest.mark.torch


@pytest.fixture
def own(config: RunConfig, project: Project) -> RunConfig:
    pairs = BytePairTokenizer([*byte_pair.make().tokens, b"th", b"the", b" the"], [END_OF_TEXT])
    project.add_tokenizer(pairs, "mine")
    brief = with_training(config, steps=4, accumulation=1, evaluate_every=100, sample_every=0, save_every=2)
    data = DataConfig(text=config.data.text, tokenizer="mine", validation_share=config.data.validation_share)
    return dataclasses.replace(brief, data=data)


def test_it_is_trained_and_the_tokenizer_lies_beside_the_weights(play: Any, own: RunConfig, project: Project) -> None:
    play(own, "run")
    folder = project.run("run").checkpoints_folder / "step-000004"
    opened = open_weights(folder, "cpu")
    assert opened.tokenizer is not None
    assert (opened.tokenizer.name, opened.config.model.vocab_size) == ("byte_pair", 260)
    assert opened.tokenizer.encode(" the") == [258]


def test_it_goes_on_and_is_started_from_after_the_tokenizer_was_deleted(
    play: Any, own: RunConfig, project: Project
) -> None:
    def stop(event: Any) -> None:
        if isinstance(event, StepDone) and event.step == 3:
            control.stop()

    control = RunControl()
    play(own, "run", control, watch=stop)
    project.delete_tokenizer("mine")
    play(project.run("run").config, "run", resume=-1)
    assert find_start(project.path, "run@4").config.data.tokenizer == "byte_pair"
    play(dataclasses.replace(own, start_from="run@4", data=DataConfig(text=own.data.text)), "next")
    assert open_weights(project.run("next").checkpoints_folder / "step-000004", "cpu").tokenizer is not None


def test_a_tokenizer_that_is_not_there_is_named(play: Any, own: RunConfig, project: Project) -> None:
    project.delete_tokenizer("mine")
    with pytest.raises(StudioError, match="no tokenizer called “mine” in this project"):
        play(own, "run")
