"""How a network is read without leaving a trace: at rest, without gradients, and in a window that fits."""

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.layers.attention import Attention
from studio.layers.decoder import Block, Decoder

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any]  # of whichever width

BUDGET = 256 << 20  # bytes that the attention weights of one capture may take
PLACES = 1 << 24  # logits that are in memory at once where whole rows of the vocabulary are looked at

_guard = threading.Lock()
_locks: "weakref.WeakKeyDictionary[nn.Module, Any]" = weakref.WeakKeyDictionary()  # an RLock for each network


@dataclass(frozen=True)
class Window:
    """The tokens of a text that are read: from `start` up to `end`, of `total`."""

    start: int
    end: int
    total: int

    @property
    def whole(self) -> bool:
        """Whether the text is read from its first to its last token."""
        return self.end - self.start == self.total

    def sentence(self) -> str:
        """What the screen says of a text that is not shown whole; empty for one that is."""
        if self.whole:
            return ""
        return tr(
            "Shown: tokens {first} to {last} of {total}, read as a text of their own.",
            first=f"{self.start + 1:,}", last=f"{self.end:,}", total=f"{self.total:,}",
        )  # fmt: skip


def window_of(model: Decoder, total: int, start: int = 0, budget: int = BUDGET, one_layer: bool = False) -> Window:
    """As many tokens from `start` on as the context and `budget` bytes of attention weights allow; at least one.

    With `one_layer` the weights of one layer are in memory at a time, else those of all.
    """
    if total <= 0:
        raise StudioError(tr("There is no text to look at."), tr("Type a few words."))
    each = [heads_of(block.self_attn) for block in blocks(model)]
    heads = max(each) if one_layer else sum(each)
    longest = max(1, int((budget / (4 * heads)) ** 0.5))
    if model.embed_positions is not None:
        longest = min(longest, model.embed_positions.num_embeddings)
    start = min(max(start, 0), total - 1)
    return Window(start, min(total, start + longest), total)


def blocks(model: Decoder) -> Iterator[Block]:
    """The network's blocks, by their own type."""
    for block in model.layers:
        assert isinstance(block, Block)
        yield block


def word_head(model: Decoder) -> nn.Linear:
    """The output head of a model that has something to say about words; of a classifier it is refused."""
    head: nn.Linear = model.lm_head
    if head.out_features != model.embed_tokens.num_embeddings:
        raise StudioError(
            tr("This model tells {count} classes apart and expects no words any more.", count=head.out_features),
            tr("Look at the model that it was made of, or see on the Classify page why it chose a class."),
        )
    return head


def heads_of(attention: Attention) -> int:
    """Query heads of an attention."""
    return attention.o_proj.in_features // attention.head_dim


def tensor_of(model: Decoder, ids: Sequence[int]) -> Tensor:
    """Ids as (1, time) where the network is; one outside the vocabulary is a `StudioError`."""
    known = model.embed_tokens.num_embeddings
    odd = next((number for number in ids if not 0 <= number < known), None)
    if odd is not None:
        raise StudioError(
            tr("Token {id} is not among the {count} this model knows.", id=f"{odd:,}", count=f"{known:,}"),
            tr("The text was cut by another model's tokenizer; use this model's own."),
        )
    return torch.tensor([list(ids)], dtype=torch.long, device=model.embed_tokens.weight.device)


@contextmanager
def alone(model: nn.Module) -> Iterator[None]:
    """No other thread reads or alters the network meanwhile: the hooks of one reading would be seen by another."""
    with _guard:
        lock = _locks.setdefault(model, threading.RLock())
    with lock:
        yield


@contextmanager
def at_rest(model: nn.Module) -> Iterator[None]:
    """Alone, in evaluation mode and without gradients inside; outside every module is in the mode it was in."""
    with alone(model), torch.no_grad():
        training = [module for module in model.modules() if module.training]
        for module in training:
            module.training = False
        try:
            yield
        finally:
            for module in training:
                module.training = True


@contextmanager
def hooked(handles: Sequence[Any]) -> Iterator[None]:
    """Hooks that are gone on leaving, whatever happened inside."""
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def array_of(tensor: Tensor) -> Floats:
    """A copy in float32 that nobody can change: what was captured is evidence."""
    found: Floats = np.array(tensor.detach().float().cpu().numpy())
    found.flags.writeable = False
    return found


def matrix(linear: nn.Module) -> tuple[Doubles, Doubles]:
    """Weight (in, out) and bias (out,) of a linear layer in float64, zeros where it has none."""
    weight = getattr(linear, "weight", None)
    if not isinstance(linear, nn.Linear) or not isinstance(weight, Tensor):
        raise StudioError(
            tr("The weights are held in a shortened form, which has no exact numbers to show."),
            tr("Load the model in fp32 to look inside."),
        )
    bias = linear.bias
    turned: Doubles = weight.detach().double().cpu().numpy().T
    return turned, np.zeros(turned.shape[1]) if bias is None else bias.detach().double().cpu().numpy()
