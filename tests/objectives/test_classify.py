"""Learning classes: what is trained, what a batch holds, what the loss counts, and what is refused or told."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.core.config import AdapterConfig, ClassifyConfig, DataConfig, ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.shelf import FAMILIES, OBJECTIVES
from studio.engine.weights import empty_model
from studio.layers.lora import add_lora
from studio.layers.lora_linear import LoraShape
from studio.objectives.classify import OBJECTIVE, UNIT, RowBatches, loss, prepare_model, read, sample, score, tokens
from studio.store.datasets import Dataset
from studio.store.examples import Examples
from studio.store.project import Project
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.torch
TINY = ModelConfig(context_length=16, emb_dim=16, n_layers=2, n_heads=2)
GPT2 = ModelConfig(
    vocab_size=50_257, context_length=1_024, emb_dim=768, n_layers=12, n_heads=12, qkv_bias=True,
    tie_embeddings=False, outputs=2, outputs_bias=True,
)  # fmt: skip


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Sixty messages: every fourth is spam, and says so."""
    lines = [f"{'spam' if n % 4 == 0 else 'ham'}\t{'win cash' if n % 4 == 0 else 'see you'} {n}" for n in range(60)]
    (tmp_path / "sms.tsv").write_text("label\ttext\n" + "\n".join(lines) + "\n", "utf-8")
    return Project.create(tmp_path / "project").add_dataset(tmp_path / "sms.tsv")


def examples_of(dataset: Dataset, data: dict[str, Any] | None = None, **classify: Any) -> Examples:
    config = RunConfig(
        objective="classify", model=TINY, data=DataConfig(**(data or {})), classify=ClassifyConfig(**classify)
    )
    tokenizer = make_tokenizer("characters", ["abcdefghijklmnopqrstuvwxyz 0123456789"])
    return read(dataset, tokenizer, config, lambda done, total: None, lambda: True)


def network_of(examples: Examples) -> torch.nn.Module:
    torch.manual_seed(0)
    config = examples.config
    model = dataclasses.replace(config.model, vocab_size=examples.vocab_size)
    network = FAMILIES.load("gpt2").build(model)
    prepare_model(network, config)
    return network  # type: ignore[no-any-return]


# --- rows to tokens ---------------------------------------------------------------------------------------------------


def test_the_configuration_gets_its_classes_its_head_and_the_version_of_its_rows(dataset: Dataset) -> None:
    config = examples_of(dataset, head_bias=True).config
    assert config.classify.labels == ("ham", "spam")
    assert (config.model.outputs, config.model.outputs_bias, config.model.tie_embeddings) == (2, True, False)
    assert config.data.dataset == "sms@1"
    assert not problems(config.with_part(model=dataclasses.replace(config.model, vocab_size=40)))


def test_every_row_keeps_its_tokens_and_its_class(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    place = int(examples.split.validation[0])
    assert (
        examples.tokenizer.decode(examples.of(place).tolist())
        == dataset.rows_at([int(examples.rows[place])])[0]["text"]
    )
    assert len(examples.targets) == 60  # type: ignore[arg-type]


def test_what_is_cut_is_counted_and_told(dataset: Dataset) -> None:
    some, every = examples_of(dataset, longest=9), examples_of(dataset, longest=3)
    assert any("rows are longer than 9 tokens" in note for note in some.notes)
    assert any("Every row is longer than the 3 tokens" in note for note in every.notes)
    assert every.lengths(np.arange(60)).max() == 3
    assert not any("longer" in note for note in examples_of(dataset).notes)


def test_the_book_fills_up_to_the_longest_row_that_is_learned_from(dataset: Dataset) -> None:
    examples = examples_of(dataset, read_at="padded")
    longest = int(examples.lengths(examples.split.training).max())
    assert examples.config.classify.pad_to == longest
    assert RowBatches(examples, examples.config, 2, "training").batch(0).shape == (2, 3 + longest)


def test_odd_wishes_are_refused_with_the_figures(dataset: Dataset) -> None:
    with pytest.raises(StudioError, match="filled up to 17 tokens, but the model sees 16"):
        examples_of(dataset, pad_to=17)
    with pytest.raises(StudioError, match="last 3 blocks are to be trained, but the model has 2"):
        examples_of(dataset, trained_blocks=3)


def test_a_text_without_rows_is_refused() -> None:
    with pytest.raises(StudioError, match="rows with a label"):
        OBJECTIVE.batches(np.arange(10), RunConfig(), 2)


# --- batches ----------------------------------------------------------------------------------------------------------


def test_an_epoch_shows_each_row_once_and_the_next_one_in_another_order(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    batches = RowBatches(examples, examples.config, 7, "training")
    assert batches.per_epoch == len(examples.split.training) // 7
    one = [tuple(row) for index in range(batches.per_epoch) for row in _whole(batches.batch(index))]
    two = [
        tuple(row) for index in range(batches.per_epoch, 2 * batches.per_epoch) for row in _whole(batches.batch(index))
    ]
    assert len(set(one)) == len(one)
    assert one != two
    again = RowBatches(examples, examples.config, 7, "training")
    assert np.array_equal(again.batch(9), batches.batch(9))


def _whole(batch: np.ndarray) -> np.ndarray:
    """Rows of one width, so that they can be compared."""
    return np.pad(batch, ((0, 0), (0, 40 - batch.shape[1])))


def test_what_is_measured_comes_whole_and_in_one_order(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    batches = RowBatches(examples, examples.config, 5, "validation")
    assert batches.per_epoch == math.ceil(len(examples.split.validation) / 5)
    assert sum(len(batches.batch(index)) for index in range(batches.per_epoch)) == len(examples.split.validation)
    assert np.array_equal(batches.batch(0), batches.batch(batches.per_epoch))


def test_tokens_of_a_batch_are_those_of_its_texts(dataset: Dataset) -> None:
    examples = examples_of(dataset, pad_to=16)
    batches = RowBatches(examples, examples.config, 60, "training")
    assert tokens(torch.from_numpy(batches.batch(0))) == examples.training_tokens


# --- what is trained --------------------------------------------------------------------------------------------------


def trainable(model: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


@pytest.fixture(scope="module")
def gpt2() -> torch.nn.Module:
    """The shape of 124M without its memory: only counts are asked."""
    return empty_model(GPT2)


@pytest.mark.parametrize(("blocks", "count"), [(-1, 124_441_346), (0, 1_538), (1, 7_090_946), (2, 14_178_818)])
def test_trained_parameters_of_the_books_model(gpt2: torch.nn.Module, blocks: int, count: int) -> None:
    prepare_model(gpt2, RunConfig(objective="classify", model=GPT2, classify=ClassifyConfig(trained_blocks=blocks)))
    assert trainable(gpt2) == count


@pytest.mark.parametrize(("rank", "count"), [(8, 1_333_264), (16, 2_666_528), (32, 5_333_056)])
def test_lora_on_all_layers_and_the_head_trains_as_many_as_the_book(rank: int, count: int) -> None:
    model, adapter = empty_model(GPT2), AdapterConfig(kind="lora", rank=rank, targets="all,lm_head")
    with torch.device("meta"):
        add_lora(model, adapter.names, LoraShape(rank, 16.0, 0.0, "alpha/rank"))
    assert trainable(model) == count


def test_looking_both_ways_reaches_every_block(dataset: Dataset) -> None:
    network = network_of(examples_of(dataset, causal_mask=False))
    assert not any(block.self_attn.causal for block in network.layers)  # type: ignore[union-attr]


# --- what is measured -------------------------------------------------------------------------------------------------


def test_the_loss_is_cross_entropy_summed_over_rows_and_hits_are_counted(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    network = network_of(examples)
    batch = torch.from_numpy(RowBatches(examples, examples.config, 9, "training").batch(0))
    found = score(network, batch)
    chances = network.classes(batch[:, 3:], batch[:, 1]).log_softmax(1)  # type: ignore[operator]
    assert found.loss.item() == pytest.approx(
        -sum(chances[row, label].item() for row, label in enumerate(batch[:, 2])), abs=1e-5
    )
    assert found.hits == int((chances.argmax(1) == batch[:, 2]).sum())
    summed, count = loss(network, batch)
    assert (summed.item(), count) == (found.loss.item(), OBJECTIVE.targets(batch)) == (found.loss.item(), 9)
    assert summed.item() / count == pytest.approx(math.log(2), abs=0.3)


def test_weights_count_on_the_training_side_alone(dataset: Dataset) -> None:
    examples = examples_of(dataset, balance="weights")
    learned = RowBatches(examples, examples.config, 42, "training").batch(0)
    spam, ham = learned[learned[:, 2] == 1, 0], learned[learned[:, 2] == 0, 0]
    assert spam[0] / ham[0] == pytest.approx(3.0, rel=0.15)
    assert learned[:, 0].mean() == pytest.approx(UNIT, rel=1e-3)
    assert set(RowBatches(examples, examples.config, 9, "validation").batch(0)[:, 0]) == {UNIT}
    network, batch = network_of(examples), torch.from_numpy(learned)
    plain = batch.clone()
    plain[:, 0] = 2 * plain[:, 0]
    assert score(network, plain).loss.item() == pytest.approx(2 * score(network, batch).loss.item())


def test_several_classes_are_each_a_question_of_their_own(tmp_path: Path) -> None:
    lines = [f'{{"text": "row {n}", "label": "{("red, blue", "blue", "green")[n % 3]}"}}' for n in range(60)]
    (tmp_path / "colours.jsonl").write_text("\n".join(lines), "utf-8")
    dataset = Project.create(tmp_path / "project").add_dataset(tmp_path / "colours.jsonl")
    examples = examples_of(dataset, multi_label=True)
    network = network_of(examples)
    batch = torch.from_numpy(RowBatches(examples, examples.config, 6, "training").batch(0))
    assert batch[:, 2:5].sum(1).tolist() == [int(row[2:5].sum()) for row in batch]
    found = score(network, batch)
    logits = network.classes(batch[:, 5:], batch[:, 1])  # type: ignore[operator]
    chances = torch.where(batch[:, 2:5].bool(), logits.sigmoid(), 1 - logits.sigmoid())
    assert found.loss.item() == pytest.approx(-chances.log().mean(1).sum().item(), abs=1e-5)
    assert found.hits == int((chances > 0.5).all(1).sum())
    assert (
        "%" in sample(network, examples.config, examples)[0] or "none" in sample(network, examples.config, examples)[0]
    )


def test_a_sample_shows_held_back_rows_with_class_and_probability_and_says_where_it_is_wrong(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    network = network_of(examples)
    with torch.no_grad():
        network.lm_head.weight.zero_()  # type: ignore[union-attr]
        network.lm_head.weight[1] = 1e-3 * network.norm.weight.new_ones(16)  # type: ignore[union-attr, index, operator]
    text, count = sample(network, examples.config, examples)
    lines = text.split("\n")
    assert count == len(lines) == len(examples.split.validation) == 6
    assert all(line[0] in "✓✗" and "50%" in line for line in lines)
    assert any("really " in line for line in lines)


def test_a_person_may_ask_about_a_text_of_their_own(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    config = examples.config.with_part(sampling=dataclasses.replace(examples.config.sampling, prompt="win cash now"))
    text, count = sample(network_of(examples), config, examples)
    assert count == 1
    assert text.endswith("% · win cash now")


def test_the_shelf_offers_it_for_labelled_rows_alone() -> None:
    objective = OBJECTIVES.load("classify")
    assert objective.rows is not None
    assert objective.rows.kinds == ("labelled",)
    assert objective.obstacle(TINY) == ""
    assert not objective.writes
