"""A model grows by the rows of its new tokens: old rows to the bit, nothing else changed, and it works at once."""

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from studio.core.config import DataConfig, RunConfig, Sampling
from studio.core.errors import StudioError
from studio.core.events import RunEnded
from studio.engine.grow import Grown, grow_vocabulary, rows_like
from studio.engine.loaded import open_model
from studio.engine.opening import open_weights
from studio.store.checkpoints import commit
from studio.store.files import read_json
from studio.store.models import list_models, read_model
from studio.store.project import Project
from tests.engine.conftest import Play
from tests.engine.stored_model import stored

pytestmark = pytest.mark.torch

TOKENS = ["<|user|>", "<|answer|>"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return Project.create(tmp_path / "home").path


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(folder / "model.safetensors")
    return found


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.equal(one.contiguous().view(torch.uint8), other.contiguous().view(torch.uint8))


@pytest.mark.parametrize("precision", ["F32", "BF16"])
@pytest.mark.parametrize("tied", [True, False])
def test_old_rows_keep_their_bits_and_everything_else_is_the_same_file_content(
    place: Path, tied: bool, precision: str
) -> None:
    folder = stored(place, tie_embeddings=tied, precision=precision)
    grown = grow_vocabulary(folder, TOKENS, project=place)
    before, after = weights(folder), weights(grown.model.folder)
    tables = ["embed_tokens.weight"] if tied else ["embed_tokens.weight", "lm_head.weight"]
    assert before.keys() == after.keys()
    for name in before:
        assert after[name].dtype == before[name].dtype
        assert same_bits(after[name][: len(before[name])], before[name])
        assert len(after[name]) - len(before[name]) == (2 if name in tables else 0)
    assert [table.name for table in grown.tables] == tables
    assert {(table.before, table.after, table.same) for table in grown.tables} == {((256, 16), (258, 16), 256)}
    assert (grown.ids, grown.spare, grown.tied) == ((256, 257), 0, tied)


def test_the_head_gets_no_bias_so_old_logits_stay_what_they_were(place: Path) -> None:
    """The material's head had a random bias after growing, which shifted every old token."""
    folder = stored(place, tie_embeddings=False)
    grown = grow_vocabulary(folder, TOKENS, project=place)
    assert not [name for name in weights(grown.model.folder) if name.startswith("lm_head") and name.endswith("bias")]
    ids = torch.tensor([[5, 7, 200, 31]])
    with torch.no_grad():
        old, new = (open_weights(path, "cpu").model.eval()(ids) for path in (folder, grown.model.folder))
    assert new.shape[-1] == 258
    torch.testing.assert_close(new[..., :256], old, rtol=1e-6, atol=1e-6)


def test_a_head_with_a_bias_grows_it_by_one_number_for_each_token(place: Path) -> None:
    shape = {"family": "bert", "causal": False, "norm_place": "after", "segments": 2, "word_head": True}
    folder = stored(place, **shape, qkv_bias=True, activation="gelu")
    grown = grow_vocabulary(folder, TOKENS, project=place)
    assert [table.name for table in grown.tables] == ["embed_tokens.weight", "lm_head.bias"]
    before, after = weights(folder)["lm_head.bias"], weights(grown.model.folder)["lm_head.bias"]
    assert same_bits(after[:256], before)
    assert after.shape == (258,)


def test_the_grown_model_reads_its_new_tokens_and_the_old_one_cannot(place: Path) -> None:
    folder = stored(place)
    grown = grow_vocabulary(folder, TOKENS, project=place)
    loaded = open_model(grown.model.folder)
    assert loaded.tokenizer is not None
    ids = loaded.tokenizer.encode("<|user|>hi<|answer|>", special=True)
    assert ids == [256, 104, 105, 257]
    assert len(list(loaded.ids(ids, Sampling(tokens=3, temperature=0)))) == 3
    with pytest.raises(StudioError, match="Token 256 is outside"):
        list(open_model(folder).ids(ids, Sampling(tokens=3, temperature=0)))
    assert read_json(folder / "state.json")["config"]["model"]["vocab_size"] == 256


def test_a_run_can_begin_with_a_grown_model(project: Project, config: RunConfig, play: Play) -> None:
    stored(project.path)
    grown = grow_vocabulary(project.path / "models" / "small", TOKENS, project=project.path, name="grown")
    training = dataclasses.replace(config.training, steps=2, warmup_steps=0, evaluate_every=2, sample_every=2)
    fresh = RunConfig()
    started = config.with_part(model=fresh.model, data=DataConfig(text="rain"), training=training, start_from="grown")
    ending = play(started)[-1]
    assert isinstance(ending, RunEnded)
    assert (ending.reason, ending.step) == ("finished", 2), ending.message
    assert project.run("run").config.data.tokenizer == "extended"
    assert open_weights(grown.model.folder, "cpu").config.model.vocab_size == 258


def test_it_is_a_model_of_the_project_that_tells_where_it_comes_from(place: Path) -> None:
    folder = stored(place)
    first = grow_vocabulary(folder, TOKENS, project=place).model
    assert first == read_model(first.folder)
    assert (first.name, first.step, first.licence) == ("small +2", 40, "mit")
    assert first.origin == "small, grown by 2 tokens"
    assert first.facts["added_tokens"] == TOKENS
    assert first.parameters == sum(tensor.numel() for tensor in weights(first.folder).values())
    again = grow_vocabulary(first.folder, ["<|end|>"], project=place, name="chat").model
    assert [model.name for model in list_models(place)] == ["chat", "small", "small +2"]
    assert open_weights(again.folder, "cpu").config.model.vocab_size == 259


def test_a_checkpoint_of_a_run_grows_too(place: Path) -> None:
    model = stored(place)
    making = place / "runs" / "story" / "making"
    making.mkdir(parents=True)
    for name in ("model.safetensors", "tokenizer.json", "state.json"):
        (making / name).write_bytes((model / name).read_bytes())
    checkpoint = making.parent / "checkpoints" / "step-000040"
    checkpoint.parent.mkdir()
    commit(making, checkpoint)
    grown = grow_vocabulary(checkpoint, TOKENS, project=place)
    assert (grown.model.name, grown.model.precision) == ("story +2", "fp32")
    assert [table.same for table in grown.tables] == [256]


def test_rows_that_nobody_used_are_taken_first(place: Path) -> None:
    folder = stored(place, vocab_size=257)
    grown = grow_vocabulary(folder, TOKENS, project=place)
    assert (grown.spare, grown.ids) == (1, (256, 257))
    assert (grown.tables[0].before, grown.tables[0].after, grown.tables[0].same) == ((257, 16), (258, 16), 257)
    roomy = grow_vocabulary(stored(place, "roomy", vocab_size=300), TOKENS, project=place)
    assert (roomy.spare, roomy.tables[0].after, roomy.tables[0].same) == (2, (300, 16), 300)


def test_new_rows_have_the_mean_and_the_spread_of_each_column() -> None:
    torch.manual_seed(0)
    old = torch.randn(9_000, 3) * torch.tensor([0.1, 1.0, 5.0]) + torch.tensor([2.0, 0.0, -7.0])
    new = rows_like(old, 20_000, torch.Generator().manual_seed(1))
    torch.testing.assert_close(new.mean(0), old.mean(0), rtol=0.03, atol=0.03)
    torch.testing.assert_close(new.std(0), old.std(0), rtol=0.03, atol=0.0)
    assert rows_like(old, 0, torch.Generator()).shape == (0, 3)


def test_a_seed_gives_the_same_rows_and_another_one_others(place: Path) -> None:
    folder = stored(place)

    def rows(grown: Grown) -> torch.Tensor:
        return weights(grown.model.folder)["embed_tokens.weight"][256:]

    one, again, other = (rows(grow_vocabulary(folder, TOKENS, seed, project=place)) for seed in (4, 4, 5))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_the_said_mean_and_spread_are_those_of_the_rows(place: Path) -> None:
    folder = stored(place)
    table = grow_vocabulary(folder, TOKENS, project=place).tables[0]
    old = weights(folder)["embed_tokens.weight"].double()
    assert (table.mean[0], table.spread[0]) == pytest.approx((float(old.mean()), float(old.std(correction=0))))
    assert table.spread[1] > 0


def test_a_mask_token_behind_the_vocabulary_is_not_given_away(place: Path) -> None:
    folder = stored(place, vocab_size=257, mask_token=256)
    with pytest.raises(StudioError, match="hides words behind a token of its own, number 256"):
        grow_vocabulary(folder, TOKENS, project=place)


def test_what_cannot_grow_is_refused_and_nothing_is_left(place: Path) -> None:
    folder = stored(place)
    with pytest.raises(StudioError, match="stopped"):
        grow_vocabulary(folder, TOKENS, project=place, keep_going=lambda: False)
    with pytest.raises(StudioError, match="is there already"):
        grow_vocabulary(folder, ["<a>", "<a>"], project=place)
    with pytest.raises(StudioError, match="without a tokenizer"):
        grow_vocabulary(stored(place, "bare", with_tokenizer=False), TOKENS, project=place)
    assert sorted(entry.name for entry in (place / "models").iterdir()) == ["bare", "small"]
