"""The arithmetic of the laboratory for two models: chances of A less those of B, and how far both are apart in bits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.config import Sampling
from studio.core.language import tr
from studio.core.next_token import SHOWN
from studio.lenses.cumulative_curve import Sums
from studio.lenses.next_token import Bench, cut_words, summary
from studio.maps.colours import number_text
from studio.seeing.shown_text import ShownText
from studio.views.bars import Choice, percent_text
from studio.views.token_text import token_label

if TYPE_CHECKING:
    from studio.insight.lens import Surprise

Doubles = npt.NDArray[np.float64]


@dataclass
class Pair:
    """Two models' benches behind the same tokens, reshaped by the same controls; nothing is computed by a model."""

    a: Bench
    b: Bench

    def __post_init__(self) -> None:
        self._compare()

    def set_sampling(self, sampling: Sampling) -> None:
        """Other controls for both."""
        self.a.set_sampling(sampling)
        self.b.set_sampling(sampling)
        self._compare()

    def _compare(self) -> None:
        one, other = self.a.found.chances, self.b.found.chances
        self.change: Doubles = one - other  # (vocabulary,)
        self.divergence = (bits_apart(one, other), bits_apart(other, one))

    @property
    def sums(self) -> Sums:
        """The sums of both, each from its own likeliest token on: B as the quiet line, A as the bright one."""
        one, other = (np.cumsum(-np.sort(-side.found.chances)) for side in (self.a, self.b))
        return Sums(other, one, names=(tr("B"), tr("A")))

    def order(self, most: int = SHOWN) -> list[int]:
        """The tokens whose chances are furthest apart, the smaller id first among equals."""
        size = np.nan_to_num(np.abs(self.change), nan=-1.0)
        most = min(most, len(size))
        least = np.partition(size, -most)[-most]
        sure = np.flatnonzero(size > least)
        found = np.concatenate([sure, np.flatnonzero(size == least)[: most - len(sure)]])
        return [int(token) for token in found[np.lexsort((found, -size[found]))]]

    def choices(self, text: ShownText, real: int, most: int = SHOWN) -> list[Choice]:
        """The furthest apart as bars, A's chance with B's as what was before; the real next token is among them."""
        shown = self.order(most)
        if real >= 0 and real not in shown:
            shown = [*shown[: most - 1], real]
        return [
            Choice(token, token_label(text.tokenizer, token), float(self.a.found.chances[token]),
                   marked=token == real, before=float(self.b.found.chances[token]))
            for token in shown
        ]  # fmt: skip

    def rest_words(self, shown: list[Choice]) -> str:
        """What all tokens that have no bar have in both."""
        others = np.ones(len(self.change), bool)
        others[[one.id for one in shown]] = False
        if not others.any():
            return ""
        return tr("All others together: A {a}, B {b}.", a=percent_text(float(self.a.found.chances[others].sum())),
                  b=percent_text(float(self.b.found.chances[others].sum())))  # fmt: skip


def bits_apart(one: Doubles, other: Doubles) -> float:
    """KL(one ‖ other) = Σ p · log₂(p / q) in bits; ∞ where `other` gives 0 to what `one` can say, NaN of NaN."""
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return float("nan")
    said = one > 0
    with np.errstate(divide="ignore"):
        found = float((one[said] * np.log2(one[said] / other[said])).sum())
    return max(0.0, found)  # rounding alone makes it less than nothing


def apart_words(pair: Pair) -> str:
    """Both divergences in bits, and what the controls took from each side."""
    forth, back = (number_text(bits) for bits in pair.divergence)
    words = [tr("KL(A ‖ B) = {forth} bits, KL(B ‖ A) = {back} bits.", forth=forth, back=back)]
    if np.inf in pair.divergence:
        words.append(tr("∞: one gives 0 to a token that the other can say."))
    if pair.a.found.cuts:
        words.append(tr("A: {words}", words=cut_words(pair.a.found)))
        words.append(tr("B: {words}", words=cut_words(pair.b.found)))
    return " ".join(words)


def signed_percent(value: float) -> str:
    """A difference of two shares with its sign: +7 %, −0.4 %, 0 %."""
    words = percent_text(abs(value))
    return words if not value or value != value else f"{'+' if value > 0 else '−'}{words}"


def pair_words(pair: Pair, text: ShownText, token: int) -> str:
    """The difference at one token with both operands, and the divergence with its formula."""
    a, b = float(pair.a.found.chances[token]), float(pair.b.found.chances[token])
    return tr(
        "A − B: “{token}” has {a} in A and {b} in B under the same controls, so {difference}. How far the two are "
        "apart: KL(A ‖ B) = Σ p_A · log₂(p_A / p_B) over all {count} tokens = {bits} bits, as many as it costs to take "
        "B's expectation for A's.",
        token=text.label(token), a=percent_text(a), b=percent_text(b), difference=signed_percent(a - b),
        count=f"{len(pair.change):,}", bits=number_text(pair.divergence[0]),
    )  # fmt: skip


def pair_numbers(pair: Pair, surprises: "tuple[Surprise | None, Surprise | None]") -> dict[str, npt.NDArray[Any]]:
    """Both models' whole vocabulary, their difference, both divergences in bits, and the surprise of both."""
    found: dict[str, npt.NDArray[Any]] = {"logits": pair.a.logits, **summary(pair.a.found)}
    found |= {"logits_b": pair.b.logits} | {f"{name}_b": array for name, array in summary(pair.b.found).items()}
    found |= {"difference": pair.change, "divergence_bits": np.array(pair.divergence)}
    for told, end in zip(surprises, ("", "_b"), strict=True):
        if told is not None:
            found |= {f"surprise{end}": told.nats, f"rank{end}": told.rank}
    return found
