"""The film's moment as exact views can draw it: where its weights are those of the very tokens that are read."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.live.looking import Looking
from studio.maps.tiles import LEVELS, NOTHING

if TYPE_CHECKING:
    from studio.insight.snapshot import Snapshot

NOT_KEPT = "This snapshot was kept by an Atelier that did not measure it yet; the checkpoints tell it exactly."


def own_moment(looking: Looking) -> "Snapshot | None":
    """The film's snapshot, where each of its numbers is one pair of the tokens that are read; else None."""
    kept, scene = looking.snapshot, looking.shown[0]
    usable = kept is not None and scene is not None and kept.block == 1 and kept.ids == scene.capture.ids
    return kept if usable else None


def own_moments(looking: Looking) -> "tuple[Snapshot | None, Snapshot | None]":
    """That snapshot, and the one that is subtracted from it."""
    kept = own_moment(looking)
    return kept, looking.moments[1] if kept is not None else None


def weights_of(kept: "Snapshot", layer: int) -> npt.NDArray[Any]:
    """(heads, time, time) of such a snapshot, within half a level of what was computed; NaN where there is none."""
    levels = kept.maps[layer]
    return np.where(levels == NOTHING, np.float32(np.nan), levels / np.float32(LEVELS))
