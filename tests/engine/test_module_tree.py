"""The outline of a network: read off the real modules, complete to the last parameter, with the shapes that flow."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.outline import Node
from studio.core.shelf import FAMILIES
from studio.engine.module_tree import outline

pytestmark = pytest.mark.torch
VOCABULARY, BATCH = 500, 3


def tiny(family: str, **changes: object) -> ModelConfig:
    """A family's smallest preset."""
    config: ModelConfig = FAMILIES.load(family).presets[0].config
    return replace(config, vocab_size=VOCABULARY, **changes)  # type: ignore[arg-type]


def named(network: Node, name: str) -> Node:
    return next(node for node in network.walk() if node.name == name)


def kinds(rows: tuple[tuple[tuple[Node, ...], ...], ...]) -> list[list[list[str]]]:
    return [[[node.kind for node in column] for column in columns] for columns in rows]


@pytest.fixture(scope="module")
def gpt2() -> Node:
    return outline(tiny("gpt2"), BATCH)


# --- every parameter, every shape -----------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES.names())
def test_every_parameter_of_every_family_has_its_place(family: str) -> None:
    config = tiny(family)
    network = outline(config, 1)
    leaves = [node for node in network.walk() if not node.rows]
    inside = {node.path for node in network.walk() if node.path.startswith("layers.0.")}
    placed = sum(node.parameters * (config.n_layers if node.path in inside else 1) for node in leaves)
    assert network.parameters == placed == FAMILIES.load(family).ledger(config).total


@pytest.mark.parametrize("family", FAMILIES.names())
def test_the_shapes_are_those_of_a_real_pass(family: str) -> None:
    config = tiny(family)
    model = FAMILIES.load(family).build(config).eval()
    seen: dict[str, tuple[int, ...]] = {}

    def hook(path: str) -> Callable[..., None]:
        def record(_module: object, _args: object, out: torch.Tensor) -> None:
            seen[path] = tuple(out.shape)

        return record

    for path, module in model.named_modules():
        if path:
            module.register_forward_hook(hook(path))
    with torch.inference_mode():
        logits = model(torch.zeros(2, config.context_length, dtype=torch.long))
    network = outline(config, 2)
    assert network.out == tuple(logits.shape)
    found = {node.path: node.out for node in network.walk() if node.path in seen}
    assert found == {path: seen[path] for path in found}
    assert set(seen) - set(found) <= {path for path in seen if not path.startswith("layers.0")} | {"norm"}


def test_nothing_of_it_takes_memory() -> None:
    config = FAMILIES.load("gpt2").presets[-1].config  # 175 billion parameters
    network = outline(replace(config, n_layers=2), 8)
    assert named(network, "up_proj").weight == (49_152, 12_288)
    assert network.into == ((8, 2_048),)


def test_a_long_context_makes_no_tables_of_turns() -> None:
    network = outline(tiny("llama", context_length=1_048_576), 1)
    assert named(network, "scores").out == (1, 4, 1_048_576, 1_048_576)


def test_blocks_that_are_alike_are_run_once_and_counted(gpt2: Node) -> None:
    blocks = [node for node in gpt2.walk() if node.kind == "Block"]
    assert [(block.path, block.times, block.parameters) for block in blocks] == [("layers.0", 4, 197_888)]


def test_the_network_that_is_trained_is_left_as_it_was() -> None:
    before = torch.random.get_rng_state()
    outline(tiny("llama"), 1)
    assert torch.equal(before, torch.random.get_rng_state())
    with torch.inference_mode():
        assert FAMILIES.load("llama").build(tiny("llama"))(torch.zeros(1, 4, dtype=torch.long)).shape == (1, 4, 500)


# --- what follows what ----------------------------------------------------------------------------------------------


def test_the_way_from_ids_to_logits(gpt2: Node) -> None:
    assert kinds(gpt2.rows) == [
        [["Embedding"], ["Embedding"]], [["add"]], [["Block"]], [["LayerNorm"]], [["Linear"]],
    ]  # fmt: skip
    assert gpt2.rows[0][0][0].out == (3, 64, 128)
    assert gpt2.rows[0][1][0].out == (64, 128)


def test_a_block_adds_what_it_found_to_what_it_was_given(gpt2: Node) -> None:
    block = named(gpt2, "0")
    assert kinds(block.rows) == [
        [["LayerNorm"]], [["Attention"]], [["add"]], [["LayerNorm"]], [["FeedForward"]], [["add"]],
    ]  # fmt: skip
    assert [row[0][0].since for row in block.rows] == [-1, -1, 0, -1, -1, 3]


def test_an_encoder_has_its_norms_after_each_sum() -> None:
    network = outline(tiny("bert"), BATCH)
    block = named(network, "0")
    assert kinds(block.rows) == [
        [["Attention"]], [["add"]], [["LayerNorm"]], [["FeedForward"]], [["add"]], [["LayerNorm"]],
    ]  # fmt: skip
    assert [row[0][0].since for row in block.rows] == [-1, 0, -1, -1, 3, -1]
    assert named(network, "embed_segments").parameters == 2 * 128
    assert kinds(named(network, "norm").rows) == [[["Linear"]], [["gelu"]], [["LayerNorm"]]]


def test_queries_keys_and_values_stand_side_by_side_and_values_wait(gpt2: Node) -> None:
    attention = named(gpt2, "self_attn")
    assert kinds(attention.rows) == [
        [["Linear", "heads"]] * 3, [["scores"]], [["softmax"]], [["mix"]], [["merge"]], [["Linear"]],
    ]  # fmt: skip
    assert [row[0][0].late for row in attention.rows] == [(-1, -1)] * 3 + [(0, 2)] + [(-1, -1)] * 2
    shapes = [row[0][-1].out for row in attention.rows]
    assert shapes == [(3, 4, 64, 32), (3, 4, 64, 64), (3, 4, 64, 64), (3, 4, 64, 32), (3, 64, 128), (3, 64, 128)]


def test_turned_and_normed_heads_are_drawn_where_they_are() -> None:
    queries, keys, values = named(outline(tiny("qwen3"), BATCH), "self_attn").rows[0]
    assert [node.kind for node in queries] == [node.kind for node in keys] == ["Linear", "heads", "RMSNorm", "turn"]
    assert [node.kind for node in values] == ["Linear", "heads"]
    assert (queries[-1].out, keys[-1].out) == ((3, 4, 64, 48), (3, 2, 64, 48))  # fewer heads of keys


def test_a_gate_is_bent_and_multiplied() -> None:
    gated = named(outline(tiny("llama"), BATCH), "mlp")
    assert kinds(gated.rows) == [[["Linear", "silu"], ["Linear"]], [["mul"]], [["Linear"]]]


def test_a_scaled_embedding_is_a_step() -> None:
    assert kinds(outline(tiny("gemma"), BATCH).rows)[:2] == [[["Embedding"]], [["scale"]]]


def test_a_window_changes_no_shape() -> None:
    seen = named(outline(tiny("mistral"), BATCH), "scores")
    assert seen.into == ((3, 4, 128, 32), (3, 2, 128, 32))
    assert seen.out == (3, 4, 128, 128)


# --- shared tables --------------------------------------------------------------------------------------------------


def test_a_tied_head_says_whose_table_it_has() -> None:
    tied, own = (outline(tiny("gpt2", tie_embeddings=each), 1) for each in (True, False))
    assert (named(tied, "lm_head").tied, named(tied, "lm_head").parameters) == ("embed_tokens", 0)
    assert (named(own, "lm_head").tied, named(own, "lm_head").parameters) == ("", VOCABULARY * 128)


def test_a_tied_head_with_a_bias_keeps_the_bias() -> None:
    head = named(outline(tiny("bert"), 1), "lm_head")
    assert (head.tied, head.parameters) == ("embed_tokens", VOCABULARY)
