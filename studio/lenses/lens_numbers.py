"""What the logit lens shows of the engine's answers: which number colours a cell, and what is said of one."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.language import tr
from studio.lenses.lens_table import LensCells
from studio.maps.colours import DIFFERENCE, Colouring, number_text
from studio.seeing.shown_text import ShownText
from studio.views.bars import percent_text
from studio.views.token_text import token_label

if TYPE_CHECKING:
    from studio.insight.lens import Lens
    from studio.insight.snapshot import Snapshot

Floats = npt.NDArray[np.float32]

MEASURES = (
    ("probability", "by probability"), ("entropy", "by entropy"), ("divergence", "by distance to the end"),
    ("rank", "by rank of the real next"), ("tracked", "by one token's probability"),
)  # fmt: skip


SHARES = Colouring(0.0, 1.0, scale="sqrt")  # small probabilities differ too


@dataclass(frozen=True)
class Drawn:
    """A lens as the table draws it, with the numbers that the card needs; `lens` is None for a snapshot."""

    cells: LensCells
    ids: npt.NDArray[Any]  # (rows, columns, k)
    shares: Floats
    lens: "Lens | None" = None
    other: "Lens | None" = None
    apart: Floats | None = None  # (rows, columns) nats between two models


def drawn(found: "Lens", text: ShownText, measure: str) -> Drawn:
    """One model's lens, coloured by one of `MEASURES`."""
    values, colouring = _coloured(found, measure)
    texts = labels_of(text.tokenizer, found.ids[:, :, 0])
    hits = found.ids[:, :, 0] == np.asarray(text.following)
    rows = [row_words(name) for name in found.rows]
    cells = LensCells(rows, text.tokens, texts, values, hits, text.below, colouring)
    return Drawn(cells, found.ids, found.probabilities, found)


def drawn_difference(found: "Lens", other: "Lens", apart: Floats, text: ShownText) -> Drawn:
    """Two models' lenses by how far they are apart: one word where both say the same, else both."""
    mine, theirs = labels_of(text.tokenizer, found.ids[:, :, 0]), labels_of(text.tokenizer, other.ids[:, :, 0])
    texts = [
        [a if a == b else f"{a}→{b}" for a, b in zip(row, beside, strict=True)]
        for row, beside in zip(mine, theirs, strict=True)
    ]
    most = float(np.nanmax(apart)) if np.isfinite(apart).any() else 1.0
    cells = LensCells(
        [row_words(name) for name in found.rows], text.tokens, texts, apart, None, text.below,
        Colouring(0.0, most or 1.0, scale="sqrt"),
    )  # fmt: skip
    return Drawn(cells, found.ids, found.probabilities, found, other, apart)


def drawn_snapshot(snapshot: "Snapshot", text: ShownText) -> Drawn:
    """What a snapshot kept: the likeliest five of each place, and their probabilities in 16 bits."""
    shares = snapshot.top_chances.astype(np.float32)
    rows = [tr("embedding"), *(row_words(f"block {at + 1}") for at in range(len(shares) - 1))]
    texts = labels_of(text.tokenizer, snapshot.top_ids[:, :, 0])
    hits = snapshot.top_ids[:, :, 0] == np.asarray(text.following)
    cells = LensCells(rows, text.tokens, texts, shares[:, :, 0], hits, text.below, SHARES)
    return Drawn(cells, snapshot.top_ids, shares)


def drawn_film(snapshot: "Snapshot", held: "Snapshot | None", text: ShownText) -> Drawn:
    """A moment of the film, beside the one that is held."""
    if held is None or held.top_ids.shape != snapshot.top_ids.shape:
        return drawn_snapshot(snapshot, text)
    return drawn_moments(snapshot, held, text)


def drawn_moments(snapshot: "Snapshot", held: "Snapshot", text: ShownText) -> Drawn:
    """Two moments of a run: both likeliest words where they differ, coloured by how much surer the later one is."""
    now = drawn_snapshot(snapshot, text)
    then = labels_of(text.tokenizer, held.top_ids[:, :, 0])
    texts = [
        [a if a == b else f"{a}→{b}" for a, b in zip(row, before, strict=True)]
        for row, before in zip(now.cells.texts, then, strict=True)
    ]
    change = now.shares[:, :, 0] - held.top_chances[:, :, 0].astype(np.float32)
    most = _most(np.abs(change)) or 1.0
    cells = replace(now.cells, texts=texts, values=change, hits=None, colouring=Colouring(-most, most, DIFFERENCE))
    return replace(now, cells=cells)


def _coloured(found: "Lens", measure: str) -> tuple[Floats, Colouring]:
    """The numbers of one measure and how they become colours."""
    if measure == "entropy":
        return found.entropy, Colouring(0.0, _most(found.entropy))
    if measure == "divergence":
        return found.divergence, Colouring(0.0, _most(found.divergence), scale="sqrt")
    if measure == "rank":
        known = np.where(found.rank < 0, np.nan, found.rank + 1.0).astype(np.float32)
        return np.log10(known), Colouring(0.0, _most(np.log10(known)))
    if measure == "tracked":
        return found.tracked, SHARES
    return found.probabilities[:, :, 0], SHARES


def _most(values: Floats) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else 1.0


def labels_of(tokenizer: Any, ids: npt.NDArray[Any]) -> list[list[str]]:
    """The words of a table of ids; every different id is looked up once."""
    known = {int(token): token_label(tokenizer, int(token)) for token in np.unique(ids)}
    return [[known[int(token)] for token in row] for row in ids]


def row_words(name: str) -> str:
    """A place of the model as a person reads it: layer 2, or within it; what `insight.lens` counts from 1."""
    kind, _, number = name.partition(" ")
    if kind == "embedding":
        return tr("embedding")
    layer = int(number) - 1
    return tr("layer {layer}", layer=layer) if kind == "block" else tr("½ layer {layer}", layer=layer)


def measure_words(measure: str, tracked: str = "") -> str:
    """What the colour bar says."""
    words = {
        "probability": tr("probability of the likeliest token"),
        "entropy": tr("entropy in nats: 0 is certain"),
        "divergence": tr("KL to the last row in nats: 0 says the same"),
        "rank": tr("log₁₀ of the real next token's rank: 0 is first"),
        "tracked": tr("probability of {token}", token=tracked or tr("the real next token")),
        "moments": tr("change of the likeliest token's probability"),
    }
    return words[measure]


def cell_words(shown: Drawn, row: int, column: int, text: ShownText) -> list[tuple[str, str]]:
    """Names and values of one cell, for the card beside the table."""
    found = shown.lens
    if found is None:
        return [(tr("likeliest"), tr("≈ {chance}, 16 bit", chance=percent_text(float(shown.shares[row, column, 0]))))]
    said = [
        (tr("entropy"), tr("{nats} nats", nats=number_text(float(found.entropy[row, column])))),
        (tr("KL to the last row"), tr("{nats} nats", nats=number_text(float(found.divergence[row, column])))),
    ]
    target = int(found.targets[column])
    if target >= 0:
        label = text.label(target)
        said.append((tr("rank of {token}", token=label), f"{int(found.rank[row, column]) + 1:,}"))
        said.append((tr("probability of {token}", token=label), percent_text(float(found.tracked[row, column]))))
    if shown.apart is not None:
        said.append((tr("KL(A ‖ B)"), tr("{nats} nats", nats=number_text(float(shown.apart[row, column])))))
    return said
