"""llama2.c's files: size explained to the byte, queries and keys put in order, the same words as `transformers`."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.exchange.llama2c import HEADER, open_file, recognises
from tests.exchange.small_models import greedy, model_of, weights_of
from tests.tokenizers.test_llama2c import bin_of

SHAPE = (16, 24, 2, 4, 2, 30, 8)  # width, hidden, layers, heads, key-value heads, vocabulary, context


def file_of(path: Path, shape: tuple[int, ...] = SHAPE, extra: int = 0) -> Path:
    """A file of numbers that count up, so that every place can be told from every other."""
    width, hidden, layers, heads, shared, vocabulary, context = shape
    keys = width // heads * shared
    count = abs(vocabulary) * width + layers * (2 * width + 2 * width * width + 2 * keys * width + 3 * hidden * width)
    count += width + context * (width // heads) + (-vocabulary * width if vocabulary < 0 else 0)
    path.write_bytes(HEADER.pack(*shape) + np.arange(count + extra, dtype="<f4").tobytes())
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.bin"


def test_a_file_is_described_by_its_header(path: Path) -> None:
    assert recognises(file_of(path))
    found = open_file(path)
    config = found.config
    assert (config.family, config.emb_dim, config.hidden_dim, config.n_layers) == ("llama", 16, 24, 2)
    assert (config.n_heads, config.n_kv_heads, config.vocab_size, config.context_length) == (4, 2, 30, 8)
    assert config.tie_embeddings
    assert "lm_head.weight" not in found.sources
    assert found.tensors.bytes() < path.stat().st_size


@pytest.mark.torch
def test_every_tensor_lies_where_the_format_puts_it(path: Path) -> None:
    found = weights_of(open_file(file_of(path)))
    assert found["embed_tokens.weight"][0, 0] == 0
    assert found["layers.0.input_layernorm.weight"][0] == 480
    assert found["layers.1.input_layernorm.weight"][0] == 496
    first = 512  # of the queries of layer 0; rows of heads of 4: neighbours become halves
    assert found["layers.0.self_attn.q_proj.weight"][:, 0].tolist()[:8] == [
        first + 16 * row for row in (0, 2, 1, 3, 4, 6, 5, 7)
    ]
    keys = first + 2 * 256
    assert found["layers.0.self_attn.k_proj.weight"][:, 0].tolist()[:4] == [keys + 16 * row for row in (0, 2, 1, 3)]
    assert found["layers.0.self_attn.k_proj.weight"].shape == (8, 16)
    assert found["layers.0.self_attn.v_proj.weight"][1, 0] == keys + 2 * 128 + 16
    assert found["layers.1.mlp.down_proj.weight"].shape == (16, 24)
    gate = found["layers.0.mlp.gate_proj.weight"][0, 0]
    assert found["layers.0.mlp.down_proj.weight"][0, 0] == gate + 2 * 384
    assert found["layers.0.mlp.up_proj.weight"][0, 0] == gate + 4 * 384
    assert found["norm.weight"][0] == gate + 6 * 384


@pytest.mark.torch
def test_a_negative_vocabulary_means_a_head_of_its_own_at_the_end(path: Path) -> None:
    found = open_file(file_of(path, (*SHAPE[:5], -30, 8)))
    assert not found.config.tie_embeddings
    assert found.config.vocab_size == 30
    count = (path.stat().st_size - HEADER.size) // 4
    assert weights_of(found)["lm_head.weight"][-1, -1] == count - 1


@pytest.mark.parametrize(
    "header",
    [
        (*SHAPE[:6], 9), (16, 24, 2, 5, 2, 30, 8), (16, 24, 2, 4, 3, 30, 8), (0, 24, 2, 4, 2, 30, 8),
        (16, 24, 2**30, 4, 2, 30, 8), (-16, 24, 2, 4, 2, 30, 8), (16, 24, 2, 4, 2, 0, 8), (2**31 - 1,) * 7,
    ],
)  # fmt: skip
def test_a_header_that_does_not_explain_the_size_is_refused(path: Path, header: tuple[int, ...]) -> None:
    raw = file_of(path).read_bytes()
    path.write_bytes(HEADER.pack(*header) + raw[HEADER.size :])
    assert recognises(path) == (header[-1] == 9)  # which asks for more than is there: cut off
    with pytest.raises(StudioError, match=r"model\.bin.*size") as refused:
        open_file(path)
    assert refused.value.hint


def test_a_byte_more_or_less_a_later_version_or_no_file_are_refused(path: Path) -> None:
    raw = file_of(path).read_bytes()
    for content in (raw[:-1], raw + b"x", raw[:20], b""):
        path.write_bytes(content)
        assert recognises(path) == (content == raw[:-1])
        with pytest.raises(StudioError, match="size"):
            open_file(path)
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(StudioError, match=f"asks for a size of {len(raw):,} bytes, but {len(raw) // 2:,} are there"):
        open_file(path)
    path.write_bytes(struct.pack("<Ii", 0x616B3432, 1) + raw)
    assert recognises(path)
    with pytest.raises(StudioError, match="later version"):
        open_file(path)
    with pytest.raises(StudioError, match="read"):
        open_file(path.with_name("missing.bin"))
    assert not recognises(path.with_name("missing.bin"))


def test_the_tokenizer_that_lies_beside_is_read(path: Path) -> None:
    file_of(path)
    assert "token ids only" in open_file(path).warnings[0]
    pieces = ["<unk>", "\n<s>\n", "\n</s>\n", *(chr(97 + number) for number in range(26)), " "]
    path.with_name("tok30.bin").write_bytes(bin_of(pieces))
    found = open_file(path)
    assert found.warnings == ()
    assert found.tokenizer is not None
    assert found.tokenizer.decode(found.tokenizer.encode("abc xyz")) == "abc xyz"
    path.with_name("tok30.bin").write_bytes(bin_of(pieces[:-1]))
    assert open_file(path).tokenizer is None
    assert "another model" in open_file(path).warnings[0]


# --- the real file ----------------------------------------------------------------------------------------------------


def transformers_model(path: Path) -> Any:
    """The same file as `LlamaForCausalLM`, read here by hand, in the order that Meta's conversion has."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    raw = path.read_bytes()
    width, hidden, layers, heads, shared, vocabulary, context = struct.unpack("<7i", raw[:28])
    numbers = torch.frombuffer(bytearray(raw[28:]), dtype=torch.float32)
    at = 0

    def take(*shape: int) -> Any:
        nonlocal at
        count = int(np.prod(shape))
        at += count
        return numbers[at - count : at].view(shape)

    def in_order(matrix: Any, count: int) -> Any:
        rows = matrix.shape[0]
        return matrix.view(count, rows // count // 2, 2, width).transpose(1, 2).reshape(rows, width)

    keys = width // heads * shared
    state = {"model.embed_tokens.weight": take(vocabulary, width)}
    parts = [("input_layernorm", (width,)), ("self_attn.q_proj", (width, width)), ("self_attn.k_proj", (keys, width)),
             ("self_attn.v_proj", (keys, width)), ("self_attn.o_proj", (width, width)),
             ("post_attention_layernorm", (width,)), ("mlp.gate_proj", (hidden, width)),
             ("mlp.down_proj", (width, hidden)), ("mlp.up_proj", (hidden, width))]  # fmt: skip
    for name, shape in parts:
        for layer, tensor in enumerate(take(layers, *shape)):
            counts = {"self_attn.q_proj": heads, "self_attn.k_proj": shared}
            state[f"model.layers.{layer}.{name}.weight"] = in_order(tensor, counts[name]) if name in counts else tensor
    state["model.norm.weight"] = take(width)
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary, hidden_size=width, intermediate_size=hidden, num_hidden_layers=layers,
            num_attention_heads=heads, num_key_value_heads=shared, max_position_embeddings=context,
            rms_norm_eps=1e-5, rope_theta=10_000.0, tie_word_embeddings=True,
        )
    )  # fmt: skip
    model.load_state_dict(state)
    return model.eval()


@pytest.mark.torch
def test_the_real_stories_go_on_as_transformers_tells_them(data_folder: Path) -> None:
    import torch

    path = data_folder / "stories260K.bin"
    found = open_file(path)
    ours, theirs = model_of(found), transformers_model(path)
    for prompt in ([1], [1, 403, 407], [1, 5, 60, 7, 300]):
        ids = torch.tensor([prompt])
        with torch.no_grad():
            torch.testing.assert_close(ours(ids), theirs(ids).logits, rtol=1e-5, atol=1e-5)
        said = theirs.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=64, min_new_tokens=64, do_sample=False,
            eos_token_id=None, pad_token_id=0,
        )  # fmt: skip
        assert greedy(ours, prompt, 64) == said[0].tolist()


@pytest.mark.torch
def test_the_real_model_knows_its_own_stories_only_with_its_keys_in_order(data_folder: Path) -> None:
    """Sampled from the file as it is meant to be, a text is far likelier than under keys left as they lie."""
    import torch

    found = open_file(data_folder / "stories260K.bin")
    model = model_of(found)
    with torch.no_grad():
        ids = torch.tensor([greedy(model, [1], 60)])
        right = torch.nn.functional.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
        for layer in model.layers:
            weight = layer.self_attn.k_proj.weight
            weight.copy_(weight.view(4, 2, 4, 64).transpose(1, 2).reshape(weight.shape))
        wrong = torch.nn.functional.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
    assert right < 1.0 < wrong
