"""How much of a network is trained, from its head alone to everything: what each choice means and how many weights."""

from dataclasses import replace

from studio.core.config import ModelConfig
from studio.core.language import tr
from studio.core.ledger import ledger
from studio.core.task_config import EVERYTHING

HEAD_ONLY = 0


def choices(model: ModelConfig) -> tuple[int, ...]:
    """What the slider offers, from little to much: the head, the last blocks one after the other, everything."""
    return (*range(model.n_layers + 1), EVERYTHING)


def depth_words(blocks: int) -> str:
    """A choice in words."""
    if blocks == EVERYTHING:
        return tr("Everything")
    if blocks == HEAD_ONLY:
        return tr("The head only")
    if blocks == 1:
        return tr("Last block, final norm and head")
    return tr("Last {count} blocks, final norm and head", count=f"{blocks}")


def trained_weights(model: ModelConfig, blocks: int, classes: int, bias: bool = False) -> tuple[int, int]:
    """Weights that learn, and all weights of the network with a head for so many classes."""
    shape = replace(model, outputs=max(1, classes), outputs_bias=bias, tie_embeddings=False)
    total = ledger(shape).total
    if blocks == EVERYTHING:
        return total, total
    head = shape.outputs * shape.emb_dim + (shape.outputs if bias else 0)
    if blocks == HEAD_ONLY:
        return head, total
    each = ledger(replace(shape, n_layers=shape.n_layers + 1)).total - total
    norm = shape.emb_dim * (2 if shape.norm == "layer" else 1)
    return min(total, head + norm + blocks * each), total
