"""The ledger by hand: torch is not needed to count."""

from studio.core.config import ModelConfig
from studio.core.ledger import ledger

SMALL = ModelConfig(vocab_size=10, context_length=6, emb_dim=8, n_layers=2, n_heads=4, hidden_dim=12)


def _counts(config: ModelConfig) -> dict[str, int]:
    return {part.name: part.count for part in ledger(config).parts}


def test_a_gpt2_is_counted_part_by_part() -> None:
    assert _counts(SMALL) == {
        "Token embedding": 80,
        "Position embedding": 48,
        "Queries, keys, values": 2 * 3 * 64,
        "Attention output": 2 * (64 + 8),
        "Feed forward": 2 * (8 * 12 + 12 + 12 * 8 + 8),
        "Norms": 5 * 16,
    }


def test_a_llama_shares_keys_has_three_matrices_and_neither_biases_nor_positions() -> None:
    config = ModelConfig(
        vocab_size=10, emb_dim=8, n_layers=2, n_heads=4, n_kv_heads=2, head_width=6, hidden_dim=12, positions="rotary",
        norm="rms", query_key_norm=True, feed_forward="gated", output_bias=False, feed_forward_bias=False,
        tie_embeddings=False,
    )  # fmt: skip
    assert _counts(config) == {
        "Token embedding": 80,
        "Queries, keys, values": 2 * (8 * 24 + 2 * 8 * 12),
        "Attention output": 2 * 24 * 8,
        "Feed forward": 2 * 3 * 8 * 12,
        "Norms": 5 * 8 + 2 * 2 * 6,
        "Output head": 80,
    }


def test_a_tied_head_is_not_counted_and_told_apart() -> None:
    tied = ledger(SMALL)
    assert tied.tied == 80
    assert "Output head" not in _counts(SMALL)
    assert tied.total == sum(_counts(SMALL).values())
