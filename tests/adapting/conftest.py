"""What the tests of this room share: the look as the window applies it, and the shapes that adapters lie on."""

from dataclasses import replace

import pytest

from studio.core.config import ModelConfig
from studio.core.shelf import FAMILIES
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
from tests.panels.conftest import session as session


@pytest.fixture
def book() -> ModelConfig:
    """GPT-2 small with windows of 128 tokens."""
    preset = next(one for one in FAMILIES.load("gpt2").presets if one.name == "GPT-2 small")
    return replace(preset.config, vocab_size=50_257, context_length=128, tie_embeddings=True)
