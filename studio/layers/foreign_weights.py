"""Weights on their way in and out: our tensors gathered from somebody else's file, and laid back as they lay there."""

from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.language import tr


class Place(Protocol):
    """What a family says about where a tensor lies; see `studio.families.Source`."""

    @property
    def name(self) -> str:
        """The foreign tensor's name."""

    @property
    def transposed(self) -> bool:
        """Whether it is stored as (in, out)."""

    @property
    def part(self) -> int:
        """Which share along the last axis as stored is ours, from 0."""

    @property
    def parts(self) -> int:
        """How many tensors share it."""


def share_of(theirs: Tensor, place: Place) -> Tensor:
    """Our tensor inside a foreign one, as a view; a last axis that does not divide is a `StudioError`."""
    width, rest = divmod(theirs.shape[-1], place.parts)
    if rest:
        raise StudioError(
            tr("The tensor {name} does not divide into {parts} equal parts.", name=place.name, parts=place.parts),
            tr("The file is damaged, or belongs to another kind of model."),
        )
    share = theirs.narrow(-1, place.part * width, width)
    return share.t() if place.transposed else share


def collect(sources: Mapping[str, Place], read: Callable[[str], Tensor]) -> dict[str, Tensor]:
    """Every tensor of `sources` under our name, as views of what `read` returns for the foreign name.

    Leave a name out of `sources` that the file may lack because it is tied.
    """
    return {ours: share_of(read(place.name), place) for ours, place in sources.items()}


def scatter(ours: Mapping[str, Tensor], sources: Mapping[str, Place]) -> dict[str, Tensor]:
    """The reverse, contiguous under the foreign names; a bias that our model does without is written as zeros."""
    shares: dict[str, list[Tensor]] = {}
    for name, place in sorted(sources.items(), key=lambda item: item[1].part):
        tensor = ours[name] if name in ours else _no_bias(ours, name)
        shares.setdefault(place.name, []).append(tensor.t() if place.transposed else tensor)
    return {
        name: torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0].contiguous() for name, parts in shares.items()
    }


def _no_bias(ours: Mapping[str, Tensor], name: str) -> Tensor:
    weight = ours.get(f"{name.removesuffix('.bias')}.weight") if name.endswith(".bias") else None
    if weight is None:
        raise StudioError(tr("The model has no tensor {name}.", name=name), tr("Export it again from its checkpoint."))
    return weight.new_zeros(weight.shape[0])
