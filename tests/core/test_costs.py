"""What a model costs, by arithmetic alone: torch is not needed for any of it."""

import dataclasses
from typing import Any

import pytest

from studio.core.config import ModelConfig
from studio.core.costs import (
    BLOCK_MATRICES,
    activation_bytes,
    adapter_parameters,
    cache_bytes,
    flops_per_token,
    latent_cache_bytes,
    matrices,
    memory,
    mixture,
    operations,
    parameters,
    weight_bytes,
)
from studio.core.shelf import FAMILIES

GIB, GB, MB = 2**30, 1e9, 1e6

BOOK = ModelConfig(vocab_size=50_257, context_length=1_024, emb_dim=768, n_layers=12, n_heads=12, tie_embeddings=False)


def test_training_the_books_model_takes_sixteen_bytes_a_parameter():
    cost = memory(BOOK, 1)
    assert (cost.weights, cost.gradients, cost.optimizer) == (4 * 163_009_536, 4 * 163_009_536, 8 * 163_009_536)


def test_the_total_is_the_sum_of_what_is_told():
    cost = memory(BOOK, 2)
    assert cost.total == sum(dataclasses.astuple(cost))


def test_activations_grow_with_the_batch_and_shrink_in_bf16_but_for_the_logits():
    one, four = memory(BOOK, 1), memory(BOOK, 4)
    assert four.activations == 4 * one.activations
    logits = 1_024 * 8 * BOOK.vocab_size
    assert 2 * (memory(BOOK, 1, "bf16").activations - logits) == one.activations - logits


def test_operations_count_matrices_six_times_and_attention_twelve_times():
    shape = dataclasses.replace(BOOK, context_length=256)
    assert flops_per_token(shape) == 6 * (12 * 12 * 768**2 + 768 * 50_257) + 12 * 12 * 768 * 256


# --- the tables of numbers.md 0, 5, 6k and 7.0 -----------------------------------------------------------------------


def shape(name: str, **changes: Any) -> ModelConfig:
    """A published shape by its preset's name."""
    presets = {preset.name: preset.config for family in FAMILIES.names() for preset in FAMILIES.load(family).presets}
    return dataclasses.replace(presets[name], **changes)


def attention_only(width: int, heads: int, layers: int, **more: int) -> ModelConfig:
    """What the book's cache estimators know of a model; heads whose width does not divide are rounded up."""
    return ModelConfig(emb_dim=width, n_heads=heads, n_layers=layers, head_width=-(-width // heads), **more)


def gigabytes(size: int) -> float:
    return round(size / GB, 2)


@pytest.mark.parametrize(
    ("name", "count", "size", "cache"),
    [
        ("GPT-2 small", 163_009_536, 621.83, 75.5),
        ("GPT-2 medium", 406_212_608, 1549.58, 201.3),
        ("GPT-2 large", 838_220_800, 3197.56, 377.5),
        ("GPT-2 XL", 1_637_792_000, 6247.68, 629.1),
    ],
)
def test_gpt2_has_the_books_sizes_and_caches(name: str, count: int, size: float, cache: float) -> None:
    model = shape(name)
    assert parameters(model) == count
    assert round(weight_bytes(model, "fp32") / 2**20, 2) == size
    assert round(cache_bytes(model, 1_024, bytes_each=4) / MB, 1) == cache


def test_grouped_queries_quarter_the_cache() -> None:
    plain, grouped = attention_only(4_096, 32, 32), attention_only(4_096, 32, 32, n_kv_heads=8)
    assert gigabytes(cache_bytes(plain, 32_768)) == 17.18
    assert gigabytes(cache_bytes(grouped, 32_768)) == 4.29


def test_latent_attention_keeps_one_vector_a_token() -> None:
    plain, grouped = attention_only(2_048, 24, 48), attention_only(2_048, 24, 48, n_kv_heads=6)
    latent = latent_cache_bytes(plain, 1_024, 8_192)
    assert [gigabytes(size) for size in (cache_bytes(plain, 8_192), cache_bytes(grouped, 8_192), latent)] == [
        3.25, 0.81, 0.81,
    ]  # fmt: skip
    assert round(cache_bytes(plain, 8_192) / latent, 2) == 4.03
    assert round(100 * (1 - latent / cache_bytes(plain, 8_192)), 2) == 75.19


@pytest.mark.parametrize(("kv_heads", "size"), [(32, 3.14), (8, 0.78)])
def test_a_window_in_five_layers_of_six_keeps_the_rest_whole(kv_heads: int, size: float) -> None:
    model = attention_only(4_096, 32, 32, n_kv_heads=kv_heads, sliding_window=1_024)
    assert gigabytes(cache_bytes(model, 32_768, local_layers=27)) == size


def test_a_window_in_every_layer_ends_the_growth_of_the_cache() -> None:
    mistral = shape("Mistral 7B v0.1")
    assert cache_bytes(mistral, 4_096) == cache_bytes(mistral, 32_768) == 2 * 32 * 4_096 * 8 * 128 * 2
    assert cache_bytes(mistral, 1_024, batch=4) == cache_bytes(mistral, 4_096)


def test_a_mixture_of_experts_keeps_much_and_uses_little() -> None:
    dense, experts = mixture(7_168, 14_336, 1, 1), mixture(7_168, 1_792, 8, 2)
    assert (dense.expert, experts.expert, experts.router) == (308_281_344, 38_535_168, 57_344)
    assert (experts.total, experts.active) == (308_338_688, 77_127_680)
    assert (gigabytes(2 * experts.total), gigabytes(2 * experts.active)) == (0.62, 0.15)


@pytest.mark.parametrize(
    ("name", "printed", "speed", "utilization"),
    [
        ("GPT-2 small", "5.1e+11", 62_568, 0.5948),
        ("GPT-2 medium", "1.4e+12", 22_536, 0.6130),
        ("GPT-2 large", "3.2e+12", 12_465, 0.7406),
        ("GPT-2 XL", "6.4e+12", 6_780, 0.8113),
    ],
)
def test_operations_are_those_of_the_book_which_counts_matrices_only(
    name: str, printed: str, speed: int, utilization: float
) -> None:
    needed = operations(shape(name))
    assert f"{2 * 1_024 * needed.matrices:.1e}" == printed
    assert round(speed * 3 * needed.matrices / 77.97e12, 4) == utilization
    assert needed.forward == needed.matrices + needed.attention
    assert flops_per_token(shape(name)) == needed.forward + needed.backward == 3 * needed.forward


@pytest.mark.parametrize(
    ("name", "count", "buffers", "fp32", "bf16"),
    [  # buffers: the book's cosines, sines and, in the first, causal masks, which its helper counts and we do not hold
        ("Llama 2 7B", 6_738_415_616, 32 * (4_096**2 + 2 * 4_096 * 128), 52.33, 26.17),
        ("Llama 3 8B", 8_030_261_248, 2 * 8_192 * 128, 59.84, 29.92),
        ("Llama 3.1 8B", 8_030_261_248, 2 * 8_192 * 128, 59.84, 29.92),
    ],
)
def test_llama_needs_what_the_books_helper_says(name: str, count: int, buffers: int, fp32: float, bf16: float) -> None:
    model = shape(name)
    assert parameters(model) == count
    for kind, size, each in (("fp32", fp32, 4), ("bf16", bf16, 2)):
        assert round((2 * weight_bytes(model, kind) + each * buffers) / GIB, 2) == size


def test_the_smallest_llama_is_counted_with_and_without_its_tied_head() -> None:
    model = shape("Llama 3.2 1B")
    counted = dataclasses.replace(model, tie_embeddings=False)
    assert (parameters(counted), parameters(model)) == (1_498_482_688, 1_235_814_400)
    buffers = 16 * 2 * 8_192 * 64
    sizes = [(2 * weight_bytes(counted, kind) + each * buffers) / GIB for kind, each in (("fp32", 4), ("bf16", 2))]
    assert [round(size, 2) for size in sizes] == [11.23, 5.61]


def test_grouped_queries_make_attention_smaller() -> None:
    def attention(model: ModelConfig) -> int:
        return sum(matrix.weights for matrix in matrices(model) if matrix.name in "qkvo")

    assert attention(attention_only(4_096, 32, 1)) == 67_108_864
    assert attention(attention_only(4_096, 32, 1, n_kv_heads=8)) == 41_943_040


@pytest.mark.parametrize(
    ("name", "attention", "all_of_them"),
    [
        ("Llama 3.2 1B", 1_703_936, 5_636_096),
        ("Llama 3.2 3B", 4_587_520, 12_156_928),
        ("Llama 3.1 8B", 6_815_744, 20_971_520),
        ("Qwen2.5 1.5B", 2_179_072, 9_232_384),
        ("GPT-2 small", 589_824, 1_327_104),
    ],
)
@pytest.mark.parametrize("rank", [8, 16, 32, 256])
def test_adapters_have_the_sizes_of_the_ladder(name: str, attention: int, all_of_them: int, rank: int) -> None:
    model = shape(name)
    assert adapter_parameters(model, rank) == attention * rank // 8
    assert adapter_parameters(model, rank, BLOCK_MATRICES) == all_of_them * rank // 8


def test_adapters_on_the_output_head_count_the_vocabulary() -> None:
    everything = (*BLOCK_MATRICES, "head")
    assert [adapter_parameters(shape("GPT-2 small"), rank, everything) for rank in (8, 16, 32)] == [
        1_735_304, 3_470_608, 6_941_216,
    ]  # fmt: skip
    assert adapter_parameters(shape("GPT-2 medium"), 16, everything) == 7_898_384
    assert round(4 * adapter_parameters(shape("Llama 3.1 8B"), 32) / MB, 2) == 109.05


def test_four_bits_leave_the_embedding_as_it_is() -> None:
    model = shape("Llama 3.2 1B")
    assert round(weight_bytes(model, "4bit", scales=False) / MB, 1) == 1012.0  # numbers.md, U/cc
    in_blocks = 973_078_528
    extra = in_blocks // 64 + 4 * -(-(in_blocks // 64) // 256)
    assert weight_bytes(model, "4bit") - weight_bytes(model, "4bit", scales=False) == extra


def test_each_format_is_smaller_than_the_one_before() -> None:
    sizes = [weight_bytes(shape("Llama 3.2 1B"), kind) for kind in ("fp32", "bf16", "int8", "4bit")]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 2 * sizes[1] == 2 * weight_bytes(shape("Llama 3.2 1B"), "f16")


def test_matrices_and_what_is_no_matrix_make_up_the_ledger() -> None:
    model = shape("Llama 3 8B")
    norms = (2 * 32 + 1) * 4_096
    assert sum(matrix.weights for matrix in matrices(model)) + norms + 128_256 * 4_096 == parameters(model)


def test_activations_follow_the_published_formula_and_its_parts() -> None:
    book = dataclasses.replace(BOOK, n_layers=1)
    logits = 1_024 * 8 * book.vocab_size
    assert activation_bytes(book, 1, "bf16") - logits == 1_024 * (34 * 768 + 5 * 12 * 1_024)
    gated = dataclasses.replace(book, feed_forward="gated")
    assert activation_bytes(gated, 1, "bf16") - activation_bytes(book, 1, "bf16") == 1_024 * 4 * 4 * 768
    windowed = dataclasses.replace(book, sliding_window=256)
    assert activation_bytes(book, 1, "bf16") - activation_bytes(windowed, 1, "bf16") == 1_024 * 5 * 12 * 768
