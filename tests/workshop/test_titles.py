"""Every step of every family's real network has a name, a sentence, a row in the ledger, and figures that add up."""

import pytest

from studio.core.outline import Node
from studio.core.shelf import FAMILIES
from studio.workshop.titles import PART_SERIES, figures_of, part_of, sentence_of, shape_text, title_of


@pytest.fixture(scope="module")
def networks() -> dict[str, Node]:
    """The outline of each family's smallest preset with a vocabulary of 50, for two windows."""
    from dataclasses import replace

    from studio.engine.module_tree import outline

    found = {}
    for name in FAMILIES.names():
        config = FAMILIES.load(name).presets[0].config
        found[name] = outline(replace(config, vocab_size=50, n_layers=2, context_length=16), 2)
    return found


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES.names())
def test_no_step_is_left_with_the_name_of_a_class_or_without_a_sentence(name: str, networks: dict[str, Node]) -> None:
    for node in networks[name].walk():
        if node.path:
            assert title_of(node) != node.kind or node.kind in ("Block", "Attention"), node
            assert sentence_of(node).endswith("."), node


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES.names())
def test_every_parameter_is_counted_in_a_row_of_the_ledger(name: str, networks: dict[str, Node]) -> None:
    network = networks[name]
    leaves = [node for node in network.walk() if not node.rows and node.parameters]
    assert {part_of(node) for node in leaves} <= PART_SERIES.keys()
    (block,) = [node for node in network.walk() if node.kind == "Block"]
    inside = sum(node.parameters for node in block.walk() if not node.rows)
    assert block.times == 2
    assert inside == block.parameters
    outside = sum(node.parameters for node in leaves) - inside
    assert network.parameters == outside + 2 * inside


def test_a_tied_head_belongs_to_the_embedding_and_one_of_its_own_to_itself() -> None:
    own = Node("Linear", "lm_head", ((2, 8),), (2, 50), 400, (50, 8))
    tied = Node("Linear", "lm_head", ((2, 8),), (2, 50), 0, (50, 8), tied="embed_tokens")
    assert (title_of(own), part_of(own)) == ("Output head", "Output head")
    assert (title_of(tied), part_of(tied)) == ("Head, tied", "Token embedding")
    assert figures_of(own) == "400 parameters (50 × 8) · (2, 8) → (2, 50)"
    assert figures_of(tied) == "the token embedding's table · (2, 8) → (2, 50)"


def test_a_block_says_how_many_there_are_and_a_vector_no_matrix() -> None:
    block = Node("Block", "layers.0", ((2, 8),), (2, 8), 1_200, times=12)
    assert figures_of(block) == "1,200 parameters · 12 of them · (2, 8) → (2, 8)"
    norm = Node("LayerNorm", "norm", ((2, 8),), (2, 8), 16, (8,))
    assert figures_of(norm) == "16 parameters · (2, 8) → (2, 8)"


def test_a_norm_before_the_masked_word_head_is_counted_with_it() -> None:
    assert part_of(Node("LayerNorm", "layers.0.input_layernorm", (), (8,))) == "Norms"
    assert part_of(Node("LayerNorm", "norm.norm", (), (8,))) == "Masked-word head"


def test_a_sum_names_both_shapes_that_come_in() -> None:
    both = Node("add", "add", ((2, 8), (4, 8)), (2, 8))
    assert figures_of(both) == "(2, 8) + (4, 8) → (2, 8)"


@pytest.mark.parametrize(
    ("shape", "unknown", "text"),
    [((2, 8), False, "(2, 8)"), ((2, 8), True, "(2, ?)"), ((8,), True, "(?)"), ((), False, "()")],
)
def test_a_shape_whose_last_number_is_not_known_yet_says_so(shape: tuple[int, ...], unknown: bool, text: str) -> None:
    assert shape_text(shape, unknown) == text
