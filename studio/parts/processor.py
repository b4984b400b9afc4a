"""The CPU's name and the cores that this process may use, without torch."""

import os
import platform
import subprocess
import sys
from pathlib import Path

_PROC = Path("/proc/cpuinfo")


def usable_cores() -> int:
    """Cores this process may use, which containers and `taskset` limit."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def processor_name() -> str:
    """As its maker calls it, where the system tells; else the architecture."""
    found = ""
    if sys.platform == "darwin":
        found = _said_by("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string")
    elif _PROC.is_file():
        lines = _PROC.read_text("utf-8", "replace").splitlines()
        found = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
    return " ".join((found or platform.processor() or platform.machine()).split())


def _said_by(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
