"""Losses by place and by row are those of the model, and the hardest row is the one with the highest mean."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.core.errors import StudioError
from studio.insight.own_text import HELD_BACK
from studio.insight.text_loss import text_loss
from tests.insight.small_run import small_run

pytestmark = pytest.mark.torch


def test_every_number_is_the_loss_of_its_token(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    found = text_loss(run, rows=9)
    assert found.text.part == HELD_BACK
    assert found.losses.shape == (9, 15)
    ids = torch.from_numpy(found.ids)
    with torch.no_grad():
        wanted = F.cross_entropy(run.model(ids)[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    np.testing.assert_allclose(found.losses.flatten(), wanted.numpy(), atol=1e-5)
    for start, row in zip(found.starts, found.ids, strict=True):
        assert row.tolist() == run.shards.validation()[start : start + 16].tolist()


def test_positions_and_rows_are_means_of_the_same_numbers(tmp_path: Path) -> None:
    found = text_loss(small_run(tmp_path), rows=9)
    assert found.by_position.mean() == pytest.approx(found.losses.mean())
    assert found.by_row.mean() == pytest.approx(found.losses.mean())
    assert sorted(found.hardest) == list(range(9))
    assert found.by_row[list(found.hardest)].tolist() == sorted(found.by_row, reverse=True)


def test_a_row_that_is_no_number_is_the_hardest(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    first = text_loss(run, rows=4)
    with torch.no_grad():
        run.model.embed_tokens.weight[int(first.ids[2, 3])] = float("nan")
    found = text_loss(run, rows=4)
    broken = set(np.flatnonzero(np.isnan(found.by_row)).tolist())
    assert 2 in broken
    assert set(found.hardest[: len(broken)]) == broken


def test_it_stops_when_asked_and_tells_how_far_it_is(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    told: list[tuple[int, int]] = []
    asked = iter([True, True, False])
    assert text_loss(run, None, 9, lambda d, t: told.append((d, t)), lambda: next(asked)) is None
    assert told == [(1, 9), (2, 9)]


def test_a_model_that_looks_both_ways_is_refused_with_the_reason(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    for block in run.model.layers:
        block.self_attn.causal = False
    with pytest.raises(StudioError, match="whole text at once"):
        text_loss(run)
