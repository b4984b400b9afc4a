"""Which tokens made a classifier say what it says, and the words for it. The computing is the engine's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.core.shelf import resolve

if TYPE_CHECKING:
    from pathlib import Path

ATTRIBUTED = "studio.engine.classifier:attributed"  # (folder, text, label, method, strength, step)
METHODS = (
    ("integrated", "Integrated gradients"),
    ("gradient", "Gradient × input"),
    ("occlusion", "Occlusion"),
)
ABOUT = {
    "integrated": "What each token adds on the way from an empty text to this one (Sundararajan et al. 2017).",
    "gradient": "How fast the class' logit moves with each token, times the token (Shrikumar et al. 2017).",
    "occlusion": "How much the class' logit falls when a token is covered (Zeiler and Fergus 2014).",
}


@dataclass(frozen=True)
class Why:
    """One text taken apart: a score for each token; together they are `total` of `wanted`."""

    tokens: tuple[str, ...]
    scores: tuple[float, ...]
    label: str
    method: str
    total: float
    wanted: float
    chances: tuple[tuple[str, float], ...] = ()  # every class with its probability

    @property
    def weights(self) -> list[float]:
        """The scores from -1 to 1, the furthest of them at an end."""
        most = max((abs(score) for score in self.scores), default=0.0) or 1.0
        return [score / most for score in self.scores]


@dataclass(frozen=True)
class Question:
    """What is asked of a run's checkpoint about one text."""

    folder: "Path"
    text: str
    label: str = ""  # empty: the likeliest class
    method: str = METHODS[0][0]
    step: int | None = None
    strength: float | None = None  # of the adapter; None: as it was trained


def explain(question: Question) -> Why:
    """Ask the engine; for a worker thread."""
    one = question
    found = resolve(ATTRIBUTED)(
        one.folder, one.text, label=one.label, method=one.method, strength=one.strength, step=one.step
    )
    return Why(
        tuple(found.tokens), tuple(float(score) for score in found.scores), found.label, one.method,
        float(found.total), float(found.wanted), tuple((str(name), float(chance)) for name, chance in found.chances),
    )  # fmt: skip


def sum_words(why: Why) -> str:
    """Sums to 1.31 of 1.31; so much of the class' logit is told by the tokens."""
    return tr("sums to {total} of {wanted}", total=_signed(why.total), wanted=_signed(why.wanted))


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
