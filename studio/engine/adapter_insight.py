"""What an adapter changed: how large its update is in every layer, of what rank, and what it does to a prompt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio.core.adapter_costs import HEAD
from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.loaded import LoadedModel
from studio.insight.comparison import divergence
from studio.layers.adapter_size import effective_rank, product_values
from studio.layers.adapter_weights import AdapterWeights, lift_adapter
from studio.layers.decoder import Decoder
from studio.layers.lora import activate, linear_layers, set_strength
from studio.layers.lora_linear import LoraLinear, plain_of
from studio.layers.nf4 import Nf4Linear, pack, unpack
from studio.layers.twin import twin

Floats = npt.NDArray[np.float64]
LONGEST = 256  # tokens of a prompt
_ROWS = 64  # places whose logits are in memory at once


@dataclass(frozen=True)
class LayerChange:
    """ΔW of one layer at strength 1, which is (outputs, inputs); `singular` values fall from the largest on.

    `layer` is −1 outside the blocks. `rank` is 0 where a whole copy of the layer was trained.
    """

    path: str
    layer: int
    kind: str
    inputs: int
    outputs: int
    rank: int
    base: float  # Frobenius norm of W
    singular: Floats

    @property
    def norm(self) -> float:
        """Frobenius norm of ΔW: the root of the sum of its squared singular values."""
        return float(np.sqrt((self.singular**2).sum()))

    @property
    def relative(self) -> float:
        """‖ΔW‖ / ‖W‖; NaN for a layer of zeros."""
        return self.norm / self.base if self.base else float("nan")

    @property
    def effective_rank(self) -> float:
        """e to the entropy of the singular values as shares of their sum (Roy & Vetterli 2007); 0 for no change."""
        return effective_rank(self.singular)


@dataclass(frozen=True)
class AdapterChange:
    """An adapter beside its base, layer by layer; `scale` is the factor before B·A."""

    name: str
    rank: int
    alpha: float
    scale: float
    convention: str
    layers: tuple[LayerChange, ...]


@dataclass(frozen=True)
class PromptShift:
    """Base (0) and adapted (1) on the same tokens; entry i is what they expect behind token i. Distances in nats.

    `top` and `shares` (2, time, k) are the likeliest, `was` (time, k) the base's chances of those of the adapted model;
    `chances` (2, time) those of the token that really follows (NaN behind the last). `words` spells the ids.
    """

    strength: float
    ids: tuple[int, ...]
    divergence: Floats  # (time,) KL(adapted ‖ base)
    top: npt.NDArray[np.int64]
    shares: Floats
    was: Floats
    chances: Floats
    words: dict[int, str] = field(default_factory=dict)

    def loss(self, side: int) -> float:
        """Mean surprise at the real next tokens, in nats; NaN for a single token."""
        own = self.chances[side][:-1]
        with np.errstate(divide="ignore"):
            return float(-np.log(own).mean()) if len(own) else float("nan")


@dataclass(frozen=True)
class Nf4Error:
    """What four bits would cost one layer: bits a weight, |W − W₄| / |W|, and the largest error by the largest |w|."""

    path: str
    layer: int
    kind: str
    weights: int
    bits: float
    relative: float
    largest: float


# --- the size of the change -----------------------------------------------------------------------------------------


def weigh(loaded: LoadedModel, name: str, keep_going: Callable[[], bool] = lambda: True) -> AdapterChange | None:
    """The adapter `name` of a loaded model; None when asked to stop."""
    model, _ = seen(loaded)
    return _weighed(model, name, lift_adapter(model, name), keep_going)


def _weighed(
    model: nn.Module, name: str, weights: AdapterWeights, keep_going: Callable[[], bool]
) -> AdapterChange | None:
    layers, shape, found = linear_layers(model), weights.shape, []
    wanted = {*weights.thin, *weights.whole}
    for path in (path for path in layers if path in wanted):  # in the model's order
        if not keep_going():
            return None
        linear = layers[path]
        plain = plain_of(linear.base if isinstance(linear, LoraLinear) else linear)
        if path in weights.thin:
            singular, rank = product_values(*weights.thin[path], shape.scale), shape.rank
        else:
            singular, rank = _values(weights.whole[path][0] - plain.weight.detach().float()), 0
        base = float(plain.weight.detach().float().norm())
        where, kind = place_of(path)
        found.append(LayerChange(path, where, kind, plain.in_features, plain.out_features, rank, base, singular))
    return AdapterChange(name, shape.rank, shape.alpha, shape.scale, shape.convention, tuple(found))


def _values(change: Tensor) -> Floats:
    """Singular values of a whole matrix, by the smaller of its two squares."""
    wide = change.detach().double().cpu()
    square = wide @ wide.T if wide.shape[0] < wide.shape[1] else wide.T @ wide
    found: Floats = torch.linalg.eigvalsh(square).clamp(min=0).sqrt().flip(0).numpy()
    return found


def place_of(path: str) -> tuple[int, str]:
    """Number of its block (−1 outside of them) and kind of a layer: layers.3.mlp.up_proj is 3, up_proj."""
    parts = path.split(".")
    number = int(parts[1]) if parts[0] == "layers" else -1
    return number, parts[-1]


# --- on a prompt ----------------------------------------------------------------------------------------------------


def shift(
    loaded: LoadedModel,
    name: str,
    strength: float,
    prompt: str,
    k: int = 5,
    keep_going: Callable[[], bool] = lambda: True,
) -> PromptShift | None:
    """What the adapter `name`, `strength` times, changes in what follows every token of a prompt; None when stopped.

    The loaded model is not touched: it may be writing meanwhile, with another strength.
    """
    ids = loaded.encode(prompt)[: min(LONGEST, loaded.context_length)]
    model, _ = seen(loaded)
    set_strength(model, strength)
    sides = []
    with torch.no_grad():
        for active in (None, name):
            if not keep_going():
                return None
            activate(model, active)
            sides.append(model.hidden(torch.tensor([ids], device=model.embed_tokens.weight.device))[0])
        found = PromptShift(strength, tuple(ids), *_rooms(len(ids), min(k, loaded.vocab_size)))
        for start in range(0, len(ids), _ROWS):
            _fill(found, model, name, sides, slice(start, min(start + _ROWS, len(ids))))
    known = {*ids, *found.top.reshape(-1).tolist()}
    if loaded.tokenizer is not None:
        found.words.update({token: loaded.tokenizer.token_text(token) for token in known})
    return found


def _rooms(time: int, k: int) -> tuple[Floats, npt.NDArray[np.int64], Floats, Floats, Floats]:
    """Divergence, likeliest ids, their shares, what those were, chances of what follows: still to be filled."""
    shares, chances = np.zeros((2, time, k)), np.full((2, time), np.nan)
    return np.zeros(time), np.zeros((2, time, k), np.int64), shares, np.zeros((time, k)), chances


def _fill(found: PromptShift, model: Decoder, name: str, sides: Sequence[Tensor], part: slice) -> None:
    """Write the places of `part`: the head is read with and without the adapter, which may lie on it too."""
    logs: list[Tensor] = []
    for side, active in enumerate((None, name)):
        activate(model, active)
        own = model.lm_head(sides[side][part]).float().log_softmax(-1)
        top = own.topk(found.top.shape[-1], dim=-1)
        found.top[side, part], found.shares[side, part] = top.indices.cpu().numpy(), top.values.exp().cpu().numpy()
        following = torch.tensor(found.ids[part.start + 1 : part.stop + 1], device=own.device)
        chances = own[: len(following)].gather(-1, following[:, None])[:, 0].exp()
        found.chances[side, part.start : part.start + len(following)] = chances.cpu().numpy()
        if logs:
            found.was[part] = logs[0].gather(-1, top.indices).exp().cpu().numpy()
        logs.append(own)
    found.divergence[part] = divergence(logs[1], logs[0]).cpu().numpy()


# --- in four bits ---------------------------------------------------------------------------------------------------


def nf4_errors(
    loaded: LoadedModel,
    progress: Callable[[int, int], None] = lambda done, total: None,
    keep_going: Callable[[], bool] = lambda: True,
) -> tuple[Nf4Error, ...] | None:
    """The error that each linear layer but the head would take in NF4; the model stays as it is. None when stopped."""
    found = []
    model, _ = seen(loaded)
    with torch.no_grad():
        layers = {path: layer for path, layer in linear_layers(model).items() if path != HEAD}
        for done, (path, layer) in enumerate(layers.items()):
            if not keep_going():
                return None
            progress(done, len(layers))
            base = layer.base if isinstance(layer, LoraLinear) else layer
            if isinstance(base, Nf4Linear):
                raise StudioError(
                    tr("The model is in 4 bits already, and what it was before is gone."),
                    tr("Load it again to measure what 4 bits take from it."),
                )
            weight = plain_of(base).weight.float()
            packed = pack(weight)
            apart = unpack(packed, tuple(weight.shape)) - weight
            size, most = float(weight.norm()), float(weight.abs().max())
            where, kind = place_of(path)
            found.append(
                Nf4Error(path, where, kind, weight.numel(), 8 * packed.bytes / weight.numel(),
                         float(apart.norm()) / size if size else 0.0, float(apart.abs().max()) / most if most else 0.0)
            )  # fmt: skip
    return tuple(found)


def seen(loaded: LoadedModel) -> tuple[Decoder, ModelConfig]:
    """A second body of the loaded network, to be changed at will, and its shape."""
    return loaded.change(lambda model, config: (twin(model), config))
