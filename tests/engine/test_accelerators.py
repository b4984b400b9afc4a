"""What is known about devices: facts as plain values, and known troubles met only where they belong."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from studio.engine import accelerators
from studio.engine.accelerators import KNOWN_TROUBLES, describe, devices, kind_of, nvidia_driver, surroundings, troubles

pytestmark = pytest.mark.torch


def facts(**given: Any) -> dict[str, Any]:
    """A machine without accelerators, but for what is given."""
    return {"torch": "2.13.0+cpu", "cuda_build": "", "kernels": [], "nvidia_driver": "", "devices": []} | given


def card(device: str = "cuda:0", capability: str = "") -> dict[str, Any]:
    return {"device": device, "name": "a card", "memory": 1, "memory_free": 1, "capability": capability}


def met(**given: Any) -> list[str]:
    return [trouble["name"] for trouble in troubles(facts(**given))]


def test_the_cpu_is_always_there_and_comes_first() -> None:
    assert devices()[0] == "cpu"
    assert [kind_of(name) for name in ("cpu", "cuda:3", "mps")] == ["cpu", "cuda", "mps"]


def test_the_surroundings_are_plain_values() -> None:
    found = surroundings()
    assert json.loads(json.dumps(found)) == found
    assert found["torch"] == torch.__version__


def test_every_card_is_listed_and_described(monkeypatch: pytest.MonkeyPatch) -> None:
    properties = SimpleNamespace(name="NVIDIA H200", major=9, minor=0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (139, 140))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert devices() == ["cpu", "cuda:0", "cuda:1"]
    assert describe("cuda:1") == {
        "device": "cuda:1", "name": "NVIDIA H200", "memory": 140, "memory_free": 139, "capability": "9.0",
    }  # fmt: skip


def test_an_apple_gpu_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 12)
    assert describe("mps") == {
        "device": "mps", "name": "Apple GPU", "memory": 12, "memory_free": 0, "capability": "",
    }  # fmt: skip


# --- the driver -----------------------------------------------------------------------------------------------------


@pytest.fixture
def nvidia(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with nvidia-smi, whose kernel module may write the file that is returned."""
    monkeypatch.setattr(accelerators.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(accelerators, "_KERNEL_MODULE", tmp_path / "version")
    return tmp_path / "version"


@pytest.mark.usefixtures("nvidia")
def test_the_driver_tells_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *given, **how: SimpleNamespace(stdout="580.82.07\n580.82.07\n"))
    assert nvidia_driver() == "580.82.07"


def test_a_driver_whose_program_hangs_is_asked_through_the_kernel(
    nvidia: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*given: Any, **how: Any) -> None:
        raise subprocess.TimeoutExpired("nvidia-smi", 10)

    monkeypatch.setattr(subprocess, "run", hang)
    assert nvidia_driver() == ""
    nvidia.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n")
    assert nvidia_driver() == "550.54.15"


def test_without_a_driver_there_is_no_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(accelerators.shutil, "which", lambda name: None)
    monkeypatch.setattr(accelerators, "_KERNEL_MODULE", tmp_path / "none")
    assert nvidia_driver() == ""


# --- known troubles -------------------------------------------------------------------------------------------------


def test_a_plain_machine_meets_none() -> None:
    assert met() == []
    assert met(torch="2.13.0+cu130", cuda_build="13.0", nvidia_driver="580.82", kernels=["sm_75", "sm_90"],
               devices=[card(capability="9.0")]) == []  # fmt: skip


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("2.6.0", ["Apple GPU with PyTorch before 2.9"]),
        ("2.8.0", ["Apple GPU with PyTorch before 2.9", "Apple GPU with PyTorch 2.7 to 2.13.0"]),
        ("2.13.0", ["Apple GPU with PyTorch 2.7 to 2.13.0"]),
        ("2.14.0", []),
    ],
)
def test_the_apple_troubles_belong_to_their_versions(version: str, names: list[str]) -> None:
    assert met(torch=version, devices=[card("mps")]) == names
    assert met(torch=version) == []


def test_a_card_behind_a_pytorch_for_cpus_is_noticed() -> None:
    assert met(nvidia_driver="580.82") == ["NVIDIA card with a PyTorch for CPUs"]


def test_a_driver_that_pytorch_cannot_use_is_noticed() -> None:
    assert met(nvidia_driver="470.1", cuda_build="13.0") == ["NVIDIA driver that PyTorch cannot use"]


@pytest.mark.parametrize(("capability", "old"), [("6.1", True), ("7.5", False), ("12.1", False)])
def test_a_card_without_kernels_is_noticed(capability: str, old: bool) -> None:
    kernels = ["sm_75", "sm_80", "sm_90a", "sm_120", "compute_120"]
    names = met(
        torch="2.13.0+cu130", cuda_build="13.0", nvidia_driver="580.82", kernels=kernels,
        devices=[card(capability="9.0"), card("cuda:1", capability)],
    )  # fmt: skip
    assert names == (["NVIDIA card older than this PyTorch"] if old else [])


def test_every_known_trouble_says_what_to_do_and_who_found_it() -> None:
    assert len({known.name for known in KNOWN_TROUBLES}) == len(KNOWN_TROUBLES)
    assert all(known.what.endswith(".") and known.do.endswith(".") and known.source for known in KNOWN_TROUBLES)
