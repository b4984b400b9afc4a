"""Reading one place of a row: the same numbers as the long way, whatever fills the row up, and frozen blocks once."""

import copy
import dataclasses

import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.shelf import FAMILIES
from studio.layers.decoder import Decoder
from studio.layers.row_reader import PLACES, KeptRows, RowReader, frozen_blocks

pytestmark = pytest.mark.torch
SHAPE = ModelConfig(
    vocab_size=50, context_length=24, emb_dim=16, n_layers=3, n_heads=2, outputs=3, tie_embeddings=False
)
LENGTHS = torch.tensor([5, 9, 1, 7])


def made(family: str = "gpt2", **shape: object) -> Decoder:
    torch.manual_seed(3)
    item = FAMILIES.load(family)
    config = dataclasses.replace(
        SHAPE,
        family=family,
        **{**item.traits, **shape},  # type: ignore[arg-type]
    )
    return item.build(config).eval()  # type: ignore[no-any-return]


@pytest.fixture
def ids() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randint(0, 50, (4, 9))


def the_long_way(model: Decoder, ids: torch.Tensor, place: str) -> torch.Tensor:
    """Row by row, cut to its text, through the whole network."""
    rows = []
    for row, length in zip(ids, LENGTHS.tolist(), strict=True):
        read = row if place == "padded" else row[:length]
        states = model.hidden(read[None])[0]
        rows.append(states.mean(0) if place == "mean" else states[0] if place == "first" else states[-1])
    return torch.stack(rows)


FAMILY_SHAPES = [("gpt2", {}), ("llama", {}), ("qwen3", {}), ("mistral", {"sliding_window": 3}), ("bert", {})]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("family", "shape"), FAMILY_SHAPES)
def test_one_place_is_what_the_whole_network_says_there(family: str, shape: dict, place: str, ids) -> None:  # type: ignore[no-untyped-def, type-arg]
    model = made(family, **shape)
    with torch.no_grad():
        found = RowReader(place)(model, ids, LENGTHS)
        assert torch.allclose(found, the_long_way(model, ids, place), atol=2e-6)


@pytest.mark.parametrize("place", ["last", "mean", "first"])
@pytest.mark.parametrize("both_ways", [False, True])
def test_what_fills_a_row_up_changes_nothing(place: str, both_ways: bool, ids) -> None:  # type: ignore[no-untyped-def]
    model = made()
    for block in model.layers:
        block.self_attn.causal = not both_ways
    reader = RowReader(place)
    with torch.no_grad():
        short = reader(model, ids, LENGTHS)
        long = torch.cat([ids, torch.full((4, 12), 49)], dim=1)
        assert torch.allclose(reader(model, long, LENGTHS), short, atol=1e-6, rtol=0)


def test_the_books_place_does_see_what_fills_a_row_up(ids) -> None:  # type: ignore[no-untyped-def]
    model, reader = made(), RowReader("padded")
    with torch.no_grad():
        long = torch.cat([ids, torch.full((4, 6), 49)], dim=1)
        assert not torch.allclose(reader(model, long, LENGTHS), reader(model, ids, LENGTHS), atol=1e-3)


@pytest.mark.parametrize("trained", [0, 1, 2, 3])
@pytest.mark.parametrize("place", PLACES)
def test_frozen_blocks_are_computed_once_and_gradients_are_those_without(trained: int, place: str, ids) -> None:  # type: ignore[no-untyped-def]
    remembering, plain = made(), made()
    for model in (remembering, plain):
        model.requires_grad_(False)
        model.lm_head.requires_grad_(True)
        for block in list(model.layers)[3 - trained :]:
            block.requires_grad_(True)
    remembering.reader, count = RowReader(place), []
    if trained < 3:
        remembering.layers[0].register_forward_hook(lambda *_: count.append(1))
    for _ in range(3):
        remembering.zero_grad()
        remembering.classes(ids, LENGTHS).square().sum().backward()
    plain.lm_head(the_long_way(plain, ids, place)).square().sum().backward()
    assert len(count) == (1 if trained < 3 else 0)
    for name, weight in plain.named_parameters():
        other = dict(remembering.named_parameters())[name].grad
        assert (weight.grad is None) == (other is None), name
        assert weight.grad is None or torch.allclose(weight.grad, other, atol=2e-5, rtol=1e-4), name


def test_a_row_that_comes_back_in_other_company_is_known(ids) -> None:  # type: ignore[no-untyped-def]
    model = made()
    model.requires_grad_(False)
    model.lm_head.requires_grad_(True)
    model.reader = RowReader("last")
    first = model.classes(ids, LENGTHS)
    kept = model.reader.kept
    assert len(kept) == 4
    again = model.classes(torch.cat([ids[1:3], ids[:1, :]]), LENGTHS[[1, 2, 0]])
    assert len(kept) == 4
    assert torch.equal(again, first[[1, 2, 0]])


def test_what_is_kept_stays_within_its_bound_and_is_not_copied_with_the_model(ids) -> None:  # type: ignore[no-untyped-def]
    model = made()
    model.requires_grad_(False)
    model.lm_head.requires_grad_(True)
    model.reader = RowReader("last", kept=KeptRows(most=16 * 4 * 2))  # two rows of sixteen floats
    model.classes(ids, LENGTHS)
    assert (len(model.reader.kept), model.reader.kept.bytes) == (2, 128)
    assert len(copy.deepcopy(model).reader.kept) == 0  # type: ignore[union-attr]


def test_dropout_is_drawn_anew_so_nothing_is_kept(ids) -> None:  # type: ignore[no-untyped-def]
    model = made(drop_rate=0.5).train()
    model.requires_grad_(False)
    model.lm_head.requires_grad_(True)
    model.reader = RowReader()
    assert not torch.equal(model.classes(ids, LENGTHS), model.classes(ids, LENGTHS))
    assert len(model.reader.kept) == 0


def test_blocks_count_as_frozen_only_below_the_first_trained_one() -> None:
    model = made()
    assert frozen_blocks(model) == -1
    model.requires_grad_(False)
    assert frozen_blocks(model) == 3
    model.layers[1].mlp.requires_grad_(True)  # type: ignore[union-attr]
    assert frozen_blocks(model) == 1
    model.embed_tokens.requires_grad_(True)
    assert frozen_blocks(model) == -1
