"""A model becomes the beginning of the next run: what the draft takes over, and the way back."""

import dataclasses
from pathlib import Path

import pytest

from studio.core.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.parts.fine_tuning import fine_tuned, start_next_run
from studio.store.starts import Start
from tests.library.conftest import TINY
from tests.library.conftest import add_model as add_model

pytestmark = pytest.mark.gui


def start(model: ModelConfig = TINY, tokenizer: str = "characters") -> Start:
    return Start("tiny", "tiny", Path("x"), RunConfig(model=model, data=DataConfig(tokenizer=tokenizer)))


def test_the_draft_takes_shape_and_tokenizer_and_learns_gently():
    draft = RunConfig(data=DataConfig(text="story", stride=3), training=TrainingConfig(steps=7, warmup_steps=1))
    found = fine_tuned(draft, start())
    assert (found.start_from, found.model) == ("tiny", TINY)
    assert found.data == dataclasses.replace(draft.data, tokenizer="characters")
    assert (found.training.learning_rate, found.training.minimum_learning_rate) == (1e-4, 1e-5)
    assert found.training.steps == 7


def test_a_rate_that_is_gentler_already_stays():
    draft = RunConfig(training=TrainingConfig(learning_rate=2e-6, minimum_learning_rate=1e-6))
    training = fine_tuned(draft, start()).training
    assert (training.learning_rate, training.minimum_learning_rate) == (2e-6, 1e-6)


@pytest.mark.parametrize(("context", "batch"), [(32, 16), (1_024, 4), (8_192, 1)])
def test_a_long_context_takes_fewer_windows_at_once(context, batch):
    model = dataclasses.replace(TINY, context_length=context)
    assert fine_tuned(RunConfig(), start(model)).training.batch_size == batch


def test_a_tokenizer_that_only_models_bring_stands_as_the_default():
    assert fine_tuned(RunConfig(), start(tokenizer="tokenizer_json")).data.tokenizer == "gpt2"


def test_a_model_that_looks_both_ways_gets_the_task_it_is_made_for():
    both = dataclasses.replace(TINY, causal=False, word_head=True, family="bert")
    assert fine_tuned(RunConfig(), start(both)).objective == "masked_words"
    assert fine_tuned(RunConfig(objective="masked_words"), start()).objective == "pretrain"


def test_the_session_is_set_and_can_be_set_back(session, add_model):
    folder, before = add_model(session.project.path, "tiny"), session.draft
    said, wishes = [], []
    session.notices.posted.connect(said.append)
    session.focus_requested.connect(lambda page, thing: wishes.append((page, thing)))
    start_next_run(session, folder)
    assert session.draft.start_from == "tiny"
    assert wishes == [("pretrain", "start_from")]
    said[-1].action[1]()
    assert session.draft == before


def test_a_model_that_is_gone_changes_nothing(session, tmp_path):
    before = session.draft
    with pytest.raises(StudioError):
        start_next_run(session, tmp_path / "gone")
    assert session.draft == before
