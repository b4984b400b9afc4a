"""The logit lens: what the model would say if it ended after each block. Only the likeliest few are kept."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture
from studio.insight.reading import PLACES, Floats, Numbers, array_of, at_rest, blocks, word_head
from studio.layers.decoder import Decoder

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Lens:
    """Rows are places in the model, columns tokens of the text; the last row is the model itself.

    `ids` and `probabilities` are (rows, time, k), likeliest first. `entropy` in nats, `divergence` is KL(model ‖ row)
    in nats. `rank` (0: likeliest) and `tracked` (its probability) are those of `targets` (time,), where −1 means that
    there is none: the rank is −1 and the probability NaN.
    """

    rows: tuple[str, ...]
    ids: Ids
    probabilities: Floats
    entropy: Floats
    divergence: Floats
    targets: Ids
    rank: Ids
    tracked: Floats


def lens(model: Decoder, captured: Capture, k: int = 5, halves: bool = False, token: int | None = None) -> Lens:
    """Every place of the residual stream through the final norm, anew for each place, and the output head.

    `halves` also looks between a block's attention and its feed-forward part. `token` is tracked; when None, the token
    that really comes next, or the token itself where the model sees the whole text at once.
    """
    names, streams = places(model, captured, halves)
    time = len(captured.ids)
    following = expected_ids(model, captured) if token is None else [token] * time
    targets = np.array(following, np.int32)
    k = min(k, word_head(model).out_features)
    shape = (len(names), time)
    ids, chances = np.zeros((*shape, k), np.int32), np.zeros((*shape, k), np.float32)
    spread, apart, tracked = (np.zeros(shape, np.float32) for _ in range(3))
    rank = np.zeros(shape, np.int32)
    with at_rest(model):
        for part in pieces(model, time):
            last = log_probabilities(model, streams[-1][part])
            certain = _expected(last, last)
            for row, stream in enumerate(streams):
                found = last if row == len(streams) - 1 else log_probabilities(model, stream[part])
                top = found.topk(k, dim=-1)
                ids[row, part], chances[row, part] = top.indices.cpu().numpy(), top.values.exp().cpu().numpy()
                spread[row, part] = -_expected(found, found).cpu().numpy()
                apart[row, part] = (certain - _expected(last, found)).clamp(min=0).cpu().numpy()
                rank[row, part], tracked[row, part] = followed(found, targets[part])
    return Lens(names, ids, chances, spread, apart, targets, rank, tracked)


def likeliest(model: Decoder, captured: Capture, k: int = 5) -> tuple[Ids, Floats]:
    """Only ids and probabilities of `lens`, (layers + 1, time, k): what can be afforded while a model trains."""
    k = min(k, word_head(model).out_features)
    time = len(captured.ids)
    ids = np.zeros((len(captured.residual), time, k), np.int32)
    chances = np.zeros(ids.shape, np.float32)
    with at_rest(model):
        for part in pieces(model, time):
            for row, stream in enumerate(captured.residual):
                found = logits(model, stream[part])
                top = found.topk(k, dim=-1)
                share = (top.values - found.logsumexp(-1, keepdim=True)).exp()
                ids[row, part], chances[row, part] = top.indices.cpu().numpy(), share.cpu().numpy()
    return ids, chances


def expected_ids(model: Decoder, captured: Capture) -> list[int]:
    """What each place should say: the next token (−1: none is known), or its own where nothing is hidden."""
    causal = next(blocks(model)).self_attn.causal
    return [*captured.ids[1:], -1] if causal else list(captured.ids)


def places(model: Decoder, captured: Capture, halves: bool) -> tuple[tuple[str, ...], list[Floats]]:
    """Names of the rows, and the residual stream (time, width) at each."""
    names, streams = ["embedding"], [captured.embedding]
    after = next(blocks(model)).norm_after
    for record in captured.layers:
        if halves and not after:
            names.append(f"attention {record.layer + 1}")
            streams.append(record.before + record.attention_out)
        names.append(f"block {record.layer + 1}")
        streams.append(record.after)
    return tuple(names), streams


def pieces(model: Decoder, time: int) -> Iterator[slice]:
    """Parts of a text whose whole logits fit into memory at once."""
    size = max(1, PLACES // word_head(model).out_features)
    for start in range(0, time, size):
        yield slice(start, min(time, start + size))


def logits(model: Decoder, stream: Numbers) -> Tensor:
    """Residual stream (time, width) to logits (time, vocabulary) in float32: final norm of these numbers, then head."""
    weight = model.embed_tokens.weight
    x = torch.tensor(stream, dtype=weight.dtype, device=weight.device)[None]
    found: Tensor = word_head(model)(model.norm(x))[0]
    return found.float()


def log_probabilities(model: Decoder, stream: Numbers) -> Tensor:
    """The same as log-probabilities over the whole vocabulary."""
    return logits(model, stream).log_softmax(-1)


def _expected(under: Tensor, of: Tensor) -> Tensor:
    """Σ p · log q, with 0 where p is 0."""
    p = under.exp()
    return torch.where(p == 0, torch.zeros_like(p), p * of).sum(-1)


def followed(found: Tensor, targets: Ids) -> tuple[Ids, Floats]:
    """Rank and probability of one token at each place; among equals the smaller id comes first."""
    real = torch.from_numpy(targets.astype(np.int64)).to(found.device)
    own = found.gather(-1, real.clamp(min=0)[:, None])
    numbers = torch.arange(found.shape[-1], device=found.device)
    before = (found > own) | ((found == own) & (numbers < real[:, None]))
    rank = torch.where(real < 0, -1, before.sum(-1))
    chance = torch.where(real < 0, float("nan"), own[:, 0].exp())
    return rank.cpu().numpy().astype(np.int32), chance.cpu().numpy()


@dataclass(frozen=True)
class Surprise:
    """How unexpected each token was after those before it: −log p in nats, rank (0: likeliest) and p; NaN, −1 first."""

    nats: Floats
    rank: Ids
    probability: Floats

    @property
    def loss(self) -> float:
        """Mean over the tokens that something stands before: the text's loss."""
        return float(self.nats[1:].mean(dtype=np.float64)) if len(self.nats) > 1 else float("nan")


def surprise(model: Decoder, captured: Capture) -> Surprise:
    """Each token of the text under the model's own prediction for it."""
    if not next(blocks(model)).self_attn.causal:
        raise StudioError(
            tr("This model sees the whole text at once, so no token can surprise it."),
            tr("Choose a model that writes from left to right."),
        )
    following = np.array([*captured.ids[1:], -1], np.int32)
    nats, chance = np.full(len(following), np.nan, np.float32), np.full(len(following), np.nan, np.float32)
    rank = np.full(len(following), -1, np.int32)
    with at_rest(model):
        for part in pieces(model, len(following)):
            found = log_probabilities(model, captured.layers[-1].after[part])
            here, p = followed(found, following[part])
            real = torch.from_numpy(following[part].astype(np.int64)).clamp(min=0)[:, None].to(found.device)
            places = np.arange(part.start, part.stop) + 1
            kept = places < len(following)
            nats[places[kept]] = -found.gather(-1, real)[:, 0].cpu().numpy()[kept]
            rank[places[kept]], chance[places[kept]] = here[kept], p[kept]
    return Surprise(nats, rank, chance)


def logits_behind(model: Decoder, captured: Capture, position: int) -> Floats:
    """(vocabulary,): what the model itself expects behind one token of the window, no control applied."""
    with at_rest(model):
        return array_of(logits(model, captured.layers[-1].after[position : position + 1])[0])
