"""OpenAI's files of GPT-2, written tiny by hand: they become the network that `transformers` computes from them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.exchange.openai_gpt2 import open_folder, recognises
from tests.exchange.small_models import model_of, weights_of
from tests.gate.bundles import put

HPARAMS = {"n_vocab": 50, "n_ctx": 16, "n_embd": 12, "n_head": 3, "n_layer": 2}
WIDTH = HPARAMS["n_embd"]


def tensors(vocabulary: int = 50) -> dict[str, Any]:
    """Every tensor of a tiny release, under OpenAI's names."""
    random = np.random.default_rng(4)
    shapes: dict[str, tuple[int, ...]] = {"model/wte": (vocabulary, WIDTH), "model/wpe": (16, WIDTH),
                                          "model/ln_f/g": (WIDTH,), "model/ln_f/b": (WIDTH,)}  # fmt: skip
    kernels = {"attn/c_attn": 3 * WIDTH, "attn/c_proj": WIDTH, "mlp/c_fc": 4 * WIDTH}
    for layer in range(2):
        there = f"model/h{layer}"
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"{there}/{norm}/g": (WIDTH,), f"{there}/{norm}/b": (WIDTH,)}
        for name, out in kernels.items():
            shapes |= {f"{there}/{name}/w": (1, WIDTH, out), f"{there}/{name}/b": (out,)}
        shapes |= {f"{there}/mlp/c_proj/w": (1, 4 * WIDTH, WIDTH), f"{there}/mlp/c_proj/b": (WIDTH,)}
    return {name: 0.3 * random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "117M"
    where.mkdir()
    put(where, tensors())
    (where / "checkpoint").write_text('model_checkpoint_path: "model.ckpt"\nall_model_checkpoint_paths: "model.ckpt"\n')
    (where / "hparams.json").write_text(json.dumps(HPARAMS))
    return where


def test_a_release_is_recognised_and_described(folder: Path) -> None:
    assert recognises(folder)
    assert recognises(folder / "model.ckpt.index")
    found = open_folder(folder)
    assert found.title == "117M"
    config = found.config
    assert (config.family, config.vocab_size, config.context_length, config.emb_dim) == ("gpt2", 50, 16, 12)
    assert (config.n_heads, config.n_layers) == (3, 2)
    assert config.qkv_bias
    assert config.tie_embeddings
    assert found.tensors.shapes()["model/h0/attn/c_attn/w"] == (12, 36)
    assert found.tensors.bytes() == 4 * sum(tensor.size for tensor in tensors().values())
    assert {source.name for source in found.sources.values()} == found.tensors.shapes().keys()


@pytest.mark.torch
def test_it_answers_as_transformers_does_on_the_same_numbers(folder: Path) -> None:
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    shape = {"vocab_size": 50, "n_positions": 16, "n_embd": 12, "n_head": 3, "n_layer": 2}
    theirs = GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=None, eos_token_id=None)).eval()
    state = {}
    for name, values in tensors().items():
        parts = name.removeprefix("model/").split("/")
        if len(parts) > 1:
            parts[-1] = {"w": "weight", "g": "weight", "b": "bias"}[parts[-1]]
        else:
            parts.append("weight")
        place = ".".join(parts)
        place = f"h.{place[1:]}" if place.startswith("h") else place
        state[f"transformer.{place}"] = torch.tensor(values).squeeze(0) if values.ndim == 3 else torch.tensor(values)
    state["lm_head.weight"] = state["transformer.wte.weight"]
    theirs.load_state_dict(state)
    ids = torch.tensor([[1, 7, 49, 3, 3]])
    with torch.no_grad():
        torch.testing.assert_close(model_of(open_folder(folder))(ids), theirs(ids).logits, rtol=1e-5, atol=1e-5)


@pytest.mark.torch
def test_the_checksum_of_every_tensor_is_looked_at(folder: Path) -> None:
    data = folder / "model.ckpt.data-00000-of-00001"
    raw = bytearray(data.read_bytes())
    raw[len(raw) // 2] ^= 4
    data.write_bytes(raw)
    with pytest.raises(StudioError, match="checksum"):
        weights_of(open_folder(folder))


def test_the_only_checkpoint_is_found_without_the_file_that_names_it(folder: Path) -> None:
    (folder / "checkpoint").unlink()
    assert open_folder(folder).config.n_layers == 2
    put(folder, tensors(), "other")
    with pytest.raises(StudioError, match="several"):
        open_folder(folder)


@pytest.mark.parametrize("name", ["../model.ckpt", "/etc/model.ckpt", "C:\\model.ckpt", "\\\\host\\share\\model"])
def test_a_checkpoint_that_points_elsewhere_is_refused(folder: Path, name: str) -> None:
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "{name}"')
    with pytest.raises(StudioError, match="not a name"):
        open_folder(folder)


@pytest.mark.parametrize(
    "said",
    ["", "[]", "{", json.dumps({**HPARAMS, "n_layer": 10**9}), json.dumps({**HPARAMS, "n_embd": "12"}),
     json.dumps({**HPARAMS, "n_head": -3}), json.dumps({**HPARAMS, "n_ctx": None}), "[" * 100_000],
)  # fmt: skip
def test_sizes_that_cannot_be_are_refused(folder: Path, said: str) -> None:
    (folder / "hparams.json").write_text(said)
    with pytest.raises(StudioError, match=r"hparams\.json"):
        open_folder(folder)


def test_a_missing_part_is_named(folder: Path) -> None:
    (folder / "model.ckpt.data-00000-of-00001").unlink()
    with pytest.raises(StudioError, match="data-00000-of-00001"):
        open_folder(folder)
    (folder / "hparams.json").unlink()
    assert not recognises(folder)
    assert not recognises(folder / "nowhere")


def test_a_foreign_vocabulary_is_not_taken_for_gpt2s(folder: Path) -> None:
    assert open_folder(folder).tokenizer is None
    (folder / "encoder.json").write_text('{"a": 0}')
    (folder / "vocab.bpe").write_text("#version: 0.2\na b\n")
    found = open_folder(folder)
    assert found.tokenizer is None
    assert "not GPT-2's" in found.warnings[0]


def test_openais_own_vocabulary_is_recognised(folder: Path, data_folder: Path) -> None:
    for name in ("encoder.json", "vocab.bpe"):
        shutil.copyfile(data_folder / "gpt2" / name, folder / name)
    found = open_folder(folder)
    assert found.tokenizer is not None
    assert found.tokenizer.name == "gpt2"
    assert found.warnings == ()
    merges = (folder / "vocab.bpe").read_text("utf-8").replace("Ġ t\n", "Ġ t\nĠ q\n", 1)
    (folder / "vocab.bpe").write_text(merges, "utf-8")
    assert open_folder(folder).tokenizer is None
