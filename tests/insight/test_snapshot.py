"""What a run keeps of a moment: small, true within what it says, there whole or not at all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.insight import heads, health, snapshot
from studio.insight.capture import capture
from studio.insight.journey import journey_of_snapshots
from studio.insight.lens import lens
from studio.insight.snapshot import (
    MAP_ERROR,
    NOTHING,
    Subject,
    folder_name,
    mosaic,
    pooled,
    quantised,
    read,
    take,
    write,
)
from studio.live.film_reader import Wishes, read_wished
from studio.store.snapshots import remove
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS
from tests.insight.test_capture import traces

pytestmark = pytest.mark.torch

SUBJECT = Subject(IDS, sample=(3, 7, 42, 60, 11))


def block_maxima(weights: np.ndarray, block: int) -> np.ndarray:
    """The same, cell by cell."""
    time = len(weights)
    starts = range(0, time, block)
    return np.array([[weights[i : i + block, j : j + block].max() for j in starts] for i in starts])


@pytest.mark.parametrize("time", [1, 63, 64, 65, 100, 128, 200])
def test_pooled_maps_equal_the_maxima_of_their_blocks_ragged_ones_included(time: int) -> None:
    weights = np.random.default_rng(time).random((2, time, time)).astype(np.float32)
    found, block = pooled(weights)
    assert found.shape[1] == -(-time // block) <= 64
    assert np.array_equal(found[1], block_maxima(weights[1], block))
    rounded = quantised(found).astype(np.float64) / snapshot.LEVELS
    assert np.abs(rounded - found).max() <= MAP_ERROR <= 1 / 255 + 1e-6


def test_means_of_ragged_blocks_are_means_of_what_is_there() -> None:
    weights = np.random.default_rng(0).random((70, 70))
    found, block = pooled(weights, how="mean")
    assert block == 2
    np.testing.assert_allclose(found[3, 5], weights[6:8, 10:12].mean())
    odd = pooled(weights[:69, :69], how="mean")[0]
    np.testing.assert_allclose(odd[34, 34], weights[68, 68])


def test_a_single_weight_of_one_is_never_lost() -> None:
    weights = np.zeros((500, 500), np.float32)
    weights[487, 13] = 1.0
    found, block = pooled(weights)
    assert quantised(found)[487 // block, 13 // block] == snapshot.LEVELS


def test_what_is_no_number_is_kept_as_such() -> None:
    weights = np.zeros((130, 130))
    weights[100, 7] = np.nan
    found = quantised(pooled(weights)[0])
    assert (found == NOTHING).sum() == 1
    assert quantised(np.array([0.0, 1.0])).tolist() == [0, snapshot.LEVELS]


def test_a_snapshot_holds_what_each_lens_computes(model) -> None:
    found = take(model, SUBJECT, 40)
    text = capture(model, IDS)
    wanted = heads.scores(model, text, *heads.probe(model))
    assert set(found.scores) == {"entropy", "first_token", "previous_token", "local", "induction", "duplicate"}
    for name, values in found.scores.items():
        np.testing.assert_allclose(values, getattr(wanted, name), atol=1e-6)
    for layer, head, row, column in ((0, 0, 16, 3), (2, 3, 9, 9), (1, 1, 2, 8)):
        assert abs(found.value(layer, head, row, column) - text.attention[layer, head, row, column]) <= MAP_ERROR
    looked = lens(model, text)
    assert np.array_equal(found.top_ids, looked.ids)
    assert np.abs(found.top_chances - looked.probabilities).max() <= snapshot.CHANCE_ERROR
    vectors = model.embed_tokens.weight[list(SUBJECT.sample)].detach().numpy()
    np.testing.assert_allclose(found.points, found.basis.project(vectors))
    np.testing.assert_allclose(found.stream, [np.linalg.norm(x, axis=1).mean() for x in text.residual], rtol=1e-5)
    np.testing.assert_allclose(found.weight_norms, health.by_layer(health.weights(model), 3))
    assert (found.step, found.block, found.not_numbers, found.ids) == (40, 1, 0, tuple(IDS))


def test_taking_one_changes_nothing_and_needs_no_random_numbers(gpt2) -> None:
    gpt2.train()
    state, before = torch.get_rng_state(), {name: tensor.clone() for name, tensor in gpt2.state_dict().items()}
    one, other = take(gpt2, SUBJECT, 1), take(gpt2, SUBJECT, 1)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in gpt2.state_dict().items())
    assert traces(gpt2) == []
    assert gpt2.training
    assert np.array_equal(one.maps, other.maps)
    assert one.scores["induction"].tolist() == other.scores["induction"].tolist()


def test_points_of_two_moments_lie_on_the_basis_of_the_first(gpt2) -> None:
    first = take(gpt2, SUBJECT, 0)
    later = replace(SUBJECT, basis=first.basis)
    assert np.array_equal(take(gpt2, later, 1).points, first.points)
    with torch.no_grad():
        gpt2.embed_tokens.weight[42] += 1.0
    moved = np.abs(take(gpt2, later, 2).points - first.points).max(1)
    assert moved[2] > 0.01
    assert moved[[0, 1, 3, 4]].max() == 0


def test_weights_that_are_no_numbers_are_shown_as_none(gpt2, tmp_path: Path) -> None:
    with torch.no_grad():
        gpt2.layers[1].self_attn.q_proj.weight[0, 0] = float("nan")
    found = read(write(tmp_path, take(gpt2, SUBJECT, 3)))
    assert found.not_numbers == 1
    assert np.isnan(found.value(1, 0, 5, 2))
    assert np.isfinite(found.value(0, 0, 5, 2))
    assert np.isnan(found.scores["entropy"][1, 0])
    assert np.isfinite(found.scores["entropy"][0]).all()


# --- on disk ----------------------------------------------------------------------------------------------------------


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize("time", [256, pytest.param(1_024, marks=pytest.mark.slow)])
def test_twelve_by_twelve_heads_take_at_most_two_megabytes(tmp_path: Path, time: int) -> None:
    model = shaken(tiny("gpt2", n_layers=12, n_heads=12, context_length=1_024))
    ids = np.random.default_rng(0).integers(0, 61, time).tolist()
    found = take(model, Subject(ids, sample=tuple(range(61))), 200)
    assert found.maps.shape == (12, 12, 64, 64)
    assert len(found.ids) == time
    assert size(write(tmp_path, found)) <= 2_000_000


def test_it_comes_back_as_it_was(llama, tmp_path: Path) -> None:
    wanted = take(llama, SUBJECT, 1_200)
    found = read(write(tmp_path, wanted))
    for name in ("step", "ids", "block", "period", "chance", "sample", "not_numbers"):
        assert getattr(found, name) == getattr(wanted, name)
    for name in ("maps", "top_ids", "top_chances", "points", "stream", "weight_norms"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name))
        assert getattr(found, name).dtype == getattr(wanted, name).dtype
    for name, values in wanted.scores.items():
        assert np.array_equal(found.scores[name], values)
    assert np.isnan(found.training.gradients).all()
    for name in ("mean", "directions", "variances", "share", "left_out"):
        assert np.array_equal(getattr(found.basis, name), getattr(wanted.basis, name))


def test_the_step_that_led_there_and_the_text_come_back_too(llama, tmp_path: Path) -> None:
    step = health.StepHealth(np.arange(5.0), np.arange(5.0) / 7, 3)
    found = read(write(tmp_path, take(llama, replace(SUBJECT, prompt="a “猫”"), 7, step)))
    assert np.array_equal(found.training.gradients, step.gradients)
    assert np.array_equal(found.training.updates, step.updates)
    assert (found.training.not_numbers, found.prompt) == (3, "a “猫”")


def test_one_of_the_first_version_is_read_with_what_it_lacks_unknown(gpt2, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    from studio.store.files import read_json, write_json

    folder = write(tmp_path, take(gpt2, SUBJECT, 5))
    tensors, facts = folder / snapshot.TENSORS, read_json(folder / snapshot.FACTS)
    held = load_file(tensors)
    save_file({name: array for name, array in held.items() if name not in ("gradient_norms", "update_norms")}, tensors)
    new = ("prompt", "odd_gradients")
    write_json(folder / snapshot.FACTS, {name: facts[name] for name in facts if name not in new} | {"version": 1})
    found = read(folder)
    assert np.isnan(found.training.gradients).all()
    assert found.training.updates.shape == (5,)
    assert (found.prompt, found.training.not_numbers, found.step) == ("", 0, 5)


def test_one_that_was_written_before_a_score_existed_is_read_without_it(gpt2, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    taken = take(gpt2, SUBJECT, 5)
    tensors = write(tmp_path, taken) / snapshot.TENSORS
    save_file({name: array for name, array in load_file(tensors).items() if name != "scores.local"}, tensors)
    assert set(taken.scores) - set(read(tensors.parent).scores) == {"local"}


def test_a_small_memory_reads_a_shorter_text(gpt2) -> None:
    whole, short = take(gpt2, SUBJECT, 0), take(gpt2, SUBJECT, 0, budget=4 * 4 * 8 * 8)
    assert (len(whole.ids), len(short.ids)) == (17, 8)


def test_a_later_one_of_the_same_step_takes_its_place_and_nothing_is_left_over(gpt2, tmp_path: Path) -> None:
    write(tmp_path, take(gpt2, SUBJECT, 5))
    with torch.no_grad():
        gpt2.embed_tokens.weight[3] += 1.0
    second = take(gpt2, SUBJECT, 5)
    assert write(tmp_path, second) == tmp_path / folder_name(5) == tmp_path / "step-000000005"
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000005"]
    assert np.array_equal(read(tmp_path / folder_name(5)).points, second.points)


def test_a_write_that_fails_leaves_nothing_behind(gpt2, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot, "write_json", full)
    with pytest.raises(StudioError, match="step 5"):
        write(tmp_path, take(gpt2, SUBJECT, 5))
    assert list(tmp_path.iterdir()) == []


def test_the_file_says_how_far_its_numbers_may_be_off(gpt2, tmp_path: Path) -> None:
    from studio.store.files import read_json

    facts = read_json(write(tmp_path, take(gpt2, SUBJECT, 5)) / snapshot.FACTS)
    assert facts["map_error"] == MAP_ERROR
    assert facts["chance_error"] == snapshot.CHANCE_ERROR
    assert facts["version"] == snapshot.VERSION


@pytest.mark.parametrize("damage", ["cut", "foreign", "version", "shape", "type", "missing"])
def test_a_damaged_one_is_a_sentence(gpt2, tmp_path: Path, damage: str) -> None:
    from safetensors.numpy import load_file, save_file

    folder = write(tmp_path, take(gpt2, SUBJECT, 5))
    tensors, facts = folder / snapshot.TENSORS, folder / snapshot.FACTS
    if damage == "cut":
        tensors.write_bytes(tensors.read_bytes()[:-7])
    elif damage == "foreign":
        facts.write_text("[]", "utf-8")
    elif damage == "version":
        facts.write_text(facts.read_text("utf-8").replace('"version": 2', '"version": 3'), "utf-8")
    elif damage == "missing":
        facts.unlink()
    else:
        held = load_file(tensors)
        held["maps"] = held["maps"][:, :, 1:] if damage == "shape" else held["maps"].astype(np.int64)
        save_file(held, tensors)
    with pytest.raises(StudioError):
        read(folder)


def test_one_that_is_thinned_away_while_it_is_read_is_a_sentence_and_passed_over(
    gpt2, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [write(tmp_path, take(gpt2, SUBJECT, step)) for step in (5, 6, 7)]
    before = snapshot.TensorFile.read_into

    def thinned(file: snapshot.TensorFile, name: str, buffer: memoryview) -> None:
        if file.path.parent == folders[1] and folders[1].exists():
            remove(tmp_path, 6)
        before(file, name, buffer)

    monkeypatch.setattr(snapshot.TensorFile, "read_into", thinned)
    wishes = Wishes()
    wishes.set(folders)
    read_in = [found for _, found in read_wished(wishes)]
    assert [type(found).__name__ for found in read_in] == ["Snapshot", "StudioError", "Snapshot"]
    assert "could not be read" in str(read_in[1])
    write(tmp_path, take(gpt2, SUBJECT, 6))  # it goes again while its way is drawn
    assert journey_of_snapshots(folders, 61).steps == (5, 7)


def test_the_mosaic_puts_layers_downwards_and_heads_across() -> None:
    maps = np.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    found = mosaic(maps)
    assert found.shape == (8, 12)
    assert np.array_equal(found[4:8, 8:12], maps[1, 2])
    assert np.array_equal(found[0:4, 4:8], maps[0, 1])
