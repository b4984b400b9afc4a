"""The arithmetic of the laboratory: one position's logits, reshaped by the controls, and what was drawn of them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.config import Sampling
from studio.core.language import tr
from studio.core.next_token import CONTROLS, SHOWN, Distribution, distribution, order_of
from studio.core.sampling import draws
from studio.lenses.cumulative_curve import Limit, Sums
from studio.seeing.shown_text import ShownText
from studio.views.bars import Choice, percent_text
from studio.views.token_text import token_label

Ids = npt.NDArray[np.int64]


@dataclass
class Bench:
    """Logits (vocabulary,) behind the tokens `seen`; `set_sampling` reshapes them, `draw` draws. No forward pass."""

    logits: npt.NDArray[np.float32]
    seen: tuple[int, ...]
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=1.0))
    drawn: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._penalty = 1.0
        self._own_order = self._order = order_of(self.logits, Sampling(repetition_penalty=1.0), ())
        self.found: Distribution = distribution(self.logits, self.sampling, self.seen)
        self._before = np.cumsum(self.found.raw[self._own_order])
        self._random = np.random.default_rng(self.sampling.seed)

    def set_sampling(self, sampling: Sampling) -> None:
        """Other controls; what was drawn before was drawn from another distribution and is forgotten."""
        if sampling == self.sampling:
            return
        self.sampling, self.drawn = sampling, []
        self._random = np.random.default_rng(sampling.seed)
        if sampling.repetition_penalty != self._penalty:
            self._penalty = sampling.repetition_penalty
            own = self._penalty == 1.0
            self._order = self._own_order if own else order_of(self.logits, sampling, self.seen)
        self.found = distribution(self.logits, sampling, self.seen)

    def draw(self, count: int) -> list[int]:
        """Draw so many more; the same seed draws the same tokens in the same order."""
        new: list[int] = draws(self.found.chances, self._random, count).tolist()
        self.drawn += new
        return new

    @property
    def sums(self) -> Sums:
        """What the curve shows."""
        limits = tuple(Limit(cut.left, limit_words(cut.control, self.sampling)) for cut in self.found.cuts)
        return Sums(self._before, np.cumsum(self.found.chances[self._order]), limits)

    def choices(self, text: ShownText, real: int, most: int = SHOWN) -> tuple[list[Choice], float]:
        """The likeliest before or after as bars, the real next token among them; and what all others have after."""
        shown = [int(token) for token in self._order[:most]]
        if real >= 0 and real not in shown:
            shown = [*shown[: most - 1], real]
        often = np.bincount(self.drawn, minlength=len(self.logits)) / len(self.drawn) if self.drawn else None
        choices = [
            Choice(
                token, token_label(text.tokenizer, token), float(self.found.chances[token]),
                removed=bool(self.found.chances[token] == 0), marked=token == real, before=float(self.found.raw[token]),
                drawn=None if often is None else float(often[token]),
            )
            for token in shown
        ]  # fmt: skip
        others = self.found.chances.copy()
        others[shown] = 0.0
        return choices, float(others.sum())  # exactly 0 where nothing else is left


def limit_words(control: str, sampling: Sampling) -> str:
    """A control and its setting: top-p 0.9."""
    if control == "temperature":
        return tr(CONTROLS[control])
    return f"{CONTROLS[control]} {getattr(sampling, control):g}"


def cut_words(found: Distribution) -> str:
    """What each control took away, in tokens and in probability: top-k took 25 (3.1 %) · 40 of 65 left."""
    total = f"{len(found.raw):,}"
    if not found.cuts:
        return tr("All {total} tokens can come.", total=total)
    parts = [
        tr("{control} took {count} ({mass})", control=CONTROLS[cut.control], count=f"{cut.removed:,}",
           mass=percent_text(cut.mass))
        for cut in found.cuts
    ]  # fmt: skip
    left = tr("{left} of {total} left", left=f"{found.left[-1][1]:,}", total=total)
    return " · ".join([*parts, left])


def drawn_words(bench: Bench, new: list[int], text: ShownText) -> str:
    """What was drawn last, and how close the shares of all draws are to the chances."""
    if len(new) == 1:
        token = new[0]
        words = tr("Drawn: “{token}”, which had {chance}.", token=text.label(token),
                   chance=percent_text(float(bench.found.chances[token])))  # fmt: skip
    else:
        words = tr("{count} tokens drawn.", count=f"{len(new):,}")
    if len(bench.drawn) < 100:
        return words
    often = np.bincount(bench.drawn, minlength=len(bench.logits)) / len(bench.drawn)
    apart = float(np.abs(often - bench.found.chances).max())
    return words + " " + tr("The notches are the shares of {count} draws; the furthest is {apart} off.",
                            count=f"{len(bench.drawn):,}", apart=percent_text(apart))  # fmt: skip


def summary(found: Distribution) -> dict[str, Any]:
    """Arrays for a file: chances before and after, and what each control left and took."""
    return {
        "before": found.raw,
        "after_temperature": found.warm,
        "after": found.chances,
        "left": np.array([left for _, left in found.left]),
        "removed_mass": np.array([cut.mass for cut in found.cuts]),
    }
