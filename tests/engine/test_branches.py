"""The tree of what could come next holds the likeliest ways, each with the model's own probability."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.sampling import probabilities
from studio.engine.branches import ROOT, Branch, grow
from tests.families.conftest import shaken, tiny

pytestmark = pytest.mark.torch
IDS = [7, 3, 20, 3]
PLAIN = Sampling(temperature=1.0)


@pytest.fixture(scope="module")
def small():
    """Twelve tokens: every way can be looked at."""
    config = tiny("gpt2", vocab_size=24, context_length=16)
    return shaken(config), config


def behind(model, ids, sampling=PLAIN):
    with torch.no_grad():
        return probabilities(model(torch.tensor([list(ids)]))[0, -1].numpy(), sampling, list(ids))


def tree(small, depth, width, sampling=PLAIN, stop_at=()):
    wish = replace(sampling, tokens=depth, beams=width)
    levels = list(grow(*small, IDS, wish, stop_at=stop_at))
    return levels, [branch for level in levels for branch in level]


def way(branches: list[Branch], place: int) -> list[int]:
    ids: list[int] = []
    while place != ROOT:
        ids.insert(0, branches[place].id)
        place = branches[place].parent
    return ids


def test_every_probability_is_the_models_own_behind_the_way_to_it(small) -> None:
    _, branches = tree(small, depth=4, width=5)
    for place, branch in enumerate(branches):
        *before, last = way(branches, place)
        chances = behind(small[0], [*IDS, *before])
        assert last == branch.id
        assert branch.probability == pytest.approx(float(chances[branch.id]), abs=1e-5)
        above = 1.0 if branch.parent == ROOT else branches[branch.parent].path
        assert branch.path == pytest.approx(above * branch.probability)
        assert branch.depth == len(before)


def test_a_level_holds_the_likeliest_ways_of_all_when_it_is_wide_enough(small) -> None:
    levels, branches = tree(small, depth=2, width=24)
    first = behind(small[0], IDS)
    second = [behind(small[0], [*IDS, a]) for a in range(24)]
    every = [(first[a] * second[a][b], a, b) for a, b in product(range(24), range(24))]
    wanted = sorted(every, reverse=True)[:24]
    found = [tuple(way(branches, 24 + place)) for place in range(24)]
    assert set(found) == {(a, b) for _, a, b in wanted}
    assert [len(level) for level in levels] == [24, 24]


def test_the_controls_shape_the_tree(small) -> None:
    levels, branches = tree(small, depth=3, width=6, sampling=Sampling(temperature=1.0, top_k=2))
    assert [len(level) for level in levels] == [2, 4, 6]
    for parent in (ROOT, 0, 1):
        assert sum(one.probability for one in branches if one.parent == parent) == pytest.approx(1.0)
    certain, _ = tree(small, depth=3, width=6, sampling=Sampling(temperature=0.0))
    assert [len(level) for level in certain] == [1, 1, 1]


def test_nothing_grows_out_of_a_token_that_ends_the_text(small) -> None:
    end = int(behind(small[0], IDS).argmax())
    _, branches = tree(small, depth=3, width=4, stop_at=(end,))
    place = next(place for place, one in enumerate(branches) if one.ends)
    assert branches[place].id == end
    assert all(one.parent != place for one in branches)


def test_it_goes_on_beyond_the_context_as_writing_does(small) -> None:
    model, config = small
    ids = list(np.arange(15) % 24)
    levels = list(grow(model, config, ids, replace(PLAIN, tokens=3, beams=2)))
    last = [branch for level in levels for branch in level]
    *before, token = way(last, len(last) - 1)
    chances = behind(model, [*ids, *before][-16:])
    assert last[-1].probability == pytest.approx(float(chances[token]), abs=1e-5)


def test_it_stops_between_two_levels_when_asked(small) -> None:
    model, config = small
    answers = iter([True, False])
    assert len(list(grow(model, config, IDS, replace(PLAIN, tokens=5, beams=2), lambda: next(answers)))) == 1


def test_an_empty_text_and_foreign_tokens_are_refused(small) -> None:
    model, config = small
    with pytest.raises(StudioError, match="nothing to go on from"):
        next(grow(model, config, [], PLAIN))
    with pytest.raises(StudioError, match="outside"):
        next(grow(model, config, [99], PLAIN))
