"""What every family keeps however its tokens are fed: at once, in pieces, side by side, cut back, padded."""

import copy

import pytest
import torch

from studio.core.shelf import FAMILIES
from studio.layers.cross_entropy import summed_cross_entropy
from studio.layers.key_value_cache import KeyValueCache
from tests.families.conftest import SHAPES, shaken, tiny

pytestmark = pytest.mark.torch

EVERY = pytest.mark.parametrize("name", SHAPES)
SOME = pytest.mark.parametrize(
    "name", [name if name in ("gpt2", "llama 2") else pytest.param(name, marks=pytest.mark.slow) for name in SHAPES]
)


def _close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


@EVERY
@torch.no_grad()
def test_reading_in_pieces_of_every_size_gives_the_logits_of_reading_at_once(name: str) -> None:
    config = tiny(name)
    model, ids = shaken(config), torch.randint(0, 61, (1, 96))
    cache = KeyValueCache(config, like=model.embed_tokens.weight)
    parts = [ids[:, :40], ids[:, 40:67], *ids[:, 67:].split(1, dim=1)]
    whole = model(ids)
    assert whole.std() > 0.1
    _close(torch.cat([model(part, cache) for part in parts], dim=1), whole)
    assert cache.length == 96


@EVERY
@torch.no_grad()
def test_a_cache_cut_back_goes_on_as_if_the_rest_had_never_been_read(name: str) -> None:
    config = tiny(name)
    model, ids = shaken(config), torch.randint(0, 61, (1, 40))
    cache = KeyValueCache(config, like=model.embed_tokens.weight)
    model(ids[:, :23], cache)
    model(torch.randint(0, 61, (1, 30)), cache)
    cache.truncate(23)
    _close(torch.cat([model(ids[:, 23:39], cache), model(ids[:, 39:], cache)], dim=1), model(ids)[:, 23:])


@EVERY
@torch.no_grad()
def test_several_texts_side_by_side_read_like_each_by_itself(name: str) -> None:
    config = tiny(name)
    model, ids = shaken(config), torch.randint(0, 61, (3, 30))
    cache = KeyValueCache(config, like=model.embed_tokens.weight, batch=3)
    together = torch.cat([model(part, cache) for part in (ids[:, :13], *ids[:, 13:].split(1, dim=1))], dim=1)
    _close(together, torch.cat([model(row[None]) for row in ids]))


@EVERY
@torch.no_grad()
def test_several_texts_go_on_from_one_beginning_that_was_read_once(name: str) -> None:
    config = tiny(name)
    model, start, ends = shaken(config), torch.randint(0, 61, (1, 20)), torch.randint(0, 61, (4, 9))
    cache = KeyValueCache(config, like=model.embed_tokens.weight)
    model(start, cache)
    rows = cache.picked([0] * 4)
    found = torch.cat([model(part, rows) for part in ends.split(1, dim=1)], dim=1)
    _close(found, model(torch.cat([start.expand(4, -1), ends], dim=1))[:, 20:])
    assert cache.length == 20


@EVERY
@torch.no_grad()
def test_a_changed_token_leaves_every_earlier_logit_as_it_was_and_changes_its_own(name: str) -> None:
    model, ids = shaken(tiny(name)), torch.randint(0, 61, (1, 40))
    changed = ids.clone()
    changed[0, 17] = (ids[0, 17] + 1) % 61
    before, after = model(ids), model(changed)
    assert torch.equal(before[:, :17], after[:, :17])
    assert not torch.allclose(before[:, 17], after[:, 17])


@EVERY
@torch.no_grad()
def test_padding_behind_a_text_and_other_texts_beside_it_change_nothing_in_it(name: str) -> None:
    model, ids = shaken(tiny(name)), torch.randint(0, 61, (1, 25))
    padded = torch.cat([ids, torch.zeros(1, 11, dtype=torch.long)], dim=1)
    beside = torch.cat([padded, torch.randint(0, 61, (2, 36))])
    _close(model(padded)[:, :25], model(ids))
    _close(model(beside)[:1, :25], model(ids))


@EVERY
@torch.no_grad()
def test_rows_added_to_the_vocabulary_leave_the_old_logits_as_they_were(name: str) -> None:
    config = tiny(name)
    model, wide = shaken(config), shaken(tiny(name, vocab_size=64))
    state = model.state_dict()
    for key in ("embed_tokens.weight", "lm_head.weight"):
        state[key] = torch.cat([state[key], torch.randn(3, config.emb_dim)])
    wide.load_state_dict(state)
    ids = torch.randint(0, 61, (1, 30))
    _close(wide(ids)[..., :61], model(ids))


@SOME
def test_training_on_one_batch_makes_its_loss_small(name: str) -> None:
    config = tiny(name, context_length=16)
    torch.manual_seed(4)
    model, batch = FAMILIES.load(config.family).build(config), torch.randint(0, 61, (2, 17))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(40):
        loss = summed_cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten()) / 32
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(4.11, abs=0.3)  # ln 61
    assert losses[-1] < 1.0


@pytest.mark.parametrize("name", ["mistral", "qwen2 with window"])
@torch.no_grad()
def test_what_lies_further_back_than_the_windows_of_all_layers_is_forgotten(name: str) -> None:
    config = tiny(name)
    model, ids = shaken(config), torch.randint(0, 61, (1, 60))
    changed = ids.clone()
    changed[0, 10] = (ids[0, 10] + 1) % 61
    reach = 10 + config.n_layers * (config.sliding_window - 1)
    moved = (model(ids) != model(changed)).any(-1)[0]
    assert bool(moved[10 : reach + 1].any())
    assert not bool(moved[reach + 1 :].any())


@EVERY
@torch.no_grad()
def test_a_copied_model_and_one_brought_to_half_precision_still_compute(name: str) -> None:
    config = tiny(name)
    model, ids = shaken(config), torch.randint(0, 61, (1, 20))
    twin = copy.deepcopy(model)
    assert torch.equal(twin(ids), model(ids))
    half = twin.to(torch.bfloat16)
    cache = KeyValueCache(config, like=half.embed_tokens.weight)
    logits = torch.cat([half(ids[:, :9], cache), half(ids[:, 9:], cache)], dim=1)
    assert logits.dtype == torch.bfloat16
    assert (logits.float() - model(ids)).abs().mean() < 0.1 * model(ids).std()
