"""The loss around the weights: its middle is the run's own loss, its ends are the models', and nothing is moved."""

import dataclasses
import hashlib
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.core.config import ComputeConfig
from studio.core.errors import StudioError
from studio.engine.device import choose
from studio.engine.evaluate import mean_loss as measured
from studio.engine.material import batches_of
from studio.insight import landscape
from studio.insight.landscape import Field, Plan, Spot, explore, normalised, random_direction
from studio.insight.own_text import HELD_BACK, ground, own_text
from tests.families.conftest import shaken
from tests.insight.small_run import Looked, small_run

pytestmark = pytest.mark.torch


def fingerprint(model) -> str:
    return hashlib.sha256(b"".join(w.detach().numpy().tobytes() for w in model.parameters())).hexdigest()


def explored(run: Looked, plan: Plan, other=None) -> tuple[Field, dict[tuple[int, int], float]]:
    field, *spots = explore(run, plan, other)
    assert isinstance(field, Field)
    return field, {(spot.row, spot.column): spot.loss for spot in spots if isinstance(spot, Spot)}


def loss_of(run: Looked, batches: int, model=None) -> float:
    """As a run measures itself, by the engine's own code."""
    objective = ground(own_text(run), 1).objective
    _, validation = batches_of(objective, run.shards, run.config)
    compute = choose(dataclasses.replace(ComputeConfig(), device="cpu", precision="fp32"))
    found = measured(model or run.model, validation, batches, objective, compute)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["line", "plane"])
def test_the_middle_is_the_evaluation_loss_on_the_same_batches(tmp_path: Path, kind: str) -> None:
    run = small_run(tmp_path)
    field, losses = explored(run, Plan(kind, points=5, batches=3))
    middle = (len(field.second) // 2, len(field.first) // 2)
    assert (field.first[middle[1]], field.second[middle[0]]) == (0.0, 0.0)
    assert abs(losses[middle] - loss_of(run, 3)) <= 1e-6
    assert len(losses) == len(field.first) * len(field.second) == (5 if kind == "line" else 25)
    assert "held back" in field.sample


def test_the_ends_of_the_way_are_the_two_models(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    other = shaken(run.config.model, seed=5)
    field, losses = explored(run, Plan("between", points=13, batches=2), other)
    start, end = (int(np.flatnonzero(field.first == place)[0]) for place in (0.0, 1.0))
    assert abs(losses[0, start] - loss_of(run, 2)) <= 1e-6
    assert abs(losses[0, end] - loss_of(run, 2, other)) <= 1e-6
    assert field.first[0] < 0
    assert field.first[-1] > 1


def test_models_of_two_shapes_have_no_way_between_them(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    other = shaken(dataclasses.replace(run.config.model, n_layers=1))
    with pytest.raises(StudioError, match="different shapes"):
        list(explore(run, Plan("between"), other))


def test_every_filter_of_a_direction_is_as_long_as_the_weights_own(model) -> None:
    found = random_direction(model, 3)
    for name, weight in model.named_parameters():
        across = tuple(range(1, weight.dim())) or 0
        own = torch.linalg.vector_norm(weight.detach(), dim=across)
        assert torch.allclose(torch.linalg.vector_norm(found[name], dim=across), own, rtol=1e-5), name
        assert found[name].shape == weight.shape


def test_a_row_of_zeros_has_no_direction_and_a_vector_is_one_filter() -> None:
    weight = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    found = normalised(torch.ones(2, 2), weight)
    assert found[1].tolist() == [0.0, 0.0]
    assert float(found[0].norm()) == pytest.approx(5.0)
    assert torch.isfinite(normalised(torch.zeros(2, 2), weight)).all()
    vector = normalised(torch.tensor([1.0, 1.0, 0.0]), torch.tensor([0.0, 0.0, 2.0]))
    assert float(vector.norm()) == pytest.approx(2.0)
    assert vector[2] == 0


def test_two_seeds_are_two_directions_and_one_seed_is_one(gpt2) -> None:
    first, again, other = (random_direction(gpt2, seed) for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first if first[name].numel() > 8)


def test_the_points_come_from_the_middle_outwards(tmp_path: Path) -> None:
    field, *spots = explore(small_run(tmp_path), Plan("plane", points=3, batches=1))
    places = [(field.first[spot.column], field.second[spot.row]) for spot in spots]
    assert places[0] == (0, 0)
    distances = [x * x + y * y for x, y in places]
    assert distances == sorted(distances)


# --- the weights stay where they are --------------------------------------------------------------------------------


def test_the_weights_are_the_same_to_the_last_bit_afterwards(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    before = fingerprint(run.model)
    explored(run, Plan("plane", points=3, batches=1))
    assert fingerprint(run.model) == before


def test_they_are_so_when_it_is_stopped_or_breaks_in_the_middle(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    before = fingerprint(run.model)
    asked = iter([True] * 4)
    found = list(explore(run, Plan("line", points=9, batches=1), keep_going=lambda: next(asked, False)))
    assert len(found) == 1 + 4
    assert fingerprint(run.model) == before

    def breaks(name: str, weight: torch.Tensor, x: float, _y: float) -> torch.Tensor:
        if x:
            raise RuntimeError("the disk is on fire")
        return weight

    on = ground(own_text(run, HELD_BACK), 1)
    field = Field("line", np.array([0.0, 1.0]), np.zeros(1), "")
    with pytest.raises(RuntimeError, match="on fire"):
        list(landscape.walk(run.model, breaks, on, field))
    assert fingerprint(run.model) == before


def test_while_it_walks_the_network_itself_can_be_read(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    ids = torch.tensor([run.shards.training()[:9].astype(np.int64).tolist()])
    with torch.no_grad():
        before = run.model(ids)
        for _ in explore(run, Plan("line", points=5, batches=1)):
            assert torch.equal(run.model(ids), before)


# --- a run's own path -----------------------------------------------------------------------------------------------


def with_checkpoints(run: Looked, count: int) -> Looked:
    """Checkpoints on a curved way to the present weights."""
    turns = [random_direction(run.model, seed) for seed in (1, 2)]
    own = {name: weight.detach() for name, weight in run.model.named_parameters()}
    for number in range(count):
        left = (count - 1 - number) / 4
        weights = {n: own[n] + left * turns[0][n] + left**2 * turns[1][n] for n in own}
        folder = run.folder.with_name(f"step-{10 * (number + 1):06d}")
        folder.mkdir(parents=True)
        save_file(weights, folder / "model.safetensors")
    return dataclasses.replace(run, folder=run.folder.with_name(f"step-{10 * count:06d}"))


def test_a_path_lies_in_the_plane_and_ends_at_the_present_weights(tmp_path: Path) -> None:
    run = with_checkpoints(small_run(tmp_path), 4)
    field, losses = explored(run, Plan("path", points=5, batches=1))
    assert [stop[0] for stop in field.stops] == [10, 20, 30, 40]
    assert field.share == pytest.approx(1.0, abs=1e-6)  # the way was made in a plane
    assert field.stops[-1][1:] == pytest.approx((0, 0), abs=1e-4)
    apart = np.diff([stop[1:] for stop in field.stops], axis=0)
    own = dict(run.model.named_parameters())
    turns = [random_direction(run.model, seed) for seed in (1, 2)]
    step = [0.25 * turns[0][n] + (0.25**2) * turns[1][n] for n in own]
    assert np.linalg.norm(apart[-1]) == pytest.approx(float(torch.cat([s.flatten() for s in step]).norm()), rel=1e-3)
    row, column = int(np.flatnonzero(field.second == 0)[0]), int(np.flatnonzero(field.first == 0)[0])
    assert abs(losses[row, column] - loss_of(run, 1)) <= 1e-6


def test_checkpoints_of_an_adapter_make_no_path_and_say_why(tmp_path: Path) -> None:
    run = with_checkpoints(small_run(tmp_path), 3)
    (run.folder / "adapter.safetensors").write_bytes(b"")
    with pytest.raises(StudioError, match="only an adapter"):
        list(explore(run, Plan("path")))


def test_too_few_checkpoints_make_no_path(tmp_path: Path) -> None:
    run = with_checkpoints(small_run(tmp_path), 2)
    with pytest.raises(StudioError, match="at least three checkpoints"):
        list(explore(run, Plan("path")))


def test_a_long_path_goes_through_few_checkpoints_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landscape, "MOMENTS", 4)
    run = with_checkpoints(small_run(tmp_path), 7)
    field = next(iter(explore(run, Plan("path", points=3, batches=1))))
    assert [stop[0] for stop in field.stops] == [10, 30, 50, 70]
    assert "4 of 7 checkpoints" in field.sample
    assert "held back" in field.sample
    monkeypatch.setattr(landscape, "MOMENTS", 7)
    field = next(iter(explore(run, Plan("path", points=3, batches=1))))
    assert "checkpoints" not in field.sample


@pytest.mark.slow
def test_a_path_is_the_same_however_small_the_pieces_it_is_compared_in(tmp_path: Path, monkeypatch) -> None:
    run = with_checkpoints(small_run(tmp_path), 4)
    opened = list(landscape._opened(sorted(run.folder.parent.glob("step-*"))).values())
    _, whole, share = landscape.path_plane(run.model, opened)
    own = {name: weight.detach() for name, weight in run.model.named_parameters()}
    apart = torch.stack([torch.cat([(o.read(n) - own[n]).flatten() for n in own]) for o in opened]).double()
    between = torch.cdist(apart, apart).numpy()  # the way was made in a plane, so its distances are the true ones
    np.testing.assert_allclose(np.linalg.norm(whole[:, None] - whole, axis=2), between, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr(landscape, "BLOCK", 7)
    _, pieces, again = landscape.path_plane(run.model, opened)
    np.testing.assert_allclose(np.abs(pieces), np.abs(whole), atol=1e-6)
    assert again == pytest.approx(share)


def test_never_are_all_checkpoints_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = with_checkpoints(small_run(tmp_path), 6)
    live: list[weakref.ref[torch.Tensor]] = []
    most = 0

    class Traced(torch.Tensor):
        """What was read, and whatever is computed of it."""

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            found = super().__torch_function__(func, types, args, kwargs)
            if type(found) is cls:
                live.append(weakref.ref(found))
            return found

    read = landscape.StoredWeights.read

    def traced(self, name: str) -> torch.Tensor:
        nonlocal most
        with torch._C.DisableTorchFunctionSubclass():
            there = {id(one): one.numel() for ref in live if (one := ref()) is not None}
            most = max(most, sum(there.values()))
        return read(self, name).as_subclass(Traced)

    monkeypatch.setattr(landscape.StoredWeights, "read", traced)
    next(iter(explore(run, Plan("path", points=3, batches=1))))
    size = sum(weight.numel() for weight in run.model.parameters())
    assert size < most < 3 * size  # the two directions and one tensor


def test_a_path_can_be_called_off_while_it_is_compared_and_tells_how_far_it_is(tmp_path: Path) -> None:
    run = with_checkpoints(small_run(tmp_path), 4)
    assert list(explore(run, Plan("path", points=3, batches=1), keep_going=lambda: False)) == []
    told: list[tuple[int, int]] = []
    asked = iter([True] * 60)
    found = explore(run, Plan("path", points=3, batches=1), keep_going=lambda: next(asked, False),
                    progress=lambda done, total: told.append((done, total)))  # fmt: skip
    assert list(found) == []
    assert told
    assert all(0 < done < total for done, total in told)


def test_a_checkpoint_that_was_removed_meanwhile_is_passed_over_or_refused(tmp_path: Path, monkeypatch) -> None:
    run = with_checkpoints(small_run(tmp_path), 5)
    spread = landscape.spread_evenly
    gone = run.folder.with_name("step-000020") / "model.safetensors"

    def late(folders):
        gone.unlink()
        return spread(folders)

    with monkeypatch.context() as patch:
        patch.setattr(landscape, "spread_evenly", late)
        field = next(iter(explore(run, Plan("path", points=3, batches=1))))
    assert [stop[0] for stop in field.stops] == [10, 30, 40, 50]
    assert "4 of 5 checkpoints" in field.sample
    asked: list[int] = []

    def removing() -> bool:
        asked.append(1)
        if len(asked) == 3:
            run.folder.with_name("step-000010").joinpath("model.safetensors").unlink()
        return True

    with pytest.raises(StudioError, match="just have been removed"):
        list(explore(run, Plan("path", points=3, batches=1), keep_going=removing))
