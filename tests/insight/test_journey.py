"""Ways through the training: what stands still does not move, a turn of all is turned back, distances are true."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from studio.core.errors import StudioError
from studio.insight import journey as module
from studio.insight import snapshot
from studio.insight.capture import capture
from studio.insight.journey import (
    BASES,
    apart,
    distances,
    journey,
    journey_of_run,
    journey_of_snapshots,
    moved_since_start,
    stored_table,
)
from studio.insight.projection import measured, table_of
from studio.store import checkpoints
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch
RNG = np.random.default_rng(1)
TABLE = RNG.standard_normal((60, 12)).astype(np.float32)


def through(*tables: np.ndarray, ways: tuple[str, bool] = ("last", False)) -> module.Journey:
    def bring(table: np.ndarray) -> Callable[[], np.ndarray]:
        return lambda: table

    return journey([bring(table) for table in tables], range(0, 100 * len(tables), 100), ways)


@pytest.mark.parametrize("basis", BASES)
def test_identical_checkpoints_do_not_move(basis: str) -> None:
    found = through(TABLE, TABLE.copy(), TABLE.copy(), ways=(basis, False))
    assert (found.legs == 0).all()
    assert (found.moved == 0).all()
    assert (found.points == found.points[0]).all()
    assert found.order.tolist() == list(range(60))


def test_a_turn_of_the_whole_table_is_taken_back_by_procrustes() -> None:
    turn = np.linalg.qr(RNG.standard_normal((12, 12)))[0]
    turned = (TABLE @ turn).astype(np.float32)
    assert through(turned, TABLE).moved.min() > 0.5
    found = through(turned, TABLE, ways=("last", True))
    assert found.turned
    assert found.moved.max() <= 1e-4
    assert np.abs(found.points[0] - found.points[1]).max() <= 1e-4


def test_movers_are_sorted_by_what_they_moved_in_all_dimensions() -> None:
    after = TABLE.copy()
    direction = np.linalg.svd(TABLE - TABLE.mean(0))[2][-1]  # which the map of three components hardly shows
    after[7] += 5 * direction.astype(np.float32)
    after[3, 0] += 1
    found = through(TABLE, after)
    assert found.order[:2].tolist() == [7, 3]
    np.testing.assert_allclose(found.moved, np.linalg.norm(after - TABLE, axis=1), rtol=1e-5)


def test_the_way_is_the_sum_of_its_legs_and_its_busiest_part_is_found() -> None:
    steps = [TABLE.copy() for _ in range(6)]
    for place, size in enumerate((0.0, 1.0, 4.0, 4.5, 5.0, 5.0)):
        steps[place][9, 2] += size
    found = through(*steps)
    np.testing.assert_allclose(found.since(3)[9], 4.5, rtol=1e-5)
    np.testing.assert_allclose(found.since(5)[9], 5.0, rtol=1e-5)
    first, last, share = found.busiest(9)
    assert (first, last) == (1, 2)
    assert share == pytest.approx(0.6, rel=1e-4)
    assert found.busiest(0) == (0, 5, 1.0)


def test_rows_that_are_no_numbers_have_no_way_and_do_not_spoil_the_others() -> None:
    before = TABLE.copy()
    before[4, 4] = np.nan
    for turn in (False, True):
        found = through(before, TABLE, ways=("last", turn))
        assert np.isnan(found.moved[4])
        assert found.order[-1] == 4
        assert found.moved[[0, 59]].max() <= 1e-4


def test_what_makes_no_way_is_refused_with_the_reason() -> None:
    with pytest.raises(StudioError, match="at least two moments; this run has 1"):
        through(TABLE)
    with pytest.raises(StudioError, match=r"60 × 12 and 60 × 8|60 × 8 and 60 × 12"):
        through(TABLE[:, :8], TABLE)
    with pytest.raises(StudioError, match="different sizes"):
        distances(TABLE, TABLE[:5])


def test_a_way_can_be_called_off() -> None:
    with pytest.raises(StudioError, match="called off"):
        journey([lambda: TABLE, lambda: TABLE], (0, 1), keep_going=lambda: False)


# --- on disk ----------------------------------------------------------------------------------------------------------


def save(folder: Path, step: int, table: np.ndarray, **more: np.ndarray) -> Path:
    with checkpoints.saving(folder, step) as place:
        save_file({"embed_tokens.weight": table, **more}, place / "model.safetensors")
    return folder / checkpoints.folder_name(step)


def test_an_adapters_checkpoint_has_no_table_of_its_own_and_says_why(tmp_path: Path) -> None:
    with checkpoints.saving(tmp_path, 5) as place:
        save_file({"A": TABLE}, place / "adapter.safetensors")
    with pytest.raises(StudioError, match="only an adapter"):
        stored_table(tmp_path / checkpoints.folder_name(5))


def test_a_table_is_read_alone_and_a_tied_head_is_the_token_table(tmp_path: Path) -> None:
    folder = save(tmp_path, 5, TABLE)
    assert np.array_equal(stored_table(folder), TABLE)
    assert np.array_equal(stored_table(folder, "head"), TABLE)
    assert np.array_equal(stored_table(save(tmp_path, 6, TABLE, **{"lm_head.weight": 2 * TABLE}), "head"), 2 * TABLE)
    with pytest.raises(StudioError, match="no such table"):
        stored_table(folder, "positions")


def test_a_runs_way_goes_through_its_checkpoints_few_enough_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (100, 200, 300, 400, 500):
        save(tmp_path, step, TABLE + np.float32(step / 100))
    told: list[tuple[int, int]] = []
    found = journey_of_run(tmp_path, progress=lambda *at: told.append(at))
    assert found.steps == (100, 200, 300, 400, 500)
    assert told[-1] == (5, 5)
    np.testing.assert_allclose(found.legs, np.sqrt(12), rtol=1e-4)
    monkeypatch.setattr(module, "MOMENTS", 3)
    assert journey_of_run(tmp_path).steps == (100, 300, 500)


def test_movement_is_from_the_first_checkpoint_to_this_one(tmp_path: Path) -> None:
    first = save(tmp_path, 100, TABLE)
    later = save(tmp_path, 200, TABLE + 1)
    found = moved_since_start(later, measured("tokens", TABLE + 1))
    assert found.since == "step 100"
    np.testing.assert_allclose(found.distances, np.sqrt(12), rtol=1e-5)
    assert moved_since_start(first, measured("tokens", TABLE)).why
    assert moved_since_start(tmp_path / "elsewhere", measured("tokens", TABLE)).distances is None


def test_two_models_are_apart_by_their_own_rows() -> None:
    one, other = shaken(tiny("gpt2")), shaken(tiny("gpt2"), seed=2)
    seen = capture(one, IDS)
    table = table_of(one, seen, "tokens")
    found = apart((other, seen, "the other"), table)
    wanted = np.linalg.norm((other.embed_tokens.weight - one.embed_tokens.weight).detach().numpy(), axis=1)
    np.testing.assert_allclose(found.distances, wanted, rtol=1e-5)
    assert (apart((one, seen, "itself"), table).distances == 0).all()
    narrow = shaken(tiny("gpt2", emb_dim=16))
    assert "different sizes" in apart((narrow, seen, "narrow"), table).why


def test_snapshots_give_the_ways_of_the_tokens_they_keep(tmp_path: Path) -> None:
    model: Any = shaken(tiny("gpt2"))
    subject = snapshot.Subject(IDS, (1, 5, 9))
    first = snapshot.take(model, subject, 10)
    model.embed_tokens.weight.data[5] += 3
    second = snapshot.take(model, snapshot.Subject(IDS, (1, 5, 9), basis=first.basis), 20)
    folders = [snapshot.write(tmp_path, one) for one in (first, second)]
    found = journey_of_snapshots([*folders, tmp_path / "damaged"], 61)
    assert found.steps == (10, 20)
    assert found.kept
    np.testing.assert_allclose(found.points[1][[1, 5, 9]], second.points, atol=1e-6)
    assert np.isnan(found.points[:, 2]).all()
    assert found.order[0] == 5
    assert found.moved[1] == 0
    with pytest.raises(StudioError, match="this run has 1"):
        journey_of_snapshots(folders[:1], 61)
