"""The bench of writing: it pairs, it judges by its goals, and a text that ends early is no measurement."""

import argparse
import json
from typing import Any

import pytest
import torch

from studio.benches import generate
from studio.core.errors import StudioError

pytestmark = pytest.mark.torch
TINY = {"vocab_size": 61, "context_length": 64, "emb_dim": 32, "n_layers": 2, "n_heads": 2}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "SHAPE", TINY)
    monkeypatch.setattr(generate, "PROMPT", 8)
    monkeypatch.setattr(generate, "LONG", 40)
    monkeypatch.setattr(generate, "WARM", 3)


def options(**changes: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"pairs": 1, "tokens": 5, "steps": 0, "modes": None, "one": None} | changes)


@pytest.mark.parametrize("mode", ["fp32", generate.PEER])
def test_a_side_writes_as_many_tokens_as_it_is_asked_for(mode: str) -> None:
    found = generate.measure(mode, 6)
    assert found["token"] > 0
    assert found["first_token"] > 0
    assert (found["share"] > 0) == (mode == "fp32")


def test_both_sides_read_the_same_number_of_weights() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    _, count = generate.our_writer("fp32")
    config = GPT2Config(
        vocab_size=61, n_positions=64, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=None
    )
    theirs = GPT2LMHeadModel(config)
    embeddings = theirs.transformer.wpe.weight.numel()
    norms = sum(p.numel() for name, p in theirs.named_parameters() if "ln_" in name)
    assert count == 4 * (sum(p.numel() for p in theirs.parameters()) - embeddings - norms)


def test_a_text_that_ends_early_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="3 tokens"):
        generate.seconds(lambda prompt, tokens: 3, [1], 4)


def test_ratios_are_paired_and_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {
        generate.PEER: iter([10.0, 30.0, 20.0]), "fp32": iter([8.0, 10.0, 20.0]), "int8": iter([2.0, 10.0, 20.0]),
    }  # fmt: skip

    def measured(mode: str, tokens: int) -> dict[str, float]:
        found = next(figures[mode])
        return {"token": found, "first_token": 50.0, "share": 0.5}

    monkeypatch.setattr(generate, "in_own_process", measured)
    rows = generate.compare(["fp32", "int8"], 3, 200)
    assert [(row["what"], row["mode"]) for row in rows] == [
        ("token", "fp32"), ("first_token", "fp32"), ("token", "int8"), ("first_token", "int8"),
    ]  # fmt: skip
    assert (rows[0]["ratio"], rows[0]["lowest"], rows[0]["highest"]) == (1.25, 1.0, 3.0)
    assert rows[0]["reached"]
    assert rows[1]["ratio"] == 1.0
    assert rows[2]["ratio"] == 3.0
    assert not rows[2]["reached"]


def test_a_child_prints_what_it_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.run(options(one="fp32")) == []
    assert set(json.loads(capsys.readouterr().out)) == {"token", "first_token", "share"}


def test_perplexity_is_judged_against_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.core.config import ModelConfig
    from studio.engine import quantize
    from studio.families.gpt2 import build
    from studio.layers.int8_linear import Int8Linear

    torch.manual_seed(0)
    monkeypatch.setattr(generate, "TRAINED", TINY)
    monkeypatch.setattr(quantize, "best_kernel", lambda _: quantize.Probe(Int8Linear, 0.3, 1.0, 0.0))
    unseen = torch.randint(0, 61, (100,)).tolist()
    monkeypatch.setattr(generate, "trained", lambda steps: (build(ModelConfig(**TINY)).eval(), unseen))
    (row,) = generate.perplexities(["fp32", "int8"], 1)
    assert row["mode"] == "int8"
    assert row["ours"] != row["theirs"]
    assert row["ratio"] == pytest.approx(1.0, abs=0.02)
    assert row["reached"]


def test_windows_are_taken_from_the_text() -> None:
    ids = torch.arange(1_000)
    windows = generate.batch(ids)
    assert windows.shape == (16, generate.TRAINED["context_length"] + 1)
    assert bool((windows.diff(dim=1) == 1).all())


def test_a_graph_is_measured_only_on_cuda_and_against_the_same_model_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert generate.on_cuda(1, 5) == []
    assert generate.on_device("cpu", 3, graphs=True) > 0
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(generate, "on_device", lambda device, tokens, graphs: 1.0 if graphs else 3.0)
    (line,) = generate.on_cuda(2, 5)
    assert (line["mode"], line["ours"], line["theirs"], line["ratio"], line["reached"]) == (
        "cuda graph", 1.0, 3.0, 3.0, True
    )  # fmt: skip


def test_a_missing_text_is_told_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATELIER_DATA", raising=False)
    monkeypatch.setattr(generate, "compare", lambda *_: pytest.fail("ten minutes of measuring"))
    with pytest.raises(StudioError, match=generate.LETTERS):
        generate.run(options(steps=1))
