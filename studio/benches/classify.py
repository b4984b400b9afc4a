"""Learning classes against a plain loop of the course's shape: last block, final norm and head, 8 × 120 tokens.

The plain loop computes every block for every token in every epoch, and the head's place by indexing. Each measurement
is a process of its own with one thread, the sides in turn; the same random weights and the same rows on both sides.
"""

import argparse
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, Child, busy, pair_options

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.core.config import RunConfig

MODES = ("ours", "plain")
SIZES: dict[str, dict[str, Any]] = {
    "124M": {"vocab_size": 50_257, "context_length": 1_024, "emb_dim": 768, "n_layers": 12, "n_heads": 12},
    "tiny": {"vocab_size": 300, "context_length": 128, "emb_dim": 32, "n_layers": 3, "n_heads": 2},
}
BATCH, TOKENS, BATCHES, EPOCHS, GOAL = 8, 120, 3, 3, 1.6


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model and how many rounds."""
    parser.add_argument("--size", default="124M", choices=list(SIZES))
    pair_options(parser, MODES)


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Medians of the rounds: steps in the first epoch, where everything is new, and in the later ones."""
    if options.one:
        print(json.dumps(measure(options.one, options.size)), flush=True)
        return []
    rounds = [
        {mode: Child("classify", mode, "--size", options.size).answer() for mode in MODES} for _ in range(options.pairs)
    ]
    return [
        {
            "epoch": epoch,
            "size": options.size,
            "our_cpu_seconds_per_step": statistics.median(found["ours"][epoch] for found in rounds),
            "plain_cpu_seconds_per_step": statistics.median(found["plain"][epoch] for found in rounds),
            "step_rate": (rate := statistics.median(found["plain"][epoch] / found["ours"][epoch] for found in rounds)),
            "goal": f"≥ {GOAL}",
            "reached": options.size == "124M" and rate >= GOAL,
            "loss_difference": max(abs(found["plain"]["loss"] - found["ours"]["loss"]) for found in rounds),
            "pairs": options.pairs,
            "load": busy(),
        }
        for epoch in ("first", "later", "five epochs")
    ]


def measure(mode: str, size: str) -> dict[str, float]:
    """CPU seconds per step: in the first epoch, in later ones, and on average over five; and the last loss."""
    import torch

    from studio.core.config import ComputeConfig
    from studio.engine.device import choose
    from studio.engine.optimize import optimizer_for

    choose(ComputeConfig(device="cpu", threads=1, precision="fp32")).apply()
    config = classifying(size)
    model = built(config)
    batches = [rows(config, number) for number in range(BATCHES)]
    optimizer = optimizer_for(model, config.training)
    torch.autograd.backward(ours(model, rows(config, BATCHES))[0])  # warm: kernels are chosen, memory is there
    optimizer.zero_grad()
    took: list[list[float]] = []
    for _ in range(EPOCHS):
        took.append([])
        for batch in batches:
            started = time.process_time()
            loss, count = ours(model, batch) if mode == "ours" else plain(model, batch)
            torch.autograd.backward(loss / count)
            optimizer.step()
            optimizer.zero_grad()
            took[-1].append(time.process_time() - started)
    first, later = statistics.median(took[0]), statistics.median([step for epoch in took[1:] for step in epoch])
    return {"first": first, "later": later, "five epochs": (first + 4 * later) / 5, "loss": loss.item()}


def classifying(size: str) -> "RunConfig":
    """The book's run: two classes, a head with a bias, everything but the last block, norm and head frozen."""
    from studio.core.config import ClassifyConfig, ModelConfig, RunConfig, TrainingConfig

    model = ModelConfig(**SIZES[size], qkv_bias=True, outputs=2, outputs_bias=True, tie_embeddings=False)
    return RunConfig(
        objective="classify", model=model, classify=ClassifyConfig(trained_blocks=1),
        training=TrainingConfig(learning_rate=5e-5, batch_size=BATCH),
    )  # fmt: skip


def built(config: "RunConfig") -> "nn.Module":
    """Random weights, the same in every process, frozen as the run would."""
    import torch

    from studio.core.shelf import FAMILIES
    from studio.objectives.classify import prepare_model

    torch.manual_seed(0)
    model = FAMILIES.load("gpt2").build(config.model)
    prepare_model(model, config)
    return model  # type: ignore[no-any-return]


def rows(config: "RunConfig", number: int) -> "Tensor":
    """One batch of random rows, all full: weight, length, class, ids."""
    import torch

    from studio.objectives.classify import UNIT

    random = torch.Generator().manual_seed(number)
    ids = torch.randint(0, config.model.vocab_size, (BATCH, TOKENS), generator=random)
    truth = torch.randint(0, 2, (BATCH, 1), generator=random)
    return torch.cat([torch.full((BATCH, 1), UNIT), torch.full((BATCH, 1), TOKENS), truth, ids], dim=1)


def ours(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", int]:
    """The loss as a run computes it."""
    from studio.objectives.classify import loss

    return loss(model, batch)


def plain(model: Any, batch: "Tensor") -> tuple["Tensor", int]:
    """The course's: the whole network for every token, then the last place's logits."""
    import torch.nn.functional as F

    logits = model(batch[:, 3:])[:, -1]
    return F.cross_entropy(logits, batch[:, 2], reduction="sum"), len(batch)


BENCH = Bench("classify", "learning classes, steps against a plain loop of the course's shape", run, add_options)
