"""Looking into a foreign model reads names and shapes, no weights, and tells what does not fit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.core.errors import StudioError
from studio.engine import preview as module
from studio.engine.preview import preview
from tests.exchange.conftest import folder as folder
from tests.exchange.conftest import saved_models as saved_models
from tests.exchange.conftest import theirs as theirs

pytestmark = pytest.mark.torch


def test_it_says_what_the_model_is_without_reading_a_weight(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", "utf-8")
    monkeypatch.setattr("studio.layers.stored_weights.StoredWeights.read", lambda *_: pytest.fail("a weight was read"))
    found = preview(folder)
    weights = load_file(folder / "model.safetensors")
    assert (found.config.family, found.precision, found.licence, found.trouble) == ("gpt2", "fp32", "mit", "")
    assert found.parameters == sum(tensor.numel() for tensor in weights.values())
    assert found.bytes == 4 * found.parameters
    assert (found.folder, found.source) == (folder, str(folder))


def test_missing_and_unexpected_weights_are_named_beside_the_rest(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights.pop("transformer.h.1.mlp.c_fc.weight")
    save_file({**weights, "extra": torch.zeros(2)}, path)
    found = preview(folder)
    assert "missing: transformer.h.1.mlp.c_fc.weight" in found.trouble
    assert "unexpected: extra" in found.trouble
    assert found.config.n_layers == 2


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="not a model"):
        preview(tmp_path)
    assert module.preview is preview
