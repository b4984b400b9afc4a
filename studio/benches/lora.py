"""LoRA against `peft` on `transformers`, and against our own training of everything: steps by CPU time, and memory.

Each measurement is a process of its own with one thread, the sides in turn; memory is the peak of the whole process,
and of that what it did not hold after its imports.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from studio.benches import Bench, Child, busy, pair_options

MODES = ("lora", "peft", "full")
SHAPES: dict[str, dict[str, Any]] = {
    "124M": {"vocab_size": 50_257, "context_length": 1_024, "emb_dim": 768, "n_layers": 12, "n_heads": 12},
    "tiny": {"vocab_size": 300, "context_length": 128, "emb_dim": 32, "n_layers": 2, "n_heads": 2},
}
BATCH, TOKENS, RANK, ALPHA, STEPS = 2, 128, 16, 32, 5
THEIR_TARGETS = ["c_attn", "c_proj", "c_fc"]  # all linear layers but the head


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which shape and how many rounds."""
    parser.add_argument("--shape", default="124M", choices=list(SHAPES))
    pair_options(parser, MODES)


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Medians of the rounds; a step rate above 1 and memory below 1 are for us."""
    if options.one:
        print(json.dumps(measure(options.one, options.shape)), flush=True)
        return []
    found: dict[str, list[dict[str, float]]] = {mode: [] for mode in MODES}
    for _ in range(options.pairs):
        for mode, rounds in found.items():
            rounds.append(Child("lora", mode, "--shape", options.shape).answer())
    return [_row(found, peer, options) for peer in ("peft", "full")]


def _row(found: dict[str, list[dict[str, float]]], peer: str, options: argparse.Namespace) -> dict[str, Any]:
    """Ours beside one peer, each figure from the rounds in which both ran."""

    def middle(of: Callable[[dict[str, float], dict[str, float]], float]) -> float:
        return statistics.median(of(ours, theirs) for ours, theirs in zip(found["lora"], found[peer], strict=True))

    return {
        "against": peer,
        "shape": options.shape,
        "our_cpu_seconds_per_step": middle(lambda ours, theirs: ours["seconds"]),
        "their_cpu_seconds_per_step": middle(lambda ours, theirs: theirs["seconds"]),
        "step_rate": middle(lambda ours, theirs: theirs["seconds"] / ours["seconds"]),
        "peak_memory": middle(lambda ours, theirs: ours["peak"] / theirs["peak"]),
        "peak_above_imports": middle(
            lambda ours, theirs: (ours["peak"] - ours["imported"]) / (theirs["peak"] - theirs["imported"])
        ),
        "our_peak_megabytes": middle(lambda ours, theirs: ours["peak"]),
        "our_trainable": found["lora"][0]["trainable"],
        "their_trainable": found[peer][0]["trainable"],
        "pairs": options.pairs,
        "load": busy(),
    }


def measure(mode: str, shape: str) -> dict[str, float]:
    """Seconds per step (the median after two that warm up), trained parameters, megabytes after imports and peak."""
    import psutil
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    step_for = _imports(mode)
    imported = psutil.Process().memory_info().rss / 1e6
    step, trainable = step_for(shape, torch.randint(0, SHAPES[shape]["vocab_size"], (BATCH, TOKENS + 1)))
    took = []
    for _ in range(2 + STEPS):
        started = time.process_time()
        step()
        took.append(time.process_time() - started)
    return {"seconds": statistics.median(took[2:]), "trainable": trainable, "imported": imported, "peak": _peak()}


def _imports(mode: str) -> Callable[[str, Any], tuple[Callable[[], None], int]]:
    """What makes the step of a side, with everything loaded that it needs."""
    if mode == "peft":
        import peft  # noqa: F401
        from transformers import GPT2LMHeadModel  # noqa: F401

        return _their_step
    import torch._dynamo  # noqa: F401  the first optimizer of either side loads it

    import studio.engine.device
    import studio.engine.optimize
    import studio.families.gpt2
    import studio.layers.assembly
    import studio.layers.lora  # noqa: F401

    return _our_lora_step if mode == "lora" else _our_full_step


def _our_lora_step(shape: str, ids: Any) -> tuple[Callable[[], None], int]:
    from studio.layers.lora import add_lora
    from studio.layers.lora_linear import LoraShape

    model = _our_model(shape)
    add_lora(model, "all", LoraShape(rank=RANK, alpha=ALPHA))
    return _our_step(model, ids)


def _our_full_step(shape: str, ids: Any) -> tuple[Callable[[], None], int]:
    return _our_step(_our_model(shape), ids)


def _our_model(shape: str) -> Any:
    from studio.core.config import ModelConfig
    from studio.families.gpt2 import build

    return build(ModelConfig(qkv_bias=True, **SHAPES[shape])).train()  # tied and with bias, as the peer is


def _our_step(model: Any, ids: Any) -> tuple[Callable[[], None], int]:
    """A step of our loop, written out from the engine's own parts, in fp32."""
    import torch

    from studio.core.config import ComputeConfig, TrainingConfig
    from studio.engine.device import choose
    from studio.engine.optimize import clip, optimizer_for
    from studio.objectives.pretrain import loss

    choose(ComputeConfig(device="cpu", precision="fp32", threads=1)).apply()
    optimizer = optimizer_for(model, TrainingConfig(learning_rate=1e-4))
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def step() -> None:
        total, targets = loss(model, ids)
        torch.autograd.backward(total / targets)
        clip(learned, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step, sum(parameter.numel() for parameter in learned)


def _their_step(shape: str, ids: Any) -> tuple[Callable[[], None], int]:
    """The same step as their documentation writes it, eager and in fp32."""
    import peft
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = SHAPES[shape]
    base = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=sizes["vocab_size"], n_positions=sizes["context_length"], n_embd=sizes["emb_dim"],
            n_layer=sizes["n_layers"], n_head=sizes["n_heads"], resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
            bos_token_id=0, eos_token_id=0,
        )
    )  # fmt: skip
    settings = peft.LoraConfig(
        r=RANK, lora_alpha=ALPHA, target_modules=THEIR_TARGETS, fan_in_fan_out=True, task_type="CAUSAL_LM"
    )
    model = peft.get_peft_model(base, settings).train()
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=1e-4)
    windows = ids[:, :-1].contiguous()

    def step() -> None:
        found = model(input_ids=windows, labels=windows).loss
        found.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step, sum(parameter.numel() for parameter in learned)


def _peak() -> float:
    """The most megabytes that this process has held."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset / 1e6)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


BENCH = Bench("lora", "LoRA's steps and memory against peft and against training everything", run, add_options)
