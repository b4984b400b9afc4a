"""Looking into a model that wears an adapter, and into one that tells classes apart."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core.config import AdapterConfig, RunConfig
from studio.core.errors import StudioError
from studio.engine.export import export
from studio.engine.loaded import open_model
from studio.engine.scene import open_scene
from studio.engine.weights import own_weights
from studio.insight.lens import lens, likeliest
from studio.layers.assembly import decoder
from studio.layers.lora import lora_layers
from studio.store.project import Project
from tests.engine.conftest import with_training

pytestmark = pytest.mark.torch


def place(project: Project, run: str, step: int = 4) -> Path:
    return project.run(run).checkpoints_folder / f"step-{step:06d}"


@pytest.fixture
def tuned(play: Any, config: RunConfig, project: Project) -> Path:
    brief = with_training(config, steps=4, accumulation=1, evaluate_every=2, sample_every=0, warmup_steps=1)
    play(brief)
    adapter = AdapterConfig(kind="lora", rank=2)
    play(with_training(dataclasses.replace(brief, start_from="run@4", adapter=adapter), learning_rate=0.5), "tuned")
    return place(project, "tuned")


def test_what_is_seen_are_the_weights_that_really_count(tuned: Path, project: Project) -> None:
    seen, base = open_scene(tuned, "the cat sat"), open_scene(place(project, "run"), "the cat sat")
    assert not lora_layers(seen.model)
    assert seen.exact
    assert seen.checksum
    assert not np.allclose(seen.capture.final, base.capture.final)
    ids, chances = likeliest(seen.model, seen.capture, 1)
    loaded = open_model(tuned).next_logits("the cat sat")
    assert loaded is not None
    assert ids[-1, -1, 0] == int(loaded.logits.argmax())
    assert 0 < chances[-1, -1, 0] <= 1


@pytest.mark.slow
@pytest.mark.parametrize("form", ["gguf", "script"])
def test_an_adapter_goes_out_as_the_whole_model_that_it_makes_of_its_base(
    tuned: Path, tmp_path: Path, form: str
) -> None:
    exact = {"precision": "f32"} if form == "gguf" else {}
    done = export(tuned, form, tmp_path / "out", exact)
    assert done.same == done.prompts
    assert done.error < 1e-4
    assert done.notes[0] == "The adapter “tuned” was merged into its base: the copy is a whole model."


def test_a_copy_of_an_adapted_model_says_what_the_adapted_one_says(tuned: Path, tmp_path: Path) -> None:
    export(tuned, "hugging_face", tmp_path / "out")
    worn, copy = open_model(tuned).next_logits("the cat sat"), open_model(tmp_path / "out").next_logits("the cat sat")
    assert worn is not None
    assert copy is not None
    assert np.allclose(worn.logits, copy.logits, atol=1e-4)


@pytest.mark.slow
def test_a_copy_of_a_model_in_four_bits_is_what_it_was_trained_on(play: Any, tuned: Path, tmp_path: Path) -> None:
    project = Project.open(tuned.parents[3])
    brief = dataclasses.replace(project.run("tuned").config, adapter=AdapterConfig(kind="qlora", rank=2))
    play(brief, "small")
    done = export(place(project, "small"), "hugging_face", tmp_path / "out")
    assert (done.same, len(done.notes)) == (done.prompts, 1)


def test_where_only_an_adapter_lies_are_no_weights_of_a_whole_model(tuned: Path) -> None:
    with pytest.raises(StudioError, match="only an adapter"):
        own_weights(tuned)


@pytest.mark.slow
def test_an_adapted_output_head_goes_out_as_one_of_its_own(play: Any, tuned: Path, tmp_path: Path) -> None:
    project = Project.open(tuned.parents[3])
    adapter = AdapterConfig(kind="lora", rank=2, targets="all, lm_head")
    play(dataclasses.replace(project.run("tuned").config, adapter=adapter), "headed")
    assert project.run("headed").config.model.tie_embeddings
    done = export(place(project, "headed"), "hugging_face", tmp_path / "out")
    assert done.error < 1e-4
    assert not open_model(tmp_path / "out").shape.tie_embeddings


def test_a_classifier_has_nothing_to_say_about_words(tuned: Path, project: Project) -> None:
    scene = open_scene(place(project, "run"), "the cat sat")
    shape = dataclasses.replace(scene.config.model, outputs=3, tie_embeddings=False)
    with pytest.raises(StudioError, match="tells 3 classes apart"):
        lens(decoder(shape).eval(), scene.capture)
