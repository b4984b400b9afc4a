"""A's places less B's: cosines, lengths and angles subtracted, paths turned onto one another, the rest refused."""

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.insight.embeddings import cosines, positions
from studio.insight.two_places import LearnedDifference, TurnedDifference, positions_less
from tests.families.conftest import shaken, tiny

pytestmark = pytest.mark.torch


def table(model) -> np.ndarray:
    return model.embed_positions.weight.detach().numpy()


def test_cosines_and_lengths_are_those_of_both_tables_subtracted() -> None:
    a, b = shaken(tiny("gpt2"), 1), shaken(tiny("gpt2"), 2)
    found = positions_less(a, b)
    assert isinstance(found, LearnedDifference)
    np.testing.assert_allclose(found.cosines, cosines(table(a)) - cosines(table(b)), atol=1e-6)
    np.testing.assert_allclose(
        found.lengths, np.linalg.norm(table(a), axis=1) - np.linalg.norm(table(b), axis=1), atol=1e-6
    )
    assert np.abs(np.diag(found.cosines)).max() == 0


def test_a_table_that_was_only_turned_lies_on_the_other_one() -> None:
    a, b = shaken(tiny("gpt2"), 1), shaken(tiny("gpt2"), 1)
    width = table(a).shape[1]
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(width, width)))[0]
    with torch.no_grad():
        a.embed_positions.weight.copy_(torch.tensor(table(b) @ turn))
    found = positions_less(a, b)
    assert np.abs(found.apart).max() < 1e-4
    np.testing.assert_allclose(found.turned, found.b.points, atol=1e-4)
    assert np.abs(found.cosines).max() < 1e-5
    other = positions_less(shaken(tiny("gpt2"), 2), b)
    assert other.apart.min() > 0.01


def test_a_table_less_itself_is_zero_and_not_merely_small() -> None:
    model = shaken(tiny("gpt2"), 1)
    found = positions_less(model, model)
    assert not found.cosines.any()
    assert not found.lengths.any()
    assert not found.apart.any()
    np.testing.assert_array_equal(found.turned, found.b.points)


def test_only_the_places_that_both_have_are_compared() -> None:
    long = tiny("gpt2")
    short = tiny("gpt2", context_length=long.context_length - 5)
    found = positions_less(shaken(long), shaken(short))
    assert found.left_out == 5
    assert found.cosines.shape == (short.context_length,) * 2
    assert len(found.turned) == len(found.apart) == short.context_length


def test_tables_of_two_widths_have_cosines_and_no_common_path() -> None:
    a, b = tiny("gpt2"), tiny("gpt2", emb_dim=2 * tiny("gpt2").emb_dim)
    found = positions_less(shaken(a), shaken(b))
    assert (found.turned, found.apart, found.widths) == (None, None, (a.emb_dim, b.emb_dim))
    assert np.isfinite(found.cosines).all()


def test_angles_are_subtracted_pair_by_pair() -> None:
    a, b = shaken(tiny("llama 3.1")), shaken(tiny("llama 3.1", rope_base=7.0))
    found = positions_less(a, b)
    assert isinstance(found, TurnedDifference)
    np.testing.assert_array_equal(found.radians, positions(a).radians - positions(b).radians)
    np.testing.assert_array_equal(found.by_distance, positions(a).by_distance - positions(b).by_distance)
    assert found.radians[0] == pytest.approx(0.0, abs=1e-6)  # the first pair turns by 1, whatever the base
    assert np.abs(found.radians[1:]).min() > 0


def test_what_has_no_counterpart_is_refused_with_the_reason() -> None:
    gpt2, llama = shaken(tiny("gpt2")), shaken(tiny("llama 3.1"))
    with pytest.raises(StudioError, match="A learns a table of places, B turns"):
        positions_less(gpt2, llama)
    with pytest.raises(StudioError, match="B learns a table of places, A turns"):
        positions_less(llama, gpt2)
    wide = tiny("llama 3.1")
    with pytest.raises(StudioError, match=r"A turns \d+ pairs of dimensions, B turns \d+"):
        positions_less(llama, shaken(tiny("llama 3.1", emb_dim=2 * wide.emb_dim)))


def test_a_place_that_is_no_number_is_left_out_of_the_turning() -> None:
    a, b = shaken(tiny("gpt2"), 1), shaken(tiny("gpt2"), 2)
    with torch.no_grad():
        a.embed_positions.weight[3, 0] = float("nan")
    found = positions_less(a, b)
    assert np.isnan(found.turned[3]).all()
    assert np.isnan(found.apart[3])
    assert np.isfinite(np.delete(found.apart, 3)).all()
