"""A small network of every kind, its norms and biases away from their defaults, and a text to read."""

from typing import Any

import pytest

from tests.families.conftest import SHAPES, shaken, tiny

IDS = [7, 3, 60, 3, 3, 18, 42, 0, 7, 33, 5, 5, 21, 9, 60, 2, 1]
KINDS = ("gpt2", "llama 3.1", "mistral", "qwen3", "gemma")

assert set(KINDS) <= set(SHAPES)


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> Any:
    """Every family in turn, grouped queries, windows and wide heads among them."""
    return shaken(tiny(request.param))


@pytest.fixture
def gpt2() -> Any:
    return shaken(tiny("gpt2"))


@pytest.fixture
def llama() -> Any:
    """Four query heads on two heads of keys and values."""
    return shaken(tiny("llama 3.1"))
