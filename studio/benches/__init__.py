"""Benches: one file per measurement that anyone can repeat with `main.py bench NAME`; nothing heavy at import."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def busy() -> float:
    """How busy this machine was over the last minute: programs that wanted a processor; 0 where nobody counts."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def no_options(parser: argparse.ArgumentParser) -> None:
    """For a bench that has none."""


@dataclass(frozen=True)
class Bench:
    """One item of the shelf: `run` measures and returns the table's rows, column name to plain value."""

    name: str
    help: str
    run: Callable[[argparse.Namespace], list[dict[str, Any]]]
    add_options: Callable[[argparse.ArgumentParser], None] = no_options
