"""What a checkpoint refuses, and that nothing damaged is ever continued from."""

import dataclasses
import json

import pytest
import torch

from studio.core.errors import StudioError
from studio.engine.checkpoint import load_model, put_weights, read_state, refuse_non_finite
from studio.families.gpt2 import build

pytestmark = pytest.mark.torch


@pytest.fixture
def saved(play, config, project):  # type: ignore[no-untyped-def]
    """The folder of a finished run's last checkpoint."""
    play(config)
    return project.run("run").checkpoints()[-1].folder


def test_a_checkpoint_holds_weights_moments_state_tokenizer_and_a_manifest(saved) -> None:
    assert {path.name for path in saved.iterdir()} == {
        "model.safetensors",
        "optimizer.safetensors",
        "state.json",
        "tokenizer.json",
        "manifest.json",
    }


def test_it_says_where_the_run_stands_and_how_it_was_computed(saved, config) -> None:
    state = read_state(saved)
    assert state.progress.step == 12
    assert state.progress.tokens == 12 * 4 * 2 * 16
    assert (state.compute.device, state.compute.precision, state.compute.threads) == ("cpu", "fp32", 1)
    assert state.config.model.vocab_size > 0
    assert dataclasses.replace(state.config.model, vocab_size=0) == config.model


def test_a_tied_head_is_stored_once_and_tied_again(saved) -> None:
    model, _ = load_model(saved, "cpu")
    assert model.lm_head.weight is model.embed_tokens.weight
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "state.json", "tokenizer.json"])
def test_one_changed_byte_anywhere_is_noticed_and_the_file_named(saved, name) -> None:
    data = bytearray((saved / name).read_bytes())
    data[len(data) // 2] ^= 1
    (saved / name).write_bytes(data)
    with pytest.raises(StudioError, match=name):
        load_model(saved, "cpu")


def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(play, config, project, saved) -> None:
    data = bytearray((saved / "model.safetensors").read_bytes())
    data[-3] ^= 1
    (saved / "model.safetensors").write_bytes(data)
    events = play(config, resume=-1)
    started = next(event for event in events if type(event).__name__ == "RunStarted")
    assert started.resumed_from == 8
    assert (project.run("run").checkpoints_folder / "quarantine").is_dir()


def test_a_checkpoint_of_a_newer_version_is_refused_and_left_alone(saved) -> None:
    state = json.loads((saved / "state.json").read_text("utf-8"))
    (saved / "state.json").write_text(json.dumps({**state, "version": 99}), "utf-8")
    with pytest.raises(StudioError, match="newer"):
        read_state(saved)


def test_weights_of_another_shape_are_listed_by_name(saved, config) -> None:
    model, state = load_model(saved, "cpu")
    weights = dict(model.named_parameters())
    wider = dataclasses.replace(state.config.model, emb_dim=32)
    with torch.device("meta"):
        other = build(wider)
    with pytest.raises(StudioError, match=r"of another shape: embed_positions\.weight"):
        put_weights(other, weights, tied=True)
    weights.pop("norm.bias")
    weights["extra"] = torch.zeros(1)
    with torch.device("meta"):
        same = build(state.config.model)
    with pytest.raises(StudioError, match=r"missing: norm\.bias; unexpected: extra"):
        put_weights(same, weights, tied=True)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused_by_name(bad) -> None:
    with pytest.raises(StudioError, match=r"layers\.0"):
        refuse_non_finite({"fine": torch.ones(2), "layers.0": torch.tensor([1.0, bad])})
