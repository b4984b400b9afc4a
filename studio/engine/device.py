"""Where and how exactly to compute: device, number format, threads, and what this machine can do."""

import contextlib
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from studio.core.config import ComputeConfig
from studio.core.errors import StudioError


@dataclass(frozen=True)
class Compute:
    """A `ComputeConfig` with nothing left to choose; stored with every checkpoint."""

    device: str  # "cpu", "cuda", "mps"
    precision: str  # "fp32", "bf16"
    threads: int
    matmul: str  # torch's float32 matmul precision: "highest" or "medium"

    def apply(self) -> None:
        """Set what torch keeps per process and per thread; call it on the thread that computes."""
        torch.set_num_threads(self.threads)
        torch.set_float32_matmul_precision(self.matmul)

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """The context a forward pass runs in."""
        if self.precision == "bf16":
            return torch.autocast(self.device, dtype=torch.bfloat16)
        return contextlib.nullcontext()


def choose(config: ComputeConfig) -> Compute:
    """Decide what was left open; a device that is not there is a `StudioError`."""
    device = _device(config.device)
    precision = config.precision
    if precision == "auto":
        precision = "bf16" if has_fast_bf16(device) else "fp32"
    matmul = "medium" if device == "cpu" and medium_pays() else "highest"
    return Compute(device, precision, config.threads or default_threads(), matmul)


def _device(wanted: str) -> str:
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if present[name])
    if not present[wanted]:
        raise StudioError(
            f"PyTorch finds no {wanted} device here.", "Choose “Best available” or “CPU” under Settings, Compute."
        )
    return wanted


def default_threads() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_fast_bf16(device: str) -> bool:
    """Whether bf16 products are faster than fp32 ones; on CPUs that takes AVX-512 BF16 or AMX."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, flag, lambda: False)() for flag in flags)
    return False


@lru_cache(maxsize=1)
def medium_pays() -> bool:
    """Whether "medium" products are fp32 in all but name here, and clearly faster than "highest" ones.

    "medium" lets oneDNN choose its kernels: 2.2 times as fast on AMD, slower than MKL on Intel. Where it really
    computes in bf16 its error shows. The margin is wide, so that a machine decides the same way every time.
    """
    errors, seconds = matmul_errors(), matmul_seconds()
    return errors["medium"] <= 2 * errors["highest"] and 1.3 * seconds["medium"] <= seconds["highest"]


def matmul_errors() -> dict[str, float]:
    """Relative error of a float32 matrix product against float64, by precision mode."""
    a, b = _matrices(384)
    exact = a.double() @ b.double()
    return {mode: float((product.double() - exact).norm() / exact.norm()) for mode, product in _in_each_mode(a, b)}


def matmul_seconds() -> dict[str, float]:
    """CPU seconds of one float32 matrix product on one thread, the best of five, by precision mode."""
    a, b = _matrices(512)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    best = dict.fromkeys(MODES, float("inf"))
    for _ in range(5):
        started = time.thread_time()
        for mode, _ in _in_each_mode(a, b):
            best[mode] = min(best[mode], time.thread_time() - started)
            started = time.thread_time()
    torch.set_num_threads(threads)
    return best


MODES = ("highest", "medium")


def _matrices(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    return torch.randn(size, size, generator=random), torch.randn(size, size, generator=random)


def _in_each_mode(a: torch.Tensor, b: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    before = torch.get_float32_matmul_precision()
    for mode in MODES:
        torch.set_float32_matmul_precision(mode)
        yield mode, torch.mm(a, b)
    torch.set_float32_matmul_precision(before)


def describe() -> dict[str, Any]:
    """What a person may want to know about this machine, as plain values."""
    import psutil

    compute = choose(ComputeConfig())
    errors = matmul_errors()
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
    memory = psutil.virtual_memory()
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": default_threads(),
        "device": compute.device,
        "gpu": gpu,
        "precision": compute.precision,
        "fp32_mode": compute.matmul,
        "fp32_error_highest": errors["highest"],
        "fp32_error_medium": errors["medium"],
        "memory": int(memory.total),
        "memory_free": int(memory.available),
        "largest_model": largest_model(_capacity(compute.device, int(memory.available))),
        "torch": torch.__version__,
    }


def _capacity(device: str, free: int) -> int:
    return int(torch.cuda.mem_get_info()[0]) if device == "cuda" else free


def largest_model(free: int) -> int:
    """Parameters that fit while training in fp32 with AdamW: 16 bytes each, a quarter of the memory for the rest."""
    return int(free * 0.75) // 16
