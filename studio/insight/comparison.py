"""Two models on one text: how far their predictions are apart, where they differ, how alike their layers are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture
from studio.insight.lens import Ids, Lens, expected_ids, followed, lens, log_probabilities, pieces, places
from studio.insight.reading import Doubles, Floats, Numbers, at_rest, word_head
from studio.layers.decoder import Decoder

Side = tuple[Decoder, Capture]


@dataclass(frozen=True)
class Comparison:
    """A and B on the same tokens; entry i is what they expect behind token i. Distances are in nats.

    `ids` and `probabilities` (2, time, k) are the likeliest of A and of B. `chances` and `ranks` (2, time) are those of
    the token that really follows (NaN and −1 behind the last). `alignment` (layers + 1 of A, layers + 1 of B) is CKA.
    """

    divergence: Floats  # (time,) KL(A ‖ B)
    opposite: Floats  # (time,) KL(B ‖ A)
    ids: Ids
    probabilities: Floats
    chances: Floats
    ranks: Ids
    alignment: Doubles

    @property
    def gain(self) -> Floats:
        """(time,): by how many nats A finds the real next token less surprising than B does."""
        with np.errstate(divide="ignore"):
            found: Floats = np.log(self.chances[0]) - np.log(self.chances[1])
        return np.where(self.chances[0] == self.chances[1], 0.0, found)

    @property
    def changed(self) -> Ids:
        """Places where the likeliest token is another one."""
        return np.flatnonzero(self.ids[0, :, 0] != self.ids[1, :, 0]).astype(np.int32)

    def loss(self, side: int) -> float:
        """Mean surprise of A (0) or B (1) at the real next tokens, in nats."""
        own = self.chances[side][self.ranks[side] >= 0]
        with np.errstate(divide="ignore"):
            return float(-np.log(own.astype(np.float64)).mean()) if len(own) else float("nan")


def compare(a: Side, b: Side, k: int = 5) -> Comparison:
    """Predictions and layers of two models side by side; refused where tokens or vocabularies are not the same."""
    _refuse(*a, *b)
    time = len(a[1].ids)
    k = min(k, word_head(a[0]).out_features, word_head(b[0]).out_features)
    ids, shares = np.zeros((2, time, k), np.int32), np.zeros((2, time, k), np.float32)
    apart, chances = np.zeros((2, time), np.float32), np.full((2, time), np.nan, np.float32)
    ranks = np.full((2, time), -1, np.int32)
    following = np.array(expected_ids(*a), np.int32)
    with _both(a[0], b[0]):
        for part in pieces(a[0], time):
            logs = [log_probabilities(model, seen.layers[-1].after[part]) for model, seen in (a, b)]
            for side, found in enumerate(logs):
                top = found.topk(k, dim=-1)
                ids[side, part], shares[side, part] = top.indices.cpu().numpy(), top.values.exp().cpu().numpy()
                apart[side, part] = divergence(found, logs[1 - side]).cpu().numpy()
                ranks[side, part], chances[side, part] = followed(found, following[part])
    return Comparison(apart[0], apart[1], ids, shares, chances, ranks, alignment(a[1], b[1]))


def lens_pair(
    a: Side, b: Side, k: int = 5, halves: bool = False, token: int | None = None
) -> tuple[Lens, Lens, Floats]:
    """Both lenses, and how far they are apart: (rows, time) KL(A ‖ B) of what both would say at each place."""
    _refuse(*a, *b)
    (names, ours), (others, theirs) = places(*a, halves), places(*b, halves)
    if names != others:
        raise StudioError(
            tr(
                "The models have {a} and {b} layers, so their rows do not match.",
                a=len(a[0].layers),
                b=len(b[0].layers),
            ),
            tr("Choose models with as many layers as one another."),
        )
    found = np.zeros((len(names), len(a[1].ids)), np.float32)
    with _both(a[0], b[0]):
        for part in pieces(a[0], len(a[1].ids)):
            for row, (one, other) in enumerate(zip(ours, theirs, strict=True)):
                mine, beside = log_probabilities(a[0], one[part]), log_probabilities(b[0], other[part])
                found[row, part] = divergence(mine, beside).cpu().numpy()
    return lens(*a, k, halves, token), lens(*b, k, halves, token), found


@contextmanager
def _both(a: Decoder, b: Decoder) -> Iterator[None]:
    """Both at rest; taken in one order everywhere, so that two comparisons never wait for one another."""
    first, second = sorted((a, b), key=id)
    with at_rest(first), at_rest(second):
        yield


def divergence(own: Tensor, other: Tensor) -> Tensor:
    """KL(own ‖ other) in nats of log-probabilities (time, vocabulary); never below 0, exactly 0 for equals."""
    p = own.exp()
    each = torch.where(p == 0, torch.zeros_like(p), p * (own - other))
    return each.sum(-1).clamp(min=0)


def alignment(a: Capture, b: Capture) -> Doubles:
    """(layers + 1, layers + 1): linear CKA (Kornblith et al. 2019) of every state of A with every state of B.

    1: the same arrangement of the text's tokens up to turning and size; NaN where all tokens have one state.
    """
    ours, theirs = ([_gram(stream) for stream in side.residual] for side in (a, b))
    return np.array([[float((x * y).sum()) for y in theirs] for x in ours])


def _gram(stream: Numbers) -> Doubles:
    """Centred inner products of all tokens (time, time), brought to length 1."""
    wide = stream.astype(np.float64)
    wide = wide - wide.mean(axis=0)
    products: Doubles = wide @ wide.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return products / np.linalg.norm(products)


def _refuse(a: Decoder, captured_a: Capture, b: Decoder, captured_b: Capture) -> None:
    if a.lm_head.out_features != b.lm_head.out_features:
        raise StudioError(
            tr("The models choose among {a} and {b} tokens.", a=f"{a.lm_head.out_features:,}",
               b=f"{b.lm_head.out_features:,}"),
            tr("Only models with the same tokenizer can be compared token by token."),
        )  # fmt: skip
    if captured_a.ids != captured_b.ids:
        raise StudioError(
            tr("The models have not read the same tokens."),
            tr("Choose a text that fits into both contexts, and models with the same tokenizer."),
        )
