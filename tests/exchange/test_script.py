"""The page that is written is all there is: it runs alone and says what the model says."""

import ast
import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.exchange import Outgoing
from studio.exchange.script import answer, page, spelling, write_folder
from studio.layers.stored_weights import StoredWeights
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.torch

SMALL = {"vocab_size": 256, "context_length": 16, "emb_dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 40}
SHAPES: dict[str, dict[str, Any]] = {
    "gpt2": {"qkv_bias": True},
    "llama": {
        "n_kv_heads": 2, "tie_embeddings": False, "rope_scaling": "llama3", "rope_factor": 8.0,
        "rope_low_frequency": 1.0, "rope_high_frequency": 4.0, "rope_original_context": 8,
    },
    "mistral": {"n_kv_heads": 1, "sliding_window": 5},
    "qwen2": {},
    "qwen3": {"head_width": 16, "n_kv_heads": 2, "rope_scaling": "linear", "rope_factor": 2.0},
    "gemma": {"head_width": 16, "n_kv_heads": 1},
}  # fmt: skip


def model_of(name: str) -> tuple[ModelConfig, Any]:
    """A shaken network of one family."""
    family = FAMILIES.load(name)
    config = dataclasses.replace(family.presets[0].config, **{"n_kv_heads": 0, **SMALL, **SHAPES[name]})
    torch.manual_seed(2)
    model = family.build(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return config, model


def outgoing(name: str, folder: Path, tokenizer: str = "bytes") -> tuple[Outgoing, Any]:
    config, model = model_of(name)
    save_file({key: value.detach() for key, value in model.named_parameters()}, folder / "ours.safetensors")
    stored = StoredWeights([folder / "ours.safetensors"])
    return Outgoing('A "small" tale', config, stored, make_tokenizer(tokenizer) if tokenizer else None), model


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "llama" else pytest.mark.slow) for name in SHAPES]
)
def test_the_script_of_every_family_computes_what_the_model_computes(name: str, tmp_path: Path, written: Path) -> None:
    going, model = outgoing(name, tmp_path)
    write_folder(going, written, {})
    prompts = [[5], [7, 200, 31, 4, 9, 77, 12, 3, 250, 1, 66, 8]]
    with torch.no_grad():
        ours = torch.stack([model(torch.tensor([prompt]))[0, -1] for prompt in prompts])
    torch.testing.assert_close(answer(written, prompts), ours, atol=1e-5, rtol=1e-5)
    assert sorted(path.name for path in written.iterdir()) == ["model.py", "model.safetensors", "tokens.json"]


def test_run_by_hand_it_writes_the_same_greedy_ids_and_their_text(tmp_path: Path, written: Path) -> None:
    going, model = outgoing("llama", tmp_path)
    write_folder(going, written, {})
    done = subprocess.run(
        [sys.executable, "-I", "-B", str(written / "model.py"), "72", "105", "--tokens", "20"],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    first, text = done.stdout.decode("utf-8", "replace").split("\n", 1)
    ids = [72, 105]
    for _ in range(20):
        with torch.no_grad():
            ids.append(int(model(torch.tensor([ids[-16:]]))[0, -1].argmax()))
    assert json.loads(first) == ids
    assert text.removesuffix("\n").replace("\r\n", "\n") == bytes(ids).decode("utf-8", "replace").replace("\r\n", "\n")


@pytest.mark.parametrize("name", SHAPES)
def test_a_page_holds_only_what_its_model_has_and_stays_a_page_or_two(name: str, tmp_path: Path) -> None:
    going, _ = outgoing(name, tmp_path)
    text = page(going)
    ast.parse(text)
    assert ("def turn(" in text) == (going.config.positions == "rotary")
    assert ("class RMSNorm" in text) == (going.config.norm == "rms")
    assert ("q_norm" in text) == going.config.query_key_norm
    assert ("WINDOW" in text) == bool(going.config.sliding_window)
    assert ("repeat_interleave" in text) == (going.config.kv_heads != going.config.n_heads)
    assert ("ROPE_LOW" in text) == (going.config.rope_scaling == "llama3")
    assert len(text.splitlines()) < 190
    assert max(map(len, text.splitlines())) <= 120
    assert "\n\n\n\n" not in text


def test_every_name_a_page_uses_is_defined_in_it(tmp_path: Path) -> None:
    for name in SHAPES:
        tree = ast.parse(page(outgoing(name, tmp_path)[0]))
        capitals = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id.isupper()}
        defined = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        assert capitals - {"F"} <= defined


def test_a_title_cannot_end_the_pages_words_early(tmp_path: Path) -> None:
    going, _ = outgoing("gpt2", tmp_path)
    hostile = dataclasses.replace(going, title='x"""\nimport os\nos.getcwd()  # \\')
    tree = ast.parse(page(hostile))
    imported = [node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert "os" not in imported


@pytest.mark.slow
def test_without_a_tokenizer_it_speaks_in_ids(tmp_path: Path, written: Path) -> None:
    going, _ = outgoing("gpt2", tmp_path, tokenizer="")
    write_folder(going, written, {})
    assert not (written / "tokens.json").exists()
    assert "tokens.json" not in (written / "model.py").read_text("utf-8")
    assert answer(written, [[1, 2]]).shape == (1, 256)


def test_weights_keep_the_type_they_are_stored_in(tmp_path: Path, written: Path) -> None:
    going, model = outgoing("gpt2", tmp_path)
    save_file(
        {key: value.detach().bfloat16() for key, value in model.named_parameters()}, tmp_path / "half.safetensors"
    )
    write_folder(dataclasses.replace(going, tensors=StoredWeights([tmp_path / "half.safetensors"])), written, {})
    assert StoredWeights([written / "model.safetensors"]).precision() == "bf16"
    with pytest.raises(StudioError, match="as they are"):
        write_folder(going, written, {"precision": "bf16"})


def test_half_a_character_is_spelled_byte_for_byte() -> None:
    assert spelling(make_tokenizer("bytes"), 0xF0) == "ð"
    assert spelling(make_tokenizer("words", ["a cat"]), 1) == " cat"


def test_a_script_that_does_not_run_is_refused_with_its_reason(tmp_path: Path, written: Path) -> None:
    going, _ = outgoing("gpt2", tmp_path)
    write_folder(going, written, {})
    (written / "model.py").write_text("raise SystemError('broken by the test')\n", "utf-8")
    with pytest.raises(StudioError, match="broken by the test"):
        answer(written, [[1]])
