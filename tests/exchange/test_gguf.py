"""GGUF in and out: every family answers alike, every block within its error, and llama.cpp's own library reads it."""

import dataclasses
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.core.errors import StudioError
from studio.core.shelf import EXCHANGES, FAMILIES
from studio.exchange.gguf import PRECISIONS, open_file, recognises, write_file
from studio.layers.gguf_names import ARCHITECTURES
from studio.layers.stored_weights import ELEMENTS
from studio.tokenizers import make_tokenizer
from tests.exchange.small_models import built, model_of, outgoing, tiny, weights_of

pytestmark = pytest.mark.torch
gguf = pytest.importorskip("gguf")

NAMES = [name for name in FAMILIES.names() if set(FAMILIES.load(name).model_types) & set(ARCHITECTURES.values())]
IDS = torch.tensor([[5, 77, 200, 3, 3, 91]])


def written(folder: Path, config: Any, precision: str = "f32", **more: Any) -> Path:
    """The one file that an export of a tiny model leaves."""
    model = built(config)
    write_file(outgoing(model, config, tokenizer=make_tokenizer("bytes"), **more), folder, {"precision": precision})
    (path,) = folder.iterdir()
    return path


def steps(tensor: torch.Tensor, codes: int) -> torch.Tensor:
    """For every number the step of its block of 32: the largest one over the codes."""
    blocks = tensor.reshape(-1, 32).abs().amax(dim=1, keepdim=True) / codes
    return blocks.expand(-1, 32).reshape(tensor.shape)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_model_in_full_precision_comes_back_and_answers_alike(name: str, tied: bool, tmp_path: Path) -> None:
    if name == "gemma" and not tied:
        pytest.skip("a Gemma's head is always tied in a GGUF file")
    config = tiny(name, tie_embeddings=tied)
    found = open_file(written(tmp_path, config))
    assert found.config.tie_embeddings is tied
    with torch.no_grad():
        torch.testing.assert_close(model_of(found)(IDS), built(config)(IDS), rtol=1e-4, atol=1e-5)
    ours = {key: value for key, value in built(config).state_dict().items() if key in found.sources}
    assert found.sources.keys() >= ours.keys() - ({"lm_head.weight"} if tied else set())
    for key, tensor in weights_of(found).items():
        expected = ours.get(key, torch.zeros_like(tensor))  # a bias that GPT-2's file must have
        if name == "gemma" and key.endswith("norm.weight"):
            torch.testing.assert_close(tensor, expected, rtol=0, atol=2e-7)  # stored as 1 + weight
        else:
            assert torch.equal(tensor, expected), key


@pytest.mark.parametrize("precision", ["f16", "q8_0", "q4_0"])
@pytest.mark.parametrize("name", NAMES)
def test_every_block_comes_back_within_the_error_of_its_format(name: str, precision: str, tmp_path: Path) -> None:
    config = tiny(name)
    found = open_file(written(tmp_path, config, precision))
    ours = built(config).state_dict()
    assert found.precision == {"f16": "fp16"}.get(precision, precision)
    for key, tensor in weights_of(found).items():
        assert tensor.dtype == ELEMENTS[found.tensors.element(found.sources[key].name)]
        if key not in ours:
            continue
        error = (tensor.float() - ours[key]).abs()
        if ours[key].dim() == 1 or "embed_positions" in key:
            assert error.max() <= (2e-7 if name == "gemma" else 0), key
        elif precision == "f16":
            assert (error <= ours[key].abs() * 2.0**-11 + 2.0**-24).all(), key
        elif precision == "q8_0" or key in ("embed_tokens.weight", "lm_head.weight"):
            step = steps(ours[key], 127)
            assert (error <= step / 2 + 127 * step * 2.0**-11 + 1e-7).all(), key
        else:
            step = steps(ours[key], 8)
            assert (error <= step + 8 * step * 2.0**-11 + 1e-7).all(), key


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_llama_cpps_library_reads_what_we_write(name: str, precision: str, tmp_path: Path) -> None:
    config = tiny(name)
    path = written(tmp_path, config, precision, facts={"chat_template": "{{ x }}", "ends": [3]})
    reader = gguf.GGUFReader(path)
    said = {key: field.contents() for key, field in reader.fields.items() if key != "tokenizer.ggml.merges"}
    architecture = said["general.architecture"]
    number = next(key for key, word in gguf.MODEL_ARCH_NAMES.items() if word == architecture)
    assert said[f"{architecture}.block_count"] == 2
    assert said[f"{architecture}.embedding_length"] == 64
    assert said[f"{architecture}.attention.head_count"] == 4
    assert said["tokenizer.chat_template"] == "{{ x }}"
    assert said["tokenizer.ggml.eos_token_id"] == 3
    assert len(said["tokenizer.ggml.tokens"]) == config.vocab_size
    assert said["general.file_type"] == PRECISIONS[precision][1]
    known = {
        gguf.TENSOR_NAMES[one].replace("{bid}", str(layer)) for one in gguf.MODEL_TENSORS[number] for layer in range(2)
    }
    kinds = set()
    for tensor in reader.tensors:
        assert tensor.name.rpartition(".")[0] in known
        flat = len([size for size in tensor.shape if size > 1]) == 1 or "position" in tensor.name
        assert (tensor.tensor_type.name == "F32") is (flat or precision == "f32")
        kinds.add(tensor.tensor_type.name)
    assert PRECISIONS[precision][0] in kinds


def test_the_rows_of_queries_lie_as_metas_own_files_have_them(tmp_path: Path) -> None:
    config = tiny("llama", n_kv_heads=2)
    reader = gguf.GGUFReader(written(tmp_path, config))
    weights = built(config).state_dict()
    for letter, heads in (("q", 4), ("k", 2)):
        stored = next(one for one in reader.tensors if one.name == f"blk.0.attn_{letter}.weight")
        theirs = torch.tensor(stored.data).view(heads, 16, 64)
        ours = weights[f"layers.0.self_attn.{letter}_proj.weight"].view(heads, 16, 64)
        for pair in range(8):
            assert torch.equal(theirs[:, 2 * pair], ours[:, pair])
            assert torch.equal(theirs[:, 2 * pair + 1], ours[:, pair + 8])


def test_llama_31s_scaling_goes_out_as_a_table_and_comes_back_as_numbers(tmp_path: Path) -> None:
    scaled = {"rope_scaling": "llama3", "rope_factor": 8.0, "rope_base": 500_000.0}
    config = tiny("llama", **scaled)
    path = written(tmp_path, config)
    assert any(one.name == "rope_freqs.weight" for one in gguf.GGUFReader(path).tensors)
    found = open_file(path)
    assert {name: getattr(found.config, name) for name in scaled} == scaled
    assert "rope_freqs.weight" not in found.tensors.shapes()


def test_the_facts_the_tokenizer_and_the_name_come_along(tmp_path: Path) -> None:
    config = tiny("llama")
    facts = {"chat_template": "{% for m in messages %}", "licence": "mit", "ends": [7]}
    path = written(tmp_path, config, title="My / model", facts=facts)
    assert path.name == "My - model-f32.gguf"
    found = open_file(path)
    assert found.title == "My / model"
    assert found.tokenizer is not None
    assert found.tokenizer.name == "bytes"
    assert found.facts == facts | {"origin": str(path)}
    assert found.warnings == ()


def test_a_model_without_tokenizer_is_told_to_answer_ids(tmp_path: Path) -> None:
    config = tiny("llama")
    write_file(outgoing(built(config), config), tmp_path, {})
    (path,) = tmp_path.iterdir()
    found = open_file(path)
    assert path.stem.endswith("-f16")
    assert found.tokenizer is None
    assert "token ids only" in found.warnings[0]


def test_rows_that_do_not_divide_into_blocks_are_kept_in_sixteen_bits(tmp_path: Path) -> None:
    config = tiny("llama", hidden_dim=90)
    kinds = {one.name: one.tensor_type.name for one in gguf.GGUFReader(written(tmp_path, config, "q4_0")).tensors}
    assert kinds["blk.0.ffn_down.weight"] == "F16"
    assert kinds["blk.0.ffn_up.weight"] == "Q4_0"
    assert kinds["token_embd.weight"] == "Q8_0"


def test_an_unknown_precision_is_refused_with_those_there_are(tmp_path: Path) -> None:
    config = tiny("llama")
    with pytest.raises(StudioError, match="q3_k") as refused:
        write_file(outgoing(built(config), config), tmp_path, {"precision": "q3_k"})
    assert "q4_0" in refused.value.hint
    assert not list(tmp_path.iterdir())


def test_bf16_of_others_is_read_as_it_is(tmp_path: Path) -> None:
    import numpy as np

    config = tiny("llama")
    path = written(tmp_path, config)
    reader = gguf.GGUFReader(path)
    again = gguf.GGUFWriter(tmp_path / "brain.gguf", "llama")
    for key, field in reader.fields.items():
        if key.startswith("llama."):
            again.add_key_value(key, field.contents(), field.types[0])
    for one in reader.tensors:
        brain = gguf.quants.quantize(np.array(one.data), gguf.GGMLQuantizationType.BF16)
        again.add_tensor(one.name, brain, raw_dtype=gguf.GGMLQuantizationType.BF16)
    again.write_header_to_file()
    again.write_kv_data_to_file()
    again.write_tensors_to_file()
    again.close()
    found = open_file(tmp_path / "brain.gguf")
    assert found.precision == "bf16"
    ours = built(config).state_dict()
    for key, tensor in weights_of(found).items():
        assert tensor.dtype == torch.bfloat16
        assert torch.equal(tensor, ours[key].bfloat16())


def test_a_tokenizer_larger_than_the_model_is_refused(tmp_path: Path) -> None:
    config = tiny("llama", vocab_size=100)
    model = built(config)
    write_file(outgoing(model, config, tokenizer=make_tokenizer("bytes")), tmp_path, {})
    with pytest.raises(StudioError, match="256 tokens"):
        open_file(next(tmp_path.iterdir()))


def test_a_shape_that_cannot_be_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    path = written(tmp_path, tiny("llama"))
    raw = path.read_bytes()
    key = b"llama.block_count" + struct.pack("<I", 4)
    at = raw.index(key) + len(key)
    path.write_bytes(raw[:at] + struct.pack("<I", 1_000_000_000) + raw[at + 4 :])
    with pytest.raises(StudioError):
        open_file(path)


def test_the_shelf_recognises_its_files_by_their_first_bytes(tmp_path: Path) -> None:
    assert EXCHANGES.load("gguf").name == "gguf"
    assert recognises(written(tmp_path, tiny("gpt2")))
    (tmp_path / "other.gguf").write_bytes(b"GGML")
    assert not recognises(tmp_path / "other.gguf")
    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "missing.gguf")


def test_a_shape_goes_out_and_in_and_out_to_the_same_bytes(tmp_path: Path) -> None:
    config = tiny("qwen3")
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first = written(tmp_path / "one", config)
    found = open_file(first)
    again = outgoing(model_of(found), found.config, tokenizer=found.tokenizer)
    write_file(again, tmp_path / "two", {"precision": "f32"})
    assert next((tmp_path / "two").iterdir()).read_bytes() == first.read_bytes()
    assert found.config == dataclasses.replace(config, initialization=found.config.initialization)


@pytest.mark.parametrize(("name", "word"), [("llama", "Llama"), ("qwen2", "Qwen2"), ("qwen3", "Qwen3")])
def test_transformers_reads_our_file_and_answers_alike(
    name: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transformers = pytest.importorskip("transformers")
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)  # its progress bar would leave a thread behind
    transformers.utils.logging.disable_progress_bar()
    # it does not read how wide a head is, and takes Qwen3's usual width
    config = tiny(name, tie_embeddings=False, head_width=128 if name == "qwen3" else 0)
    path = written(tmp_path, config)
    theirs = getattr(transformers, f"{word}ForCausalLM").from_pretrained(tmp_path, gguf_file=path.name).eval()
    with torch.no_grad():
        torch.testing.assert_close(theirs(IDS).logits, built(config)(IDS), rtol=1e-4, atol=1e-5)
