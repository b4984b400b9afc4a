"""Reading a network: in a window that fits, with nothing left behind."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.insight import reading
from studio.insight.ablation import Place, replaced
from studio.insight.capture import Capture, capture
from studio.insight.reading import array_of, at_rest, hooked, matrix, tensor_of, window_of
from studio.layers.half_linear import NarrowLinear
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def test_a_short_text_is_read_whole_and_says_nothing(gpt2) -> None:
    window = window_of(gpt2, 17)
    assert (window.start, window.end, window.total) == (0, 17, 17)
    assert window.whole
    assert window.sentence() == ""


def test_a_text_over_the_context_is_cut_to_it_and_says_so(gpt2) -> None:
    window = window_of(gpt2, 1_500, start=400)
    assert (window.start, window.end) == (400, 496)
    assert not window.whole
    assert window.sentence() == "Shown: tokens 401 to 496 of 1,500, read as a text of their own."


def test_a_text_whose_maps_would_not_fit_is_cut_to_the_budget() -> None:
    model = shaken(tiny("llama 2"))  # turned positions: no table that ends
    heads, budget = 3 * 4, 1 << 20
    window = window_of(model, 100_000, budget=budget)
    assert 4 * heads * window.end**2 <= budget < 4 * heads * (window.end + 1) ** 2
    alone = window_of(model, 100_000, budget=budget, one_layer=True)
    assert 4 * 4 * alone.end**2 <= budget < 4 * 4 * (alone.end + 1) ** 2


def test_at_least_one_token_is_read_however_small_the_budget(gpt2) -> None:
    window = window_of(gpt2, 5, start=99, budget=1)
    assert (window.start, window.end) == (4, 5)


def test_no_text_at_all_is_a_sentence(gpt2) -> None:
    with pytest.raises(StudioError, match="no text") as refused:
        window_of(gpt2, 0)
    assert refused.value.hint


@pytest.mark.parametrize("odd", [61, -1])
def test_a_token_of_another_vocabulary_is_refused_by_its_number(gpt2, odd: int) -> None:
    with pytest.raises(StudioError, match=f"{odd}.*61") as refused:
        tensor_of(gpt2, [3, odd])
    assert "tokenizer" in refused.value.hint


def test_every_module_returns_to_the_mode_it_was_in_even_after_an_error(gpt2) -> None:
    gpt2.train()
    gpt2.layers[1].eval()
    modes = [module.training for module in gpt2.modules()]

    def fail() -> None:
        with at_rest(gpt2):
            assert not any(module.training for module in gpt2.modules())
            assert not torch.is_grad_enabled()
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail()
    assert [module.training for module in gpt2.modules()] == modes
    assert True in modes
    assert False in modes
    assert torch.is_grad_enabled()


def test_hooks_are_gone_even_after_an_error() -> None:
    layer = torch.nn.Linear(2, 2)

    def fail() -> None:
        with hooked([layer.register_forward_hook(lambda *_: None)]):
            assert layer._forward_hooks
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail()
    assert not layer._forward_hooks


def test_what_is_kept_is_a_copy_that_nobody_can_change() -> None:
    source = torch.ones(3)
    kept = array_of(source)
    source.zero_()
    assert kept.tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 5
    assert array_of(torch.ones(2, dtype=torch.bfloat16)).dtype == np.float32


def test_a_matrix_comes_as_it_multiplies_with_zeros_for_a_missing_bias() -> None:
    layer = torch.nn.Linear(3, 2, bias=False)
    weight, bias = matrix(layer)
    x = torch.randn(4, 3)
    np.testing.assert_allclose(x.double().numpy() @ weight + bias, layer(x).detach().numpy(), atol=1e-6)
    assert bias.tolist() == [0, 0]


def test_shortened_weights_are_refused_with_the_way_out() -> None:
    with pytest.raises(StudioError, match="shortened") as refused:
        matrix(NarrowLinear(torch.nn.Linear(3, 2), torch.bfloat16))
    assert "fp32" in refused.value.hint


def test_nothing_here_is_made_up() -> None:
    """Mistake 1: random numbers on the screen. What is drawn follows a seed: probes, directions, samples, weights."""
    room = Path(reading.__file__).parent
    drawn = {
        path.name for path in room.glob("*.py") if re.search(r"\brand\w*\(|default_rng|manual_seed", path.read_text())
    }
    assert drawn == {"heads.py", "course.py", "landscape.py", "projection.py"}


def test_two_threads_never_see_the_hooks_of_the_other(gpt2) -> None:
    whole = capture(gpt2, IDS)
    found: list[Capture] = []
    reader = threading.Thread(target=lambda: found.append(capture(gpt2, IDS)))
    with replaced(gpt2, [(Place(0, "layer"), None)]):
        reader.start()
        reader.join(0.2)
        assert not found  # it waits until the network is whole again
        altered = capture(gpt2, IDS)
    reader.join(5)
    assert (found[0].final == whole.final).all()
    assert not (altered.final == whole.final).all()
