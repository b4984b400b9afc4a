"""Two models on one text: equal ones are exactly equal, swapping turns every difference round, refusals say why."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.core.errors import StudioError
from studio.insight.capture import capture
from studio.insight.comparison import alignment, compare, lens_pair
from studio.insight.lens import lens, logits
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def side(model, ids=IDS):
    return model, capture(model, ids)


@pytest.fixture(scope="module")
def pair():
    return side(shaken(tiny("gpt2"))), side(shaken(tiny("gpt2"), seed=2))


def test_a_model_against_itself_differs_nowhere_at_all(model) -> None:
    found = compare(side(model), side(model))  # read twice, as two checkpoints would be
    assert (found.divergence == 0).all()
    assert (found.opposite == 0).all()
    assert (found.gain[:-1] == 0).all()
    assert found.changed.size == 0
    assert np.array_equal(found.ids[0], found.ids[1])
    assert np.abs(np.diag(found.alignment) - 1).max() <= 1e-6
    *_, apart = lens_pair(side(model), side(model))
    assert (apart == 0).all()


def test_swapping_the_two_turns_every_difference_round(pair) -> None:
    a, b = pair
    forth, back = compare(a, b), compare(b, a)
    np.testing.assert_array_equal(forth.gain[:-1], -back.gain[:-1])
    np.testing.assert_array_equal(forth.divergence, back.opposite)
    np.testing.assert_array_equal(forth.ids[0], back.ids[1])
    np.testing.assert_allclose(forth.alignment, back.alignment.T, atol=1e-12)
    assert forth.loss(0) == back.loss(1)


def test_distances_are_those_of_the_definition(pair) -> None:
    a, b = pair
    found = compare(a, b)
    with torch.no_grad():
        ours, theirs = (model(torch.tensor([IDS]))[0].log_softmax(-1) for model, _ in pair)
    np.testing.assert_allclose(found.divergence, (ours.exp() * (ours - theirs)).sum(-1).numpy(), atol=1e-4)
    np.testing.assert_allclose(found.opposite, (theirs.exp() * (theirs - ours)).sum(-1).numpy(), atol=1e-4)
    assert found.divergence.min() > 0.01
    assert abs(found.loss(0) - float(F.nll_loss(ours[:-1], torch.tensor(IDS[1:])))) <= 1e-5
    changed = np.flatnonzero((ours.argmax(-1) != theirs.argmax(-1)).numpy())
    assert found.changed.tolist() == changed.tolist()
    real = torch.tensor(IDS[1:])[:, None]
    wanted = (ours[:-1].gather(1, real) - theirs[:-1].gather(1, real))[:, 0]
    np.testing.assert_allclose(found.gain[:-1], wanted.numpy(), atol=1e-4)
    assert np.isnan(found.gain[-1])


def test_alignment_is_linear_cka_and_forgets_turning_and_size(pair) -> None:
    a, b = pair
    found = alignment(a[1], b[1])
    x, y = a[1].residual[1].astype(np.float64), b[1].residual[2].astype(np.float64)
    x, y = x - x.mean(0), y - y.mean(0)
    wanted = np.linalg.norm(x.T @ y) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))
    assert found[1, 2] == pytest.approx(wanted, abs=1e-9)
    assert found.shape == (4, 4)
    assert 0 <= found.min() <= found.max() <= 1 + 1e-9


def test_one_token_has_no_arrangement_to_compare(pair) -> None:
    (one, _), (other, _) = pair
    assert np.isnan(compare(side(one, [5]), side(other, [5])).alignment).all()


def test_two_lenses_are_compared_place_by_place(pair) -> None:
    a, b = pair
    ours, theirs, apart = lens_pair(a, b, k=3, halves=True)
    assert ours.rows == theirs.rows == lens(*a, halves=True).rows
    assert apart.shape == (7, len(IDS))
    with torch.no_grad():
        mine, others = (logits(model, seen.layers[0].after).log_softmax(-1) for model, seen in pair)
    np.testing.assert_allclose(apart[2], (mine.exp() * (mine - others)).sum(-1).numpy(), atol=1e-4)
    np.testing.assert_allclose(apart[-1], compare(a, b).divergence, atol=1e-6)


def test_only_a_part_of_the_logits_is_in_memory_and_the_parts_are_the_whole(pair, monkeypatch) -> None:
    whole = compare(*pair)
    monkeypatch.setattr("studio.insight.lens.PLACES", 61 * 4)
    parts = compare(*pair)
    np.testing.assert_allclose(whole.divergence, parts.divergence, atol=1e-5)
    np.testing.assert_array_equal(whole.ranks, parts.ranks)


def test_other_vocabularies_and_other_tokens_are_refused_with_the_reason(pair) -> None:
    a, (other, _) = pair
    with pytest.raises(StudioError, match="choose among 61 and 70"):
        compare(a, side(shaken(tiny("gpt2", vocab_size=70))))
    with pytest.raises(StudioError, match="same tokens"):
        compare(a, side(other, IDS[:-1]))
    with pytest.raises(StudioError, match="3 and 2 layers"):
        lens_pair(a, side(shaken(tiny("gpt2", n_layers=2))))


def test_weights_that_are_no_numbers_stay_none_in_the_comparison(pair) -> None:
    broken = shaken(tiny("gpt2"))
    with torch.no_grad():
        broken.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    found = compare(pair[0], side(broken))
    assert np.isnan(found.divergence).all()
    assert np.isnan(found.loss(1))
    assert np.isfinite(found.loss(0))
