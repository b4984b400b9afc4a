"""The shape of a model on a hub, before anything of it is fetched."""

from dataclasses import replace

import pytest

from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.library.hub_shape import shape_of
from tests.hub.loopback_hub import CONFIG


def test_a_config_tells_the_shape_that_the_import_would_compute():
    model = shape_of(CONFIG)
    assert (model.family, model.n_layers, model.emb_dim, model.vocab_size) == ("gpt2", 2, 24, 61)


@pytest.mark.parametrize(("change", "words"), [
    ({"model_type": "mamba"}, "kind “mamba”"), ({"model_type": None}, "kind “[?]”"), ({"model_type": ["x"]}, "kind"),
    ({"quantization_config": {"quant_method": "gptq"}}, "quantized"),
    ({"n_embd": "wide"}, "should be a whole number"), ({"n_layer": None}, "should be a whole number"),
    ({"n_embd": [1]}, "should be a whole number"), ({"n_embd": float("nan")}, "should be a whole number"),
    ({"vocab_size": 10**12}, "cannot be built"), ({"n_head": 0}, "cannot be built"),
])  # fmt: skip
def test_what_the_import_would_refuse_is_refused_before_the_download_with_a_way_on(change, words):
    with pytest.raises(StudioError, match=words) as refused:
        shape_of({**CONFIG, **change})
    assert refused.value.hint


def test_values_that_a_family_stumbles_over_are_a_damaged_description(monkeypatch):
    def stumble(outside):
        return {}[outside["model_type"]]

    family = replace(FAMILIES.load("gpt2"), from_outside=stumble)
    monkeypatch.setattr(FAMILIES.__class__, "load", lambda _shelf, _name: family)
    with pytest.raises(StudioError, match=r"holds values that no .* model has"):
        shape_of(CONFIG)
