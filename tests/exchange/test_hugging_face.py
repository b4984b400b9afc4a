"""Folders of the hub: what is read and how, what is refused and why, and that nothing in them ever runs."""

import dataclasses
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.core.errors import StudioError
from studio.exchange import Outgoing, hugging_face
from studio.exchange.hugging_face import INDEX, WEIGHTS, open_folder, recognises, write_folder
from studio.layers.stored_weights import StoredWeights
from studio.tokenizers import make_tokenizer
from studio.tokenizers.tokenizer_json import as_file
from tests.exchange.conftest import KINDS
from tests.vocabularies.piece_files import CONTROLS, LETTERS, PAIRS, piece_file

pytestmark = pytest.mark.torch
Edit = Callable[..., None]


def shard(folder: Path, count: int = 2) -> dict[str, str]:
    """Cut the one file of a folder into shards with an index; returns the index."""
    tensors = load_file(folder / WEIGHTS)
    where = {name: f"model-{place % count:05d}.safetensors" for place, name in enumerate(sorted(tensors))}
    for file in set(where.values()):
        save_file({name: tensors[name] for name in tensors if where[name] == file}, folder / file)
    (folder / WEIGHTS).unlink()
    index(folder, where)
    return where


def index(folder: Path, where: dict[str, Any]) -> None:
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": where}), "utf-8")


def spoil(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Change the tensors of the one file."""
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be programs, imports of foreign code or connections while a test runs."""
    seen: list[str] = []
    active = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if active[0] and event.startswith(("os.system", "os.exec", "socket.connect", "pickle.find_class")):
            seen.append(event)

    sys.addaudithook(hook)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield seen  # type: ignore[misc]
    active[0] = False


# --- in ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_every_family_is_recognised_and_described(name: str, saved_models: Callable[[str], Path]) -> None:
    found = open_folder(saved_models(name))
    assert recognises(saved_models(name))
    assert found.config.family == name
    assert found.precision == "fp32"
    assert found.facts["ends"] == [2]
    assert {source.name for source in found.sources.values()} <= set(found.tensors.shapes())


def test_the_file_itself_may_be_named_instead_of_its_folder(folder: Path) -> None:
    assert recognises(folder / WEIGHTS)
    assert open_folder(folder / WEIGHTS).config == open_folder(folder).config
    assert not recognises(folder / "nothing")
    assert not recognises(folder.parent)


def test_a_bare_network_without_its_prefix_is_read_as_gpt2s_own_files_are(folder: Path) -> None:
    def bare(tensors: dict[str, torch.Tensor]) -> None:
        for name in list(tensors):
            tensors[name.removeprefix("transformer.")] = tensors.pop(name)
        tensors["h.0.attn.bias"] = torch.ones(1, 1, 64, 64)

    spoil(folder, bare)
    found = open_folder(folder)
    assert found.sources["embed_tokens.weight"].name == "wte.weight"
    assert "h.0.attn.bias" not in found.tensors.shapes()


def test_a_head_that_is_absent_means_a_tied_one_where_the_config_is_silent(
    saved_models: Callable[[str], Path], tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(saved_models("llama"), tmp_path / "x"))
    tensors = load_file(copy / WEIGHTS)
    tensors.pop("lm_head.weight")
    save_file(tensors, copy / WEIGHTS)
    config = json.loads((copy / "config.json").read_text("utf-8"))
    assert not open_folder(copy).config.tie_embeddings  # it says so; the engine then names what is missing
    config.pop("tie_word_embeddings")
    (copy / "config.json").write_text(json.dumps(config), "utf-8")
    assert open_folder(copy).config.tie_embeddings


def test_shards_are_one_model(folder: Path) -> None:
    whole = open_folder(folder).tensors
    before = {name: whole.read(name) for name in whole.shapes()}
    shard(folder, 3)
    parts = open_folder(folder).tensors
    assert parts.shapes() == whole.shapes()
    assert all(torch.equal(parts.read(name), before[name]) for name in before)


def test_tokenizer_template_licence_and_settings_come_along(folder: Path, edit: Edit) -> None:
    (folder / "tokenizer.json").write_text(json.dumps(as_file(make_tokenizer("bytes"))), "utf-8")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", "utf-8")
    edit("tokenizer_config.json", chat_template="{% for m in messages %}{{ m }}{% endfor %}")
    edit("generation_config.json", temperature=0.6, eos_token_id=[2, 7])
    found = open_folder(folder)
    assert found.tokenizer is not None
    assert found.tokenizer.encode("hi") == [104, 105]
    assert found.tokenizer.end_of_text == 2
    assert found.facts["licence"] == "mit"
    assert found.facts["generation"]["temperature"] == 0.6
    assert found.facts["ends"] == [2, 7]
    assert found.facts["chat_template"].startswith("{% for")
    assert found.warnings == ()


def test_an_older_folders_pair_of_files_is_its_tokenizer_too(folder: Path) -> None:
    words = {"A": 0, "B": 1, "AB": 2, "<|endoftext|>": 3}
    (folder / "vocab.json").write_text(json.dumps(words), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\nA B\n", "utf-8")
    found = open_folder(folder)
    assert found.tokenizer is not None
    assert found.tokenizer.encode("BAB") == [1, 2]
    assert found.tokenizer.end_of_text == 3
    assert found.warnings == ()
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "Qwen2Tokenizer"}', "utf-8")
    assert open_folder(folder).tokenizer is None  # its words are cut apart by other rules
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2TokenizerFast"}', "utf-8")
    assert open_folder(folder).tokenizer is not None
    (folder / "merges.txt").unlink()
    assert open_folder(folder).tokenizer is None


def test_a_folder_with_only_a_list_of_pieces_speaks_and_what_is_written_of_it_does_too(
    folder: Path, tmp_path: Path, written: Path
) -> None:
    piece_file(folder / "tokenizer.model", [*CONTROLS, *PAIRS, *LETTERS], falls_back=False)
    found = open_folder(folder)
    assert found.tokenizer is not None
    assert found.warnings == ()
    ids = found.tokenizer.encode("the cat sat")
    write_folder(dataclasses.replace(outgoing(tmp_path), tokenizer=found.tokenizer), written, {})
    again = open_folder(written).tokenizer
    assert again is not None
    assert again.encode("the cat sat") == ids


def test_a_damaged_list_of_pieces_leaves_a_model_of_ids_and_says_why(folder: Path) -> None:
    (folder / "tokenizer.model").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    found = open_folder(folder)
    assert found.tokenizer is None
    assert "“tokenizer.model” was not read" in found.warnings[0]
    assert "token ids only" in found.warnings[0]
    (folder / "tokenizer.model").unlink()
    (folder / "vocab.txt").write_text("[UNK]\nthe\ncat\n", "utf-8")
    found = open_folder(folder)
    assert found.tokenizer is not None
    assert found.tokenizer.encode("The cat, the dog") == [1, 2, 0, 1, 0]
    (folder / "vocab.txt").write_text("\n".join(["[UNK]", *map(str, range(5_000))]), "utf-8")
    with pytest.raises(StudioError, match="5,001 tokens"):
        open_folder(folder)


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_type": "mamba"}, "mamba"),
        ({"model_type": ["gpt2"]}, "gpt2"),
        ({"model_type": None}, "does not say its kind"),
        ({"activation_function": "mish"}, "mish"),
        ({"quantization_config": {"quant_method": "awq", "backend": "x.y"}}, "quantized (awq)"),
        ({"quantization_config": ["x"]}, "quantized (unknown"),
        ({"vocab_size": 10**12}, "Vocabulary"),
        ({"n_layer": -1}, "Layers"),
        ({"n_embd": "64"}, "config.json"),
        ({"n_embd": 64.5}, "whole number"),
        ({"n_head": 0}, ""),
        ({"n_head": 5}, "does not divide"),
        ({"resid_pdrop": "0.1x"}, "config.json"),
        ({"layer_norm_epsilon": [1]}, "config.json"),
    ],
)  # fmt: skip
def test_a_config_that_nobody_can_compute_is_refused_by_name(
    folder: Path, edit: Edit, changes: dict[str, Any], words: str
) -> None:
    edit("config.json", **changes)
    with pytest.raises(StudioError) as refused:
        open_folder(folder)
    assert words in refused.value.message
    assert refused.value.hint


def test_code_that_the_folder_brings_is_said_and_never_run(
    folder: Path, edit: Edit, tmp_path: Path, watched: list[str]
) -> None:
    canary = tmp_path / "canary"
    (folder / "modeling_x.py").write_text(f"open({str(canary)!r}, 'w').close()", "utf-8")
    edit("config.json", auto_map={"AutoModelForCausalLM": "modeling_x.X"}, _attn_implementation_internal="x/y")
    edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["modeling_x.T", None]},
         chat_template="{{ ''.__class__.__mro__[1].__subclasses__() }}")  # fmt: skip
    found = open_folder(folder)
    said = [warning for warning in found.warnings if "never runs" in warning]
    assert len(said) == 1
    assert "auto_map" in said[0]
    assert "_attn_implementation_internal" in said[0]
    assert not canary.exists()
    assert watched == []


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "consolidated.00.pth"])
def test_a_pickle_is_refused_here_with_the_safe_way(folder: Path, name: str, watched: list[str]) -> None:
    (folder / WEIGHTS).unlink()
    (folder / name).write_bytes(b"\x80\x04cposix\nsystem\n(S'touch /tmp/canary'\ntR.")
    with pytest.raises(StudioError, match=name) as refused:
        open_folder(folder)
    assert "safetensors" in refused.value.hint
    assert "weights_only" not in str(refused.value)
    assert watched == []


def test_where_both_lie_the_safetensors_are_read(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    assert open_folder(folder).tensors.bytes() > 0


def test_a_folder_without_weights_is_refused_by_name(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(StudioError, match=r"has no weights") as refused:
        open_folder(folder)
    assert "tiny" in refused.value.message


@pytest.mark.parametrize(
    "where", ["../x.safetensors", "/x.safetensors", "C:\\x.safetensors", "x.bin", "gone.safetensors"]
)
def test_an_index_that_leads_elsewhere_is_refused(folder: Path, where: str) -> None:
    index(folder, {**shard(folder), "transformer.wte.weight": where})
    with pytest.raises(StudioError, match=r"not a file of this folder|not a safetensors file|missing"):
        open_folder(folder)


def test_a_tensor_in_two_shards_is_refused(folder: Path) -> None:
    where = shard(folder)
    name = next(name for name in where if where[name].endswith("0.safetensors"))
    other = folder / "model-00001.safetensors"
    save_file({**load_file(other), name: torch.zeros(2)}, other)
    with pytest.raises(StudioError, match=f"{name}.*again in"):
        open_folder(folder)


def test_an_index_that_forgets_or_invents_a_tensor_is_refused(folder: Path) -> None:
    where = shard(folder)
    index(folder, {name: file for name, file in where.items() if name != "transformer.wpe.weight"})
    with pytest.raises(StudioError, match=r"do not agree on the tensor “transformer\.wpe\.weight”"):
        open_folder(folder)
    index(folder, {**where, "ghost": "model-00000.safetensors"})
    with pytest.raises(StudioError, match="do not agree on the tensor “ghost”"):
        open_folder(folder)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_weights_that_are_a_link_to_elsewhere_are_refused(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / WEIGHTS, tmp_path / "elsewhere.safetensors")
    (folder / WEIGHTS).symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(StudioError, match="through a link"):
        open_folder(folder)


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", b"<html>log in"])
def test_weights_that_are_something_else_are_refused(folder: Path, content: bytes) -> None:
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(StudioError, match=WEIGHTS):
        open_folder(folder)


def test_weights_that_are_no_real_numbers_are_refused_by_name(folder: Path) -> None:
    spoil(folder, lambda tensors: tensors.update({"transformer.wpe.weight": torch.zeros(64, 32, dtype=torch.int8)}))
    with pytest.raises(StudioError, match=r"“transformer\.wpe\.weight” holds I8 numbers"):
        open_folder(folder)


def test_a_tokenizer_with_more_tokens_than_the_model_knows_is_refused_with_both_numbers(folder: Path) -> None:
    (folder / "tokenizer.json").write_text(json.dumps(as_file(make_tokenizer("gpt2"))), "utf-8")
    with pytest.raises(StudioError, match=r"50,257 tokens, but the model knows 300"):
        open_folder(folder)


# --- out --------------------------------------------------------------------------------------------------------------


def outgoing(folder: Path, **more: Any) -> Outgoing:
    """A tiny GPT-2 of ours without query-key-value bias, its weights in a file of ours."""
    from studio.core.config import ModelConfig
    from studio.families.gpt2 import build

    config = ModelConfig(vocab_size=300, context_length=16, emb_dim=24, n_layers=2, n_heads=4, **more)
    weights = {name: parameter.detach() for name, parameter in build(config).named_parameters()}
    save_file(weights, folder / "ours.safetensors")
    return Outgoing("Tiny tale", config, StoredWeights([folder / "ours.safetensors"]), make_tokenizer("bytes"))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_transformers_loads_the_folder_and_a_bias_we_do_without_is_zero(tmp_path: Path, written: Path) -> None:
    transformers = pytest.importorskip("transformers")
    write_folder(outgoing(tmp_path, tie_embeddings=False), written, {})
    model, told = transformers.AutoModelForCausalLM.from_pretrained(written, output_loading_info=True)
    assert not any(told[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert model.transformer.h[0].attn.c_attn.bias.abs().max() == 0
    tokenizer = transformers.AutoTokenizer.from_pretrained(written)
    assert tokenizer.encode("héllo") == list("héllo".encode())
    assert tokenizer.decode(list("héllo 🙂".encode())) == "héllo 🙂"


def test_large_models_are_written_in_shards_that_both_sides_read(
    tmp_path: Path, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transformers = pytest.importorskip("transformers")
    ours = outgoing(tmp_path)
    monkeypatch.setattr(hugging_face, "SHARD_BYTES", 20_000)
    write_folder(ours, written, {})
    shards = sorted(path.name for path in written.glob("model-*.safetensors"))
    assert len(shards) > 2
    assert shards[0] == f"model-00001-of-{len(shards):05d}.safetensors"
    assert all((written / name).stat().st_size < 35_000 for name in shards)
    found = open_folder(written)
    read = found.tensors.read(found.sources["embed_tokens.weight"].name)
    assert torch.equal(read, ours.tensors.read("embed_tokens.weight"))
    model = transformers.AutoModelForCausalLM.from_pretrained(written)
    assert torch.equal(model.transformer.wte.weight, read)


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_another_precision_is_written_when_asked(
    tmp_path: Path, written: Path, precision: str, dtype: torch.dtype
) -> None:
    write_folder(outgoing(tmp_path), written, {"precision": precision})
    assert {tensor.dtype for tensor in load_file(written / WEIGHTS).values()} == {dtype}
    assert open_folder(written).precision == precision


def test_a_precision_that_such_folders_do_not_have_is_refused(tmp_path: Path, written: Path) -> None:
    with pytest.raises(StudioError, match="q4_0") as refused:
        write_folder(outgoing(tmp_path), written, {"precision": "q4_0"})
    assert "bf16" in refused.value.hint


def test_the_readme_says_the_licence_and_that_an_unknown_one_is_unknown(tmp_path: Path, written: Path) -> None:
    ours = outgoing(tmp_path)
    write_folder(ours, written, {})
    assert "Licence: not known" in (written / "README.md").read_text("utf-8")
    facts = {"licence": "apache-2.0", "origin_name": "gpt2", "chat_template": "{{ x }}", "generation": {"top_k": 5}}
    write_folder(Outgoing(ours.title, ours.config, ours.tensors, ours.tokenizer, facts), written, {})
    text = (written / "README.md").read_text("utf-8")
    assert text.startswith("---\nlicense: apache-2.0\n---\n")
    assert "“gpt2”" in text
    assert json.loads((written / "tokenizer_config.json").read_text("utf-8"))["chat_template"] == "{{ x }}"
    assert json.loads((written / "generation_config.json").read_text("utf-8")) == {"top_k": 5}
    assert open_folder(written).facts["licence"] == "apache-2.0"


def test_without_a_tokenizer_the_folder_has_none(tmp_path: Path, written: Path) -> None:
    ours = outgoing(tmp_path)
    write_folder(Outgoing(ours.title, ours.config, ours.tensors), written, {})
    assert not (written / "tokenizer.json").exists()
    assert "AutoTokenizer" not in (written / "README.md").read_text("utf-8")
    assert "token ids only" in open_folder(written).warnings[0]
