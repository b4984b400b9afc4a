"""A foreign model becomes one of the project's: every family, bit for bit, whole or not at all."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.engine.adopt import adopt, find_exchange, look
from studio.engine.export import export
from studio.engine.loaded import open_model
from studio.store.checkpoints import verify
from studio.store.models import list_models
from studio.store.project import Project
from studio.tokenizers import make_tokenizer
from studio.tokenizers.tokenizer_json import as_file
from tests.exchange.conftest import KINDS
from tests.exchange.conftest import folder as folder
from tests.exchange.conftest import saved_models as saved_models
from tests.exchange.conftest import theirs as theirs

pytestmark = pytest.mark.torch


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return Project.create(tmp_path / "home").path


def greedy(model: Any, prompt: list[int], tokens: int = 30) -> list[int]:
    """What `transformers` writes at temperature 0."""
    asked = {"input_ids": torch.tensor([prompt]), "attention_mask": torch.ones(1, len(prompt), dtype=torch.long)}
    ids = model.generate(**asked, max_new_tokens=tokens, do_sample=False, pad_token_id=0)
    found: list[int] = ids[0, len(prompt) :].tolist()
    return found


@pytest.mark.parametrize("name", KINDS)
def test_greedy_ids_of_every_family_are_those_of_transformers(
    name: str, place: Path, saved_models: Callable[[str], Path], theirs: Callable[[str], Any]
) -> None:
    model = adopt(saved_models(name), place, name)
    for prompt in ([5, 7, 9], [1], list(range(40))):
        wanted = greedy(theirs(name), prompt, 20)
        for path in (model.folder, saved_models(name)):
            assert list(open_model(path).ids(prompt, Sampling(tokens=20, temperature=0))) == wanted


@pytest.mark.parametrize("name", KINDS)
def test_in_out_and_in_again_is_the_same_bit_for_bit(
    name: str, place: Path, tmp_path: Path, saved_models: Callable[[str], Path]
) -> None:
    first = adopt(saved_models(name), place, name)
    export(first.folder, "hugging_face", tmp_path / "out")
    again = adopt(tmp_path / "out", place, name)
    assert (again.folder / "model.safetensors").read_bytes() == (first.folder / "model.safetensors").read_bytes()
    before, after = (load_file(path / "model.safetensors") for path in (saved_models(name), tmp_path / "out"))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_a_model_lies_there_like_a_checkpoint_without_an_optimizer(place: Path, folder: Path) -> None:
    (folder / "tokenizer.json").write_text(json.dumps(as_file(make_tokenizer("bytes"))), "utf-8")
    seen: list[tuple[int, int]] = []
    model = adopt(folder, place, "tiny", progress=lambda done, total: seen.append((done, total)))
    assert {path.name for path in model.folder.iterdir()} == {
        "model.safetensors", "state.json", "model.json", "tokenizer.json", "manifest.json",
    }  # fmt: skip
    verify(model.folder)
    assert (model.family, model.precision, model.origin, model.step) == ("gpt2", "fp32", str(folder), 0)
    assert model.parameters == sum(tensor.numel() for tensor in load_file(folder / "model.safetensors").values())
    assert seen[-1][0] == seen[-1][1] == 4 * model.parameters
    loaded = open_model(model.folder)
    assert loaded.title == "tiny"
    assert loaded.ends == (2,)
    assert len(list(loaded.complete(Sampling(prompt="hi", tokens=5)))) == 5


def test_a_licence_of_the_files_counts_more_than_the_hubs_and_the_hubs_place_more_than_the_folder(
    place: Path, folder: Path
) -> None:
    said = {"origin": "https://hub/org/tiny/tree/0123", "licence": "apache-2.0"}
    assert adopt(folder, place, "one", said=said).licence == "apache-2.0"
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", "utf-8")
    two = adopt(folder, place, "two", said=said)
    assert (two.licence, two.origin) == ("mit", "https://hub/org/tiny/tree/0123")


@pytest.mark.parametrize(("dtype", "precision"), [(torch.bfloat16, "bf16"), (torch.float16, "fp16")])
def test_half_precision_stays_half_on_disk_and_is_fp32_in_memory(
    place: Path, folder: Path, dtype: torch.dtype, precision: str
) -> None:
    path = folder / "model.safetensors"
    save_file({name: tensor.to(dtype) for name, tensor in load_file(path).items()}, path)
    model = adopt(folder, place)
    assert model.precision == precision
    assert {tensor.dtype for tensor in load_file(model.folder / "model.safetensors").values()} == {dtype}
    assert open_model(model.folder).bytes == 4 * model.parameters


def test_norms_that_are_wider_than_the_matrices_keep_their_width(place: Path, folder: Path) -> None:
    path = folder / "model.safetensors"
    mixed = {name: tensor.bfloat16() if tensor.dim() > 1 else tensor for name, tensor in load_file(path).items()}
    save_file(mixed, path)
    model = adopt(folder, place)
    assert model.precision == "bf16"
    kept = load_file(model.folder / "model.safetensors")
    assert kept["norm.weight"].dtype == torch.float32
    assert torch.equal(kept["norm.weight"], mixed["transformer.ln_f.weight"])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda tensors: tensors["transformer.h.1.mlp.c_fc.weight"].fill_(float("nan")), "no numbers"),
        (lambda tensors: tensors.pop("transformer.h.1.mlp.c_fc.weight"), "missing: transformer.h.1.mlp.c_fc.weight"),
        (lambda tensors: tensors.update(extra=torch.zeros(2)), "unexpected: extra"),
    ],
)
def test_a_refused_import_leaves_nothing_and_the_models_that_were_there(
    place: Path, folder: Path, spoil: Callable[[dict[str, torch.Tensor]], Any], words: str
) -> None:
    adopt(folder, place, "tiny")
    before = {path: path.read_bytes() for path in (place / "models" / "tiny").iterdir()}
    path = folder / "model.safetensors"
    tensors = load_file(path)
    spoil(tensors)
    save_file(tensors, path)
    with pytest.raises(StudioError, match=words):
        adopt(folder, place, "tiny")
    assert [entry.name for entry in (place / "models").iterdir()] == ["tiny"]
    assert {path: path.read_bytes() for path in before} == before


def test_a_stopped_import_leaves_nothing(place: Path, folder: Path) -> None:
    seen: list[int] = []
    with pytest.raises(StudioError, match="stopped"):
        adopt(folder, place, "tiny", lambda done, total: seen.append(done), lambda: len(seen) < 3)
    assert len(seen) == 3
    assert list_models(place) == []
    assert list((place / "models").iterdir()) == []


def test_a_model_that_was_loaded_before_stays_when_a_foreign_one_is_refused(place: Path, folder: Path) -> None:
    loaded = open_model(adopt(folder, place, "tiny").folder)
    (folder / "config.json").write_text('{"model_type": "mamba"}', "utf-8")
    with pytest.raises(StudioError, match="mamba"):
        open_model(folder)
    assert list(loaded.ids([1], Sampling(tokens=2, temperature=0)))


def test_a_stored_model_that_lost_bytes_is_refused_by_name(place: Path, folder: Path) -> None:
    model = adopt(folder, place, "tiny")
    weights = model.folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(StudioError, match=r"model\.safetensors"):
        open_model(model.folder)


def test_what_no_format_reads_is_refused_with_the_formats_there_are(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear", "utf-8")
    with pytest.raises(StudioError, match=r"“letter\.txt” is not a model") as refused:
        find_exchange(tmp_path / "letter.txt")
    assert "Hugging Face folder" in refused.value.hint
    with pytest.raises(StudioError, match="no file or folder"):
        look(tmp_path / "gone")


def test_a_renamed_copy_of_a_model_opens_all_the_same(place: Path, folder: Path) -> None:
    model = adopt(folder, place, "tiny")
    copy = Path(shutil.copytree(model.folder, place / "models" / "other"))
    assert open_model(copy).title == "other"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are of Unix")
def test_a_pipe_is_no_model_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.gguf")
    os.mkfifo(tmp_path / "model.bin")
    os.mkfifo(tmp_path / "model.pth")
    for path in tmp_path.iterdir():
        with pytest.raises(StudioError, match="is not a model"):
            find_exchange(path)
