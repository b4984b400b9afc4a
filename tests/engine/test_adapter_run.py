"""A run that trains an adapter: what it saves, how it goes on, and what can be done with it afterwards."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from studio.core.adapter_costs import held_bytes
from studio.core.channel import RunControl
from studio.core.config import AdapterConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.events import EvaluationDone
from studio.engine.beginning import restored
from studio.engine.checkpoint import Progress, Saved, write_state
from studio.engine.device import Compute
from studio.engine.loaded import open_model
from studio.engine.opening import open_merged
from studio.store.files import remove_folder
from studio.store.project import Project
from tests.engine.conftest import with_training

pytestmark = pytest.mark.torch


@pytest.fixture
def tuned(play: Any, config: RunConfig, project: Project) -> RunConfig:
    """After a run `run` of four steps: a config that trains an adapter on its last checkpoint."""
    brief = with_training(
        config, steps=4, accumulation=1, evaluate_every=2, sample_every=0, warmup_steps=1, save_every=2
    )
    play(brief)
    return dataclasses.replace(brief, start_from="run@4", adapter=AdapterConfig(kind="lora", rank=2, dropout=0.1))


def place(project: Project, run: str, step: int = 4) -> Path:
    return project.run(run).checkpoints_folder / f"step-{step:06d}"


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in restored(folder, "cpu")[0].named_parameters()}


def test_merged_a_base_in_four_bits_is_refused_where_its_full_numbers_do_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = tmp_path / "thin" / "checkpoints" / "step-000001"
    checkpoint.mkdir(parents=True)
    config = RunConfig(adapter=AdapterConfig(kind="qlora"))
    compute = Compute("cpu", "fp32", 1, "highest")
    write_state(checkpoint, Saved(config, compute, Progress(step=1, tokens=0, seconds=0.0)))
    have = held_bytes(config.model, "none") - 4
    assert held_bytes(config.model, "qlora") < have
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=have))
    with pytest.raises(StudioError, match="“thin” takes"):
        open_merged(checkpoint, "cpu")


@pytest.mark.parametrize("kind", ["lora", "qlora"])
def test_only_the_adapter_is_saved_and_the_base_keeps_every_bit(
    play: Any, tuned: RunConfig, project: Project, kind: str
) -> None:
    before = (place(project, "run") / "model.safetensors").read_bytes()
    events = play(dataclasses.replace(tuned, adapter=dataclasses.replace(tuned.adapter, kind=kind)), "tuned")
    grown = [event.measures["change"] for event in events if isinstance(event, EvaluationDone)]
    assert grown[0] == 0.0 < grown[1] < grown[-1]
    saved = place(project, "tuned")
    assert (saved / "adapter.safetensors").is_file()
    assert not (saved / "model.safetensors").exists()
    assert (place(project, "run") / "model.safetensors").read_bytes() == before
    base, laid = weights(place(project, "run")), weights(saved)
    if kind == "lora":
        own = {name.replace(".base.", "."): weight for name, weight in laid.items() if ".adapters." not in name}
        assert own.keys() == base.keys()
        assert all(torch.equal(own[name], base[name]) for name in base)
    assert any(bool(weight.any()) for name, weight in laid.items() if name.endswith(".B"))


@pytest.mark.parametrize("kind", ["lora", "qlora"])
def test_a_resumed_adapter_is_the_uninterrupted_one_bit_for_bit(
    play: Any, tuned: RunConfig, project: Project, kind: str
) -> None:
    play(dataclasses.replace(tuned, adapter=dataclasses.replace(tuned.adapter, kind=kind)), "tuned")
    whole = (place(project, "tuned") / "adapter.safetensors").read_bytes()
    play(project.run("tuned").config, "tuned", resume=2)
    assert (place(project, "tuned") / "adapter.safetensors").read_bytes() == whole


def test_it_opens_with_its_adapter_on_and_can_be_turned_down_to_its_base(
    play: Any, tuned: RunConfig, project: Project
) -> None:
    play(with_training(tuned, learning_rate=1.0), "tuned")
    model, base = open_model(place(project, "tuned")), open_model(place(project, "run"))
    assert (model.adapters(), model.adapter, model.strength) == (("tuned",), "tuned", 1.0)
    whole, alone = model.next_logits("the cat").logits, base.next_logits("the cat").logits
    assert not (whole == alone).all()
    model.use("tuned", 0.0)
    turned_down = model.next_logits("the cat").logits
    model.use(None)
    assert (model.next_logits("the cat").logits == turned_down).all()
    assert model.adapter is None
    assert abs(turned_down - alone).max() < 1e-6  # products round by where their numbers lie in memory


def test_a_checkpoint_can_be_laid_on_its_loaded_base_twice_under_two_names(
    play: Any, tuned: RunConfig, project: Project
) -> None:
    play(tuned, "tuned")
    base = open_model(place(project, "run"))
    assert [base.lay(place(project, "tuned")), base.lay(place(project, "tuned", 2))] == ["tuned", "tuned 2"]
    assert base.adapter == "tuned 2"


def test_a_run_may_start_from_an_adapter_which_is_merged_into_it(play: Any, tuned: RunConfig, project: Project) -> None:
    play(with_training(tuned, learning_rate=0.1), "tuned")
    plain = dataclasses.replace(tuned, start_from="tuned@4", adapter=AdapterConfig())
    play(with_training(plain, learning_rate=0.0, minimum_learning_rate=0.0, steps=1, warmup_steps=0), "on")
    merged, laid = open_model(place(project, "on", 1)), open_model(place(project, "tuned"))
    assert merged.adapters() == ()
    assert abs(merged.next_logits("the cat").logits - laid.next_logits("the cat").logits).max() < 1e-5


def test_a_run_may_start_from_an_adapter_on_an_output_head_that_was_the_embedding(
    play: Any, tuned: RunConfig, project: Project
) -> None:
    headed = dataclasses.replace(tuned, adapter=dataclasses.replace(tuned.adapter, targets="all, lm_head"))
    play(with_training(headed, learning_rate=0.1), "headed")
    plain = dataclasses.replace(tuned, start_from="headed@4", adapter=AdapterConfig())
    play(with_training(plain, learning_rate=0.0, minimum_learning_rate=0.0, steps=1, warmup_steps=0), "on")
    merged, laid = open_model(place(project, "on", 1)), open_model(place(project, "headed"))
    assert merged.vocab_size == laid.vocab_size
    assert abs(merged.next_logits("the cat").logits - laid.next_logits("the cat").logits).max() < 1e-5


def test_an_adapter_without_its_base_is_refused_with_both_named(play: Any, tuned: RunConfig, project: Project) -> None:
    play(tuned, "tuned")
    remove_folder(project.run("run").folder)
    with pytest.raises(StudioError, match="“tuned” holds only an adapter, and its base “run@4”"):
        open_model(place(project, "tuned"))


def test_an_adapter_on_random_weights_is_refused(play: Any, tuned: RunConfig) -> None:
    with pytest.raises(StudioError, match="random weights"):
        play(dataclasses.replace(tuned, start_from=""), "tuned")


def test_a_run_that_does_not_get_better_ends_early_and_says_so(play: Any, tuned: RunConfig) -> None:
    still = with_training(tuned, learning_rate=0.0, minimum_learning_rate=0.0, steps=20, patience=2, warmup_steps=0)
    last = play(still, "still")[-1]
    assert (last.reason, last.step) == ("finished", 4)
    assert "2 measurements brought no better validation loss" in last.message


def still(config: RunConfig, **changes: object) -> RunConfig:
    """A run that learns nothing, so that no measurement is better than the first."""
    fixed = {"learning_rate": 0.0, "minimum_learning_rate": 0.0, "steps": 20, "warmup_steps": 0}
    return with_training(config, **{**fixed, **changes})


@pytest.mark.slow
def test_a_stop_between_two_measurements_does_not_bring_the_early_end_nearer(
    play: Any, tuned: RunConfig, project: Project
) -> None:
    patient = still(tuned, evaluate_every=4, save_every=20, patience=2)
    assert play(patient, "whole")[-1].step == 8
    control = RunControl()
    play(patient, "parted", control, watch=lambda event: control.stop() if getattr(event, "loss", None) else None)
    assert [info.step for info in project.run("parted").checkpoints()] == [1]
    assert play(patient, "parted", resume=-1)[-1].step == 8


def test_a_run_that_holds_nothing_back_never_ends_early(play: Any, tuned: RunConfig) -> None:
    everything = dataclasses.replace(tuned, data=dataclasses.replace(tuned.data, validation_share=0.0))
    last = play(still(everything, steps=6, patience=1), "everything")[-1]
    assert (last.reason, last.step, last.message) == ("finished", 6, "")


@pytest.mark.slow
def test_a_checkpoint_of_an_adapter_goes_to_int8_and_back_with_its_adapter_on(
    play: Any, tuned: RunConfig, project: Project
) -> None:
    play(with_training(tuned, learning_rate=1.0), "tuned")
    model = open_model(place(project, "tuned"))
    before = model.next_logits("the cat").logits
    for precision in ("int8", "fp32"):
        list(model.set_precision(precision))
        assert (model.precision, model.adapters(), model.adapter) == (precision, ("tuned",), "tuned")
    assert (model.next_logits("the cat").logits == before).all()


def test_an_adapter_that_was_trained_on_a_shorter_context_lies_on_its_whole_base(
    play: Any, tuned: RunConfig, project: Project
) -> None:
    shorter = dataclasses.replace(tuned, model=dataclasses.replace(tuned.model, context_length=8))
    play(with_training(shorter, learning_rate=1.0), "short")
    base, alone = open_model(place(project, "run")), open_model(place(project, "short"))
    assert base.lay(place(project, "short")) == "short"
    assert abs(base.next_logits("the cat").logits - alone.next_logits("the cat").logits).max() < 1e-5


def test_another_model_under_the_name_of_the_base_is_called_another_model(
    play: Any, tuned: RunConfig, project: Project
) -> None:
    play(tuned, "tuned")
    remove_folder(project.run("run").folder)
    begun = dataclasses.replace(tuned, start_from="", adapter=AdapterConfig())
    play(begun.with_part(compute=dataclasses.replace(begun.compute, seed=6)), "run")
    with pytest.raises(StudioError, match="another model that was called “run@4” too"):
        open_model(place(project, "tuned"))
