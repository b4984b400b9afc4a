"""Weights come out of foreign files the right way round, and go back bit for bit."""

from dataclasses import replace

import pytest
import torch

from studio.core.errors import StudioError
from studio.families import Source
from studio.layers.foreign_weights import collect, scatter, share_of

pytestmark = pytest.mark.torch

FUSED = torch.arange(24.0).view(2, 12)  # stored as (in, out), three parts of four columns
PLACES = {f"{letter}.weight": Source("fused", True, part, 3) for part, letter in enumerate("qkv")}


def test_a_share_is_cut_from_the_last_axis_as_stored_and_turned_round() -> None:
    assert torch.equal(share_of(FUSED, PLACES["k.weight"]), FUSED[:, 4:8].t())
    assert torch.equal(share_of(FUSED[0], Source("bias", part=2, parts=3)), FUSED[0, 8:])
    assert share_of(FUSED, Source("whole")).data_ptr() == FUSED.data_ptr()


def test_what_was_collected_is_scattered_back_bit_for_bit_in_whatever_order_it_is_named() -> None:
    ours = collect(PLACES, {"fused": FUSED}.__getitem__)
    assert set(ours) == set(PLACES)
    turned = dict(reversed(PLACES.items()))
    back = scatter(ours, turned)
    assert list(back) == ["fused"]
    assert torch.equal(back["fused"], FUSED)
    assert back["fused"].is_contiguous()


def test_a_bias_that_the_model_does_without_is_written_as_zeros() -> None:
    places = {**PLACES, **{name.replace("weight", "bias"): replace(place, name="b", transposed=False)
                           for name, place in PLACES.items()}}  # fmt: skip
    back = scatter(collect(PLACES, {"fused": FUSED}.__getitem__), places)
    assert torch.equal(back["b"], torch.zeros(12))


def test_a_weight_that_is_missing_is_refused_by_its_name() -> None:
    with pytest.raises(StudioError, match=r"v\.weight"):
        scatter({"q.weight": FUSED, "k.weight": FUSED}, PLACES)


def test_a_tensor_that_does_not_divide_is_refused_by_its_foreign_name() -> None:
    with pytest.raises(StudioError, match="fused"):
        share_of(FUSED[:, :11], PLACES["q.weight"])
