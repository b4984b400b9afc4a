"""Preferring one answer to another (DPO, Rafailov et al. 2023): an adapter moves away from the base it lies on."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from studio.core.config import AdapterConfig, DataConfig, RunConfig, Sampling, TrainingConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.objectives import Objective, RowTask, Scored
from studio.objectives.instruct import (
    around,
    examples_of,
    no_windows,
    questions,
    ready,
    refuse_reader,
    rules_of,
    settled,
)
from studio.objectives.pretrain import obstacle
from studio.rows.conversing import preferences
from studio.store.answer_batches import NOTHING, PADDING, both, padded
from studio.store.examples import Examples, KeepGoing, Progress
from studio.store.row_order import RowOrder

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.layers.decoder import Decoder
    from studio.store.datasets import Dataset
    from studio.tokenizers import Tokenizer

COLLAPSED = -1.0  # mean log ratio of the chosen answers from which on they are e times less likely than before
Row = npt.NDArray[np.int64]


# --- rows -------------------------------------------------------------------------------------------------------------


def read(
    dataset: "Dataset", tokenizer: "Tokenizer", config: RunConfig, progress: Progress, keep_going: KeepGoing
) -> Examples:
    """Both answers of every pair as tokens: an example's row 2·i is the chosen one of pair i, 2·i + 1 the other."""
    refuse_reader(config)
    config = settled(dataset, config)
    found = preferences(
        dataset.stream(keep_going), dataset.reading, rules_of(config, tokenizer), config,
        (lambda done: progress(done, max(done, dataset.rows)), keep_going),
    )  # fmt: skip
    return examples_of(dataset, found, tokenizer, config)


class Pairs:
    """Pairs of a side, each once an epoch."""

    def __init__(self, examples: Examples, config: RunConfig, batch_size: int, side: str) -> None:
        self._examples = examples
        self._order = RowOrder(np.unique(examples.split.of(side) // 2), config, batch_size, side)

    @property
    def per_epoch(self) -> int:
        """Batches in one pass."""
        return self._order.per_epoch

    def batch(self, index: int) -> Row:
        """Ids (2 · pairs, 2, time): chosen and rejected one behind the other, each with inputs and targets."""
        pairs = self._order.batch(index).tolist()
        return padded([both(self._examples, 2 * pair + side) for pair in pairs for side in (0, 1)])


# --- what is optimized and measured -----------------------------------------------------------------------------------


def log_likelihoods(model: "nn.Module", batch: "Tensor") -> "Tensor":
    """Σ log p of the learned tokens of each row of (rows, 2, time): (rows,), the end of an answer among them."""
    import torch

    network, inputs, wanted = cast("Decoder", model), batch[:, 0].clamp(min=0), batch[:, 1]
    places = wanted != NOTHING
    logits = network.lm_head(network.hidden(inputs)[places]).float()  # (learned, vocabulary)
    said = logits.log_softmax(-1).gather(-1, wanted[places][:, None])[:, 0]
    rows = torch.arange(len(batch), device=batch.device)[:, None].expand(places.shape)[places]
    return torch.zeros(len(batch), device=batch.device).index_add(0, rows, said)


@contextlib.contextmanager
def base_alone(model: "nn.Module") -> Iterator[None]:
    """The model without its adapter: the reference that nobody has to keep a copy of."""
    from studio.layers.lora import lora_layers

    layers = lora_layers(model).values()
    before = [layer.active for layer in layers]
    for layer in layers:
        layer.active = None
    try:
        yield
    finally:
        for layer, active in zip(layers, before, strict=True):
            layer.active = active


def ratios(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", "Tensor", "Tensor"]:
    """log π/π_ref of chosen and rejected answers, (pairs,) each, and log π of both, (pairs, 2)."""
    import torch

    own = log_likelihoods(model, batch)
    training = model.training
    with torch.no_grad(), base_alone(model):
        model.eval()
        reference = log_likelihoods(model, batch)
        model.train(training)
    moved = (own - reference).view(-1, 2)
    return moved[:, 0], moved[:, 1], own.view(-1, 2)


def loss(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", int]:
    """-log σ(β·(Δchosen - Δrejected)) summed over pairs, and how many there are."""
    found = _losses(model, batch)
    return found[0].sum(), len(found[0])


def _losses(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", "Tensor", "Tensor", "Tensor"]:
    import torch.nn.functional as F

    chosen, rejected, said = ratios(model, batch)
    beta = beta_of(model)
    return -F.logsigmoid(beta * (chosen - rejected)), beta * chosen, beta * rejected, said


def score(model: "nn.Module", batch: "Tensor") -> Scored:
    """The same, with what tells learning from collapse: both log-probabilities, rewards, margin and accuracy."""
    losses, chosen, rejected, said = (found.detach() for found in _losses(model, batch))
    beta = beta_of(model)
    sums = {
        "chosen": float(said[:, 0].sum()), "rejected": float(said[:, 1].sum()),
        "reward of chosen": float(chosen.sum()), "reward of rejected": float(rejected.sum()),
        "margin": float((chosen - rejected).sum()),
        "chosen moved": float(chosen.sum() / beta), "rejected moved": float(rejected.sum() / beta),
    }  # fmt: skip
    return Scored(losses.sum(), len(losses), int((chosen > rejected).sum()), sums)


def worry(measures: Mapping[str, float]) -> str:
    """A sentence where both kinds of answers have become less likely: the margin grows, but the model forgets both."""
    chosen, rejected = measures.get("chosen moved", 0.0), measures.get("rejected moved", 0.0)
    if chosen > COLLAPSED or rejected > 0.0:
        return ""
    return tr(
        "The chosen answers have become less likely too: their log-probability fell by {chosen:.1f}, that of the "
        "rejected ones by {rejected:.1f}. Stop, and use a lower learning rate or a larger beta.",
        chosen=-chosen, rejected=-rejected,
    )  # fmt: skip


def targets(batch: "Tensor") -> int:
    """Pairs of a batch."""
    return len(batch) // 2


def tokens(batch: "Tensor") -> int:
    """Tokens that are read, once by the model and once by its base."""
    return 2 * int((batch[:, 0] != PADDING).sum())


def prepare_model(model: "nn.Module", config: RunConfig) -> None:
    """Refuse to train the weights themselves: then nothing would be left to compare with."""
    if config.adapter.kind == "none":
        raise StudioError(
            tr("Preferences are learned by an adapter; the frozen model under it is what it is compared with."),
            tr("Choose LoRA or QLoRA; in a configuration, set “adapter.kind” to “lora”."),
        )
    model.preference_beta = config.prefer.beta  # type: ignore[assignment]


def beta_of(model: "nn.Module") -> float:
    """The β that the run of this model was given."""
    beta: float = model.preference_beta  # type: ignore[assignment]
    return beta


OBJECTIVE = Objective(
    name="prefer",
    page="instruct",
    label="Preferences",
    about="It learns which of two answers is liked better, without forgetting what it could say (DPO).",
    family="gpt2",
    obstacle=obstacle,
    default=RunConfig(
        objective="prefer",
        data=DataConfig(validation_share=0.05, test_share=0.1, split="in_order"),
        adapter=AdapterConfig(kind="lora"),
        training=TrainingConfig(
            steps=500, epochs=1.0, batch_size=8, learning_rate=5e-5, minimum_learning_rate=5e-6, warmup_steps=10,
            weight_decay=0.01, evaluate_every=20, evaluation_batches=5, sample_every=50, save_every=50,
        ),
        sampling=Sampling(tokens=64, temperature=0.0),
    ),
    batches=no_windows,
    loss=loss,
    targets=targets,
    ready=ready,
    score=score,
    questions=questions,
    rows=RowTask(("preference",), read, Pairs, tokens, around),
    prepare_model=prepare_model,
    worry=worry,
    sections=("instruct", "prefer"),
)  # fmt: skip
