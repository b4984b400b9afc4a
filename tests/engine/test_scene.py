"""A model and what it computes on a text: opened, read again, compared, and refused with a reason."""

import dataclasses
import hashlib
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.core.channel import RunControl
from studio.core.config import (
    ComputeConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
    Sampling,
    TrainingConfig,
    WatchConfig,
)  # fmt: skip
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.engine import scene as scenes
from studio.engine.adopt import adopt
from studio.engine.scene import comparable, ids_of, open_scene, read_again, see, spelled
from studio.engine.train import train
from studio.exchange.hugging_face import EXCHANGE as HUGGING_FACE
from studio.store import checkpoints
from studio.store.project import Project
from studio.tokenizers import make_tokenizer
from tests.engine.conftest import WORDS
from tests.exchange.small_models import built, outgoing, tiny

pytestmark = pytest.mark.torch


PROMPT = "the cat sat on the mat"
SMALL = RunConfig(
    data=DataConfig(text="rain", tokenizer="characters"),
    model=ModelConfig(n_layers=2, n_heads=2, emb_dim=16, context_length=16, drop_rate=0.2),
    training=TrainingConfig(
        steps=2, batch_size=2, warmup_steps=0, learning_rate=1e-2, evaluate_every=2, evaluation_batches=1,
        sample_every=0, save_every=1,
    ),
    sampling=Sampling(prompt="the"),
    watch=WatchConfig(inside=False),
    compute=ComputeConfig(precision="fp32", device="cpu", threads=1, seed=5),
)  # fmt: skip


def kinds() -> dict[str, RunConfig]:
    """One run of every kind that a test asks for."""
    bert = FAMILIES.load("bert").presets[0].config
    shape = {"n_layers": 1, "n_heads": 2, "emb_dim": 32, "context_length": 16}
    return {
        "run": SMALL,
        "telling": SMALL.with_part(sampling=Sampling(prompt=PROMPT)),
        "llama": SMALL.with_part(model=dataclasses.replace(tiny("llama"), **shape)),
        "gaps": SMALL.with_part(
            objective="masked_words", model=dataclasses.replace(bert, **shape), sampling=Sampling(prompt=PROMPT)
        ),
        "capitals": SMALL.with_part(data=dataclasses.replace(SMALL.data, text="other")),
        "short": SMALL.with_part(model=dataclasses.replace(SMALL.model, context_length=8)),
        "deep": SMALL.with_part(model=dataclasses.replace(SMALL.model, n_layers=3), sampling=Sampling()),
        "wide": SMALL.with_part(data=dataclasses.replace(SMALL.data, text="both")),
        "onward": SMALL.with_part(start_from="wide@2", model=RunConfig().model, data=DataConfig(text="rain")),
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with three texts and all those runs, trained once."""
    folder = tmp_path_factory.mktemp("scenes")
    project = Project.create(folder / "project")
    capitals = "the cat sat on the mat THE CAT "
    for name, text in (("rain", WORDS), ("other", capitals), ("both", WORDS + capitals)):
        (folder / f"{name}.txt").write_text(text * 40, "utf-8")
        project.add_text([folder / f"{name}.txt"], name)
    for name, config in kinds().items():
        record = project.new_run(config, name)
        with record:
            for event in train(config, RunControl(), record):
                record.append(event)
    return project


def newest(home: Project, name: str) -> Path:
    return home.run(name).checkpoints()[-1].folder


@pytest.fixture
def run(home: Project) -> list[Path]:
    """The folders of a run's two checkpoints."""
    return [info.folder for info in home.run("run").checkpoints()]


@pytest.fixture
def damaged(run: list[Path], tmp_path: Path) -> Path:
    """A copy of one with a NaN among its weights."""
    copy = tmp_path / "damaged"
    shutil.copytree(run[0], copy)
    damage(copy)
    return copy


@pytest.fixture
def scene(run: list[Path]) -> Any:
    return open_scene(run[-1], "the cat sat")


# --- what a scene says -----------------------------------------------------------------------------------------------


def test_a_scene_holds_the_model_at_rest_and_what_it_computes_on_the_text(scene, run) -> None:
    assert (scene.title, scene.step, scene.prompt, scene.folder) == ("run · step 2", 2, "the cat sat", run[-1])
    assert scene.tokens == tuple("the cat sat")
    assert scene.capture.ids == tuple(scene.tokenizer.encode("the cat sat"))
    assert (scene.layers, scene.heads, scene.time, scene.precision) == (2, 2, 11, "fp32")
    assert scene.capture.attention.shape == (2, 2, 11, 11)
    assert not any(module.training for module in scene.model.modules())
    assert scene.exact
    assert scene.error == scene.capture.errors.max() <= 1e-5


def test_its_numbers_are_those_of_a_forward_pass(scene) -> None:
    with torch.no_grad():
        logits = scene.model(torch.tensor([scene.capture.ids]))[0]
        again = scene.model.lm_head(torch.tensor(np.array(scene.capture.final)))
    torch.testing.assert_close(again, logits, atol=1e-5, rtol=0)


def test_its_checksum_is_that_of_the_file(scene, run) -> None:
    assert scene.checksum == hashlib.sha256((run[-1] / "model.safetensors").read_bytes()).hexdigest()


def test_a_scene_is_evidence_and_cannot_be_changed(scene) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        scene.step = 1
    with pytest.raises(ValueError, match="read-only"):
        scene.capture.attention[0, 0, 0, 0] = 1.0


def test_reading_again_keeps_the_model_and_changes_the_text(scene) -> None:
    other = read_again(scene, "a dog")
    assert other.model is scene.model
    assert (other.tokens, other.checksum, other.step) == (tuple("a dog"), scene.checksum, scene.step)


@pytest.mark.parametrize("prompt", ["t", "th"])
def test_a_text_of_one_token_is_a_scene_too(run, prompt: str) -> None:
    scene = open_scene(run[0], prompt)
    assert scene.time == len(prompt)
    assert scene.capture.attention[0, 0, 0, 0] == 1.0


def test_a_long_text_is_shown_in_a_window_that_is_stated(run) -> None:
    scene = open_scene(run[0], WORDS, start=4)
    window = scene.capture.window
    assert (window.start, window.end, window.total) == (4, 20, len(WORDS))
    assert "".join(scene.tokens) == WORDS[4:20]
    assert "tokens 5 to 20" in window.sentence()


def test_a_start_below_zero_shows_the_end(run) -> None:
    scene = open_scene(run[0], WORDS, -1)
    assert "".join(scene.tokens) == WORDS[-16:]
    assert open_scene(run[0], "the cat", -1).capture.window.whole


def test_a_start_behind_the_text_shows_its_last_token(run) -> None:
    assert open_scene(run[0], "the cat", 99).tokens == ("t",)


def test_where_places_turn_the_context_is_the_limit_too(home) -> None:
    scene = open_scene(newest(home, "llama"), WORDS)
    assert (scene.time, scene.capture.window.total) == (16, len(WORDS))


# --- the text before anybody typed -----------------------------------------------------------------------------------


def test_the_first_text_is_the_runs_own_prompt(home) -> None:
    assert open_scene(newest(home, "telling")).prompt == PROMPT


def test_a_prompt_too_short_for_a_picture_gives_way_to_the_held_back_text(run) -> None:
    """The run's own prompt is “the”: three letters."""
    assert len(open_scene(run[0]).ids) == 64


def test_what_was_held_back_is_shown_from_a_sentence_on(run) -> None:
    scene = open_scene(run[0])
    assert scene.prompt in WORDS * 40
    assert scene.prompt.startswith("the cat")
    assert scene.capture.window.total == 64


def test_a_run_that_began_with_a_model_shows_its_text_as_that_model_cuts_it(home) -> None:
    """Another run cut the same text with the same kind of tokenizer, which has other ids for its letters."""
    scene = open_scene(newest(home, "onward"))
    assert scene.tokenizer.fingerprint != open_scene(newest(home, "run"), "the").tokenizer.fingerprint
    assert scene.prompt in WORDS * 40
    assert scene.capture.window.total == 64


def test_a_held_back_text_that_cannot_be_read_gives_way_to_the_next_one(run, monkeypatch) -> None:
    def refuse(*_: Any) -> str:
        raise StudioError("It cannot be read.")

    monkeypatch.setattr(scenes, "_held_back", refuse)
    assert open_scene(run[0]).prompt == "the"


def test_the_held_back_text_is_only_looked_for_where_it_is_needed(home, monkeypatch) -> None:
    monkeypatch.setattr(scenes, "_held_back", lambda *_: pytest.fail("it was looked for"))
    assert open_scene(newest(home, "telling")).prompt == PROMPT


def test_without_project_and_prompt_it_is_what_the_vocabulary_can_say(home, tmp_path) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(newest(home, "deep"), alone)
    scene = open_scene(alone)
    assert len(scene.tokens) > 1
    assert scene.prompt == scene.tokenizer.decode(range(8))


def test_an_empty_wish_brings_the_models_own_text_back(home) -> None:
    assert read_again(open_scene(newest(home, "telling"), "a dog"), "").prompt == PROMPT


def test_a_text_the_vocabulary_cannot_say_is_refused(run) -> None:
    with pytest.raises(StudioError):
        open_scene(run[0], "日本")


def test_bytes_that_are_no_character_are_spelled_out() -> None:
    tokenizer = make_tokenizer("bytes")
    assert spelled(tokenizer, tokenizer.encode("aé\n")) == ("a", "⟨C3⟩", "⟨A9⟩", "\n")


def test_a_model_without_a_tokenizer_reads_numbers() -> None:
    assert ids_of(None, "1, 403 7") == [1, 403, 7]
    assert spelled(None, [1, 403]) == ("#1", "#403")
    with pytest.raises(StudioError, match="without a tokenizer"):
        ids_of(None, "the cat")


def test_an_id_beyond_the_tokenizer_is_named_by_its_number() -> None:
    assert spelled(make_tokenizer("bytes"), [65, 9_999]) == ("A", "#9999")


# --- models of every kind --------------------------------------------------------------------------------------------


def test_a_model_that_fills_gaps_is_looked_into_as_well(home) -> None:
    scene = open_scene(newest(home, "gaps"))
    assert scene.prompt == PROMPT
    assert scene.capture.attention[0, 0, 0, 1:].max() > 0  # it looks to both sides
    assert scene.exact


@pytest.fixture
def imported(tmp_path: Path, home: Project) -> Path:
    """A Llama without a tokenizer, taken into the project."""
    model = built(tiny("llama"))
    (tmp_path / "theirs").mkdir()
    assert HUGGING_FACE.write is not None
    HUGGING_FACE.write(outgoing(model, tiny("llama")), tmp_path / "theirs", {})
    return adopt(tmp_path / "theirs", home.path, "theirs").folder


def test_an_imported_model_without_a_tokenizer_shows_ids(imported) -> None:
    scene = open_scene(imported)
    assert scene.prompt == "0, 1, 2, 3, 4, 5, 6, 7"
    assert scene.tokens[:2] == ("#0", "#1")
    assert len(scene.checksum) == 64


def damage(folder: Path, name: str = "model.safetensors") -> None:
    """Put a NaN into a checkpoint's weights as a failed run could have, its list of files in order."""
    weights = load_file(folder / name)
    weights["layers.1.self_attn.q_proj.weight"][0, 0] = math.nan
    save_file(weights, folder / name, metadata={"format": "pt"})
    (folder / checkpoints.MANIFEST).unlink()
    checkpoints._seal(folder)


def test_nan_weights_are_shown_as_such(damaged) -> None:
    scene = open_scene(damaged, "the cat")
    assert np.isnan(scene.capture.attention[1, 0]).any()
    assert np.isfinite(scene.capture.attention[0]).all()
    assert math.isnan(scene.error)
    assert not scene.exact


def test_a_model_too_large_for_the_memory_is_refused_before_it_is_read(run, monkeypatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 100})())
    monkeypatch.setattr("studio.engine.opening.restored", lambda *_: pytest.fail("it was read"))
    with pytest.raises(StudioError, match=r"takes .* of memory"):
        open_scene(run[0])


# --- two of them -----------------------------------------------------------------------------------------------------


def test_two_checkpoints_of_a_run_are_read_on_the_same_text(run) -> None:
    sight = see(run[0], run[-1], "the dog lay")
    assert sight.other is not None
    assert sight.scene.capture.ids == sight.other.capture.ids
    assert sight.refusal is None
    difference = sight.scene.capture.attention - sight.other.capture.attention
    assert np.abs(difference).max() > 0


def test_a_model_compared_with_itself_differs_by_exactly_nothing(run) -> None:
    sight = see(run[0], run[0], "the dog")
    assert sight.other is not None
    assert (sight.scene.capture.attention == sight.other.capture.attention).all()
    again = open_scene(run[0], "the dog")
    assert (again.capture.attention == sight.scene.capture.attention).all()


def test_swapping_two_models_negates_their_difference(run) -> None:
    one, other = see(run[0], run[1], "the dog"), see(run[1], run[0], "the dog")
    assert one.other is not None
    assert other.other is not None
    there = one.scene.capture.attention - one.other.capture.attention
    back = other.scene.capture.attention - other.other.capture.attention
    assert (there == -back).all()


def test_what_is_in_memory_already_is_not_read_from_the_disk_again(scene, run, monkeypatch) -> None:
    monkeypatch.setattr(scenes, "open_scene", lambda *_: pytest.fail("it was opened again"))
    assert see(scene, None, scene.prompt).scene is scene
    assert see(scene, None, "a dog").scene.model is scene.model


def test_a_checkpoint_that_was_written_again_is_opened_again(run, tmp_path) -> None:
    folder = tmp_path / "step-000001"
    shutil.copytree(run[0], folder)
    first = open_scene(folder, "the cat")
    damage(folder)
    for again in (see(first, None, "the cat").scene, see(open_scene(run[1], "the cat"), first, "the cat").other):
        assert again is not None
        assert again.checksum != first.checksum
        assert np.isnan(again.capture.attention[1, 0]).any()


def test_a_checkpoint_that_was_deleted_is_still_shown_from_memory(run, tmp_path) -> None:
    folder = tmp_path / "step-000001"
    shutil.copytree(run[0], folder)
    first = open_scene(folder, "the cat")
    shutil.rmtree(folder)
    assert see(first, None, "the dog").scene.model is first.model


def test_a_new_text_reaches_both(run) -> None:
    first = see(run[0], run[1], "the cat")
    assert first.other is not None
    then = see(first.scene, first.other, "the dog lay")
    assert then.other is not None
    assert then.scene.tokens == then.other.tokens == tuple("the dog lay")
    assert then.other.model is first.other.model


def test_another_tokenizer_is_refused_with_the_reason_and_the_first_model_stays(run, imported) -> None:
    sight = see(run[0], imported, "the cat")
    assert sight.other is None
    assert sight.scene.title == "run · step 1"
    assert "without a tokenizer" in str(sight.refusal) or "differently" in str(sight.refusal)


def test_other_letters_are_another_tokenizer(home, run) -> None:
    assert "differently" in str(see(run[0], newest(home, "capitals"), "the cat").refusal)


def test_a_shorter_context_and_another_shape_are_refused_with_the_reason(home, run) -> None:
    short, deep = newest(home, "short"), newest(home, "deep")
    assert "Shorten the text to 8 tokens" in str(see(run[0], short, "the cat sat on").refusal)
    assert see(run[0], short, "the cat").refusal is None
    assert "3 of 2" in str(see(run[0], deep, "the cat").refusal)


def test_a_second_model_that_cannot_be_opened_leaves_the_first(run, tmp_path) -> None:
    sight = see(run[0], tmp_path / "nowhere", "the cat")
    assert sight.scene.prompt == "the cat"
    assert isinstance(sight.refusal, StudioError)


def test_comparable_says_nothing_where_all_is_well(scene) -> None:
    comparable(scene, scene)
