"""The bench of training speed: interleaved pairs, their middle ratio, and a step that is the engine's own."""

from typing import Any

import pytest

from studio.benches import train


def test_a_ratio_is_the_middle_one_of_pairs_that_were_measured_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    took = {train.PEER: iter((3.0, 8.0, 4.0)), "fp32": iter((2.0, 2.0, 2.0))}

    def in_own_process(mode: str, shape: str) -> float:
        asked.append(mode)
        return next(took[mode])

    monkeypatch.setattr(train, "in_own_process", in_own_process)
    (row,) = train.compare("b", ["fp32"], 3)
    assert asked == [train.PEER, "fp32"] * 3
    assert row["ratio"] == 2.0
    assert (row["lowest"], row["highest"]) == (1.5, 4.0)
    assert row["peer_cpu_seconds_per_step"] == 4.0


def test_the_peer_runs_as_anybody_would_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    class Done:
        stdout = b"0.5\n"

    def run(command: list[str], env: dict[str, str], **_: Any) -> Done:
        seen.append(env)
        return Done()

    monkeypatch.setattr(train.subprocess, "run", run)
    monkeypatch.setenv("GLIBC_TUNABLES", "ours")
    assert train.in_own_process(train.PEER, "c") == 0.5
    assert train.in_own_process("fp32", "c") == 0.5
    assert seen[0]["GLIBC_TUNABLES"] == ""
    assert seen[1]["GLIBC_TUNABLES"] == "ours"
    assert {one["OMP_NUM_THREADS"] for one in seen} == {"1"}


@pytest.mark.torch
@pytest.mark.slow
def test_our_step_learns_and_the_shapes_are_those_of_the_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    assert {name: (one["n_layers"], one["emb_dim"]) for name, one in train.SHAPES.items()} == {
        "a": (12, 768), "b": (6, 384), "c": (4, 128),
    }  # fmt: skip
    small = {"vocab_size": 11, "context_length": 8, "emb_dim": 8, "n_layers": 1, "n_heads": 2, "drop_rate": 0.0}
    monkeypatch.setitem(train.SHAPES, "c", small)
    totals: list[torch.Tensor] = []
    honest = torch.autograd.backward
    monkeypatch.setattr(torch.autograd, "backward", lambda loss: totals.append(loss.detach()) or honest(loss))
    step = train.our_step("fp32", "c", torch.randint(0, 11, (4, 9)))
    for _ in range(30):
        step()
    assert totals[-1] < totals[0]
