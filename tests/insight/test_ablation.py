"""Parts taken away or replaced: what changes is exactly what a run without them computes, and then all is as before."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.core.errors import StudioError
from studio.insight.ablation import Place, ablate, all_heads, all_parts, greedy, means, own, replaced, sweep
from studio.insight.capture import capture
from studio.insight.reading import heads_of
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS
from tests.insight.test_capture import traces

pytestmark = pytest.mark.torch

PLACES = [
    Place(1, "head", 2),
    Place(0, "neuron", 7),
    Place(1, "attention"),
    Place(2, "feed_forward"),
    Place(1, "layer"),
]


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([IDS]))[0]


def loss(found: torch.Tensor) -> float:
    return float(F.cross_entropy(found[:-1], torch.tensor(IDS[1:])))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.part)
def test_putting_back_what_was_there_changes_no_bit(model, place: Place) -> None:
    before = logits(model)
    with replaced(model, [(place, own(capture(model, IDS, neurons=True), place))]):
        assert torch.equal(logits(model), before)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.part)
def test_taking_a_part_away_is_felt_and_afterwards_everything_is_as_before(model, place: Place) -> None:
    before = logits(model)
    with replaced(model, [(place, None)]):
        assert not torch.equal(logits(model), before)
    assert torch.equal(logits(model), before)
    assert traces(model) == []


def test_nothing_stays_replaced_after_an_error(gpt2) -> None:
    with pytest.raises(RuntimeError, match="halfway"), replaced(gpt2, [(place, None) for place in PLACES]):
        raise RuntimeError("halfway")
    assert traces(gpt2) == []


def test_without_any_head_only_the_bias_of_attention_is_left(model) -> None:
    places = [(place, None) for place in all_heads(model) if place.layer == 1]
    with replaced(model, places):
        found = capture(model, IDS)
    bias = model.layers[1].self_attn.o_proj.bias
    wanted = bias.detach().numpy() if bias is not None else np.zeros(24)
    assert np.abs(found.layers[1].attention_out - wanted).max() <= 1e-7
    assert np.abs(found.layers[0].attention_out - wanted).max() > 0.01


def test_a_head_without_output_is_a_head_whose_columns_are_zero(llama) -> None:
    with replaced(llama, [(Place(1, "head", 3), None)]):
        found = logits(llama)
    with torch.no_grad():
        llama.layers[1].self_attn.o_proj.weight[:, 18:24] = 0
    assert (found - logits(llama)).abs().max() <= 1e-5


def test_a_neuron_without_output_is_one_whose_column_is_zero(gpt2) -> None:
    with replaced(gpt2, [(Place(2, "neuron", 5), None)]):
        found = logits(gpt2)
    with torch.no_grad():
        gpt2.layers[2].mlp.down_proj.weight[:, 5] = 0
    assert (found - logits(gpt2)).abs().max() <= 1e-5


def test_a_layer_taken_away_passes_on_what_it_received(gpt2) -> None:
    with replaced(gpt2, [(Place(1, "layer"), None)]):
        found = logits(gpt2)
    del gpt2.layers[1]
    assert torch.equal(found, logits(gpt2))


def test_a_clean_texts_stream_put_into_another_text_gives_the_clean_logits(gpt2) -> None:
    clean, other = capture(gpt2, IDS), list(reversed(IDS))
    with replaced(gpt2, [(Place(2, "layer"), own(clean, Place(2, "layer")))]), torch.no_grad():
        found = gpt2(torch.tensor([other]))[0]
    assert (found - logits(gpt2)).abs().max() <= 1e-5


def test_the_mean_of_a_part_is_that_of_its_output_over_the_text(gpt2) -> None:
    captured = capture(gpt2, IDS, neurons=True)
    np.testing.assert_allclose(means(captured, PLACES[0]), captured.layers[1].mixed[2].mean(0))
    np.testing.assert_allclose(means(captured, PLACES[1]), captured.layers[0].neurons[:, 7].mean(keepdims=True))
    np.testing.assert_allclose(means(captured, PLACES[4]), captured.layers[1].after.mean(0))
    with pytest.raises(StudioError, match="neurons were not captured"):
        means(capture(gpt2, IDS), PLACES[1])
    with pytest.raises(StudioError, match="neurons were not captured"):
        own(capture(gpt2, IDS), PLACES[1])


@pytest.mark.parametrize("how", ["zero", "mean"])
def test_the_change_of_loss_is_exactly_that_of_a_run_by_hand(llama, how: str) -> None:
    for place in PLACES:
        found = ablate(llama, IDS, place, how, tokens=4)
        value = means(capture(llama, IDS, neurons=True), place) if how == "mean" else None
        with replaced(llama, [(place, value)]):
            after, text = logits(llama), greedy(llama, IDS, 4)
        assert found.loss_before == loss(logits(llama))
        assert found.loss_after == loss(after)
        assert found.harm == found.loss_after - found.loss_before
        before = logits(llama).log_softmax(-1)
        divergence = (before.exp() * (before - after.log_softmax(-1))).sum(-1).mean()
        assert found.divergence == pytest.approx(float(divergence), abs=1e-5)
        assert found.text_after == text
        assert found.text_before == greedy(llama, IDS, 4)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.part)
def test_a_parts_own_value_changes_neither_loss_nor_text_by_anything(model, place: Place) -> None:
    found = ablate(model, IDS, place, "own", tokens=5)
    assert found.harm == 0.0
    assert found.divergence == 0.0
    assert found.text_after == found.text_before
    assert len(found.text_after) == 5


def test_the_values_of_another_text_take_the_place_for_as_many_tokens_as_there_are(gpt2) -> None:
    other = [*reversed(IDS), 4, 4]
    place = Place(1, "head", 2)
    found = ablate(gpt2, IDS, place, other, tokens=3)
    with replaced(gpt2, [(place, own(capture(gpt2, other[:17]), place))]):
        assert found.loss_after == loss(logits(gpt2))
    assert found.harm != 0.0
    assert len(found.text_after) == 3
    assert ablate(gpt2, IDS, place, IDS).harm == 0.0
    with pytest.raises(StudioError, match="has 3 tokens, this one 17"):
        ablate(gpt2, IDS, place, [1, 2, 3])


def test_a_value_for_every_token_never_moves_along_with_written_text(gpt2) -> None:
    text = (IDS * 6)[:94]  # the context is 96
    assert len(ablate(gpt2, text, PLACES[0], "own", tokens=9).text_after) == 2
    assert len(ablate(gpt2, text, PLACES[0], "zero", tokens=9).text_after) == 9


def test_a_value_for_the_first_tokens_leaves_the_later_ones_alone(gpt2) -> None:
    for place in PLACES:
        value = own(capture(gpt2, IDS, neurons=True), place)[:5]
        before = logits(gpt2)
        with replaced(gpt2, [(place, value)]):
            assert torch.equal(logits(gpt2), before)
        with replaced(gpt2, [(place, np.zeros_like(value))]):
            assert not torch.equal(logits(gpt2), before)


def test_every_part_of_every_layer_is_named_once(gpt2) -> None:
    places = all_parts(gpt2)
    assert [(place.layer, place.part) for place in places[:4]] == [
        (0, "attention"), (0, "feed_forward"), (0, "layer"), (1, "attention"),
    ]  # fmt: skip
    assert len(set(places)) == len(places) == 9


def test_greedy_writing_takes_the_likeliest_and_goes_on_over_the_context(gpt2) -> None:
    text = list(IDS) * 6  # 102 tokens; the context is 96
    written = greedy(gpt2, text, 3)
    with torch.no_grad():
        for token in written:
            assert int(gpt2(torch.tensor([text[-96:]]))[0, -1].argmax()) == token
            text.append(token)
    assert len(written) == 3


@pytest.mark.slow
def test_a_sweep_tells_its_progress_over_every_head() -> None:
    model = shaken(tiny("qwen3", n_layers=12, n_heads=12, n_kv_heads=4))
    places = all_heads(model)
    assert len(places) == 144 == sum(heads_of(block.self_attn) for block in model.layers)
    found = list(sweep(model, IDS, places))
    assert [progress.done for progress in found] == list(range(1, 145))
    assert {progress.total for progress in found} == {144}
    assert [progress.change.place for progress in found] == places
    assert len({progress.change.loss_after for progress in found}) > 100
    assert len({progress.change.loss_before for progress in found}) == 1


def test_a_sweep_can_be_cancelled_and_is_never_left_with_a_part_missing(gpt2) -> None:
    before, done = logits(gpt2), [0]
    for progress in sweep(gpt2, IDS, all_heads(gpt2), keep_going=lambda: done[-1] < 3):
        done.append(progress.done)
        assert traces(gpt2) == []
        assert torch.equal(logits(gpt2), before)
    assert done == [0, 1, 2, 3]
    running = sweep(gpt2, IDS, all_heads(gpt2))
    next(running)
    running.close()
    assert traces(gpt2) == []


@pytest.mark.parametrize(
    ("place", "words"),
    [(Place(9, "head"), "layer 9"), (Place(0, "soul"), "soul"), (Place(0, "head", 4), "no head 4"),
     (Place(0, "neuron", 96), "no neuron 96")],
)  # fmt: skip
def test_a_part_that_is_not_there_is_refused_by_name(gpt2, place: Place, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        ablate(gpt2, IDS, place)


def test_what_cannot_be_measured_is_a_sentence(gpt2) -> None:
    with pytest.raises(StudioError, match="no loss"):
        ablate(gpt2, [5], PLACES[0])
    with pytest.raises(StudioError, match="“noise”"):
        ablate(gpt2, IDS, PLACES[0], "noise")
