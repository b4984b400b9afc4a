"""Writing speed against transformers' cached `generate`: CPU time per token on one thread, and what int8 costs.

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
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy

if TYPE_CHECKING:
    from torch import Tensor

    from studio.layers.decoder import Decoder

Writer = Callable[[list[int], int], int]  # prompt and how many tokens; how many came

PEER = "transformers"
SHAPE: dict[str, Any] = {"vocab_size": 50_257, "context_length": 1_024, "emb_dim": 768, "n_layers": 12, "n_heads": 12}
PROMPT, LONG = 64, 1_000
WARM = 80  # tokens before any is measured: until then our loops are compiled and tried, which happens once for a model
# How many times as fast as the peer in fp32; the first token after a long prompt: no slower.
GOALS = {"fp32": 1.25, "f16": 1.6, "bf16": 1.6, "int8": 4.5}
FIRST = 1.0
PERPLEXITY = 1.02  # int8's against fp32's, at most
LETTERS = "tinyshakespeare.txt"  # what a small model is trained on for that
UNSEEN = 4_096  # bytes whose perplexity is measured
TRAINED: dict[str, Any] = {"vocab_size": 256, "context_length": 128, "emb_dim": 256, "n_layers": 4, "n_heads": 4}


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long, how often, and in which precisions."""
    parser.add_argument("--pairs", type=int, default=5, help="interleaved measurements of each side")
    parser.add_argument("--tokens", type=int, default=200, help="tokens that are written (default: 200)")
    parser.add_argument("--steps", type=int, default=150, help="of the training before perplexity; 0 leaves it out")
    parser.add_argument("--modes", nargs="+", help="precisions (default: all that pay on this machine)")
    parser.add_argument("--one", metavar="MODE", help=argparse.SUPPRESS)  # a child's measurement


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Medians of paired ratios, peer over ours: above 1 we are faster."""
    if options.one:
        print(json.dumps(measure(options.one, options.tokens)), flush=True)
        return []
    from studio.benches.book import data_file
    from studio.engine.quantize import choices

    if options.steps:
        data_file(LETTERS)  # where it is missing, that is said before ten minutes of measuring
    modes = options.modes or list(choices("cpu"))
    rows = compare(modes, options.pairs, options.tokens) + on_cuda(options.pairs, options.tokens)
    return rows + (perplexities(modes, options.steps) if options.steps else [])


def compare(modes: list[str], pairs: int, tokens: int) -> list[dict[str, Any]]:
    """Two rows per mode: a token, and the first one after a long prompt."""
    found: dict[str, list[dict[str, float]]] = {mode: [] for mode in (PEER, *modes)}
    for _ in range(pairs):
        for mode, measured in found.items():
            measured.append(in_own_process(mode, tokens))
    rows = []
    for mode in modes:
        for what, goal in (("token", GOALS[mode]), ("first_token", FIRST)):
            theirs, ours = ([one[what] for one in found[side]] for side in (PEER, mode))
            ratios = [peer / own for peer, own in zip(theirs, ours, strict=True)]
            ratio = statistics.median(ratios)
            line = row(what, mode, statistics.median(ours), statistics.median(theirs), ratio, goal, ratio >= goal)
            line |= {"lowest": min(ratios), "highest": max(ratios), "pairs": pairs}
            if what == "token":
                line["share_of_bandwidth_limit"] = statistics.median(one["share"] for one in found[mode])
            rows.append(line)
    return rows


def on_cuda(pairs: int, tokens: int) -> list[dict[str, Any]]:
    """On a CUDA device, the recorded graph against the same model without it, by the clock; nothing without one."""
    import torch

    if not torch.cuda.is_available():
        return []
    took = [(on_device("cuda", tokens, True), on_device("cuda", tokens, False)) for _ in range(pairs)]
    ratios = [plain / graph for graph, plain in took]
    ours, theirs = (statistics.median(side) for side in zip(*took, strict=True))
    ratio = statistics.median(ratios)
    line = row("token", "cuda graph", ours, theirs, ratio, 1.0, ratio >= 1.0)
    return [line | {"lowest": min(ratios), "highest": max(ratios), "pairs": pairs}]


def on_device(device: str, tokens: int, graphs: bool) -> float:
    """Milliseconds by the clock for a token behind a prompt and a warm-up; without `graphs` the ordinary way."""
    import torch

    from studio.core.config import ModelConfig
    from studio.engine.reader import Reader
    from studio.engine.replay import TRIED, WARM
    from studio.families.gpt2 import build

    config = ModelConfig(qkv_bias=True, **SHAPE)
    torch.manual_seed(0)
    prompt = torch.randint(0, SHAPE["vocab_size"], (PROMPT,)).tolist()
    reader = Reader(build(config).eval().to(device), config)
    reader.replay.given_up = not graphs
    token = int(reader.read(prompt).argmax())
    for _ in range(WARM + TRIED + 1):
        token = int(reader.read([token]).argmax())
    started = time.perf_counter()
    for _ in range(tokens):
        token = int(reader.read([token]).argmax())
    return 1e3 * (time.perf_counter() - started) / tokens


def row(*values: Any) -> dict[str, Any]:
    """One line of the table; times are CPU milliseconds."""
    names = ("what", "mode", "ours", "theirs", "ratio", "goal", "reached")
    return dict(zip(names, values, strict=True)) | {"load": busy()}


def in_own_process(mode: str, tokens: int) -> dict[str, float]:
    """What a fresh process measures: milliseconds per token and to the first one, share of the bandwidth limit."""
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    if mode == PEER:  # as anybody would start it; an empty value keeps the launcher from setting its own
        environment.update(GLIBC_TUNABLES="", OMP_WAIT_POLICY="")
    main = Path(__file__).resolve().parents[2] / "main.py"
    command = [sys.executable, str(main), "bench", "generate", "--one", mode, "--tokens", str(tokens)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    found: dict[str, float] = json.loads(done.stdout.decode().splitlines()[0])
    return found


def measure(mode: str, tokens: int) -> dict[str, float]:
    """CPU milliseconds per token of a text, its prompt's reading included, and to the first after a long prompt."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    warming, short, *long = (torch.randint(0, SHAPE["vocab_size"], (n,)).tolist() for n in (PROMPT, PROMPT, LONG, LONG))
    limit = 0.0
    if mode == PEER:
        write = peer()
    else:
        write, step_bytes = our_writer(mode)
        limit = 1e3 * read_seconds(step_bytes)
    write(warming, WARM)
    token = 1e3 * seconds(write, short, tokens) / tokens
    first = 1e3 * min(seconds(write, prompt, 1) for prompt in long)
    return {"token": token, "first_token": first, "share": limit / token}


def seconds(write: Writer, prompt: list[int], tokens: int) -> float:
    """CPU seconds of one text; one that ends early would be no measurement."""
    started = time.process_time()
    written = write(prompt, tokens)
    took = time.process_time() - started
    if written != tokens:
        raise RuntimeError(f"{written} tokens were written instead of {tokens}")
    return took


def our_writer(mode: str) -> tuple[Writer, int]:
    """A random model of the shape in a precision, as the Chat page holds it, and the bytes each token must read."""
    from dataclasses import replace

    from studio.core.config import ComputeConfig, ModelConfig, RunConfig, Sampling
    from studio.engine.device import choose
    from studio.engine.loaded import LoadedModel
    from studio.engine.quantize import linear_bytes
    from studio.families.gpt2 import build

    config = RunConfig(model=ModelConfig(qkv_bias=True, **SHAPE))
    model = build(config.model).eval()
    compute = replace(choose(ComputeConfig(device="cpu", threads=1)), precision="fp32")
    loaded = LoadedModel(model, config, None, compute)
    for _ in loaded.set_precision(mode):
        pass
    return lambda prompt, n: len(list(loaded.ids(prompt, Sampling(temperature=0.0, tokens=n)))), linear_bytes(model)


def peer() -> Writer:
    """The same as its documentation writes it, in fp32 with its own cache; it may not end before its time."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=SHAPE["vocab_size"], n_positions=SHAPE["context_length"], n_embd=SHAPE["emb_dim"],
        n_layer=SHAPE["n_layers"], n_head=SHAPE["n_heads"], bos_token_id=0, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    model: Any = GPT2LMHeadModel(config)
    model.eval()

    def write(prompt: list[int], tokens: int) -> int:
        ids = torch.tensor([prompt])
        mask = torch.ones_like(ids)
        return int(model.generate(ids, attention_mask=mask, max_new_tokens=tokens, do_sample=False).shape[1]) - len(
            prompt
        )

    return write


def read_seconds(count: int) -> float:
    """CPU seconds one thread takes to read as many bytes once from memory: the best of five sums over 256 MB."""
    import torch

    values = torch.ones(64 << 20)
    best = float("inf")
    for _ in range(5):
        started = time.thread_time()
        values.sum()
        best = min(best, time.thread_time() - started)
    return best * count / (4 * values.numel())


def perplexities(modes: list[str], steps: int) -> list[dict[str, Any]]:
    """Train a small model on letters, then measure each precision on text it has not seen."""
    from copy import deepcopy

    from studio.core.config import ModelConfig
    from studio.engine.evaluate import perplexity
    from studio.engine.quantize import convert, sample_loss

    model, unseen = trained(steps)
    found = {}
    for mode in dict.fromkeys(("fp32", *modes)):
        changed = deepcopy(model)
        for _ in convert(changed, mode, lambda: True) if mode != "fp32" else ():
            pass
        found[mode] = perplexity(sample_loss(changed, ModelConfig(**TRAINED), unseen))
    exact = found.pop("fp32")
    return [
        row("perplexity", mode, ours, exact, ours / exact, PERPLEXITY, ours <= PERPLEXITY * exact)
        for mode, ours in found.items()
    ]


def trained(steps: int) -> tuple["Decoder", list[int]]:
    """A small model that has read plays for some steps, byte by byte, and 4,096 bytes that it has not."""
    import torch

    from studio.benches.book import data_file
    from studio.core.config import ModelConfig, TrainingConfig
    from studio.engine.optimize import clip, optimizer_for
    from studio.families.gpt2 import build
    from studio.objectives.pretrain import loss

    text = data_file(LETTERS).read_bytes()
    ids = torch.frombuffer(bytearray(text[:-UNSEEN]), dtype=torch.uint8).long()
    torch.manual_seed(0)
    model = build(ModelConfig(**TRAINED)).train()
    optimizer = optimizer_for(model, TrainingConfig(learning_rate=2e-3))
    for _ in range(steps):
        total, targets = loss(model, batch(ids))
        torch.autograd.backward(total / targets)
        clip(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return model.eval(), list(text[-UNSEEN:])


def batch(ids: "Tensor") -> "Tensor":
    """Sixteen windows from anywhere: (16, context + 1)."""
    import torch

    length = TRAINED["context_length"] + 1
    return torch.stack([ids[at : at + length] for at in torch.randint(0, len(ids) - length, (16,)).tolist()])


BENCH = Bench(
    "generate", "writing speed against transformers' cached generate, and int8's perplexity", run, add_options
)
