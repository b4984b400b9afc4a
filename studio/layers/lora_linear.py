"""One linear layer with low-rank adapters (Hu et al. 2021): y = Wx + scale·B(Ax), where only A and B learn."""

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.adapter_costs import CONVENTIONS as CONVENTIONS
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.layers.dropout import dropout


@dataclass(frozen=True)
class LoraShape:
    """What is chosen of an adapter; `convention` says what the product is multiplied with."""

    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.0
    convention: str = "alpha/rank"

    @property
    def scale(self) -> float:
        """The factor before B·A."""
        return CONVENTIONS[self.convention](self.alpha, self.rank)


class Adapter(nn.Module):
    """The thin matrices, in fp32 whatever the base is: A (rank, inputs) random, B (outputs, rank) zero."""

    def __init__(self, inputs: int, outputs: int, shape: LoraShape, device: torch.device) -> None:
        super().__init__()
        self.shape = shape
        self.A = nn.Parameter(torch.empty(shape.rank, inputs, device=device))
        self.B = nn.Parameter(torch.zeros(outputs, shape.rank, device=device))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def blend(self, x: Tensor, out: Tensor, strength: float) -> Tensor:
        """`out` (…, outputs) of the base for `x` (…, inputs), with the adapter's part added; in the type of `out`."""
        seen = dropout(x, self.shape.dropout) if self.training else x
        thin = F.linear(seen.to(self.A.dtype), self.A) * (strength * self.shape.scale)  # (…, rank)
        base = out.to(thin.dtype).reshape(-1, out.shape[-1])
        return torch.addmm(base, thin.reshape(-1, thin.shape[-1]), self.B.t()).view(out.shape).to(out.dtype)

    def merged(self, base: nn.Linear, strength: float) -> tuple[Tensor, Tensor | None]:
        """Weight and bias of a linear layer that computes the same by itself."""
        return base.weight + (strength * self.shape.scale * self.B @ self.A).to(base.weight), base.bias


class WholeLayer(nn.Module):
    """A trained copy of the whole layer in place of thin matrices: for an output head, which may be all new."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach().float().clone())
        self.bias = nn.Parameter(bias.detach().float().clone()) if bias is not None else None

    def blend(self, x: Tensor, out: Tensor, strength: float) -> Tensor:
        """Between the base's `out` at strength 0 and this layer's at 1, and on beyond."""
        return torch.lerp(out, F.linear(x.to(self.weight.dtype), self.weight, self.bias).to(out.dtype), strength)

    def merged(self, base: nn.Linear, strength: float) -> tuple[Tensor, Tensor | None]:
        """Weight and bias of a linear layer that computes the same by itself."""
        bias = None if self.bias is None else torch.lerp(base.bias, self.bias.to(base.bias), strength)
        return torch.lerp(base.weight, self.weight.to(base.weight), strength), bias


class LoraLinear(nn.Module):
    """A frozen linear layer of any kind with named adapters, one of which (`active`) counts, `strength` times.

    `active` None or strength 0 is the base alone. Both may be changed between two calls from any thread.
    """

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.in_features, self.out_features = sizes_of(base)
        self.base = base.requires_grad_(False)
        self.named: dict[str, Adapter | WholeLayer] = {}
        self.adapters = nn.ModuleList()  # the same, for torch: names may hold dots
        self.active: str | None = None
        self.strength = 1.0

    def put(self, name: str, adapter: Adapter | WholeLayer) -> None:
        """Add an adapter, or replace the one of this name."""
        self._list({**self.named, name: adapter.train(self.training)})

    def drop(self, name: str) -> None:
        """Take an adapter away, if it is there."""
        self._list({known: adapter for known, adapter in self.named.items() if known != name})

    def _list(self, named: dict[str, Adapter | WholeLayer]) -> None:
        self.named, self.adapters = named, nn.ModuleList(named.values())

    @property
    def weight(self) -> Tensor:
        """The base's, without the adapters."""
        weight: Tensor = self.base.weight  # type: ignore[assignment]
        return weight

    @property
    def bias(self) -> Tensor | None:
        """The base's."""
        bias: Tensor | None = self.base.bias  # type: ignore[assignment]
        return bias

    def forward(self, x: Tensor) -> Tensor:
        """(…, in_features) to (…, out_features)."""
        adapter, strength = self.named.get(self.active or ""), self.strength
        out: Tensor = self.base(x)
        return out if adapter is None or strength == 0.0 else adapter.blend(x, out, strength)

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """A plain layer that computes the same; a base in fewer bits is widened to fp32 for it."""
        base, adapter = plain_of(self.base), self.named.get(self.active or "")
        weight, bias = (base.weight, base.bias) if adapter is None else adapter.merged(base, self.strength)
        return linear_of(weight, bias)


def linear_of(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """A frozen `nn.Linear` around weights that are there already."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    linear.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        linear.bias = nn.Parameter(bias, requires_grad=False)
    return linear


def plain_of(base: nn.Module) -> nn.Linear:
    """The base as an `nn.Linear`: itself, or widened from fewer bits; one that cannot be is refused."""
    if isinstance(base, nn.Linear):
        return base
    widened = getattr(base, "widened", None)
    if widened is None:
        raise StudioError(
            tr("An adapter cannot be merged into weights of the kind {kind}.", kind=type(base).__name__),
            tr("Load the model in fp32 first."),
        )
    linear: nn.Linear = widened()
    return linear


def sizes_of(linear: nn.Module) -> tuple[int, int]:
    """Inputs and outputs of a linear layer of any kind."""
    return int(linear.in_features), int(linear.out_features)  # type: ignore[arg-type]


def with_scale(shape: LoraShape, rank: int) -> LoraShape:
    """The shape of another rank whose products are scaled alike."""
    return replace(shape, rank=rank, alpha=shape.scale / CONVENTIONS[shape.convention](1.0, rank))
