"""A small model of a project with random weights and the tokenizer of bytes, without any training."""

import dataclasses
from pathlib import Path

import torch
from safetensors.torch import save_file

from studio.core.config import DataConfig, ModelConfig, RunConfig
from studio.engine.checkpoint import Progress, Saved, write_state
from studio.engine.device import choose
from studio.engine.weights import empty_model
from studio.store.files import write_json
from studio.store.models import CARD, adding
from studio.tokenizers import make_tokenizer

SHAPE = ModelConfig(n_layers=2, n_heads=2, emb_dim=16, context_length=16, vocab_size=256)


def stored(
    project: Path, name: str = "small", *, precision: str = "F32", with_tokenizer: bool = True, **shape: object
) -> Path:
    """A model of the project with random weights and the tokenizer of bytes."""
    model = dataclasses.replace(SHAPE, **shape)  # type: ignore[arg-type]
    torch.manual_seed(3)
    network = empty_model(model)
    kinds = {"F32": torch.float32, "BF16": torch.bfloat16}
    weights = {key: torch.randn(value.shape).to(kinds[precision]) for key, value in network.named_parameters()}
    config = RunConfig(model=model, data=DataConfig(tokenizer="bytes"))
    with adding(project, name, 1 << 20) as (folder, final):
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        if with_tokenizer:
            write_json(folder / "tokenizer.json", make_tokenizer("bytes").to_json())
        write_state(folder, Saved(config, choose(config.compute), Progress(40, 100, 1.0)))
        facts = {"licence": "mit", "origin": "here"}
        write_json(folder / CARD, {"version": 1, "parameters": 1, "precision": "fp32", "facts": facts})
    return final
