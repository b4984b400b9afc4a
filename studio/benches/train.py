"""Training speed against transformers' GPT2LMHeadModel as shipped: CPU time per step on one thread.

Each measurement is a process of its own: ours as the launcher starts it, the peer without what only our launcher sets.
CPU time, because a shared machine takes the processor away but not the count; for that reason pairs are interleaved.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.benches import Bench, busy

PEER = "transformers"
SHAPES: dict[str, dict[str, Any]] = {
    "a": {"vocab_size": 50_257, "context_length": 256, "emb_dim": 768, "n_layers": 12, "n_heads": 12, "drop_rate": 0.1},
    "b": {"vocab_size": 8_192, "context_length": 256, "emb_dim": 384, "n_layers": 6, "n_heads": 6, "drop_rate": 0.0},
    "c": {"vocab_size": 65, "context_length": 64, "emb_dim": 128, "n_layers": 4, "n_heads": 4, "drop_rate": 0.0},
}
BATCH = {"a": 2, "b": 12, "c": 12}
STEPS = {"a": 3, "b": 3, "c": 40}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which shapes and how many pairs."""
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--pairs", type=int, default=5, help="interleaved measurements of each side")
    parser.add_argument("--one", nargs=2, metavar=("MODE", "SHAPE"), help=argparse.SUPPRESS)  # a child's measurement


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Medians of paired ratios, peer over ours: above 1 we are faster."""
    if options.one:
        print(json.dumps(measure(*options.one)), flush=True)
        return []
    from studio.engine.device import has_fast_bf16, matmul_errors, medium_pays

    modes = ["fp32", *(["bf16"] if has_fast_bf16("cpu") else [])]
    errors = matmul_errors()
    used = "medium" if medium_pays() else "highest"
    print(f"fp32 products: {used}, error {errors[used]:.2e} against {errors['highest']:.2e} of highest; modes: {modes}")
    return [row for shape in options.shapes for row in compare(shape, modes, options.pairs)]


def compare(shape: str, modes: list[str], pairs: int) -> list[dict[str, Any]]:
    """One row per mode of a shape."""
    took: dict[str, list[float]] = {mode: [] for mode in (PEER, *modes)}
    for _ in range(pairs):
        for mode, seconds in took.items():
            seconds.append(in_own_process(mode, shape))
    rows = []
    for mode in modes:
        ratios = [peer / ours for peer, ours in zip(took[PEER], took[mode], strict=True)]
        rows.append(
            {
                "shape": shape,
                "mode": mode,
                "peer_cpu_seconds_per_step": statistics.median(took[PEER]),
                "our_cpu_seconds_per_step": statistics.median(took[mode]),
                "ratio": statistics.median(ratios),
                "lowest": min(ratios),
                "highest": max(ratios),
                "pairs": pairs,
                "load": busy(),
            }
        )
    return rows


def in_own_process(mode: str, shape: str) -> float:
    """CPU seconds per step, measured by a fresh process."""
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    if mode == PEER:  # as anybody would start it; an empty value keeps the launcher from setting its own
        environment.update(GLIBC_TUNABLES="", OMP_WAIT_POLICY="")
    main = Path(__file__).resolve().parents[2] / "main.py"
    command = [sys.executable, str(main), "bench", "train", "--one", mode, shape]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return float(done.stdout.decode().splitlines()[0])


def measure(mode: str, shape: str) -> float:
    """The median of some steps after two that warm up: forward, loss, backward, clipping, AdamW."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    ids = torch.randint(0, SHAPES[shape]["vocab_size"], (BATCH[shape], SHAPES[shape]["context_length"] + 1))
    step = peer_step(shape, ids) if mode == PEER else our_step(mode, shape, ids)
    step()
    step()
    took = []
    for _ in range(STEPS[shape]):
        started = time.process_time()
        step()
        took.append(time.process_time() - started)
    return statistics.median(took)


def our_step(mode: str, shape: str, ids: Any) -> Callable[[], None]:
    """A step of our loop, written out from the engine's own parts."""
    import torch

    from studio.core.config import ComputeConfig, ModelConfig, TrainingConfig
    from studio.engine.device import choose
    from studio.engine.optimize import clip, optimizer_for
    from studio.families.gpt2 import build
    from studio.objectives.pretrain import loss

    compute = choose(ComputeConfig(device="cpu", precision=mode, threads=1))
    compute.apply()
    model = build(ModelConfig(qkv_bias=True, **SHAPES[shape])).train()  # tied and with bias, as the peer is
    optimizer = optimizer_for(model, TrainingConfig(learning_rate=1e-4))

    def step() -> None:
        with compute.autocast():
            total, targets = loss(model, ids)
        torch.autograd.backward(total / targets)
        clip(model.parameters(), 1.0)
        total.item()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def peer_step(shape: str, ids: Any) -> Callable[[], None]:
    """The same step as its documentation writes it, eager and in fp32."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = SHAPES[shape]
    config = GPT2Config(
        vocab_size=sizes["vocab_size"],
        n_positions=sizes["context_length"],
        n_embd=sizes["emb_dim"],
        n_layer=sizes["n_layers"],
        n_head=sizes["n_heads"],
        resid_pdrop=sizes["drop_rate"],
        embd_pdrop=sizes["drop_rate"],
        attn_pdrop=sizes["drop_rate"],
        bos_token_id=0,
        eos_token_id=0,
    )
    model = GPT2LMHeadModel(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    windows = ids[:, :-1].contiguous()

    def step() -> None:
        found = model(windows, labels=windows).loss
        found.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        found.item()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


BENCH = Bench("train", "training speed against transformers' GPT-2, CPU time per step on one thread", run, add_options)
