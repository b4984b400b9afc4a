"""The bench of LoRA: all sides train what they say, and a slow or greedy one is found out."""

import argparse
import importlib
from typing import Any

import pytest

from studio.core.costs import parameters

pytestmark = pytest.mark.torch
lora: Any = importlib.import_module("studio.benches.lora")
OPTIONS = argparse.Namespace(one=None, shape="tiny", pairs=2)
WIDTHS = 4 * (32 + 32) + 2 * (32 + 128)  # inputs and outputs of a tiny block's six layers


def figures(seconds: float, peak: float, imported: float = 100.0) -> dict[str, float]:
    return {"seconds": seconds, "peak": peak, "imported": imported, "trainable": 7}


def test_ours_trains_the_thin_matrices_and_the_full_side_everything() -> None:
    small, whole = lora.measure("lora", "tiny"), lora.measure("full", "tiny")
    assert small["trainable"] == lora.RANK * 2 * WIDTHS
    config = importlib.import_module("studio.core.config").ModelConfig(qkv_bias=True, **lora.SHAPES["tiny"])
    assert whole["trainable"] == parameters(config)
    for found in (small, whole):
        assert found["seconds"] > 0
        assert found["imported"] > 50
        assert found["peak"] >= 0.99 * found["imported"]  # two ways of counting, a few pages apart


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
def test_the_peer_trains_as_many_layers_its_fused_one_with_a_rank_in_common() -> None:
    pytest.importorskip("peft")
    said = pytest.importorskip("transformers").utils.logging
    before = said.get_verbosity()
    said.set_verbosity_error()  # it tells that a setting nobody made is not known
    try:
        found = lora.measure("peft", "tiny")
    finally:
        said.set_verbosity(before)
    fused = (32 + 96) + (32 + 32) + 2 * (32 + 128)
    assert found["trainable"] == lora.RANK * 2 * fused


def test_the_table_holds_medians_of_the_rounds_and_says_who_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "lora": iter([figures(1.0, 200.0), figures(1.0, 300.0)]),
        "peft": iter([figures(2.0, 400.0), figures(1.0, 400.0)]),
        "full": iter([figures(4.0, 500.0), figures(4.0, 500.0)]),
    }

    class Told:
        def __init__(self, bench: str, one: str, *options: str) -> None:
            assert (bench, options) == ("lora", ("--shape", "tiny"))
            self.one = one

        def answer(self) -> dict[str, float]:
            return next(said[self.one])

    monkeypatch.setattr(lora, "Child", Told)
    peft, full = lora.run(OPTIONS)
    assert (peft["against"], full["against"]) == ("peft", "full")
    assert peft["step_rate"] == 1.5
    assert peft["peak_memory"] == 0.625
    assert full["peak_above_imports"] == (0.25 + 0.5) / 2
    assert full["step_rate"] == 4.0


def test_the_124m_shape_is_gpt2s() -> None:
    config = importlib.import_module("studio.core.config").ModelConfig(qkv_bias=True, **lora.SHAPES["124M"])
    assert parameters(config) == 124_439_808
