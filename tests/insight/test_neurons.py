"""Neurons are what the network computed, and the strongest snippets are the strongest of everything that was read."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.insight import neurons
from studio.insight.attribution import FrozenNorm, attribute
from studio.insight.capture import capture, last_matrix
from studio.insight.own_text import own_text
from studio.insight.reading import blocks, matrix
from studio.layers.feed_forward import GatedFeedForward
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS
from tests.insight.small_run import small_run

pytestmark = pytest.mark.torch


def test_values_are_those_that_the_last_matrix_read(model) -> None:
    seen = []
    handle = last_matrix(list(blocks(model))[1]).register_forward_pre_hook(
        lambda _module, inputs: seen.append(inputs[0])
    )
    with torch.no_grad():
        model(torch.tensor([IDS]))
    handle.remove()
    found = neurons.read(model, IDS, 1)
    assert np.array_equal(found.values, seen[0][0].numpy())
    assert np.array_equal(found.values, capture(model, IDS, neurons=True).layers[1].neurons)


def test_the_parts_of_a_neuron_make_its_value(model) -> None:
    found = neurons.read(model, IDS, 2)
    gated = isinstance(list(blocks(model))[2].mlp, GatedFeedForward)
    assert (found.gate is not None) == gated
    made = found.bent * found.inner if gated else found.bent
    np.testing.assert_array_equal(found.values, made)
    bent_from = found.gate if gated else found.inner
    with torch.no_grad():
        again = list(blocks(model))[2].mlp.bend(torch.tensor(bent_from))
    np.testing.assert_array_equal(found.bent, again.numpy())


def test_reading_a_layer_computes_no_further_and_leaves_nothing_behind(gpt2) -> None:
    passed = []
    later = gpt2.layers[1].register_forward_hook(lambda *_: passed.append(1))
    neurons.read(gpt2, IDS, 0)
    later.remove()
    assert not passed
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in gpt2.modules())


def test_a_layer_or_neuron_that_is_not_there_is_a_sentence(gpt2, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no layer 3"):
        neurons.read(gpt2, IDS, 3)
    run = small_run(tmp_path)
    found = neurons.scan_own(run, 0)
    with pytest.raises(StudioError, match="no neuron"):
        neurons.snippets(run.model, found, found.peaks.shape[1])


# --- over a larger text ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["gpt2", "llama 3.1"])
def test_the_best_windows_are_those_that_brute_force_finds(tmp_path: Path, kind: str) -> None:
    run = small_run(tmp_path, kind, context=32)
    told: list[tuple[int, int]] = []
    found = neurons.scan(run.model, own_text(run), 1, 40, lambda done, total: told.append((done, total)))
    assert (found.length, len(found.starts)) == (32, 40)
    every = np.stack(
        [neurons.read(run.model, found.text.window(start, found.length), 1).values for start in found.starts]
    )
    highest = every.max(axis=1)  # (windows, neurons)
    for neuron in range(0, highest.shape[1], 7):
        order = sorted(range(len(highest)), key=lambda window: (-highest[window, neuron], window))
        wanted = [highest[window, neuron] for window in order[: neurons.BEST]]
        np.testing.assert_allclose(found.peaks[:, neuron], wanted, rtol=1e-5, atol=1e-6)
        for peak, window, place in zip(
            *(part[:, neuron] for part in (found.peaks, found.windows, found.places)), strict=True
        ):
            assert every[window, place, neuron] == pytest.approx(peak, rel=1e-5, abs=1e-6)
    np.testing.assert_allclose(found.active, (every > 0).mean(axis=(0, 1)), atol=1e-6)
    assert found.tokens == every.shape[0] * every.shape[1]
    assert told[-1] == (len(found.starts), len(found.starts))
    assert len(told) == -(-len(found.starts) // neurons.BATCH)


def test_a_snippet_is_its_window_of_the_text_with_the_neuron_at_every_token(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    found = neurons.scan_own(run, 0)
    shown = neurons.snippets(run.model, found, 5)
    assert len(shown) == neurons.BEST
    for rank, snippet in enumerate(shown):
        assert list(snippet.ids) == found.text.window(snippet.start, found.length)
        np.testing.assert_allclose(
            snippet.values, neurons.read(run.model, snippet.ids, 0).values[:, 5], rtol=1e-5, atol=1e-6
        )
        assert snippet.values[snippet.peak] == pytest.approx(found.peaks[rank, 5], rel=1e-5, abs=1e-6)
        assert snippet.values.argmax() == snippet.peak
    assert all(one.values.max() >= two.values.max() - 1e-6 for one, two in pairwise(shown))


def test_a_scan_ends_when_asked_to(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    asked = iter([True, True, False])
    told: list[int] = []
    assert neurons.scan(run.model, own_text(run), 0, 64, lambda d, _: told.append(d), lambda: next(asked)) is None
    assert told == [8, 16]


# --- what a neuron says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["gpt2", "llama 3.1"])
def test_what_all_neurons_of_a_layer_add_is_what_its_feed_forward_part_adds(kind: str) -> None:
    model = shaken(tiny(kind))
    captured = capture(model, IDS)
    read = neurons.read(model, IDS, 1)
    position, token = 6, 11
    weight, bias = matrix(last_matrix(list(blocks(model))[1]))
    frozen = FrozenNorm(model, captured, position)
    column, _ = frozen.direction(token)
    total = sum(
        dict(neurons.logit_effect(model, captured, read, n, position, 61).raised)[token] for n in range(len(weight))
    )
    whole = attribute(model, captured, position, token).feed_forward[1]
    assert total + float(frozen.normed(bias) @ column) == pytest.approx(whole, rel=1e-4, abs=1e-5)


def test_the_tokens_a_neuron_raises_and_lowers_are_the_ends_of_the_same_list(gpt2) -> None:
    captured = capture(gpt2, IDS)
    read = neurons.read(gpt2, IDS, 0)
    found = neurons.logit_effect(gpt2, captured, read, 3, 4, 61)
    assert found.raised[0][1] >= found.raised[-1][1]
    assert found.lowered[0] == min(found.raised, key=lambda pair: pair[1])
    assert found.value == read.values[4, 3]
    without = neurons.logit_effect(gpt2, captured, read, 3, 4, 2)
    assert without.raised == found.raised[:2]


# --- two models -----------------------------------------------------------------------------------------------------


def test_a_scan_of_two_models_finds_where_they_are_furthest_apart(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    other = shaken(run.config.model, 5)
    found = neurons.scan((run.model, other), own_text(run), 0, 16)
    rows = [found.text.window(start, found.length) for start in found.starts]
    apart = np.stack([neurons.read(run.model, row, 0).values - neurons.read(other, row, 0).values for row in rows])
    highest = np.abs(apart).max(axis=1)
    np.testing.assert_allclose(np.abs(found.peaks), -np.sort(-highest, axis=0)[: neurons.BEST], rtol=1e-4, atol=1e-5)
    assert (found.peaks < 0).any()  # the sign is kept
    np.testing.assert_allclose(found.active, (apart > 0).mean(axis=(0, 1)), atol=1e-6)
    for snippet in neurons.snippets((run.model, other), found, 3):
        np.testing.assert_allclose(snippet.values, apart[found.starts.index(snippet.start), :, 3], rtol=1e-4, atol=1e-5)
        assert np.abs(snippet.values).argmax() == snippet.peak
    itself = neurons.scan((run.model, run.model), own_text(run), 0, 8)
    assert not itself.peaks.any()


def test_what_a_neuron_adds_is_subtracted_token_by_token(gpt2) -> None:
    other, position = shaken(tiny("gpt2"), 5), 4
    sides = tuple((model, capture(model, IDS), neurons.read(model, IDS, 0)) for model in (gpt2, other))
    found = neurons.effect_of_sides(sides, 3, position, 61)
    each = [dict(neurons.logit_effect(*side, 3, position, 61).raised) for side in sides]
    assert dict(found.raised) == pytest.approx({token: each[0][token] - each[1][token] for token in each[0]}, abs=1e-9)
    assert found.value == pytest.approx(float(sides[0][2].values[position, 3] - sides[1][2].values[position, 3]))


def test_layers_or_vocabularies_that_differ_are_a_sentence(gpt2) -> None:
    wide, wordy = shaken(tiny("gpt2", hidden_dim=48)), shaken(tiny("gpt2", vocab_size=70))
    with pytest.raises(StudioError, match=r"A has .* neurons in layer 0, B has 48"):
        neurons.read_sides((gpt2, wide), IDS, 0)
    sides = tuple((model, capture(model, IDS), neurons.read(model, IDS, 0)) for model in (gpt2, wordy))
    with pytest.raises(StudioError, match="vocabularies of different sizes"):
        neurons.effect_of_sides(sides, 0, 1)


def test_a_neuron_that_is_no_number_is_kept_as_such(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    with torch.no_grad():
        next(iter(blocks(run.model))).mlp.up_proj.bias[2] = float("nan")
    found = neurons.scan(run.model, own_text(run), 0, 8)
    assert np.isnan(found.peaks[:, 2]).all()
    assert np.isfinite(found.peaks[:, 3]).all()
