"""A run that begins with another model's weights: what it takes over, how exactly, and what it refuses."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.core.channel import RunControl
from studio.core.config import AdapterConfig, DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.events import EvaluationDone, StepDone
from studio.engine.adopt import adopt
from studio.engine.beginning import begun_from
from studio.engine.checkpoint import load_model
from studio.engine.export import export
from studio.engine.train import train
from studio.store.checkpoints import commit
from studio.store.project import Project
from studio.store.starts import find_start
from studio.store.trash import empty
from tests.engine.conftest import weights_of, with_training

pytestmark = pytest.mark.torch
OTHER = "the rain fell on the roof and the cat lay on the mat . "


@pytest.fixture
def more(play: Any, config: RunConfig, project: Project, tmp_path: Path) -> RunConfig:
    """After a run `run` of four steps: a config that goes on from its last checkpoint with another text."""
    brief = with_training(
        config, steps=4, accumulation=1, evaluate_every=100, sample_every=0, warmup_steps=1, learning_rate=5e-2
    )
    play(brief)
    (tmp_path / "roof.txt").write_text(OTHER * 60, "utf-8")
    project.add_text([tmp_path / "roof.txt"], "roof")
    return with_training(
        RunConfig(
            start_from="run@4",
            data=DataConfig(text="roof"),
            training=brief.training,
            sampling=config.sampling,
            compute=config.compute,
        ),
        learning_rate=1e-3,
        save_every=2,
    )


def source(project: Project) -> Path:
    return project.run("run").checkpoints_folder / "step-000004"


def test_before_its_first_step_it_is_the_model_it_starts_from(play: Any, more: RunConfig, project: Project) -> None:
    still = with_training(more, learning_rate=0.0, minimum_learning_rate=0.0, steps=1, warmup_steps=0)
    play(still, "more")
    saved = project.run("more").checkpoints_folder / "step-000001"
    assert (saved / "model.safetensors").read_bytes() == (source(project) / "model.safetensors").read_bytes()
    assert (saved / "tokenizer.json").read_bytes() == (source(project) / "tokenizer.json").read_bytes()


def test_it_goes_on_learning_from_where_the_model_was(play: Any, more: RunConfig, config: RunConfig) -> None:
    first = next(event for event in play(more, "more") if isinstance(event, EvaluationDone))
    fresh = dataclasses.replace(config, data=DataConfig(text="roof", tokenizer="characters"))
    other = next(event for event in play(fresh, "fresh") if isinstance(event, EvaluationDone))
    assert first.training_loss < other.training_loss - 0.1


def test_stopped_after_a_step_and_resumed_without_its_source_it_ends_bit_for_bit_alike(
    play: Any, more: RunConfig, project: Project
) -> None:
    play(more, "whole")

    def stop(event: Any) -> None:
        if isinstance(event, StepDone) and event.step == 3:
            control.stop()

    control = RunControl()
    play(more, "halves", control, watch=stop)
    project.run("run").delete()
    empty(project.path / "trash")
    play(project.run("halves").config, "halves", resume=-1)
    assert weights_of(project.run("halves"), 4) == weights_of(project.run("whole"), 4)


def test_what_is_dropped_while_training_is_what_the_run_asks_for(play: Any, more: RunConfig, project: Project) -> None:
    start = find_start(project.path, "run@4")
    assert start.config.model.drop_rate == 0.2
    for adapter in ("none", "lora"):
        if adapter == "lora":
            play(more.with_part(adapter=AdapterConfig(kind="lora", rank=2)), "laid")
            start = find_start(project.path, "laid@4")
        for rate in (0.0, 0.3):
            model = begun_from(start, dataclasses.replace(start.config.model, drop_rate=rate), "cpu")
            assert {module.drop_rate for module in model.modules() if hasattr(module, "drop_rate")} == {rate}


def test_a_source_that_is_gone_before_the_first_save_is_named(play: Any, more: RunConfig, project: Project) -> None:
    record = project.new_run(more, "late")
    project.run("run").delete()
    with record, pytest.raises(StudioError, match="no model or run “run@4”"):
        list(train(record.config, RunControl(), record, None))


def test_a_damaged_source_is_refused(play: Any, more: RunConfig, project: Project) -> None:
    path = source(project) / "model.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(StudioError, match="not what was saved"):
        play(more, "more")


def test_a_text_with_a_letter_the_vocabulary_lacks_is_refused_by_that_letter(
    play: Any, more: RunConfig, project: Project, tmp_path: Path
) -> None:
    (tmp_path / "odd.txt").write_text("the cät sat on the mat " * 60, "utf-8")
    project.add_text([tmp_path / "odd.txt"], "odd")
    with pytest.raises(StudioError, match="“ä”"):
        play(more.with_part(data=DataConfig(text="odd")), "more")


def test_a_shorter_context_keeps_the_first_learned_positions(play: Any, more: RunConfig, project: Project) -> None:
    whole, _ = load_model(source(project), "cpu")
    start = find_start(project.path, "run@4")
    short = begun_from(start, dataclasses.replace(start.config.model, context_length=5), "cpu").eval()
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    with torch.no_grad():
        assert torch.equal(short(ids), whole.eval()(ids))
    assert short.embed_positions.weight.shape[0] == 5
    assert all(parameter.requires_grad for parameter in short.parameters())
    play(more.with_part(model=dataclasses.replace(start.config.model, context_length=8, drop_rate=0.0)), "short")
    model, saved = load_model(project.run("short").checkpoints_folder / "step-000004", "cpu")
    assert (saved.config.model.context_length, model.embed_positions.weight.shape[0]) == (8, 8)


def test_the_weights_it_begins_with_lie_in_memory_of_its_own(play: Any, more: RunConfig, project: Project) -> None:
    start = find_start(project.path, "run@4")
    before = (start.folder / "model.safetensors").read_bytes()
    model = begun_from(start, start.config.model, "cpu")
    for parameter in model.parameters():
        parameter.data.zero_()
    assert (start.folder / "model.safetensors").read_bytes() == before
    assert model.lm_head.weight is model.embed_tokens.weight


def test_an_imported_model_in_sixteen_bits_goes_on_in_thirty_two(
    play: Any, more: RunConfig, project: Project, tmp_path: Path
) -> None:
    export(source(project), "hugging_face", tmp_path / "out", {"precision": "bf16"})
    model = adopt(tmp_path / "out", project.path, "small").folder
    aside = model.rename(tmp_path / "small.writing")
    shutil.copy(source(project) / "tokenizer.json", aside)
    commit(aside, model)
    play(dataclasses.replace(more, start_from="small"), "tuned")
    found, saved = load_model(project.run("tuned").checkpoints_folder / "step-000004", "cpu")
    assert (saved.config.start_from, saved.config.data.tokenizer) == ("small", "characters")
    assert {parameter.dtype for parameter in found.parameters()} == {torch.float32}
