"""What each stage of a training step says of itself, with the example's own numbers."""

from typing import TYPE_CHECKING

import numpy as np

from studio.core.language import tr
from studio.parts.wording import count, small_number
from studio.views.bars import percent_text
from studio.views.token_text import visible_text

if TYPE_CHECKING:
    from studio.engine.one_step import Stage

TITLES = {
    "forward": "Forward: predict the next token", "loss": "Loss: how surprised",
    "backward": "Backward: who is to blame", "optimise": "Optimise: move a little",
}  # fmt: skip


def sentence(stage: "Stage") -> str:
    """One paragraph for a stage."""
    return {"forward": _forward, "loss": _loss, "backward": _backward, "optimise": _optimise}[stage.name](stage)


def _forward(stage: "Stage") -> str:
    seen = stage.before
    learned = np.flatnonzero(seen.learned)
    right = int(sum(seen.guesses[at] == seen.ids[at + 1] for at in learned))
    at = int(learned[np.argmin(seen.chance[learned])])
    words = tr(
        "Behind every token the model says what comes next. At {right} of the {count} places that count, the right "
        "one is its likeliest. Behind “{token}” it is furthest off: it says “{guess}” ({best}); the right “{wanted}” "
        "gets {chance}.",
        right=right, count=len(learned), token=visible_text(seen.texts[at]), guess=visible_text(seen.guess_texts[at]),
        best=percent_text(float(seen.best[at])), wanted=visible_text(seen.texts[at + 1]),
        chance=percent_text(float(seen.chance[at])),
    )  # fmt: skip
    if stage.step == 1:
        words += " " + tr("The adapter is new and B is zero, so this is exactly what the model says without it.")
    return words


def _loss(stage: "Stage") -> str:
    seen = stage.before
    own = seen.losses[seen.learned]
    terms = " + ".join(f"{value:.2f}" for value in own[:4]) + (" + …" if len(own) > 4 else "")
    return tr(
        "The loss at a place is −ln of the right token's chance: 0 where it was certain. Their mean is what the step "
        "makes smaller: ({terms}) / {count} = {loss}.", terms=terms, count=len(own), loss=f"{seen.loss:.4f}",
    )  # fmt: skip


def _backward(stage: "Stage") -> str:
    a = sum(one.gradient_a**2 for one in stage.layers) ** 0.5
    b = sum(one.gradient_b**2 for one in stage.layers) ** 0.5
    words = tr(
        "From the loss back through every layer: how it would change with each number of A and B. The frozen weights "
        "let the gradient through and get none. In all |∇A| = {a}, |∇B| = {b}.", a=small_number(a), b=small_number(b),
    )  # fmt: skip
    if stage.step == 1:
        words += " " + tr(
            "A's gradient is exactly zero: it reaches A only through B, and B is still zero. So B moves first, and A "
            "from the second step on."
        )
    return words


def _optimise(stage: "Stage") -> str:
    after = stage.after
    if after is None:
        return ""
    words = tr(
        "AdamW moves {trained} numbers a little against their gradients. On the same example the loss is now {after} "
        "instead of {before}. All {frozen} frozen weights are bit for bit as before (checksum {sum}).",
        trained=count(stage.trained), after=f"{after.loss:.4f}", before=f"{stage.before.loss:.4f}",
        frozen=count(stage.frozen), sum=f"{stage.base:08x}",
    )  # fmt: skip
    if not np.isfinite(after.loss):
        return words + " " + tr("The loss is no number any more: the rate is too large. Lower it, and begin again.")
    if stage.step == 1:
        words += " " + tr(
            "AdamW divides by the gradient's own size, so in its first step every number of B moves by the rate, "
            "whatever its gradient; A stays."
        )
    return words
