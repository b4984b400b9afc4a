"""How large an adapter is: singular values of what it adds, its norm beside the layer's own, the directions it uses."""

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio.layers.lora import lora_layers
from studio.layers.lora_linear import Adapter, LoraLinear, WholeLayer, plain_of

Floats = npt.NDArray[np.float64]


def product_values(a: Tensor, b: Tensor, scale: float) -> Floats:
    """Singular values of scale·B·A, the largest first, without forming it; A (rank, inputs), B (outputs, rank).

    B = Q₁R₁ and Aᵀ = Q₂R₂ have orthonormal Q, so those of the product are those of the small R₁R₂ᵀ.
    """
    left = torch.linalg.qr(b.detach().double().cpu(), mode="r").R
    right = torch.linalg.qr(a.detach().double().cpu().T, mode="r").R
    found: Floats = torch.linalg.svdvals(left @ right.T).numpy() * abs(scale)
    return found


def effective_rank(singular: Floats) -> float:
    """e to the entropy of the singular values as shares of their sum (Roy & Vetterli 2007); 0 for no change."""
    total = float(singular.sum())
    if not total:
        return 0.0
    shares = singular[singular > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


class Growth:
    """The active adapter of a model in training, measured now and then; the frozen weights are weighed once."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._bases: dict[str, float] = {}  # path to ‖W‖²

    @torch.no_grad()
    def measures(self) -> dict[str, float]:
        """`change` is ‖ΔW‖ / ‖W‖ of all adapted layers as one, `change.KIND` of one kind; `directions` the mean
        effective rank of the thin products. Nothing for a model without an active adapter."""
        moved, own = defaultdict[str, float](float), defaultdict[str, float](float)
        ranks: list[float] = []
        for path, layer in lora_layers(self._model).items():
            adapter, kind = layer.named.get(layer.active or ""), path.rpartition(".")[2]
            if adapter is None:
                continue
            size, rank = _grown(layer, adapter)
            ranks += [rank] if isinstance(adapter, Adapter) else []
            for name in ("change", f"change.{kind}"):
                moved[name] += size**2
                own[name] += self._base(path, layer)
        found = {name: float(np.sqrt(moved[name] / own[name])) for name in moved if own[name]}
        return {**found, "directions": float(np.mean(ranks))} if ranks else found

    def _base(self, path: str, layer: LoraLinear) -> float:
        if path not in self._bases:
            self._bases[path] = float(plain_of(layer.base).weight.detach().float().norm()) ** 2
        return self._bases[path]


def _grown(layer: LoraLinear, adapter: Adapter | WholeLayer) -> tuple[float, float]:
    """Frobenius norm of what a layer's adapter adds, and its effective rank (0 for a layer that is trained whole)."""
    if isinstance(adapter, WholeLayer):
        return float((adapter.weight - plain_of(layer.base).weight.float()).norm()), 0.0
    singular = product_values(adapter.A, adapter.B, adapter.shape.scale)
    return float(np.sqrt((singular**2).sum())), effective_rank(singular)
