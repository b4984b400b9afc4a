"""Learning numbers: the layout of a prompt, the loss on the number alone, and what does not fit."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.core.config import ModelConfig, RegressConfig, RunConfig, Sampling
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.objectives.regress import OBJECTIVE, NumberBatches, asked_of, loss, questions, read, score, tokens
from studio.store.datasets import Dataset
from studio.store.examples import Examples
from studio.store.project import Project
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.torch
TINY = ModelConfig(context_length=64, emb_dim=16, n_layers=1, n_heads=2, vocab_size=256)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    lines = [f'{{"prompt": "Thing number {n}", "completion": {n + 0.4}}}' for n in range(40)]
    (tmp_path / "things.jsonl").write_text("\n".join(lines), "utf-8")
    return Project.create(tmp_path / "project").add_dataset(tmp_path / "things.jsonl")


def examples_of(dataset: Dataset, model: ModelConfig = TINY, **regress: Any) -> Examples:
    config = RunConfig(objective="regress", model=model, regress=RegressConfig(**regress))
    return read(dataset, make_tokenizer("bytes"), config, lambda done, total: None, lambda: True)


def test_a_row_is_question_text_ending_and_rounded_number_and_the_exact_number_is_measured(dataset: Dataset) -> None:
    examples = examples_of(dataset, question="How much?", decimals=1)
    place = int(np.flatnonzero(examples.rows == 7)[0])
    text = examples.tokenizer.decode(examples.of(place)[:-1].tolist())
    assert text == "How much?\n\nThing number 7\n\nPrice is $7.4"
    assert examples.targets[place] == 7.4  # type: ignore[index]
    whole = examples_of(dataset)
    assert whole.tokenizer.decode(whole.of(place)[:-1].tolist()).endswith("Price is $7")


def test_the_number_and_its_end_alone_count_in_the_loss(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    places = examples.split.training[:4]
    batch = torch.from_numpy(NumberBatches(examples, examples.config, 4, "training").of(places))
    wanted = [examples.tokenizer.decode([token for token in row.tolist() if token >= 0]) for row in batch[:, 1]]
    assert wanted == [f"{round(examples.targets[place])}\n" for place in places]  # type: ignore[index]
    assert OBJECTIVE.targets(batch) == sum(map(len, wanted))
    assert tokens(batch) == int((examples.lengths(places) - 1).sum())
    torch.manual_seed(0)
    network = FAMILIES.load("gpt2").build(TINY).eval()
    logits = network(batch[:, 0]).log_softmax(-1)
    expected = -sum(logits[row, place, token].item() for row in range(4)
                    for place, token in enumerate(batch[row, 1].tolist()) if token >= 0)  # fmt: skip
    summed, count = loss(network, batch)
    assert (summed.item(), count) == (pytest.approx(expected, abs=1e-4), sum(map(len, wanted)))
    assert score(network, batch).hits <= count


def test_an_epoch_shows_each_row_once(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    batches = NumberBatches(examples, examples.config, 7, "training")
    assert batches.per_epoch == len(examples.split.training) // 7
    seen = [bytes(row[row != 0].tobytes()) for index in range(batches.per_epoch) for row in batches.batch(index)[:, 0]]
    assert len(set(seen)) == len(seen)
    measured = NumberBatches(examples, examples.config, 3, "validation")
    assert sum(len(measured.batch(index)) for index in range(measured.per_epoch)) == len(examples.split.validation)


def test_a_long_text_is_cut_so_that_ending_and_number_stay_and_it_is_told(dataset: Dataset) -> None:
    examples = examples_of(dataset, longest=5)
    assert examples.tokenizer.decode(examples.of(0)[:-1].tolist()).startswith("Thing\n\nPrice is $")
    assert any("40 of 40 texts are cut" in note for note in examples.notes)
    narrow = dataclasses.replace(TINY, context_length=32)
    tight = examples_of(dataset, narrow)
    assert tight.lengths(np.arange(40)).max() <= 32
    with pytest.raises(StudioError, match="sees 24 at once"):
        examples_of(dataset, dataclasses.replace(TINY, context_length=24))


def test_held_back_rows_are_asked_without_their_numbers_or_what_a_person_asks(dataset: Dataset) -> None:
    examples = examples_of(dataset)
    asked = questions(examples.config, examples)
    assert len(asked) == 3
    assert all(one.shown.endswith("Price is $") for one in asked)
    own = examples.config.with_part(sampling=Sampling(prompt="A chair"))
    (one,) = questions(own, examples)
    assert examples.tokenizer.decode(list(one.ids)) == "A chair\n\nPrice is $"


def test_a_model_that_sees_what_it_has_to_guess_is_refused(dataset: Dataset) -> None:
    with pytest.raises(StudioError, match="both ways"):
        examples_of(dataset, dataclasses.replace(TINY, causal=False))


def test_the_prompt_begins_with_what_the_tokenizer_puts_before_every_text() -> None:
    tokenizer = make_tokenizer("bytes")
    object.__setattr__(tokenizer, "prefix", (1,))
    ids, lost = asked_of(tokenizer, RunConfig(model=TINY), "chair")
    assert (ids[0], lost) == (1, 0)
