"""What the colours of a map of vectors say: a number along a ramp, or a class with a colour of its own."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.language import tr
from studio.embeddings.vocabulary import KINDS, Vocabulary
from studio.maps.colours import Colouring, limits_of
from studio.widgets.look import Look

CHOICES = (
    ("frequency", "frequency"), ("class", "class"), ("script", "script"), ("length", "length"), ("norm", "norm"),
    ("movement", "movement"),
)  # fmt: skip
OF_PLACES = (("place", "place"), ("norm", "norm"))  # of positions and of states in a text
_OF_TOKENS = ("class", "script", "length", "frequency", "movement")
_SERIES = 7  # colours that stay apart; the eighth is the quiet one


@dataclass(frozen=True)
class Shading:
    """`values` (rows,), NaN where there is none, with their `colouring`; or `classes` (rows,) that index `names`."""

    name: str
    label: str
    colouring: Colouring | None = None
    values: npt.NDArray[np.float32] | None = None
    classes: npt.NDArray[np.uint8] | None = None
    names: tuple[str, ...] = ()
    note: str = ""  # what is not coloured

    def colors(self, look: Look) -> npt.NDArray[np.uint32]:
        """0xFFRRGGBB for each row, in the present theme."""
        quiet = look.color("text_disabled").rgb()
        if self.values is not None and self.colouring is not None:
            return self.colouring.paint(self.values, look.theme.dark, quiet)
        assert self.classes is not None
        table = np.array([look.color(self.role(place)).rgb() for place in range(len(self.names))], np.uint32)
        return table[self.classes]

    @property
    def cut(self) -> tuple[bool, bool]:
        """Whether some values lie below the first colour, and above the last."""
        if self.values is None or self.colouring is None:
            return False, False
        low, high = self.colouring.value(0.0), self.colouring.value(1.0)
        return bool((self.values < low).any()), bool((self.values > high).any())

    def role(self, place: int) -> int | str:
        """The colour of a class: a series each, the last ones share the quiet one."""
        return place if place < _SERIES and self.names[place] not in _QUIET else "text_disabled"


_QUIET = ("–", "unused", "other")


def by_class(vocabulary: Vocabulary) -> Shading:
    """Colour by what a token is spelt with."""
    names = tuple(tr(name) for name in KINDS)
    return Shading("class", tr("class"), classes=vocabulary.kinds, names=names)


def by_script(vocabulary: Vocabulary) -> Shading:
    """Colour by the script of a token's first letter."""
    return Shading("script", tr("script"), classes=vocabulary.scripts, names=vocabulary.script_names)


def by_length(vocabulary: Vocabulary) -> Shading:
    """Colour by characters; the few longest tokens share the last colour."""
    values = vocabulary.lengths.astype(np.float32)
    high = float(np.quantile(values, 0.99)) if len(values) else 1.0
    return Shading("length", tr("characters"), Colouring(1.0, max(high, 2.0)), values)


def by_frequency(counts: npt.NDArray[np.int64], text: str) -> Shading:
    """Colour by occurrences, logarithmically; what never comes is grey."""
    values = np.where(counts > 0, counts, np.nan).astype(np.float32)
    never = int((counts == 0).sum())
    note = tr("grey: {count} never come", count=f"{never:,}") if never else ""
    label = tr("times in “{name}”", name=text)
    high = 10.0 ** max(1, round(math.log10(max(1, int(counts.max(initial=1))))))  # so that each tick is a power of ten
    return Shading("frequency", label, Colouring(0.0, high, scale="log"), values, note=note)


def by_number(name: str, label: str, values: npt.NDArray[np.float32], zero: bool = False) -> Shading:
    """Colour by any number of each row; from zero, or from the lowest one."""
    low, high = limits_of(values)
    return Shading(name, label, Colouring(0.0 if zero else low, high if high > low else low + 1.0), values)
