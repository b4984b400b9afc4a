"""Loading a model against reading its file, both from the page cache.

Each measurement is a process of its own, so that both sides get their memory from the kernel. CPU time, the kernel's
included, because a shared machine takes the processor away but not the count. Both processes import the same before
their clock starts: on a virtual machine that hands free memory back to its host, memory that another process let go of
a moment ago costs a quarter of what it costs two seconds later (0.18 against 0.7 s for 498 MB).
"""

import argparse
import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from studio.benches import Bench, busy

GOAL = 1.5  # times the reading of the file, at most
FILE = "model.safetensors"
SHAPE: dict[str, Any] = {"vocab_size": 50_257, "context_length": 1_024, "emb_dim": 768, "n_layers": 12, "n_heads": 12}


def add_options(parser: argparse.ArgumentParser) -> None:
    """How often, and how large."""
    parser.add_argument("--rounds", type=int, default=5, help="interleaved measurements of each side")
    parser.add_argument("--layers", type=int, default=SHAPE["n_layers"], help="12 make a file of 498 MB")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)  # a child's measurement


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row for a model of a project and one for transformers' own: medians of paired ratios, ready over read."""
    if options.one:
        what, folder = options.one
        prepare()
        print({"read": read_seconds, "ready": ready_seconds}[what](Path(folder)), flush=True)
        return []
    with tempfile.TemporaryDirectory(prefix="atelier-bench-", ignore_cleanup_errors=True) as place:
        folders = write_models(Path(place), SHAPE | {"n_layers": options.layers})
        return [compare(kind, folder, options.rounds) for kind, folder in folders.items()]


def compare(kind: str, folder: Path, rounds: int) -> dict[str, Any]:
    """Read and load in turns, the other one first every time; one reading before only warms the cache."""
    read_seconds(folder)
    took: dict[str, list[float]] = {"read": [], "ready": []}
    for round_ in range(rounds):
        for what in ("ready", "read") if round_ % 2 else ("read", "ready"):
            took[what].append(in_own_process(what, folder))
    reading, loading = took["read"], took["ready"]
    ratios = [ours / plain for ours, plain in zip(loading, reading, strict=True)]
    ratio = statistics.median(ratios)
    return {
        "file": kind,
        "megabytes": (folder / FILE).stat().st_size / 1e6,
        "read_cpu_seconds": statistics.median(reading),
        "ready_cpu_seconds": statistics.median(loading),
        "ratio": ratio,
        "lowest": min(ratios),
        "highest": max(ratios),
        "goal": GOAL,
        "reached": ratio <= GOAL,
        "rounds": rounds,
        "load": busy(),
    }


def in_own_process(what: str, folder: Path) -> float:
    """What a fresh process measures, on one thread."""
    main = Path(__file__).resolve().parents[2] / "main.py"
    command = [sys.executable, str(main), "bench", "load", "--one", what, str(folder)]
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return float(done.stdout.decode().splitlines()[0])


def read_seconds(folder: Path) -> float:
    """CPU seconds to read the whole file into one piece of memory."""
    started = time.process_time()
    count = len((folder / FILE).read_bytes())
    took = time.process_time() - started
    if count != (folder / FILE).stat().st_size:
        raise RuntimeError("the file was not read to its end")
    return took


def ready_seconds(folder: Path) -> float:
    """The same until the model is there, every weight looked at."""
    from studio.engine.loaded import open_model

    started = time.process_time()
    open_model(folder)
    return time.process_time() - started


def prepare() -> None:
    """Import programs, torch and ours alike, and probe this machine."""
    from studio.core.config import ComputeConfig, ModelConfig
    from studio.core.shelf import EXCHANGES, FAMILIES, OBJECTIVES
    from studio.engine.device import choose
    from studio.engine.weights import empty_model, refuse_too_large

    choose(ComputeConfig())
    empty_model(ModelConfig(vocab_size=8, context_length=8, emb_dim=8, n_layers=1, n_heads=1))
    refuse_too_large(1, "cpu", "")
    for shelf in (EXCHANGES, FAMILIES, OBJECTIVES):
        for name in shelf.names():
            shelf.load(name)
    importlib.import_module("studio.engine.loaded")


def write_models(place: Path, shape: dict[str, Any]) -> dict[str, Path]:
    """A random model as a model of a project, and as transformers saves it."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel
    from transformers.utils import logging

    from studio.engine.adopt import adopt

    folder = place / "hugging_face"
    bars: Any = logging.disable_progress_bar
    bars()  # they leave a thread behind
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=shape["vocab_size"], n_positions=shape["context_length"], n_embd=shape["emb_dim"],
        n_layer=shape["n_layers"], n_head=shape["n_heads"], bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(folder)
    return {"hugging_face": folder, "project": adopt(folder, place).folder}


BENCH = Bench("load", "loading a model of 500 MB against reading its file, CPU time", run, add_options)
