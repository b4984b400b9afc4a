"""A classifier as a page of its own: it cuts texts, reads where the model reads, and prints every class."""

import ast
import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from studio.core.config import ClassifyConfig, ModelConfig, RunConfig
from studio.core.shelf import FAMILIES
from studio.engine.classifier_script import page, write_folder
from studio.exchange import Outgoing
from studio.layers.decoder import Decoder
from studio.objectives.classify import encoded, prepare_model
from studio.tokenizers import make_tokenizer
from tests.exchange.small_models import Held

pytestmark = pytest.mark.torch
LABELS = ("ham", "spam", 'a "quoted"\nclass')
SMALL = {"vocab_size": 256, "context_length": 24, "emb_dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 40}
TEXTS = ["Win a prize", "see you", "ü" * 20, "?"]


def trained(family: str, said: ClassifyConfig) -> tuple[Decoder, RunConfig]:
    """A shaken network of a family with a head for three classes, set up as its run would set it up."""
    item = FAMILIES.load(family)
    shape = dataclasses.replace(
        item.presets[0].config, **SMALL, n_kv_heads=0, outputs=3, outputs_bias=said.head_bias, tie_embeddings=False
    )
    torch.manual_seed(7)
    model = item.build(shape).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    config = RunConfig(model=shape, classify=said)
    prepare_model(model, config)
    return model, config


def written(model: Decoder, config: RunConfig, folder: Path, tokenizer: str = "bytes") -> ModuleType:
    """The page of a model, imported."""
    said = config.classify
    shape = dataclasses.replace(config.model, causal=config.model.causal and said.causal_mask)
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    made = make_tokenizer(tokenizer, ["see you"]) if tokenizer == "words" else make_tokenizer(tokenizer)
    assert write_folder(Outgoing("Sorts mail", shape, Held(weights), made), config, folder) == (tokenizer != "words")
    return imported(folder)


def imported(folder: Path) -> ModuleType:
    """A written page as a module of this process."""
    spec = importlib.util.spec_from_file_location("page_of_classes", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("gpt2", {}),
        ("gpt2", {"read_at": "padded", "pad_to": 20, "head_bias": True}),
        ("gpt2", {"read_at": "mean", "causal_mask": False, "longest": 9}),
        ("llama", {"read_at": "mean", "multi_label": True, "head_bias": True}),
        ("qwen3", {"read_at": "first", "causal_mask": False}),
        ("bert", {"read_at": "first"}),
        ("bert", {"read_at": "mean", "head_bias": True}),
    ],
)
def test_the_page_says_of_every_text_what_the_model_says(family: str, said: dict[str, Any], tmp_path: Path) -> None:
    model, config = trained(family, ClassifyConfig(labels=LABELS, **said))
    module, tokenizer = written(model, config, tmp_path), make_tokenizer("bytes")
    network = module.load(tmp_path)
    for text in TEXTS:
        row = encoded(tokenizer, text)[: config.classify.longest or config.classify.pad_to or 24]
        filled = row + [0] * (config.classify.pad_to - len(row))
        with torch.no_grad():
            logits = model.classes(torch.tensor([filled]), torch.tensor([len(row)]))[0]
        ours = logits.sigmoid() if config.classify.multi_label else logits.softmax(-1)
        found = {label: chance for chance, label in module.classify(network, module.encode(tmp_path, text))}
        assert found == pytest.approx(dict(zip(LABELS, ours.tolist(), strict=True)), abs=1e-5)


def test_classes_come_likeliest_first_and_their_names_are_only_names(tmp_path: Path) -> None:
    model, config = trained("gpt2", ClassifyConfig(labels=LABELS))
    module = written(model, config, tmp_path)
    found = module.classify(module.load(tmp_path), [65, 66])
    assert [chance for chance, _ in found] == sorted((chance for chance, _ in found), reverse=True)
    assert {label for _, label in found} == set(LABELS)
    assert sum(chance for chance, _ in found) == pytest.approx(1.0)


def test_what_cannot_cut_texts_outside_of_atelier_takes_ids(tmp_path: Path) -> None:
    model, config = trained("gpt2", ClassifyConfig(labels=LABELS))
    module = written(model, config, tmp_path, tokenizer="words")
    assert not hasattr(module, "encode")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["model.py", "model.safetensors"]
    assert "tokenizers" not in (tmp_path / "model.py").read_text("utf-8")
    assert len(module.classify(module.load(tmp_path), [])) == 3  # no token at all is read as one that fills up


@pytest.mark.parametrize("family", ["gpt2", "llama", "mistral", "qwen2", "qwen3", "gemma", "bert"])
def test_a_page_stays_a_page_or_two_and_defines_what_it_uses(family: str) -> None:
    said = ClassifyConfig(labels=LABELS, causal_mask=False)
    shape: ModelConfig = dataclasses.replace(FAMILIES.load(family).presets[0].config, vocab_size=256, outputs=3)
    text = page(Outgoing("x", shape, Held({}), make_tokenizer("bytes")), RunConfig(model=shape, classify=said), True)
    tree = ast.parse(text)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id.isupper()]
    defined = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    assert {node.id for node in names} - {"F"} <= defined
    assert len(text.splitlines()) < 200
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.slow
def test_run_by_hand_it_prints_the_classes_of_each_text(tmp_path: Path) -> None:
    model, config = trained("gpt2", ClassifyConfig(labels=(*LABELS[:2], "news")))
    written(model, config, tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", "-B", str(tmp_path / "model.py"), "Win a prize", "see you"],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 2
    assert all(line.count("%") == 3 and "spam" in line for line in lines)
