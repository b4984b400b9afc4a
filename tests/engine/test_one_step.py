"""One step in slow motion is the very step that training makes, and leaves the model bit for bit as it was."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.core.config import AdapterConfig
from studio.core.errors import StudioError
from studio.engine.one_step import STAGES, Example, begin, checksum, read_example
from studio.layers.int8_linear import Int8Linear
from studio.layers.lora import add_lora, lora_layers
from studio.layers.lora_linear import LoraShape
from studio.layers.twin import twin
from tests.engine.adapted_models import TEXT, loaded_model, with_adapter

pytestmark = pytest.mark.torch
LORA = AdapterConfig(kind="lora", rank=4, alpha=8.0)
RATE = 1e-2


def walk(loaded, example, count, adapter=LORA, rate=RATE):
    """The first `count` stages."""
    stepper, first = begin(loaded, example.text, example.answer, adapter, rate, 7)
    return [first, *(stepper.advance() for _ in range(count - 1))]


def network(loaded):
    return loaded.change(lambda model, _config: model)


def test_the_four_stages_come_in_their_order_again_and_again():
    stages = walk(loaded_model(), Example(TEXT), 9)
    assert [stage.name for stage in stages] == [*STAGES, *STAGES, "forward"]
    assert [stage.step for stage in stages] == [1] * 4 + [2] * 4 + [3]


def test_every_number_is_that_of_a_plain_training_step():
    loaded = loaded_model()
    _, loss, backward, optimise = walk(loaded, Example(TEXT), 4)
    model, ids = twin(network(loaded)), torch.tensor([loaded.encode(TEXT)])
    torch.manual_seed(7)
    add_lora(model, "all", LoraShape(4, 8.0))
    optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=RATE, weight_decay=0.0)
    before = F.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
    before.backward()
    assert loss.before.loss == pytest.approx(before.item(), rel=1e-5)
    norms = {path: layer.adapters[0] for path, layer in lora_layers(model).items()}
    for one in backward.layers:
        assert one.gradient_b == pytest.approx(float(norms[one.path].B.grad.norm()), rel=1e-5)
    optimizer.step()
    with torch.no_grad():
        after = F.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
    assert optimise.after.loss == pytest.approx(float(after), rel=1e-5)
    assert optimise.after.loss < optimise.before.loss
    for one in optimise.layers:
        assert one.size_b == one.moved_b == pytest.approx(norms[one.path].B.norm().item(), rel=1e-5)


def test_a_has_no_gradient_at_the_first_step_and_one_at_the_second():
    stages = walk(loaded_model(), Example(TEXT), 8)
    assert {one.gradient_a for one in stages[2].layers} == {0.0}
    assert min(one.gradient_b for one in stages[2].layers) > 0.0
    assert {one.moved_a for one in stages[3].layers} == {0.0}
    assert min(one.gradient_a for one in stages[6].layers) > 0.0
    assert min(one.moved_a for one in stages[7].layers) > 0.0


@pytest.mark.parametrize("kind", ["lora", "qlora"])
def test_the_model_is_bit_for_bit_as_before_and_carries_no_adapter(kind):
    loaded = loaded_model("llama")
    before, modes = checksum(network(loaded)), [one.requires_grad for one in network(loaded).parameters()]
    stages = walk(loaded, Example(TEXT), 8, AdapterConfig(kind=kind, rank=4))
    assert checksum(network(loaded)) == before
    assert lora_layers(network(loaded)) == {}
    assert [one.requires_grad for one in network(loaded).parameters()] == modes
    assert {stage.base for stage in stages} == {stages[0].base}
    assert (stages[0].base == before) == (kind == "lora")
    assert stages[0].frozen == sum(one.numel() for one in network(loaded).parameters())


def test_the_next_step_goes_on_from_the_one_before():
    stages = walk(loaded_model(), Example(TEXT), 8)
    assert stages[4].before is stages[3].after
    assert stages[7].after.loss < stages[3].after.loss


def test_of_an_example_with_an_answer_only_the_answer_counts():
    loaded = loaded_model()
    found = walk(loaded, Example("the price is ", "42"), 4)
    assert found[0].before.learned.tolist() == [False] * 12 + [True] * 2
    own = found[1].before.losses
    assert found[1].before.loss == pytest.approx(float(own[-2:].mean()))
    assert found[0].before.texts[-2:] == ("4", "2")
    assert found[3].after.loss < found[3].before.loss


def test_predictions_say_what_was_right_and_what_was_guessed():
    loaded = loaded_model()
    seen = walk(loaded, Example(TEXT), 1)[0].before
    with torch.no_grad():
        chances = network(loaded)(torch.tensor([loaded.encode(TEXT)]))[0, :-1].softmax(-1)
    assert list(seen.guesses) == chances.argmax(-1).tolist()
    np.testing.assert_allclose(seen.best, chances.max(-1).values.numpy(), rtol=1e-5)
    np.testing.assert_allclose(seen.losses, -np.log(seen.chance))
    assert "".join(seen.texts) == TEXT


def test_an_adapter_that_lies_there_is_not_part_of_the_example():
    bare, worn = loaded_model(), with_adapter(loaded_model())
    assert walk(worn, Example(TEXT), 1)[0].before.loss == walk(bare, Example(TEXT), 1)[0].before.loss
    assert len(lora_layers(network(worn))) > 0


def test_a_long_text_loses_its_end_and_before_an_answer_its_beginning():
    loaded = loaded_model()
    ids, learned, total = read_example(loaded, Example("a" + "x" * 39))
    assert (loaded.tokenizer.decode(ids), int(learned.sum()), total) == ("a" + "x" * 31, 31, 40)
    ids, learned, total = read_example(loaded, Example("a" + "x" * 39, "42"))
    assert (loaded.tokenizer.decode(ids), int(learned.sum()), total) == ("x" * 30 + "42", 2, 42)


@pytest.mark.parametrize("example", [Example("x"), Example("x", "y" * 32)])
def test_an_example_of_which_nothing_can_be_predicted_is_refused(example):
    with pytest.raises(StudioError, match="nothing can be predicted"):
        read_example(loaded_model(), example)


def test_a_rank_larger_than_a_layer_and_weights_without_gradients_are_refused():
    loaded = loaded_model()
    with pytest.raises(StudioError, match="rank of 65 does not fit"):
        begin(loaded, TEXT, "", AdapterConfig(kind="lora", rank=65), RATE)
    loaded.change(
        lambda model, _config: model.set_submodule("layers.0.mlp.up_proj", Int8Linear(model.layers[0].mlp.up_proj))
    )
    with pytest.raises(StudioError, match="no gradient goes through"):
        begin(loaded, TEXT, "", LORA, RATE)
