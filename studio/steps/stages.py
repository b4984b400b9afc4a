"""The stations of one head, from the words' vectors to the block's output, and the matrices that each one shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.language import tr

if TYPE_CHECKING:
    from studio.insight.attention import Walk

Doubles = npt.NDArray[np.float64]

PAIRS = ("scores", "scaled", "positioned", "masked", "weights")  # (queries, keys); the others are (words, numbers)
BY_KEY = ("keys", "values", "turned_keys")  # whose rows are the words that are looked at
COUNTED = ("inputs", *BY_KEY)  # whose rows start at the first word even where a few queries are shown


@dataclass(frozen=True)
class Matrix:
    """One matrix with its names; `hidden` is True where −∞ stands because of the mask."""

    key: str
    title: str
    values: Doubles
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    signed: bool = True
    first: int = 0  # place of the first row in the text
    editable: bool = False
    own: tuple[int, int] | None = None  # first and past-last column of this head among those of all

    @property
    def limits(self) -> tuple[float, float]:
        """What the ends of its colour bar stand for: symmetric about zero where numbers have a sign."""
        finite = self.values[np.isfinite(self.values)]
        most = float(np.abs(finite).max(initial=0.0)) or 1.0
        return (-most if self.signed else 0.0, most)


@dataclass(frozen=True)
class Term:
    """A matrix of a station by its key, and the sign before it; `named` ones have the words beside their rows."""

    key: str
    sign: str = ""
    named: bool = False


@dataclass(frozen=True)
class Stage:
    """A station: its word on the track, its heading, and what is drawn there; the last term is what comes out."""

    name: str
    label: str
    heading: str
    sentence: str
    terms: tuple[Term, ...]

    @property
    def result(self) -> str:
        """The key of the matrix that this station makes."""
        return self.terms[-1].key


def stages_of(walk: "Walk", course: bool) -> tuple[Stage, ...]:
    """The nine stations for this head; what does not happen here is said, not left out."""
    o = walk.operands
    size, heads = walk.queries.shape[1], len(o.heads)
    return (
        _project(bool(o.into)),
        Stage("scores", tr("Scores"), tr("How well does a query fit a key?"),
              tr("Multiply the two vectors number by number and add up. A row belongs to the token that looks, "
                 "a column to the token it looks at."),
              (Term("queries", named=True), Term("keys", "×", True), Term("scores", "="))),
        Stage("scaled", tr("Scale"), tr("Keep the scores small"), _scale_words(o.scale, size),
              (Term("scores", named=True), Term("scaled", f"÷ √{size} =" if o.scale != 1.0 else "="))),
        _position(o.cos is not None, course),
        Stage("masked", tr("Mask"), tr("Who may look where"), _mask_words(o.hides),
              (Term("positioned", named=True), Term("masked", "→"))),
        Stage("weights", tr("Softmax"), tr("Scores become shares"),
              tr("e to the power of each score, divided by the sum of its row. Every row is now positive and adds up "
                 "to 1: this is the attention."),
              (Term("masked", named=True), Term("weights", tr("softmax →")))),
        Stage("mixed", tr("× Values"), tr("Gather"),
              tr("Each token's new vector is the values of all tokens, mixed in the shares of its row."),
              (Term("weights", named=True), Term("values", "×", True), Term("mixed", "="))),
        Stage("concatenated", tr("Concatenate"), tr("All heads side by side"), _join_words(o.head, heads, size),
              (Term("mixed", named=True), Term("concatenated", "→"))),
        Stage("output", tr("Output"), tr("What the block adds to each token"),
              tr("One last learned matrix mixes the numbers of all heads into one vector for each token.")
              if o.out_weight is not None
              else tr("Nothing follows in this example: what was gathered is the result."),
              (Term("concatenated", named=True), Term("output", tr("× W + b =") if o.out_weight is not None else "="))),
    )  # fmt: skip


def _project(learned: bool) -> Stage:
    words = (
        tr("Each token's vector is multiplied by three learned matrices: into a query (what it looks for), a key "
           "(what it offers) and a value (what it passes on).")
        if learned
        else tr("Nothing is learned in this example: query, key and value are the token's vector itself.")
    )  # fmt: skip
    terms = (Term("inputs", named=True), Term("queries", "→"), Term("keys"), Term("values"))
    return Stage("vectors", tr("Q, K, V"), tr("Three vectors for every token"), words, terms)


def _position(turned: bool, course: bool) -> Stage:
    if turned:
        return Stage(
            "positioned", tr("Position"), tr("Turned by their place"),
            tr("Queries and keys are turned by angles that grow with their place (RoPE). After that a score also knows "
               "how far apart two tokens stand."),
            (Term("turned_queries", named=True), Term("turned_keys", "×", True), Term("positioned", tr("× scale ="))),
        )  # fmt: skip
    words = (
        tr("This example knows no places: nothing changes here.")
        if course
        else tr("This model added each token's place to its vector before the first block: nothing changes here.")
    )
    terms = (Term("scaled", named=True), Term("positioned", "="))
    return Stage("positioned", tr("Position"), tr("Where a token stands"), words, terms)


def _scale_words(scale: float, size: int) -> str:
    if scale == 1.0 and size == 1:
        return tr("A head of one number has nothing to shrink: √1 is 1.")
    if scale == 1.0:
        return tr("This example leaves the scores as they are.")
    return tr(
        "Long vectors make large sums, and large sums would make softmax choose one token only. So every score is "
        "divided by √{size} = {root}.",
        size=size, root=f"{size**0.5:.4g}",
    )  # fmt: skip


def _mask_words(hides: npt.NDArray[np.bool_]) -> str:
    if not hides.any():
        return tr("Every token may see every token here: nothing is hidden.")
    if hides[-1, : max(1, hides.shape[1] // 2)].any():
        return tr("A token sees neither what comes after it nor what lies too far back: those scores become −∞.")
    return tr("A token must not see what comes after it: those scores become −∞.")


def _join_words(head: int, heads: int, size: int) -> str:
    if heads == 1:
        return tr("There is one head here, so what it gathered is all there is.")
    return tr(
        "All {heads} heads of the layer did the same with matrices of their own. This one, head {head}, fills the "
        "columns {first} to {last}.",
        heads=heads, head=head, first=head * size, last=(head + 1) * size - 1,
    )  # fmt: skip


TITLES = {
    "inputs": "Vectors X", "queries": "Queries Q", "keys": "Keys K", "values": "Values V",
    "turned_queries": "Turned Q", "turned_keys": "Turned K", "scores": "Scores", "scaled": "Scaled scores",
    "positioned": "Scores with place", "masked": "Masked scores", "weights": "Attention A", "mixed": "Gathered Z",
    "concatenated": "Heads side by side", "output": "Output",
}  # fmt: skip
APART = (
    "Every number is that of A less that of B, where both computed it by themselves. A difference of products is no "
    "product of differences, so no signs stand between the matrices."
)


def apart(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stations of a difference: the same matrices, which do not follow from one another any more."""
    return tuple(
        replace(stage, sentence=tr(APART), terms=tuple(replace(term, sign="") for term in stage.terms))
        for stage in stages
    )


def differences_of(walk: "Walk", beside: "Walk", words: Sequence[str]) -> dict[str, Matrix]:
    """Every matrix of one walk less that of the same walk in another model; what both hide stays hidden."""
    found, others = matrices_of(walk, words), matrices_of(beside, words)
    for key, one in found.items():
        other = others[key].values
        with np.errstate(invalid="ignore"):
            less = np.where(np.isneginf(one.values) & np.isneginf(other), -np.inf, one.values - other)
        found[key] = replace(one, title=tr("{matrix}, A − B", matrix=one.title), values=less, signed=True)
    return found


def matrices_of(walk: "Walk", words: Sequence[str], editable: bool = False) -> dict[str, Matrix]:
    """Every matrix of the walk by its key; `words` are all that may be looked at, `editable` the vectors."""
    o = walk.operands
    every, shown = tuple(words), tuple(words[o.first_row : o.first_row + len(walk.queries)])
    found, size = {}, walk.mixed.shape[1]
    for key, title in TITLES.items():
        values: Any = o.inputs if key == "inputs" else getattr(walk, key)
        found[key] = Matrix(
            key,
            tr(title),
            np.asarray(values, np.float64),
            every if key in COUNTED else shown,
            every if key in PAIRS else tuple(map(str, range(values.shape[1]))),
            signed=key != "weights",
            first=0 if key in COUNTED else o.first_row,
            editable=editable and key == "inputs",
            own=(o.head * size, (o.head + 1) * size) if key == "concatenated" and len(o.heads) > 1 else None,
        )
    return found


def sources(walk: "Walk", key: str, row: int, column: int) -> dict[str, tuple[slice, slice]]:
    """Which rows and columns of which matrices one number was made from; rows as those matrices count them."""
    o, every = walk.operands, slice(None)
    here, there, across = (
        slice(row, row + 1),
        slice(column, column + 1),
        slice(o.first_row + row, o.first_row + row + 1),
    )
    size = walk.mixed.shape[1]
    own = slice(column - o.head * size, column - o.head * size + 1)
    found: dict[str, dict[str, tuple[slice, slice]]] = {
        "queries": {"inputs": (across, every)},
        "keys": {"inputs": (here, every)},
        "values": {"inputs": (here, every)},
        "scores": {"queries": (here, every), "keys": (there, every)},
        "scaled": {"scores": (here, there)},
        "positioned": {"turned_queries": (here, every), "turned_keys": (there, every), "scaled": (here, there)},
        "masked": {"positioned": (here, there)},
        "weights": {"masked": (here, every)},
        "mixed": {"weights": (here, every), "values": (every, there)},
        "concatenated": {"mixed": (here, own)} if 0 <= own.start < size else {},
        "output": {"concatenated": (here, every)},
    }
    return found.get(key, {})
