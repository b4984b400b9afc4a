"""Which devices PyTorch finds here, what is known about each, and combinations that are known to go wrong."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from studio.core.language import tr
from studio.core.versions import numbers, within

Facts = Mapping[str, Any]

_PATIENCE = 10.0  # seconds that nvidia-smi may take; a sleeping card needs two or three
_KERNEL_MODULE = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True)
class KnownTrouble:
    """A combination that went wrong elsewhere: when it is met, what happens, what to do, and who found it."""

    name: str
    met: Callable[[Facts], bool]
    what: str
    do: str
    source: str


def devices() -> list[str]:
    """Names as torch takes them, the CPU first: "cpu", "cuda:0", "cuda:1", "mps"."""
    cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return ["cpu", *cards, *(["mps"] if torch.backends.mps.is_available() else [])]


def kind_of(device: str) -> str:
    """ "cuda" for "cuda:1"."""
    return device.partition(":")[0]


def surroundings() -> dict[str, Any]:
    """PyTorch's build, the NVIDIA driver where there is one, and every accelerator, as plain values."""
    return {
        "torch": torch.__version__,
        "cuda_build": torch.version.cuda or "",
        "kernels": torch.cuda.get_arch_list() if torch.cuda.is_available() else [],
        "nvidia_driver": nvidia_driver(),
        "devices": [describe(device) for device in devices() if device != "cpu"],
    }


def look() -> dict[str, Any]:
    """The surroundings, the known troubles that they meet ("troubles"), and how many were looked for ("known")."""
    facts = surroundings()
    return facts | {"troubles": troubles(facts), "known": len(KNOWN_TROUBLES)}


def describe(device: str) -> dict[str, Any]:
    """Name, bytes of memory (all and free) and compute capability of one accelerator; 0 or "" where torch says none."""
    if kind_of(device) == "cuda":
        properties = torch.cuda.get_device_properties(device)
        free, whole = torch.cuda.mem_get_info(device)
        capability = f"{properties.major}.{properties.minor}"
        return {
            "device": device, "name": properties.name, "memory": whole, "memory_free": free, "capability": capability,
        }  # fmt: skip
    memory = torch.mps.recommended_max_memory() if kind_of(device) == "mps" else 0
    return {"device": device, "name": tr("Apple GPU"), "memory": memory, "memory_free": 0, "capability": ""}


def nvidia_driver() -> str:
    """The driver's version, asked of the driver and not of torch, which may be built without CUDA; "" without one."""
    program = shutil.which("nvidia-smi")
    if program:
        command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
        try:
            said = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            said = ""
        if said.strip():
            return said.split()[0]
    words = _KERNEL_MODULE.read_text("utf-8", "replace").split() if _KERNEL_MODULE.is_file() else []
    return next((word for word in words if len(numbers(word)) >= 2), "")


def troubles(facts: Facts) -> list[dict[str, str]]:
    """The known troubles that `facts` (what `surroundings` gives) meets: name, what happens, what to do, source."""
    return [
        {"name": tr(known.name), "what": tr(known.what), "do": tr(known.do), "source": known.source}
        for known in KNOWN_TROUBLES
        if known.met(facts)
    ]


def _has(kind: str, facts: Facts) -> bool:
    return any(kind_of(device["device"]) == kind for device in facts["devices"])


def _apple(wanted: str) -> Callable[[Facts], bool]:
    return lambda facts: _has("mps", facts) and within(facts["torch"], wanted)


def _without_kernels(facts: Facts) -> bool:
    """Whether a card is older than everything this build was compiled for; newer cards translate older kernels."""
    built = [int(name.partition("_")[2].rstrip("af")) for name in facts["kernels"] if name.startswith("sm_")]
    cards = [numbers(device["capability"]) for device in facts["devices"] if device["capability"]]
    return bool(built) and any(10 * card[0] + card[1] < min(built) for card in cards)


KNOWN_TROUBLES = (
    KnownTrouble(
        "Apple GPU with PyTorch before 2.9",
        _apple("<2.9"),
        "Training gives wrong losses here (19.88 where 3.83 is right), and other ones every time.",
        "Update PyTorch, or choose CPU under Settings, Compute.",
        "rasbt/LLMs-from-scratch issues 791, 635, 1020; pytorch issue 109457",
    ),
    KnownTrouble(
        "Apple GPU with PyTorch 2.7 to 2.13.0",
        _apple(">=2.7,<=2.13.0"),
        "Some products with a transposed matrix are silently wrong, depending on what was in memory before.",
        "Compare the first losses of a run with those on the CPU before you trust it, or choose CPU under Settings.",
        "pytorch issue 193487",
    ),
    KnownTrouble(
        "NVIDIA card with a PyTorch for CPUs",
        lambda facts: bool(facts["nvidia_driver"]) and not facts["cuda_build"],
        "There is an NVIDIA driver, but this PyTorch was built without CUDA and computes on the CPU.",
        "Delete the folder .venv beside main.py and start once with STUDIO_TORCH=cuda.",
        "Atelier's own set-up",
    ),
    KnownTrouble(
        "NVIDIA driver that PyTorch cannot use",
        lambda facts: bool(facts["nvidia_driver"] and facts["cuda_build"]) and not _has("cuda", facts),
        "PyTorch was built for CUDA and there is a driver, but it finds no card; mostly the driver is too old.",
        "Update the driver, or delete .venv and start with an older build, for example STUDIO_TORCH=cu126.",
        "CUDA compatibility: a build needs a driver of its own CUDA version or newer",
    ),
    KnownTrouble(
        "NVIDIA card older than this PyTorch",
        _without_kernels,
        "This PyTorch holds no kernels for the card; computing on it ends with “no kernel image is available”.",
        "Delete .venv and start with a build that still has them, for example STUDIO_TORCH=cu126, or choose CPU.",
        "CUDA 13 builds begin with compute capability 7.5",
    ),
)
