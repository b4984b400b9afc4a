"""The largest flow through the attention weights: exact on cases worked out by hand, by every cut, and by networkx."""

from itertools import product

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.insight.flow import LONGEST, Network, flows
from studio.insight.rollout import joined

pytestmark = pytest.mark.torch


def causal(time: int, layers: int, heads: int = 2, seed: int = 0) -> np.ndarray:
    """Attention weights as softmax makes them: rows of 1, nothing above the diagonal."""
    raised = np.exp(np.random.default_rng(seed).normal(size=(layers, heads, time, time)))
    seen = np.tril(raised)
    return (seen / seen.sum(-1, keepdims=True)).astype(np.float32)


def edges(capacities: np.ndarray) -> list[tuple[tuple[int, int], tuple[int, int], float]]:
    layers, time, _ = capacities.shape
    return [
        ((layer + 1, row), (layer, column), float(capacities[layer, row, column]))
        for layer, row, column in product(range(layers), range(time), range(time))
    ]


def smallest_cut(capacities: np.ndarray, source: int, sink: int) -> float:
    """Every way to part the nodes in two, with the source on one side: the smallest flow across is the largest flow."""
    layers, time, _ = capacities.shape
    nodes = list(product(range(layers + 1), range(time)))
    start, end = (layers, source), (0, sink)
    free = [node for node in nodes if node not in (start, end)]
    smallest = np.inf
    for sides in product((False, True), repeat=len(free)):
        above = {start, *(node for node, side in zip(free, sides, strict=True) if side)}
        smallest = min(
            smallest, sum(wide for one, other, wide in edges(capacities) if one in above and other not in above)
        )
    return smallest


def test_one_layer_flows_as_wide_as_its_pipe() -> None:
    capacities = joined(causal(5, 1))
    network = Network(capacities)
    for row, column in product(range(5), range(5)):
        assert network.flow(row, column) == pytest.approx(capacities[0, row, column], abs=1e-12)


def test_two_layers_by_hand() -> None:
    upper = np.array([[1.0, 0.0], [0.4, 0.6]])
    lower = np.array([[1.0, 0.0], [0.3, 0.7]])
    network = Network(np.stack([lower, upper]))
    assert network.flow(1, 0) == pytest.approx(0.4 + 0.3)  # straight down the first token, and over the second one
    assert network.flow(1, 1) == pytest.approx(0.6)
    assert network.flow(0, 1) == 0.0
    assert network.flow(0, 0) == pytest.approx(1.0)


def test_a_way_that_was_taken_first_is_given_back_where_another_needs_it() -> None:
    lower = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    middle = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    upper = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    capacities = np.stack([lower, middle, upper])
    assert Network(capacities).flow(0, 1) == pytest.approx(smallest_cut(capacities, 0, 1)) == pytest.approx(2.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_flow_is_the_smallest_of_all_cuts(seed: int) -> None:
    capacities = joined(causal(3, 2, seed=seed))
    network = Network(capacities)
    for row, column in ((2, 0), (2, 1), (1, 0), (2, 2), (0, 2)):
        assert network.flow(row, column) == pytest.approx(smallest_cut(capacities, row, column), abs=1e-9)


@pytest.mark.parametrize(("time", "layers", "seed"), [(4, 2, 0), (6, 3, 1), (9, 4, 2), (12, 6, 3), (5, 8, 4)])
def test_the_flow_is_that_of_networkx(time: int, layers: int, seed: int) -> None:
    networkx = pytest.importorskip("networkx")
    capacities = joined(causal(time, layers, seed=seed))
    graph = networkx.DiGraph()
    for one, other, wide in edges(capacities):
        if wide > 0:
            graph.add_edge(one, other, capacity=wide)
    network = Network(capacities)
    for row, column in ((time - 1, 0), (time - 1, time - 1), (time // 2, 1), (time - 1, time // 2)):
        theirs = networkx.maximum_flow_value(graph, (layers, row), (0, column))
        assert network.flow(row, column) == pytest.approx(theirs, abs=1e-6)


def test_rows_come_in_the_order_asked_for_and_can_be_stopped() -> None:
    weights = causal(6, 2)
    whole = dict(flows(weights))
    assert list(whole) == list(range(6))
    assert [row for row, _ in flows(weights, rows=[5, 0, 3])] == [5, 0, 3]
    for row, values in flows(weights, rows=[5, 3]):
        assert np.array_equal(values, whole[row])
    calls = iter([True] * 9)
    assert [row for row, _ in flows(weights, keep_going=lambda: next(calls, False))] == [0]


def test_nothing_flows_from_a_later_token_and_never_more_than_all_of_a_token() -> None:
    found = np.stack([values for _, values in flows(causal(7, 3, seed=9))])
    assert (found[np.triu(np.ones((7, 7), bool), 1)] == 0).all()
    assert found.max() <= 1.0 + 1e-9
    assert found[0, 0] == pytest.approx(1.0)
    assert (found[np.tril(np.ones((7, 7), bool))] > 0).all()


def test_a_later_start_leaves_layers_out() -> None:
    weights = causal(4, 3)
    late = np.stack([values for _, values in flows(weights, start=2)])
    np.testing.assert_allclose(late, joined(weights)[2], atol=1e-9)


def test_a_long_text_is_a_sentence() -> None:
    with pytest.raises(StudioError, match="32 tokens at most; these are 33"):
        next(flows(np.zeros((1, 1, LONGEST + 1, LONGEST + 1), np.float32)))


def test_a_network_that_both_ways_may_flow_is_worked_out_too() -> None:
    weights = np.random.default_rng(3).dirichlet(np.ones(3), size=(2, 2, 3)).astype(np.float32)
    capacities = joined(weights)
    assert Network(capacities).flow(0, 2) == pytest.approx(smallest_cut(capacities, 0, 2), abs=1e-9)
