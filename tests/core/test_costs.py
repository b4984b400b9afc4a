"""What a model costs, by arithmetic alone: torch is not needed for any of it."""

import dataclasses

from studio.core.config import ModelConfig
from studio.core.costs import flops_per_token, memory

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
