"""Learning to answer: what counts in the loss, and that neither padding nor packing changes it."""

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.layers.assembly import decoder
from studio.layers.cross_entropy import summed_cross_entropy
from studio.objectives import learnable
from studio.objectives.instruct import OBJECTIVE, loss, score, targets, tokens
from studio.prompts import Turn
from studio.rows.rendering import render
from studio.store.answer_batches import NOTHING, PADDING, packed
from studio.tokenizers import make_tokenizer
from tests.objectives.conversing import PAIRS, ROWS, SHAPE, TOKENIZER, config, dataset, going, quiet, read

pytestmark = pytest.mark.torch


def test_the_books_example_of_a_target_that_does_not_count() -> None:
    logits = torch.tensor([[-1.0, 1.0], [-0.5, 1.5]])
    more = torch.cat([logits, torch.tensor([[-0.5, 1.5]])])
    means = [
        summed_cross_entropy(logits, torch.tensor([0, 1])) / 2,
        summed_cross_entropy(more, torch.tensor([0, 1, 1])) / 3,
        summed_cross_entropy(more, torch.tensor([0, 1, NOTHING])) / 2,
    ]
    assert [round(mean.item(), 4) for mean in means] == [1.1269, 0.7936, 1.1269]


def test_only_the_answer_and_its_end_are_learned(tmp_path: Path) -> None:
    examples = read(OBJECTIVE, dataset(tmp_path, ROWS), config("instruct"))
    batch = OBJECTIVE.rows.batches(examples, examples.config, 4, "validation").batch(0)  # type: ignore[union-attr]
    for inputs, wanted in batch:
        learned = wanted[wanted != NOTHING]
        text = TOKENIZER.decode(learned.tolist())  # bytes have no token for the end of a text, so it is spelled
        assert any(f"{row['output']}<|endoftext|>" == text.strip() for row in ROWS)
        assert "Say" in TOKENIZER.decode([token for token in inputs.tolist() if token != PADDING])


def test_questions_can_be_learned_too(tmp_path: Path) -> None:
    data = dataset(tmp_path, ROWS)
    found = [read(OBJECTIVE, data, config("instruct", learn=learn)).learned for learn in ("answers", "everything")]
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].sum() == len(found[1]) - len(ROWS) > found[0].sum()  # a first token follows from nothing


@pytest.mark.parametrize("batching", ["pad", "pack"])
def test_the_loss_is_that_of_each_row_alone(tmp_path: Path, batching: str) -> None:
    torch.manual_seed(1)
    model = decoder(SHAPE).eval()
    examples = read(OBJECTIVE, dataset(tmp_path, ROWS), config("instruct"))
    run = dataclasses.replace(
        examples.config, instruct=dataclasses.replace(examples.config.instruct, batching=batching)
    )
    rows = OBJECTIVE.rows
    assert rows is not None
    together = rows.batches(examples, run, 8, "training")
    batches = [torch.from_numpy(together.batch(index)) for index in range(together.per_epoch)]
    alone = rows.batches(examples, examples.config, 1, "training")
    singles = [torch.from_numpy(alone.batch(index)) for index in range(alone.per_epoch)]
    assert len(singles) == 8
    assert sum(map(targets, batches)) == sum(map(targets, singles))
    assert sum(map(tokens, batches)) == sum(map(tokens, singles))
    whole = sum(float(loss(model, batch)[0].detach()) for batch in batches) / sum(map(targets, batches))
    one_by_one = sum(float(loss(model, batch)[0].detach()) for batch in singles) / sum(map(targets, singles))
    assert whole == pytest.approx(one_by_one, abs=1e-6)


def test_packing_keeps_every_conversation_whole_and_wastes_little() -> None:
    lengths = np.random.default_rng(0).integers(5, 60, 200)
    bins = packed(lengths, 96)
    assert sorted(place for row in bins for place in row) == list(range(200))
    assert all(sum(lengths[row]) <= 96 for row in bins)
    assert lengths.sum() / (96 * len(bins)) > 0.9


def test_packing_into_a_long_context_takes_no_look_at_every_room() -> None:
    lengths = np.full(20_000, 5_000)
    began = time.process_time()
    assert len(packed(lengths, 8_192)) == 20_000
    assert time.process_time() - began < 0.5


def test_an_epoch_holds_every_row_once_in_an_order_of_its_own(tmp_path: Path) -> None:
    examples = read(OBJECTIVE, dataset(tmp_path, ROWS), config("instruct"))
    batches = OBJECTIVE.rows.batches(examples, examples.config, 2, "training")  # type: ignore[union-attr]
    epochs = [[row[1].tobytes() for index in range(4) for row in batches.batch(epoch * 4 + index)] for epoch in (0, 1)]
    assert batches.per_epoch == 4
    assert epochs[0] != epochs[1]
    again = OBJECTIVE.rows.batches(examples, examples.config, 2, "training")  # type: ignore[union-attr]
    assert np.array_equal(batches.batch(5), again.batch(5))


def test_a_run_asks_the_first_held_back_rows_its_prompt_and_the_canaries(tmp_path: Path) -> None:
    run = config("instruct", canaries=("Who are you?",))
    examples = read(OBJECTIVE, dataset(tmp_path, ROWS), run)
    run = dataclasses.replace(examples.config, sampling=dataclasses.replace(run.sampling, prompt="Hello"))
    found = OBJECTIVE.questions(run, examples)  # type: ignore[misc]
    assert [question.shown for question in found] == ["Hello", "Who are you?", "Say there", "Say so"]
    assert TOKENIZER.decode(found[0].ids).startswith("Hello")
    assert [question.canary for question in found] == [False, True, False, False]


@pytest.mark.parametrize("template", ["alpaca", "chatml", "llama3", "phi3", "plain"])
def test_a_vocabulary_that_is_learned_from_rows_knows_the_templates_own_letters(tmp_path: Path, template: str) -> None:
    run = config("instruct", template=template)
    data, run = dataset(tmp_path, ROWS), run.with_part(model=dataclasses.replace(SHAPE, context_length=512))
    tokenizer = make_tokenizer("characters", learnable(OBJECTIVE.rows, data, run))  # type: ignore[arg-type]
    examples = OBJECTIVE.rows.read(data, tokenizer, run, quiet, going)  # type: ignore[union-attr]
    assert len(examples.rows) == len(ROWS)
    prompt = PROMPTS.load(template)
    said = (Turn("user", "Say yes"), Turn("assistant", "yes"), Turn("user", "Say no"))
    text = tokenizer.decode(render(prompt, said, tokenizer, answering=True).ids)
    assert text.count("Say") == 2, "a second question can be asked"
    assert any(stop in text for stop in prompt.stops), "an answer has an end that can be learned"


def test_right_answers_are_counted(tmp_path: Path) -> None:
    examples = read(OBJECTIVE, dataset(tmp_path, ROWS), config("instruct"))
    batch = torch.from_numpy(OBJECTIVE.rows.batches(examples, examples.config, 2, "validation").batch(0))  # type: ignore[union-attr]
    found = score(decoder(SHAPE).eval(), batch)
    assert found.targets == targets(batch)
    assert 0 <= found.hits <= found.targets


def test_rows_without_answers_are_left_out_and_told_and_none_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    some = dataset(tmp_path / "a", [*ROWS, {"instruction": "Say nothing", "input": "", "output": ""}])
    examples = read(OBJECTIVE, some, config("instruct"))
    assert len(examples.rows) == 10
    assert "1 of 11 rows" in examples.notes[0]
    (tmp_path / "b").mkdir()
    silent = dataset(tmp_path / "b", [{**row, "output": " "} for row in ROWS])
    with pytest.raises(StudioError, match="None of the 10 rows"):
        read(OBJECTIVE, silent, config("instruct"))


def test_a_classifier_and_a_reader_of_both_sides_are_refused(tmp_path: Path) -> None:
    data = dataset(tmp_path, ROWS)
    for shape in (
        dataclasses.replace(SHAPE, outputs=2, tie_embeddings=False),
        dataclasses.replace(SHAPE, causal=False),
    ):
        with pytest.raises(StudioError, match=r"classes apart|both ways"):
            read(OBJECTIVE, data, dataclasses.replace(config("instruct"), model=shape))


def test_chosen_answers_of_preferences_can_be_learned_too(tmp_path: Path) -> None:
    examples = read(OBJECTIVE, dataset(tmp_path, PAIRS), config("instruct"))
    assert "please" in TOKENIZER.decode(examples.of(0).tolist())


def test_answers_that_a_person_did_not_like_are_not_learned(tmp_path: Path) -> None:
    rows = [{**row, "rating": -1 if place == 0 else 1} for place, row in enumerate(ROWS)]
    examples = read(OBJECTIVE, dataset(tmp_path, rows), config("instruct"))  # type: ignore[arg-type]
    assert examples.rows.tolist() == list(range(1, 10))
    assert "the answer was not liked (1)" in examples.notes[0]
