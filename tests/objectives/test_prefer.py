"""Preferences: the loss of the paper, against a reference that is the same model without its adapter."""

import copy
import dataclasses
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from studio.core.config import AdapterConfig, RunConfig
from studio.core.errors import StudioError
from studio.layers.assembly import decoder
from studio.layers.decoder import Decoder
from studio.layers.lora import add_lora, lora_layers
from studio.layers.lora_linear import LoraShape
from studio.objectives.prefer import OBJECTIVE, base_alone, log_likelihoods, loss, prepare_model, score, worry
from studio.store.answer_batches import NOTHING
from studio.store.project import Project
from studio.tokenizers import make_tokenizer
from tests.objectives.conversing import PAIRS, SHAPE, config, dataset, going, quiet, read

pytestmark = pytest.mark.torch


def adapted(beta: float = 0.1) -> Decoder:
    torch.manual_seed(3)
    model = decoder(SHAPE).eval()
    run = config("prefer")
    prepare_model(
        model,
        dataclasses.replace(run, adapter=AdapterConfig(kind="lora"), prefer=dataclasses.replace(run.prefer, beta=beta)),
    )
    add_lora(model, "all", LoraShape(4, 4.0))
    return model


def batch_of(folder: Path, size: int = 4) -> torch.Tensor:
    examples = read(OBJECTIVE, dataset(folder, PAIRS), config("prefer"))
    return torch.from_numpy(OBJECTIVE.rows.batches(examples, examples.config, size, "training").batch(0))  # type: ignore[union-attr]


def moved(model: Decoder) -> Decoder:
    for layer in lora_layers(model).values():
        for adapter in layer.adapters:
            torch.nn.init.normal_(adapter.B, std=0.1)
    return model


def test_before_the_first_step_the_loss_is_ln_two_and_the_margin_nothing(tmp_path: Path) -> None:
    found = score(adapted(), batch_of(tmp_path))
    assert found.loss.item() / found.targets == pytest.approx(0.693147, abs=1e-6)
    assert abs(found.sums["margin"]) < 1e-6


def test_it_equals_a_plain_computation_with_two_models(tmp_path: Path) -> None:
    model, batch = moved(adapted(beta=0.3)), batch_of(tmp_path)
    reference = copy.deepcopy(model)
    for layer in lora_layers(reference).values():
        layer.active = None

    def plain(network: Decoder) -> torch.Tensor:
        """As in the paper, row by row: log softmax of everything, gathered, summed over the answer."""
        said = []
        for inputs, wanted in batch:
            real = inputs >= 0
            scores = network(inputs[real][None])[0].log_softmax(-1)
            places = [place for place in range(int(real.sum())) if wanted[place] != NOTHING]
            said.append(sum(scores[place, wanted[place]] for place in places))
        return torch.stack(said).view(-1, 2)  # type: ignore[arg-type]

    ratio = plain(model) - plain(reference)
    expected = -F.logsigmoid(0.3 * (ratio[:, 0] - ratio[:, 1])).sum()
    total, count = loss(model, batch)
    assert count == 4
    assert total.item() == pytest.approx(expected.item(), abs=1e-5)


def test_the_end_of_an_answer_counts(tmp_path: Path) -> None:
    batch = batch_of(tmp_path)
    last = [row[1][row[1] != NOTHING][-1].item() for row in batch]
    assert len(set(last)) == 1  # the same mark behind every answer


def test_the_reference_is_the_base_and_the_adapter_counts_again_afterwards(tmp_path: Path) -> None:
    model, batch = moved(adapted()), batch_of(tmp_path)
    with torch.no_grad():
        before = log_likelihoods(model, batch)
        with base_alone(model):
            alone = log_likelihoods(model, batch)
        after = log_likelihoods(model, batch)
    assert torch.equal(before, after)
    assert not torch.allclose(before, alone)


def test_only_the_adapter_gets_a_gradient_and_it_points_towards_the_chosen_answers(tmp_path: Path) -> None:
    model, batch = adapted(beta=1.0), batch_of(tmp_path)
    for _ in range(3):
        loss(model, batch)[0].backward()
        for weight in model.parameters():
            if weight.grad is not None:
                weight.data -= 0.1 * weight.grad
    assert all(".adapters." in name for name, weight in model.named_parameters() if weight.grad is not None)
    assert score(model, batch).sums["margin"] > 0


def test_a_model_that_forgets_both_answers_is_told(tmp_path: Path) -> None:
    assert worry({"chosen moved": 0.5, "rejected moved": -3.0}) == ""
    assert worry({}) == ""
    assert "fell by 4.0, that of the rejected ones by 9.0" in worry({"chosen moved": -4.0, "rejected moved": -9.0})


def test_training_the_weights_themselves_is_refused() -> None:
    with pytest.raises(StudioError, match="learned by an adapter"):
        prepare_model(decoder(SHAPE), RunConfig())


def test_pairs_of_equal_answers_are_left_out(tmp_path: Path) -> None:
    rows = [*PAIRS, {**PAIRS[0], "chosen": "same", "rejected": "same"}]
    examples = read(OBJECTIVE, dataset(tmp_path, rows), config("prefer"))
    assert len(examples.rows) == 20
    assert "both answers are the same (1)" in examples.notes[0]


@pytest.mark.slow
def test_on_the_books_pairs_the_first_loss_is_ln_two_and_the_margin_nothing(data_folder: Path, tmp_path: Path) -> None:
    data = Project.create(tmp_path / "project").add_dataset(data_folder / "instruction-data-with-preference.json")
    gpt2 = make_tokenizer("gpt2")
    shape = dataclasses.replace(SHAPE, vocab_size=gpt2.vocab_size, context_length=256, emb_dim=8)
    run = config("prefer", template="alpaca").with_part(model=shape)
    examples = OBJECTIVE.rows.read(data, gpt2, run, quiet, going)  # type: ignore[union-attr]
    assert 860 < len(examples.split.training) // 2 <= 880
    model = decoder(shape).eval()
    prepare_model(model, dataclasses.replace(run, adapter=AdapterConfig(kind="lora")))
    add_lora(model, "all", LoraShape(4, 4.0))
    batch = torch.from_numpy(OBJECTIVE.rows.batches(examples, examples.config, 8, "training").batch(0))  # type: ignore[union-attr]
    with torch.no_grad():
        found = score(model, batch)
    assert abs(found.loss.item() / found.targets - 0.6931) < 1e-4
    assert abs(found.sums["margin"]) < 1e-6
