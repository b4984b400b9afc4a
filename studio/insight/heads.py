"""What a head does, as numbers between 0 and 1. All are pure.

Weights are (…, heads, time, time); definitions follow reference/insight.md, P10 and P12.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture, capture, hidden
from studio.insight.reading import Doubles, Numbers, blocks
from studio.layers.decoder import Decoder

PERIOD = 25  # tokens of the random sequence that is repeated
LOCAL = 2  # tokens to either side that count as near


@dataclass(frozen=True)
class HeadScores:
    """Every head's scores, each (layers, heads); NaN where a text is too short to say."""

    entropy: Doubles
    first_token: Doubles
    previous_token: Doubles
    local: Doubles
    induction: Doubles
    duplicate: Doubles
    period: int  # of the repeated sequence that the last two were measured on
    chance: float  # the induction score of a head that looks everywhere alike


def entropy(weights: Numbers, seen: Numbers | None = None) -> Doubles:
    """Mean over rows of a row's entropy by the largest it can have, log(tokens it may see); rows that see one are out.

    `seen` (time,) counts what each row may see; i + 1 of a causal text when left out. Uniform is 1, one place is 0.
    """
    time = weights.shape[-1]
    seen = np.arange(1, time + 1) if seen is None else np.asarray(seen)
    rows = seen > 1
    if not rows.any():
        return np.full(weights.shape[:-2], np.nan)
    wide = np.asarray(weights[..., rows, :], np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = -np.where(wide == 0, 0.0, wide * np.log(wide)).sum(-1) / np.log(seen[rows])
    found: Doubles = each.mean(-1)
    return found


def first_token(weights: Numbers) -> Doubles:
    """Mean weight on the first token, from the second row on."""
    return _mean(weights[..., 1:, 0])


def previous_token(weights: Numbers) -> Doubles:
    """Mean weight on the token before."""
    return _mean(np.diagonal(weights, -1, -2, -1))


def local(weights: Numbers, distance: int = LOCAL) -> Doubles:
    """Mean share of a row's attention on tokens at most `distance` away, its own included.

    The role of nearby tokens in Pande et al. 2021, The heads hypothesis. Rows that see no others are out.
    """
    rows = weights.shape[-1] - distance - 1
    if rows < 1:
        return np.full(weights.shape[:-2], np.nan)
    found: Doubles = np.zeros(weights.shape[:-2])
    for away in range(-distance, distance + 1):
        near = np.diagonal(weights, away, -2, -1)[..., distance + 1 + min(0, away) :]
        found += near.sum(-1, dtype=np.float64) / rows
    return found


def duplicate(weights: Numbers, period: int) -> Doubles:
    """Mean weight on the same token one period earlier."""
    return _mean(np.diagonal(weights, -period, -2, -1))


def induction(weights: Numbers, period: int) -> Doubles:
    """Mean weight on the token that followed the same token one period earlier (Olsson et al. 2022)."""
    places = np.diagonal(weights, -(period - 1), -2, -1)  # row i, column i - period + 1
    return _mean(places[..., 1:])  # the first of them lies in the first round, where nothing was before


def _mean(values: Numbers) -> Doubles:
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    found: Doubles = np.asarray(values, np.float64).mean(-1)
    return found


def repeated(allowed: Sequence[int] | int, period: int = PERIOD, seed: int = 0, rounds: int = 2) -> list[int]:
    """A random sequence of `period` tokens, `rounds` times over; no token twice in a round where there are enough."""
    pool = np.arange(allowed) if isinstance(allowed, int) else np.asarray(allowed)
    drawn = np.random.default_rng(seed).choice(pool, period, replace=len(pool) < period)
    return [int(number) for number in np.tile(drawn, rounds)]


def probe(
    model: Decoder, period: int = PERIOD, seed: int = 0, allowed: Sequence[int] | None = None
) -> tuple[Capture, int]:
    """A capture of a repeated random sequence and its period, which is shorter where the context is."""
    known = model.embed_tokens.num_embeddings
    context = model.embed_positions.num_embeddings if model.embed_positions is not None else 2 * period
    period = min(period, context // 2)
    if period < 2:
        raise StudioError(
            tr("The context is too short for a sequence and its repetition."), tr("It takes at least four tokens.")
        )
    return capture(model, repeated(allowed if allowed is not None else known, period, seed)), period


def scores(model: Decoder, text: Capture, again: Capture, period: int) -> HeadScores:
    """Entropy, first, previous and near tokens on the text itself; induction and duplicate on the repeated sequence."""
    found: dict[str, Any] = dict(text_scores(text.attention, visible(model, len(text.ids))))
    return HeadScores(**found, **round_scores(model, again, period))


def taxonomy(model: Decoder, text: Capture) -> HeadScores:
    """All scores of a captured text and of a repeated sequence that is read for it now."""
    return scores(model, text, *probe(model))


def text_scores(weights: Numbers, seen: Numbers) -> dict[str, Doubles]:
    """The scores that any text shows, by the names they have in `HeadScores`; for one layer or all."""
    return {
        "entropy": entropy(weights, seen),
        "first_token": first_token(weights),
        "previous_token": previous_token(weights),
        "local": local(weights),
    }


def round_scores(model: Decoder, again: Capture, period: int) -> dict[str, Any]:
    """Those that need a repeated sequence, with its period and what chance would score."""
    return {
        "induction": induction(again.attention, period),
        "duplicate": duplicate(again.attention, period),
        "period": period,
        "chance": float(induction(uniform(model, len(again.ids)), period)),
    }


def visible(model: Decoder, time: int) -> Numbers:
    """(time,): how many tokens each row may see, its own included."""
    attention = next(blocks(model)).self_attn
    seen: Numbers = (~hidden(time, attention.window, attention.causal)).sum(1).numpy()
    return seen


def uniform(model: Decoder, time: int) -> Doubles:
    """The weights (time, time) of a head that looks at everything it may see alike: what chance would score."""
    attention = next(blocks(model)).self_attn
    seen = (~hidden(time, attention.window, attention.causal)).double().numpy()
    found: Doubles = seen / seen.sum(1, keepdims=True)
    return found
