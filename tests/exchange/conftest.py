"""Tiny models of every family as `transformers` saves them, and folders to spoil."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WORDS = {"vocab_size": 300, "bos_token_id": 1, "eos_token_id": 2}
LLAMA = {
    **WORDS, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64,
}  # fmt: skip
ROPE = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}  # fmt: skip
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("GPT2", {**WORDS, "n_positions": 64, "n_embd": 32, "n_layer": 2, "n_head": 4}),
    "llama": ("Llama", {**LLAMA, "rope_parameters": ROPE, "attention_bias": True, "tie_word_embeddings": False}),
    "mistral": ("Mistral", {**LLAMA, "sliding_window": 8}),
    "qwen2": ("Qwen2", {**LLAMA, "tie_word_embeddings": True}),
    "qwen3": ("Qwen3", {**LLAMA, "head_dim": 16}),
    "gemma": ("Gemma", {**LLAMA, "head_dim": 16}),
}


def network(name: str) -> Any:
    """A random `transformers` model whose norms and biases are shaken, for defaults hide mistakes."""
    import torch
    import transformers

    word, shape = KINDS[name]
    torch.manual_seed(3)
    head = "LMHeadModel" if name == "gpt2" else "ForCausalLM"
    model = getattr(transformers, f"{word}{head}")(getattr(transformers, f"{word}Config")(**shape)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.fixture(scope="session")
def theirs() -> Callable[[str], Any]:
    """`theirs(name)`: the same network of one family for all tests."""
    pytest.importorskip("transformers").utils.logging.disable_progress_bar()
    made: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in made:
            made[name] = network(name)
        return made[name]

    return get


@pytest.fixture(scope="session")
def saved_models(theirs: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`saved_models(name)`: the folder that `save_pretrained` made of it."""
    root = tmp_path_factory.mktemp("theirs")

    def get(name: str) -> Path:
        if not (root / name).exists():
            theirs(name).save_pretrained(root / name)
        return root / name

    return get


@pytest.fixture
def folder(saved_models: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the tiny GPT-2 that a test may change."""
    return Path(shutil.copytree(saved_models("gpt2"), tmp_path / "tiny"))


@pytest.fixture
def edit(folder: Path) -> Callable[..., None]:
    """`edit(name, **changes)` changes values of a JSON file in `folder`; None takes one away."""

    def change(name: str, **changes: Any) -> None:
        path = folder / name
        data = json.loads(path.read_text("utf-8")) if path.exists() else {}
        data = {key: value for key, value in {**data, **changes}.items() if value is not None}
        path.write_text(json.dumps(data), "utf-8")

    return change
