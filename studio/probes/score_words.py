"""What the scores of heads are called, what they mean, and how each is worked out."""

from studio.core.language import tr

KINDS = (
    ("induction", "induction"), ("previous_token", "previous token"), ("duplicate", "duplicate"),
    ("local", "local"), ("first_token", "first token"), ("entropy", "entropy"),
)  # fmt: skip

_MEANINGS = {
    "induction": "An induction head looks at what followed the same token the last time. It is measured on a random "
    "sequence and its repetition, where nothing but that can help.",
    "previous_token": "A previous-token head looks at the token just before. It is what an induction head reads from.",
    "duplicate": "A duplicate-token head looks at the same token one round earlier, in a random sequence and its "
    "repetition.",
    "local": "A local head looks at what is near: its own token and the two before it, and at the two after it where "
    "it may see them. In a short text even a head that looks everywhere alike does so.",
    "first_token": "Many heads rest on the first token when they have nothing to do: a sink.",
    "entropy": "How widely a head looks: 1 is everywhere alike, 0 is one single token.",
}
_FORMULAS = {
    "induction": "mean of A[i, i − {before}] over the second round of {period} tokens = {value}; chance is {chance}.",
    "previous_token": "mean of A[i, i − 1] over the text = {value}.",
    "duplicate": "mean of A[i, i − {period}] over the second round = {value}.",
    "local": "mean of Σ A[i, j] over all j with |i − j| ≤ 2, from the fourth row on = {value}.",
    "first_token": "mean of A[i, 0] from the second row on = {value}.",
    "entropy": "mean over rows of −Σ A log A ÷ log(tokens the row may see) = {value}.",
}


def name_of(kind: str) -> str:
    """How a score is called."""
    return tr(dict(KINDS)[kind])


def meaning_of(kind: str) -> str:
    """What a head does that scores high."""
    return tr(_MEANINGS[kind])


def filled(kind: str, value: float, period: int, chance: float) -> str:
    """The formula with one head's number in it."""
    return tr(_FORMULAS[kind]).format(value=f"{value:.4f}", period=period, before=period - 1, chance=f"{chance:.4f}")
